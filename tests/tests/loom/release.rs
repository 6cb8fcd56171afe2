//! Series of a family that keeps its series: their release when they have been idle, against handles
//! that are looked up meanwhile.

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

/// Room for one series, and a cell.
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
    fn new() -> Self {
        Self(Arc::new(Meter::new(Tables::new(
            Mutex::default(),
            [(); 1],
            vec![Shard::new(Mutex::default())],
            vec![Bucket::new()],
            vec![Row::new(), Row::new()],
            vec![Cell::new()],
        ))))
    }

    fn open(&self) -> Lease<Visits, Self> {
        Lease::open(self.clone(), 0, Key::new("a").ok().as_ref())
    }

    /// Counts through a handle that is looked up, and says whether it led to the series of its name.
    fn visit(&self, n: usize, by_cell: bool) -> bool {
        let lease = self.open();
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
    ledger: Ledger<Visits, InlineBooks<Visits, 2, 1>>,
    now_ms: u64,
}

impl Collector {
    fn new(node: &Node, linger: Linger) -> Self {
        Self {
            node: node.clone(),
            ledger: Ledger::new(InlineBooks::inline(), 0).with_linger(linger),
            now_ms: 0,
        }
    }

    /// Ticks when a series that is idle may have been so for long enough.
    fn tick(&mut self) {
        self.now_ms += IDLE;
        self.ledger.collect(&self.node.0, self.now_ms);
        self.ledger.ack(&self.node.0, 0);
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
        let node = Node::new();
        let mut collector = Collector::new(&node, linger);
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
        let node = Node::new();
        let mut collector = Collector::new(&node, Linger::AtOnce);
        let last = node.open();
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
        let node = Node::new();
        let mut collector = Collector::new(&node, BY_IDLENESS);
        let held = node.open();
        let other = node.visit_apart(2, false);
        (0..4).for_each(|_| collector.tick());
        assert!(other.join().expect("no panic"));
        assert_eq!(node.0.usage().series, 1);
        held.add(CAME, 1);
        drop(held);
        assert_eq!(collector.finish(), 3);
    });
}
