//! Producers that drop while others come.

use streamgauge_tokio::TrackError;

use crate::harness::{check, spawn, track, wait};

#[test]
fn a_producer_made_as_the_last_one_drops_is_one_or_is_not() {
    check(|| {
        let track = track();
        let mut reader = track.consume();
        let maker = track.consume();
        let made = spawn(move || maker.produce().map(|track| track.write_frame("a")));
        drop(track);
        match made.join().unwrap() {
            Ok(written) => {
                written.unwrap();
                assert!(wait(reader.next_group()).unwrap().is_some());
            }
            Err(error) => assert_eq!(error, TrackError::Dropped),
        }
        assert_eq!(wait(reader.next_group()).err(), Some(TrackError::Dropped));
    });
}

#[test]
fn a_waiting_reader_hears_of_the_last_of_several_drops() {
    check(|| {
        let track = track();
        let mut reader = track.consume();
        let clones = [track.clone(), track];
        let drops = clones.map(|clone| spawn(move || drop(clone)));
        assert_eq!(wait(reader.closed()), Err(TrackError::Dropped));
        for dropped in drops {
            dropped.join().unwrap();
        }
    });
}

#[test]
fn a_reader_of_a_group_hears_of_the_last_of_several_drops() {
    check(|| {
        let track = track();
        let group = track.append_group().unwrap();
        let mut reader = group.consume();
        let drops = [group.clone(), group].map(|clone| spawn(move || drop(clone)));
        assert_eq!(wait(reader.read_frame()), Err(TrackError::Dropped));
        for dropped in drops {
            dropped.join().unwrap();
        }
    });
}

#[test]
fn one_of_two_ends_is_the_end() {
    check(|| {
        let track = track();
        let mut reader = track.consume();
        let (one, two) = (track.clone(), track.weak());
        let finish = spawn(move || one.finish());
        let abort = spawn(move || two.abort(TrackError::Aborted(1)));
        let end = wait(reader.finished());
        match (finish.join().unwrap(), abort.join().unwrap()) {
            (Ok(()), Ok(())) => assert_eq!(end, Ok(0)),
            (Err(TrackError::Aborted(1)), Ok(())) => assert_eq!(end, Err(TrackError::Aborted(1))),
            other => panic!("{other:?}"),
        }
    });
}
