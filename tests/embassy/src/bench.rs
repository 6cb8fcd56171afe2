//! Tasks and their clock.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use embassy_time::{Duration, MockDriver};

/// The interval of nodes under test.
pub const TICK: Duration = Duration::from_secs(1);

/// The one clock of the process: a test that uses it has it to itself.
static CLOCK: Mutex<()> = Mutex::new(());

/// Polls at one moment of the clock after which tasks wake each other for ever.
const LIVELOCK: usize = 10_000;

/// Tasks that run while the clock stands, and a clock that moves while they wait.
pub struct Bench<'a> {
    tasks: Vec<Task<'a>>,
    _clock: MutexGuard<'static, ()>,
}

struct Task<'a> {
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    flag: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a> Bench<'a> {
    /// No tasks, at the start of time.
    #[must_use]
    pub fn new() -> Self {
        let clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
        MockDriver::get().reset();
        Self {
            tasks: Vec::new(),
            _clock: clock,
        }
    }

    /// Adds a task, and says by what to call it.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + 'a) -> usize {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let future: Pin<Box<dyn Future<Output = ()> + 'a>> = Box::pin(future);
        self.tasks.push(Task {
            future: Some(future),
            flag,
        });
        self.tasks.len() - 1
    }

    /// Drops a task wherever it is.
    pub fn cancel(&mut self, task: usize) {
        self.tasks[task].future = None;
    }

    /// Whether a task has ended.
    #[must_use]
    pub fn has_ended(&self, task: usize) -> bool {
        self.tasks[task].future.is_none()
    }

    /// Runs all tasks until each of them waits.
    ///
    /// # Panics
    /// When they never do.
    pub fn settle(&mut self) {
        for _ in 0..LIVELOCK {
            if !self.poll_woken() {
                return;
            }
        }
        panic!("the tasks wake each other for ever");
    }

    /// Moves the clock in one leap, then runs the tasks.
    pub fn leap(&mut self, span: Duration) {
        MockDriver::get().advance(span);
        self.settle();
    }

    /// Moves the clock a thousandth of a tick at a time, and runs the tasks each time.
    pub fn advance(&mut self, span: Duration) {
        let step = TICK / 1000;
        for _ in 0..span.as_ticks() / step.as_ticks() {
            self.leap(step);
        }
    }

    fn poll_woken(&mut self) -> bool {
        let mut any = false;
        for task in &mut self.tasks {
            if task.flag.0.swap(false, Ordering::SeqCst) {
                any |= task.poll();
            }
        }
        any
    }
}

impl Default for Bench<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Task<'_> {
    fn poll(&mut self) -> bool {
        let Some(future) = &mut self.future else {
            return false;
        };
        let waker = Waker::from(self.flag.clone());
        if let Poll::Ready(()) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.future = None;
        }
        true
    }
}
