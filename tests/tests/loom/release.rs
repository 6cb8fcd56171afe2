//! Series of a family that keeps its series: how they are looked up while they are made, and while they
//! are released because they have been idle.

use std::sync::Arc;

use loom::thread;
use streamgauge_core::{
    Bucket, Cell, Counter, Duration, InlineBooks, Key, Lease, Ledger, Linger, Meter, MeterRef, Row,
    Shard, Tables,
};

use crate::node::{Mutex, check};

streamgauge_core::family! {
    /// A family whose series stay.
    pub struct Visits: "visits" by place kept {
        counter came: "things that came";
    }
}

const CAME: Counter<Visits> = Counter::named("came");

/// Milliseconds that a series is idle for before it goes.
const IDLE: u64 = 10;

type Words = [usize; 2];
type Storage = Tables<
    Visits,
    Words,
    Mutex,
    [(); 1],
    Vec<Shard<Mutex>>,
    Vec<Bucket>,
    Vec<Row<Visits, Words>>,
    Vec<Cell<Visits>>,
>;

/// Room for a few series, all in one chain of the index, and a cell.
#[derive(Clone)]
struct Node(Arc<Meter<Visits, Storage>>);

impl MeterRef<Visits> for Node {
    type Storage = Storage;
    type Hold = ();

    fn meter(&self) -> &Meter<Visits, Storage> {
        &self.0
    }
}

impl Node {
    fn new(series: usize, linger: Linger) -> Self {
        let meter = Meter::new(Tables::new(
            Mutex::default(),
            [(); 1],
            vec![Shard::new(Mutex::default())],
            vec![Bucket::new()],
            (0..=series).map(|_| Row::new()).collect(),
            vec![Cell::new()],
        ));
        Self(Arc::new(meter.with_linger(linger)))
    }

    fn open(&self, name: &str) -> Lease<Visits, Self> {
        Lease::open(self.clone(), 0, Key::new(name).ok().as_ref())
    }

    /// Counts through a handle that is looked up, and says whether it led to the series of its name.
    fn visit(&self, n: usize, by_cell: bool) -> bool {
        let lease = self.open("a");
        if by_cell {
            lease.writer().add(CAME, n);
        } else {
            lease.add(CAME, n);
        }
        !lease.is_folded()
    }

    fn visit_apart(&self, n: usize, by_cell: bool) -> thread::JoinHandle<bool> {
        let node = self.clone();
        thread::spawn(move || node.visit(n, by_cell))
    }
}

/// The one collector, with a sink that accepts all.
struct Collector {
    node: Node,
    ledger: Ledger<Visits, InlineBooks<Visits, 3, 1>>,
    now_ms: u64,
}

impl Collector {
    fn new(node: &Node) -> Self {
        Self {
            node: node.clone(),
            ledger: Ledger::new(InlineBooks::inline(), 0),
            now_ms: 0,
        }
    }

    /// Ticks when a series that is idle may have been so for long enough.
    fn tick(&mut self) {
        self.now_ms += IDLE;
        self.ledger.collect(&self.node.0, self.now_ms);
        self.ledger.ack(&self.node.0, 0);
    }

    /// What a series has counted.
    fn of(&self, name: &str) -> Option<u64> {
        let mut all = self.ledger.all(&self.node.0, 0);
        let series = all.find(|series| series.key.bytes().eq(name.bytes()))?;
        Some(series.snapshot::<Visits>().came)
    }

    /// After the last handle: everything was counted, and the series is released in the end.
    fn finish(&mut self) -> u64 {
        (0..4).for_each(|_| self.tick());
        let usage = self.node.0.usage();
        assert_eq!((usage.series, usage.cells), (0, 0));
        let total: Visits = self.ledger.total(0);
        assert_eq!(self.ledger.retired(0), total, "an idle series has retired");
        total.came
    }
}

/// Ticks, in which a series that was idle is released, while a handle of its name is looked up.
fn release_against_lookup(linger: Linger, before: usize, by_cell: bool) {
    check(3, move || {
        let node = Node::new(1, linger);
        let mut collector = Collector::new(&node);
        assert!(node.visit(1, false), "there is room");
        (0..before).for_each(|_| collector.tick());
        let other = node.visit_apart(2, by_cell);
        (0..2).for_each(|_| collector.tick());
        assert!(
            other.join().expect("no panic"),
            "the series is there, or its room"
        );
        assert_eq!(collector.finish(), 3);
    });
}

const BY_IDLENESS: Linger = Linger::Idle(Duration::from_millis(IDLE));

#[test]
fn an_idle_series_that_is_looked_up_while_it_is_released_loses_nothing() {
    for before in 1..3 {
        release_against_lookup(BY_IDLENESS, before, false);
    }
}

#[test]
fn an_idle_series_that_gets_a_writer_while_it_is_released_loses_nothing() {
    for before in 1..3 {
        release_against_lookup(BY_IDLENESS, before, true);
    }
}

#[test]
fn a_series_that_goes_at_once_and_is_looked_up_meanwhile_loses_nothing() {
    release_against_lookup(Linger::AtOnce, 0, false);
    release_against_lookup(Linger::AtOnce, 0, true);
}

#[test]
fn the_last_handle_that_goes_while_another_is_looked_up_and_the_series_is_released_loses_nothing() {
    check(2, || {
        let node = Node::new(1, Linger::AtOnce);
        let mut collector = Collector::new(&node);
        let last = node.open("a");
        last.add(CAME, 1);
        let going = thread::spawn(move || drop(last));
        let coming = node.visit_apart(2, false);
        (0..2).for_each(|_| collector.tick());
        going.join().expect("no panic");
        assert!(coming.join().expect("no panic"));
        assert_eq!(collector.finish(), 3);
    });
}

#[test]
fn a_series_that_is_held_is_never_released() {
    check(3, || {
        let node = Node::new(1, BY_IDLENESS);
        let mut collector = Collector::new(&node);
        let held = node.open("a");
        let other = node.visit_apart(2, false);
        (0..4).for_each(|_| collector.tick());
        assert!(other.join().expect("no panic"));
        assert_eq!(node.0.usage().series, 1);
        held.add(CAME, 1);
        drop(held);
        assert_eq!(collector.finish(), 3);
    });
}

#[test]
fn a_series_that_stays_is_found_without_a_lock_while_others_are_made_and_collected() {
    check(3, || {
        let node = Node::new(2, Linger::Forever);
        let mut collector = Collector::new(&node);
        let count = |node: &Node, [first, second]: [(&str, usize); 2]| {
            for (name, n) in [first, second] {
                let lease = node.open(name);
                assert!(!lease.is_folded(), "there is room for both");
                lease.add(CAME, n);
            }
        };
        let other = node.clone();
        let other = thread::spawn(move || count(&other, [("a", 1), ("b", 2)]));
        count(&node, [("b", 4), ("a", 8)]);
        collector.tick();
        other.join().expect("no panic");
        collector.tick();
        assert_eq!((collector.of("a"), collector.of("b")), (Some(9), Some(6)));
        assert_eq!(node.0.usage().series, 2);
    });
}
