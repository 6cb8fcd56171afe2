//! The first and the last reader, against who waits for them.

use streamgauge_tokio::TrackError;

use crate::harness::{Task, check, spawn, track, wait};

#[test]
fn who_waits_hears_of_the_first_and_of_the_last_reader() {
    check(|| {
        let track = track();
        let weak = track.weak();
        let readers = spawn(move || {
            let one = weak.consume();
            let two = one.clone();
            drop(one);
            two
        });
        wait(track.used()).unwrap();
        let last = readers.join().unwrap();
        let left = spawn(move || drop(last));
        wait(track.unused()).unwrap();
        left.join().unwrap();
    });
}

#[test]
fn all_who_wait_hear_of_it_though_some_give_up() {
    check(|| {
        let track = track();
        let waiting = [track.clone(), track.clone()];
        let waiting = waiting.map(|track| spawn(move || wait(track.used())));
        let given_up = track.clone();
        let given_up = spawn(move || {
            let _ = Task::new().poll(given_up.used());
        });
        let reader = track.consume();
        for waited in waiting {
            waited.join().unwrap().unwrap();
        }
        given_up.join().unwrap();
        drop(reader);
        wait(track.unused()).unwrap();
    });
}

#[test]
fn a_wait_for_readers_ends_with_the_track() {
    check(|| {
        let track = track();
        let weak = track.weak();
        let reader = weak.consume();
        let closed = spawn(move || drop(track));
        assert_eq!(wait(weak.unused()), Err(TrackError::Dropped));
        closed.join().unwrap();
        drop(reader);
    });
}
