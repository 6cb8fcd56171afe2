//! Tracks that nobody writes any more.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use streamgauge_tokio::{Amount, Reason, TrackConfig, TrackError, TrackEvent, TrackProducer};
use tokio::time::{advance, sleep};

use crate::harness::{Task, error, now, poll_once, track};

const AGE: Duration = Duration::from_secs(30);
/// How late an idle track may empty.
const SLACK: Duration = Duration::from_secs(2);

/// What was evicted of a track for its age.
#[derive(Clone, Default)]
struct Evicted(Arc<Mutex<Amount>>);

impl Evicted {
    fn track(&self, config: TrackConfig) -> TrackProducer {
        let evicted = self.0.clone();
        TrackProducer::new(config.with_observer(move |event| {
            if let TrackEvent::Evicted(Reason::Age, amount) = event {
                let mut evicted = evicted.lock().unwrap();
                evicted.groups += amount.groups;
                evicted.frames += amount.frames;
                evicted.bytes += amount.bytes;
            }
        }))
    }

    fn groups(&self) -> u64 {
        self.0.lock().unwrap().groups
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_track_empties_but_for_the_newest_group() {
    let evicted = Evicted::default();
    let track = evicted.track(TrackConfig::new());
    for frame in ["0", "12", "345"] {
        track.write_frame(frame).unwrap();
    }
    sleep(AGE * 9 / 10).await;
    assert_eq!(evicted.groups(), 0);
    sleep(AGE / 10 + SLACK).await;
    let all = Amount {
        groups: 2,
        frames: 2,
        bytes: 3,
    };
    assert_eq!(*evicted.0.lock().unwrap(), all);
    let mut reader = track.consume();
    assert_eq!(error(poll_once(reader.get_group(1))), TrackError::Evicted);
    assert!(now(reader.get_group(2)).unwrap().is_some());
    sleep(AGE * 10).await;
    assert_eq!(evicted.groups(), 2);
}

#[tokio::test(start_paused = true)]
async fn eviction_wakes_who_reads_an_idle_group() {
    let track = track();
    let mut reader = track.append_group().unwrap().consume();
    let held = track.append_group().unwrap();
    let mut other = held.consume();
    let task = Task::new();
    assert!(task.poll(other.read_frame()).is_pending());
    track.append_group().unwrap();
    sleep(AGE + SLACK).await;
    assert_eq!(task.wakes(), 1);
    assert_eq!(error(poll_once(other.read_frame())), TrackError::Evicted);
    assert_eq!(error(poll_once(reader.read_frame())), TrackError::Evicted);
}

#[tokio::test(start_paused = true)]
async fn a_track_that_idled_is_swept_again() {
    let evicted = Evicted::default();
    let track = evicted.track(TrackConfig::new());
    for round in 1..10 {
        track.write_frame("a").unwrap();
        track.write_frame("b").unwrap();
        sleep(AGE + SLACK).await;
        assert_eq!(evicted.groups(), 2 * round - 1);
    }
}

#[tokio::test(start_paused = true)]
async fn each_group_of_a_busy_track_goes_in_its_time() {
    let evicted = Evicted::default();
    let track = evicted.track(TrackConfig::new());
    let step = Duration::from_millis(100);
    for _ in 0..1_000 {
        track.write_frame("a").unwrap();
        sleep(step).await;
    }
    let live = 300;
    assert!(
        evicted.groups().abs_diff(1_000 - live) <= 1,
        "{}",
        evicted.groups()
    );
    sleep(AGE + SLACK).await;
    assert_eq!(evicted.groups(), 999);
}

#[tokio::test(start_paused = true)]
async fn many_tracks_of_many_ages_empty_each_in_its_time() {
    let tracks: Vec<_> = (1..500_u32)
        .map(|n| {
            let evicted = Evicted::default();
            let age = Duration::from_millis(u64::from(n) * 70);
            let track = evicted.track(TrackConfig::new().with_max_age(age));
            track.write_frame("a").unwrap();
            track.write_frame("b").unwrap();
            (age, evicted, track)
        })
        .collect();
    let mut passed = Duration::ZERO;
    for _ in 0..40 {
        let step = Duration::from_secs(1);
        sleep(step).await;
        passed += step;
        for (age, evicted, _) in &tracks {
            let late = *age / 16 + Duration::from_millis(5);
            match evicted.groups() {
                0 => assert!(passed <= *age + late, "{age:?} is late"),
                _ => assert!(passed >= *age, "{age:?} is early"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_track_that_was_dropped_is_not_kept_for_its_visit() {
    let payload = bytes::Bytes::from(vec![0_u8; 1_000]);
    let track = track();
    track.write_frame(payload.clone()).unwrap();
    track.write_frame(payload.clone()).unwrap();
    tokio::task::yield_now().await;
    drop(track);
    assert!(payload.is_unique());
    sleep(AGE * 3).await;
}

#[tokio::test(start_paused = true)]
async fn groups_of_any_age_are_kept_if_they_may_be() {
    let evicted = Evicted::default();
    let track = evicted.track(TrackConfig::new().with_max_age(Duration::MAX));
    track.write_frame("a").unwrap();
    track.write_frame("b").unwrap();
    sleep(Duration::from_secs(1_000_000)).await;
    assert_eq!(evicted.groups(), 0);
}

#[test]
fn outside_of_a_runtime_writes_evict() {
    let evicted = Evicted::default();
    let track = evicted.track(TrackConfig::new().with_max_age(Duration::ZERO));
    track.write_frame("a").unwrap();
    assert_eq!(evicted.groups(), 0);
    track.write_frame("b").unwrap();
    assert_eq!(evicted.groups(), 1);
}

#[test]
fn a_track_outlives_the_runtime_that_swept_it() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let first = runtime();
    let track = first.block_on(async { track() });
    drop(first);
    track.write_frame("a").unwrap();
    track.write_frame("b").unwrap();
    runtime().block_on(async {
        track.write_frame("c").unwrap();
        assert!(now(track.consume().get_group(0)).unwrap().is_some());
    });
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_leaps_evicts_once() {
    let evicted = Evicted::default();
    let track = evicted.track(TrackConfig::new());
    track.write_frame("a").unwrap();
    track.write_frame("b").unwrap();
    advance(AGE * 1_000).await;
    track.write_frame("c").unwrap();
    assert_eq!(evicted.groups(), 2);
}
