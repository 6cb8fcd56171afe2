//! Gauges that are differences, whose ends one guard bumps.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread::ScopedJoinHandle,
};

use streamgauge_core::{Counter, Family, Key, Track};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

streamgauge_core::family! {
    /// A store that counts what comes before what goes, in two ways.
    pub struct Store: "store" {
        counter came: "things that came";
        counter sold: "things that were sold";
        counter lost: "things that were lost";
        gauge stock = came - sold - lost: "things in store";
    }
}

const CAME: Counter<Store> = Counter::named("came");
const SOLD: Counter<Store> = Counter::named("sold");
const LOST: Counter<Store> = Counter::named("lost");

fn open(desk: &Desk<Store>, name: &str) -> Track<Store, Drawer<Store>> {
    Track::join(desk.meter(), 0, Key::new(name).ok().as_ref())
}

#[test]
fn words_that_close_a_gauge_are_read_first() {
    assert_eq!(Store::CLOSING, 2);
    // In the order of slots, which is that of reading: sold, lost, came.
    assert_eq!(Store::SLOTS, [1, 2, 0]);
}

#[test]
fn a_difference_is_what_is_left() {
    let mut desk = Desk::<Store>::new(DeskRoom::of(1));
    let mut store = open(&desk, "a");
    store.add(CAME, 10);
    store.add(SOLD, 3);
    store.add(LOST, 1);
    desk.collect();
    assert_eq!(desk.of("a").stock(), 6);
}

/// Two writers, one with a cell and one without, whose counts are open for an instant only: in no
/// snapshot has more gone than came.
#[test]
fn no_snapshot_shows_more_gone_than_came() {
    const ROUNDS: usize = 200_000;
    for cells in [2, 1, 0] {
        let mut desk = Desk::<Store>::new(DeskRoom {
            cells,
            ..DeskRoom::of(1)
        });
        let done = AtomicBool::new(false);
        let writers = [open(&desk, "a"), open(&desk, "a")];
        std::thread::scope(|scope| {
            let writers = writers.map(|mut writer| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        writer.add(CAME, 1);
                        writer.add(if round % 2 == 0 { SOLD } else { LOST }, 1);
                    }
                })
            });
            while !done.load(Ordering::Relaxed) {
                let all = writers.iter().all(ScopedJoinHandle::is_finished);
                done.store(all, Ordering::Relaxed);
                desk.collect();
                let store = desk.of("a");
                assert!(store.came >= store.sold + store.lost, "{store:?}");
            }
        });
        let store = desk.of("a");
        assert_eq!(
            (store.came, store.sold, store.lost),
            (400_000, 200_000, 200_000)
        );
        assert_eq!(store.stock(), 0);
    }
}
