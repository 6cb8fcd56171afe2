//! Whatever writers, readers and the clock do: nobody waits for what is there, frames come in order and
//! once, and memory stays within its bounds.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use embassy_time::{Duration, MockDriver};
use proptest::{collection::vec, prelude::*};
use streamgauge_embassy::track::{
    self, GroupProducer, Policy, TrackError, TrackProducer, TrackTimer,
};
use streamgauge_tests_embassy::Bench;

use crate::{Record, Seen, Small, follow, track as leak};

#[derive(Clone, Copy, Debug)]
enum Step {
    Create(u64),
    Append,
    Write(usize),
    WriteFrame,
    Finish(usize),
    Drop(usize),
    FinishTrack,
    Abort,
    CloseTrack,
    Reopen,
    Join,
    Leave(usize),
    Leap(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_u64..12).prop_map(Step::Create),
        3 => Just(Step::Append),
        8 => (0_usize..4).prop_map(Step::Write),
        3 => Just(Step::WriteFrame),
        3 => (0_usize..4).prop_map(Step::Finish),
        1 => (0_usize..4).prop_map(Step::Drop),
        1 => Just(Step::FinishTrack),
        1 => Just(Step::Abort),
        1 => Just(Step::CloseTrack),
        2 => Just(Step::Reopen),
        3 => Just(Step::Join),
        1 => (0_usize..4).prop_map(Step::Leave),
        2 => (0_u64..40).prop_map(Step::Leap),
    ]
}

/// A task that is polled when it was woken.
struct Task {
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    flag: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Task {
    fn new(future: impl Future<Output = ()> + 'static) -> Self {
        Self {
            future: Some(Box::pin(future)),
            flag: Arc::new(Flag(AtomicBool::new(true))),
        }
    }

    /// Whether it was woken, and has been polled now.
    fn run(&mut self) -> bool {
        self.flag.0.swap(false, Ordering::SeqCst) && self.poll()
    }

    fn poll(&mut self) -> bool {
        let Some(future) = &mut self.future else {
            return false;
        };
        let waker = Waker::from(self.flag.clone());
        if future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            self.future = None;
        }
        true
    }
}

/// A track, its writers, and those who read it.
struct World {
    track: &'static Small,
    producer: Option<TrackProducer<Small>>,
    groups: Vec<GroupProducer<Small>>,
    timer: Task,
    readers: Vec<(Task, Record)>,
    /// The bytes of all frames, numbered.
    written: u64,
}

/// At the most so many bytes are cached.
const MOST_BYTES: u64 = 40;

async fn run(mut timer: TrackTimer<Small>) {
    timer.run().await;
}

impl World {
    fn new() -> Self {
        let track: &'static Small = leak();
        Self {
            track,
            producer: None,
            groups: Vec::new(),
            timer: Task::new(run(track.timer().unwrap())),
            readers: Vec::new(),
            written: 0,
        }
    }

    /// A frame of its own: no two are alike.
    fn frame(&mut self) -> &'static [u8] {
        self.written += 1;
        Box::leak(Box::new(self.written.to_le_bytes()))
    }

    fn open(&mut self) {
        let policy = Policy::new()
            .with_max_bytes(usize::try_from(MOST_BYTES).unwrap())
            .with_max_age(track::Duration::from_secs(30));
        if let Ok(producer) = self.track.producer(policy) {
            self.producer = Some(producer);
        }
    }

    fn group(&mut self, place: usize) -> Option<&mut GroupProducer<Small>> {
        let places = self.groups.len().max(1);
        self.groups.get_mut(place % places)
    }

    fn take_group(&mut self, place: usize) -> Option<GroupProducer<Small>> {
        let places = self.groups.len();
        (places > 0).then(|| self.groups.swap_remove(place % places))
    }

    fn act(&mut self, step: Step) {
        let producer = self.producer.as_ref();
        match step {
            Step::Create(sequence) => {
                let group = producer.and_then(|producer| producer.create_group(sequence).ok());
                self.groups.extend(group);
            }
            Step::Append => {
                let group = producer.and_then(|producer| producer.append_group().ok());
                self.groups.extend(group);
            }
            Step::Write(place) => {
                let frame = self.frame();
                let _ = self.group(place).map(|group| group.write_frame(frame));
            }
            Step::WriteFrame => {
                let frame = self.frame();
                let _ = self.producer.as_ref().map(|it| it.write_frame(frame));
            }
            Step::Finish(place) => drop(self.take_group(place).map(GroupProducer::finish)),
            Step::Drop(place) => drop(self.take_group(place)),
            Step::FinishTrack => drop(producer.map(TrackProducer::finish)),
            Step::Abort => drop(producer.map(|it| it.abort(TrackError::Aborted(1)))),
            Step::CloseTrack => self.producer = None,
            Step::Reopen => self.open(),
            Step::Join => {
                if let Ok(reader) = self.track.consumer() {
                    let record = Record::default();
                    let task = Task::new(follow(reader, record.clone()));
                    self.readers.push((task, record));
                }
            }
            Step::Leave(place) => {
                let places = self.readers.len().max(1);
                if let Some((task, _)) = self.readers.get_mut(place % places) {
                    task.future = None;
                }
            }
            Step::Leap(secs) => MockDriver::get().advance(Duration::from_secs(secs)),
        }
    }

    /// Runs all tasks until each of them waits.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            let mut any = self.timer.run();
            for (task, _) in &mut self.readers {
                any |= task.run();
            }
            if !any {
                return;
            }
        }
        panic!("the tasks wake each other for ever");
    }

    fn records(&self) -> Vec<Seen> {
        let records = self.readers.iter();
        records.map(|(_, record)| record.borrow().clone()).collect()
    }

    /// Polls everybody, woken or not: who finds something then was forgotten.
    fn check_nobody_was_forgotten(&mut self) {
        let (records, cached) = (self.records(), self.track.cached());
        self.timer.poll();
        for (task, _) in &mut self.readers {
            task.poll();
        }
        assert_eq!(self.records(), records, "a reader was not woken");
        assert_eq!(self.track.cached(), cached, "the timer was not woken");
    }

    fn check_bounds(&self) {
        let cached = self.track.cached();
        assert!(cached.groups <= 4 && cached.frames <= 8 && cached.bytes <= MOST_BYTES);
        let reading = self
            .readers
            .iter()
            .filter(|(task, _)| task.future.is_some());
        assert_eq!(self.track.readers(), reading.count());
    }
}

/// Each group comes once, and frames in the order in which they were written, once.
fn check_record(seen: &Seen) {
    let mut groups: Vec<_> = seen.groups_ended.iter().map(|group| group.0).collect();
    let count = groups.len();
    groups.sort_unstable();
    groups.dedup();
    assert_eq!(groups.len(), count, "a group came twice");
    for group in &seen.frames {
        let of_group = seen.frames.iter().filter(|frame| frame.0 == group.0);
        let numbers: Vec<_> = of_group
            .map(|frame| u64::from_le_bytes(frame.1.try_into().unwrap()))
            .collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}

proptest! {
    #[test]
    fn nobody_waits_for_what_is_there(steps in vec(step(), 1..80)) {
        let _clock = Bench::new();
        let mut world = World::new();
        world.open();
        for step in steps {
            world.act(step);
            world.settle();
            world.check_nobody_was_forgotten();
            world.check_bounds();
        }
        for seen in world.records() {
            check_record(&seen);
        }
    }
}
