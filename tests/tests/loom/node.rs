//! The smallest node there is, on loom's atomics and mutex, and its one collector.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use loom::thread;
use streamgauge_core::{
    Announce, Bucket, Cell, Counter, Family, InlineBooks, Key, Ledger, Lock, Meter, MeterRef, Row,
    Shard, Tables, Track, Traffic,
};

const LANES: usize = 2;

/// The lane that all is counted in: not the first, which a row that nobody named is taken for.
const LANE: usize = 1;

/// Rows of the books: two series and the overflow series.
const ROWS: usize = 2 + LANES;

pub(crate) const BYTES: Counter<Traffic> = Counter::named("bytes");

/// A lock that knows how often it was taken; the number is no part of the model.
#[derive(Default)]
pub(crate) struct Mutex(loom::sync::Mutex<()>, Arc<AtomicUsize>);

impl Lock for Mutex {
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        let _held = self.0.lock().expect("no panic under the lock");
        self.1.fetch_add(1, Ordering::Relaxed);
        f()
    }
}

type Words = [usize; 2];
type Storage = Tables<
    Traffic,
    Words,
    Mutex,
    [(); LANES],
    Vec<Shard<Mutex>>,
    Vec<Bucket>,
    Vec<Row<Traffic, Words>>,
    Vec<Cell<Traffic>>,
>;

#[derive(Clone)]
pub(crate) struct Node(Arc<Meter<Traffic, Storage>>);

impl MeterRef<Traffic> for Node {
    type Storage = Storage;
    type Hold = ();

    fn meter(&self) -> &Meter<Traffic, Storage> {
        &self.0
    }
}

impl Node {
    pub(crate) fn new(series: usize, cells: usize) -> Self {
        Self::under(series, cells, vec![Mutex::default()])
    }

    pub(crate) fn under(series: usize, cells: usize, locks: Vec<Mutex>) -> Self {
        Self(Arc::new(Meter::new(Tables::new(
            Mutex::default(),
            [(); LANES],
            locks.into_iter().map(Shard::new).collect(),
            (0..series).map(|_| Bucket::new()).collect(),
            (0..LANES + series).map(|_| Row::new()).collect(),
            (0..cells).map(|_| Cell::new()).collect(),
        ))))
    }

    pub(crate) fn open(&self, name: &str) -> Track<Traffic, Self> {
        Track::open(self.clone(), LANE, Key::path(name).ok().as_ref())
    }

    pub(crate) fn announce(&self, name: &str) -> Announce<Traffic, Self> {
        Announce::open(self.clone(), LANE, Key::path(name).ok().as_ref())
    }

    /// One short subscription that counts so many bytes.
    pub(crate) fn pass(&self, name: &str, bytes: usize) {
        self.open(name).add(BYTES, bytes);
    }

    /// The same in a thread of its own.
    pub(crate) fn pass_apart(&self, name: &'static str, bytes: usize) -> thread::JoinHandle<()> {
        let node = self.clone();
        thread::spawn(move || node.pass(name, bytes))
    }
}

/// Two locks, and how often each was taken.
pub(crate) fn two_locks() -> (Vec<Mutex>, [Arc<AtomicUsize>; 2]) {
    let locks = [Mutex::default(), Mutex::default()];
    let taken = locks.each_ref().map(|lock| lock.1.clone());
    (locks.into(), taken)
}

/// A name whose series is under another lock than that of `name`, of two.
pub(crate) fn apart_from(name: &str) -> &'static str {
    let falls_under = |name: &str| {
        let (locks, taken) = two_locks();
        drop(Node::under(2, 0, locks).announce(name));
        taken
            .iter()
            .position(|taken| taken.load(Ordering::Relaxed) > 0)
    };
    let mut others = ["b", "c", "d", "e", "f", "g", "h"].into_iter();
    let other = others.find(|other| falls_under(other) != falls_under(name));
    other.expect("a hash that tells names apart")
}

pub(crate) fn join(others: [thread::JoinHandle<()>; 2]) {
    for other in others {
        other.join().expect("no panic");
    }
}

/// The one collector, with a sink that accepts all.
pub(crate) struct Collector {
    node: Node,
    ledger: Ledger<Traffic, InlineBooks<Traffic, ROWS, LANES>>,
}

impl Collector {
    pub(crate) fn new(node: &Node) -> Self {
        Self {
            node: node.clone(),
            ledger: Ledger::new(InlineBooks::inline(), 0),
        }
    }

    pub(crate) fn collect(&mut self) {
        self.ledger.collect(&self.node.0, 0);
        for series in self.ledger.all(&self.node.0, LANE) {
            assert_ordered(&Traffic::from_words(series.words));
        }
    }

    pub(crate) fn accept(&mut self) {
        self.ledger.ack(&self.node.0, LANE);
    }

    pub(crate) fn tick(&mut self) {
        self.collect();
        self.accept();
    }

    /// The words of a live series.
    pub(crate) fn words(&self, name: &str) -> Traffic {
        let mut all = self.ledger.all(&self.node.0, LANE);
        let found = all.find(|series| series.key.bytes().eq(name.bytes()));
        found.map_or_else(Traffic::default, |series| Traffic::from_words(series.words))
    }

    /// After the last guard: everything was counted, and all room is free again.
    pub(crate) fn finish(mut self, bytes: u64, subscriptions: u64) {
        self.tick();
        let total = self.ledger.total(LANE);
        assert_eq!(self.ledger.total(0), Traffic::default(), "the wrong lane");
        assert_eq!((total.bytes, total.subscriptions), (bytes, subscriptions));
        assert_eq!(total.subscriptions_closed, subscriptions);
        assert_eq!(total.broadcasts, total.broadcasts_closed);
        assert_eq!(total.viewers, total.viewers_closed);
        let usage = self.node.0.usage();
        assert_eq!((usage.series, usage.cells), (0, 0));
    }
}

fn assert_ordered(words: &Traffic) {
    assert!(words.announced >= words.announced_closed, "{words:?}");
    assert!(words.broadcasts >= words.broadcasts_closed, "{words:?}");
    assert!(
        words.subscriptions >= words.subscriptions_closed,
        "{words:?}"
    );
    assert!(words.viewers >= words.viewers_closed, "{words:?}");
}

pub(crate) fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.max_branches = 20_000;
    builder.check(model);
}
