//! No wake-up is lost.

use std::sync::Arc;

use streamgauge_tokio::{TrackConfig, TrackProducer};

use crate::harness::{Task, check, spawn, track, wait};

#[test]
fn a_reader_gets_every_group_and_the_end() {
    check(|| {
        let track = track();
        let mut reader = track.consume();
        let writer = spawn(move || {
            for _ in 0..3 {
                track.write_frame("a").unwrap();
            }
            track.finish().unwrap();
        });
        for n in 0..3 {
            let group = wait(reader.next_group()).unwrap().unwrap();
            assert_eq!(group.sequence(), n);
        }
        assert!(wait(reader.next_group()).unwrap().is_none());
        writer.join().unwrap();
    });
}

#[test]
fn a_reader_gets_every_frame_of_a_group_that_grows() {
    check(|| {
        let track = track();
        let group = track.append_group().unwrap();
        let mut readers = [group.consume(), group.consume()];
        let writer = spawn(move || {
            for frame in ["a", "b"] {
                group.write_frame(frame).unwrap();
            }
            group.finish().unwrap();
        });
        let [one, two] = &mut readers;
        for reader in [one, two] {
            assert_eq!(wait(reader.read_frame()).unwrap().unwrap(), "a");
            assert_eq!(wait(reader.read_frame()).unwrap().unwrap(), "b");
            assert_eq!(wait(reader.read_frame()), Ok(None));
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_first_frame_is_got_whenever_it_comes() {
    check(|| {
        let track = track();
        let mut reader = track.consume();
        let writer = spawn(move || {
            let group = track.append_group().unwrap();
            group.write_frame("a").unwrap();
            track.append_group().unwrap();
            track.write_frame("b").unwrap();
            track.finish().unwrap();
        });
        for frame in ["a", "b"] {
            assert_eq!(wait(reader.read_frame()).unwrap().unwrap(), frame);
        }
        assert_eq!(wait(reader.read_frame()), Ok(None));
        writer.join().unwrap();
    });
}

#[test]
fn a_group_asked_for_is_got_whoever_creates_it() {
    check(|| {
        let track = track();
        let mut reader = track.consume();
        let writers = [5, 6].map(|sequence| {
            let track = track.clone();
            spawn(move || track.create_group(sequence).map(drop).unwrap())
        });
        assert!(wait(reader.get_group(5)).unwrap().is_some());
        assert!(wait(reader.get_group(6)).unwrap().is_some());
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn eviction_ends_every_wait_for_the_group() {
    check(|| {
        let track = TrackProducer::new(TrackConfig::new().with_max_groups(1));
        let group = track.append_group().unwrap();
        let mut reader = group.consume();
        let writer = spawn(move || {
            // The next group takes the slot of the one before.
            let next = track.append_group().unwrap();
            next.write_frame("a").unwrap();
        });
        assert!(wait(reader.read_frame()).is_err());
        writer.join().unwrap();
        drop(group);
    });
}

#[test]
fn a_reader_dropped_as_it_is_woken_takes_no_wake_from_others() {
    check(|| {
        let track = track();
        let tasks: [_; 3] = std::array::from_fn(|_| Task::new());
        let mut readers: Vec<_> = tasks.iter().map(|_| track.consume()).collect();
        for (reader, task) in readers.iter_mut().zip(&tasks) {
            assert!(task.poll(reader.next_group()).is_pending());
        }
        let leaver = readers.remove(1);
        let left = spawn(move || drop(leaver));
        let writer = spawn(move || track.write_frame("a"));
        left.join().unwrap();
        writer.join().unwrap().unwrap();
        assert!(tasks[0].was_woken() && tasks[2].was_woken());
        assert!(tasks.iter().all(|task| Arc::strong_count(task) == 1));
    });
}

#[test]
fn readers_that_come_while_many_are_woken_wait_for_the_next() {
    const MANY: usize = 70;
    check(|| {
        let track = track();
        let parked = Task::new();
        let mut readers: Vec<_> = (0..MANY).map(|_| track.consume()).collect();
        for reader in &mut readers {
            assert!(parked.poll(reader.next_group()).is_pending());
        }
        let mut late = track.consume();
        late.start_at(1);
        let writer = {
            let track = track.clone();
            spawn(move || track.write_frame("a"))
        };
        let reader = spawn(move || wait(late.next_group()).map(|group| group.unwrap().sequence()));
        writer.join().unwrap().unwrap();
        assert_eq!(Arc::strong_count(&parked), 1, "all were woken");
        track.write_frame("b").unwrap();
        assert_eq!(reader.join().unwrap(), Ok(1));
    });
}

#[test]
fn two_writers_wake_whom_each_called() {
    check(|| {
        let track = track();
        let groups = [track.append_group().unwrap(), track.append_group().unwrap()];
        let tasks: [_; 2] = std::array::from_fn(|_| Task::new());
        let mut readers = groups.each_ref().map(|group| group.consume());
        for (reader, task) in readers.iter_mut().zip(&tasks) {
            assert!(task.poll(reader.read_frame()).is_pending());
        }
        let writers = groups.map(|group| spawn(move || group.write_frame("a")));
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
        assert!(tasks.iter().all(|task| task.was_woken()));
    });
}
