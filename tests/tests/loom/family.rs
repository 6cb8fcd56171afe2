//! Gauges, histograms, activities and handles by name, on the smallest tables there are.

use std::sync::Arc;

use loom::thread;
use streamgauge_core::{
    Bucket, Buckets, Cell, Counter, FLUSH_EVERY, InlineBooks, Key, Lease, Ledger, Level, Meter,
    MeterRef, Pair, Row, Scale, Shard, Tables, Track,
};

use crate::node::{Mutex, check};

streamgauge_core::family! {
    /// One of each kind.
    pub struct Store: "store" {
        pair sales / sales_done: "sales begun" / "sales that ended";
        counter came: "things that came";
        counter gone: "things that went";
        gauge stock = came - gone: "things in store";
        gauge price: "the price";
        histogram size: "of things" in Scale::integers(&[10]);
    }
}

const SALES: Pair<Store> = Pair::named("sales");
const CAME: Counter<Store> = Counter::named("came");
const GONE: Counter<Store> = Counter::named("gone");
const PRICE: Level<Store, usize> = Level::named("price");
const SIZE: Buckets<Store, usize> = Buckets::named("size");

type Words = [usize; 2];
type Storage = Tables<
    Store,
    Words,
    Mutex,
    [(); 1],
    Vec<Shard<Mutex>>,
    Vec<Bucket>,
    Vec<Row<Store, Words>>,
    Vec<Cell<Store>>,
>;

#[derive(Clone)]
struct Node(Arc<Meter<Store, Storage>>);

impl MeterRef<Store> for Node {
    type Storage = Storage;
    type Hold = ();

    fn meter(&self) -> &Meter<Store, Storage> {
        &self.0
    }
}

impl Node {
    fn new(series: usize, cells: usize) -> Self {
        Self(Arc::new(Meter::new(Tables::new(
            Mutex::default(),
            [(); 1],
            vec![Shard::new(Mutex::default())],
            (0..series).map(|_| Bucket::new()).collect(),
            (0..=series).map(|_| Row::new()).collect(),
            (0..cells).map(|_| Cell::new()).collect(),
        ))))
    }

    fn lease(&self, name: &str) -> Lease<Store, Self> {
        Lease::open(self.clone(), 0, Key::new(name).ok().as_ref())
    }

    fn track(&self, name: &str) -> Track<Store, Self> {
        Track::join(self.clone(), 0, Key::new(name).ok().as_ref())
    }

    /// Does something with a handle, in a thread of its own.
    fn apart<T: 'static>(
        &self,
        name: &'static str,
        f: impl FnOnce(Lease<Store, Self>) -> T + 'static,
    ) -> thread::JoinHandle<T> {
        let node = self.clone();
        thread::spawn(move || f(node.lease(name)))
    }
}

/// The one collector.
struct Collector {
    node: Node,
    ledger: Ledger<Store, InlineBooks<Store, 3, 1>>,
    /// The prices that frames showed.
    shown: Vec<u64>,
}

impl Collector {
    fn new(node: &Node) -> Self {
        Self {
            node: node.clone(),
            ledger: Ledger::new(InlineBooks::inline(), 0),
            shown: Vec::new(),
        }
    }

    fn collect(&mut self) {
        self.ledger.collect(&self.node.0, 0);
        for series in self.ledger.all(&self.node.0, 0) {
            let store: Store = series.snapshot();
            assert!(store.came >= store.gone, "{store:?}");
            assert!(store.sales >= store.sales_done, "{store:?}");
        }
        let frame = self.ledger.frame(&self.node.0, 0);
        let prices = frame.filter_map(|series| series.snapshot::<Store>().price);
        self.shown.extend(prices);
    }

    fn tick(&mut self) {
        self.collect();
        self.ledger.ack(&self.node.0, 0);
    }

    fn of(&self, name: &str) -> Store {
        let mut all = self.ledger.all(&self.node.0, 0);
        let found = all.find(|series| series.key.bytes().eq(name.bytes()));
        found.map_or_else(Store::default, |series| series.snapshot())
    }

    /// After the last handle: everything was counted, and all room is free again.
    fn finish(&mut self) -> Store {
        self.tick();
        self.tick();
        let usage = self.node.0.usage();
        assert_eq!((usage.series, usage.cells), (0, 0));
        self.ledger.total(0)
    }
}

#[test]
fn a_handle_opened_while_its_series_is_released_loses_nothing() {
    check(3, || {
        let node = Node::new(1, 0);
        let mut collector = Collector::new(&node);
        node.lease("a").add(CAME, 1);
        collector.collect();
        let other = node.apart("a", |lease| {
            lease.clone().add(CAME, 2);
            lease.add(CAME, 4);
        });
        collector.tick();
        collector.tick();
        other.join().expect("no panic");
        assert_eq!(collector.finish().came, 7);
    });
}

#[test]
fn handles_that_fight_for_one_series_lose_nothing() {
    check(3, || {
        let node = Node::new(1, 0);
        let mut collector = Collector::new(&node);
        let others = ["a", "b"].map(|name| {
            node.apart(name, |lease| {
                lease.add(CAME, if lease.is_folded() { 1 } else { 2 });
            })
        });
        collector.tick();
        for other in others {
            other.join().expect("no panic");
        }
        assert!((3..=4).contains(&collector.finish().came));
    });
}

#[test]
fn what_went_never_exceeds_what_came() {
    check(3, || {
        let node = Node::new(1, 1);
        let mut collector = Collector::new(&node);
        let mut track = node.track("a");
        let other = thread::spawn(move || {
            for _ in 0..2 {
                track.add(CAME, 1);
                track.add(GONE, 1);
            }
        });
        collector.collect();
        collector.tick();
        other.join().expect("no panic");
        assert_eq!(collector.finish().gone, 2);
    });
}

#[test]
fn what_went_never_exceeds_what_came_when_a_cell_is_given_late() {
    check(2, || {
        let node = Node::new(1, 1);
        let mut collector = Collector::new(&node);
        let (first, mut second) = (node.track("a"), node.track("a"));
        drop(first);
        for _ in 1..FLUSH_EVERY {
            second.add(CAME, 1);
        }
        let other = thread::spawn(move || {
            second.add(CAME, 1);
            second.add(GONE, 1);
        });
        collector.collect();
        other.join().expect("no panic");
        let total = collector.finish();
        assert_eq!((total.came, total.gone), (u64::from(FLUSH_EVERY), 1));
    });
}

#[test]
fn a_gauge_that_was_set_and_left_is_shown() {
    check(3, || {
        let node = Node::new(1, 0);
        let mut collector = Collector::new(&node);
        let other = node.apart("a", |lease| lease.set(PRICE, 7));
        collector.tick();
        collector.tick();
        other.join().expect("no panic");
        collector.finish();
        assert!(collector.shown.contains(&7), "{:?}", collector.shown);
    });
}

#[test]
fn a_series_never_shows_the_gauge_of_another() {
    check(3, || {
        let node = Node::new(1, 0);
        let mut collector = Collector::new(&node);
        node.lease("a").set(PRICE, 7);
        collector.collect();
        let other = node.apart("b", |lease| {
            lease.add(CAME, 1);
            lease
        });
        collector.tick();
        let lease = other.join().expect("no panic");
        collector.collect();
        assert_eq!(collector.of("b").price, None);
        lease.set(PRICE, 9);
        collector.collect();
        let own = (!lease.is_folded()).then_some(9);
        assert_eq!(collector.of("b").price, own);
        drop(lease);
        collector.finish();
    });
}

#[test]
fn an_activity_tells_all_at_once() {
    check(3, || {
        let node = Node::new(1, 0);
        let mut collector = Collector::new(&node);
        let others = [1, 20].map(|size| {
            node.apart("a", move |lease| {
                lease.begin(SALES).end(|tally| {
                    tally.add(CAME, 1);
                    tally.record(SIZE, size);
                });
            })
        });
        collector.collect();
        let store = collector.of("a");
        assert_eq!(store.size().count(), store.sales_done);
        assert_eq!(store.came, store.sales_done);
        for other in others {
            other.join().expect("no panic");
        }
        let total = collector.finish();
        assert_eq!((total.sales, total.sales_done), (2, 2));
        assert_eq!((total.size.buckets, total.size.sum), ([1, 1], 21));
    });
}
