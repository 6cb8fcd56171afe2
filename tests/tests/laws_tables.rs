//! Tables and books of sizes that do not fit together: odd, but no reason to panic or to lose a count.
#![cfg(not(loom))]

use proptest::prelude::*;
use streamgauge_core::{
    Account, Bucket, Cell, Counter, Feed, Id, Key, Lane, Ledger, Mark, Meter, Pages, Row, Shard,
    Span, Tables, Track, Traffic,
};
use streamgauge_tests::Lent;

const BYTES: Counter<Traffic> = Counter::named("bytes");

type Words = [usize; 2];
type Odd = Tables<
    Traffic,
    Words,
    Lent,
    Vec<()>,
    Vec<Shard<Lent>>,
    Vec<Bucket>,
    Vec<Row<Traffic, Words>>,
    Vec<Cell<Traffic>>,
>;
type Books =
    Pages<Vec<Account<Traffic>>, Vec<u8>, Vec<Id>, Vec<Lane<Traffic>>, Vec<Span>, Vec<Mark>>;

fn many<T>(n: usize, element: impl Fn() -> T) -> Vec<T> {
    (0..n).map(|_| element()).collect()
}

fn meter([shards, buckets, lanes, rows, cells]: [usize; 5]) -> Meter<Traffic, Odd> {
    Meter::new(Tables::new(
        Lent::default(),
        many(lanes, || ()),
        many(shards, || Shard::new(Lent::default())),
        many(buckets, Bucket::new),
        many(rows, Row::new),
        many(cells, Cell::new),
    ))
}

fn books([accounts, flags, order, fresh, lanes, spans, marks]: [usize; 7]) -> Books {
    Pages {
        accounts: vec![Account::ZERO; accounts],
        flags: vec![0; flags],
        order: vec![0; order],
        fresh: vec![0; fresh],
        lanes: vec![Lane::ZERO; lanes],
        spans: vec![Span::default(); spans],
        marks: vec![Mark::default(); marks],
    }
}

/// Subscribes in every lane and one more, counts a byte each, and drops every other guard.
fn fill(meter: &Meter<Traffic, Odd>, lanes: usize) -> u64 {
    let mut kept = Vec::new();
    let mut counted = 0;
    for (n, name) in ["a", "b", "c", "a"].iter().enumerate() {
        for lane in 0..=lanes {
            let key = Key::path(name).ok();
            let mut track = Track::open(meter, lane, key.as_ref());
            track.add(BYTES, 1);
            counted += 1;
            kept.extend(Some(track).filter(|_| n % 2 == 0));
        }
    }
    counted
}

/// Collects, and drains every frame.
fn tick(feed: &mut Feed<Traffic, Books>, meter: &Meter<Traffic, Odd>) {
    feed.collect(meter, 0);
    for lane in 0..=feed.ledger().lanes() {
        let mut frame = vec![0; 1 << 14];
        let chunk = feed.encode(meter, lane, &[], &mut frame);
        assert!(chunk.end);
        let frame: serde_json::Value = serde_json::from_slice(&frame[..chunk.len]).expect("JSON");
        assert!(frame.is_object());
        feed.reset();
        let mut patch = vec![0; 1 << 14];
        let chunk = feed.encode_patch(meter, lane, &mut patch);
        assert!(chunk.end);
        let patch: serde_json::Value = serde_json::from_slice(&patch[..chunk.len]).expect("JSON");
        assert!(patch.is_object());
        feed.accept_patch(lane);
        feed.accept(meter, lane);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_of_any_sizes_lose_nothing_and_panic_at_nothing(
        tables in [0..4usize, 0..5usize, 0..20usize, 0..24usize, 0..4usize],
        pages in [0..9usize, 0..9usize, 0..9usize, 0..9usize, 0..20usize, 0..9usize, 0..40usize],
    ) {
        let meter = meter(tables);
        let mut feed = Feed::new(Ledger::new(books(pages), 0));
        let counted = fill(&meter, tables[2]) + fill(&meter, tables[2]);
        tick(&mut feed, &meter);
        tick(&mut feed, &meter);
        let ledger = feed.ledger();
        let total: u64 = (0..=ledger.lanes()).map(|lane| ledger.total(lane).bytes).sum();
        if tables[0] > 0 && tables[2] > 0 && tables[3] > 0 && pages[4] > 0 {
            prop_assert_eq!(total, counted);
        } else {
            // Without a shard, a lane, or a lane in the books, there is nowhere to count it all.
            prop_assert!(total <= counted);
        }
    }
}
