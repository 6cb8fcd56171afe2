//! What caches of tracks tell, counted.

use streamgauge_core::{
    Cache, CacheStats, Duration, Instant,
    track::{Amount, InlineRoom, Policy, Reason, TrackCache, TrackEvent},
};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

type Stats = CacheStats<Drawer<Cache>>;

fn desk() -> Desk<Cache> {
    Desk::new(DeskRoom::of(4))
}

fn amount(groups: u64, frames: u64, bytes: u64) -> Amount {
    Amount {
        groups,
        frames,
        bytes,
    }
}

fn held(cache: &Cache) -> [u64; 3] {
    [cache.groups(), cache.frames(), cache.bytes()]
}

#[test]
fn every_event_is_counted_as_what_it_is() {
    let mut desk = desk();
    let mut stats = Stats::open(desk.meter(), "demo/bbb");
    stats.count(TrackEvent::Written(amount(100, 200, 3_000)));
    for (n, reason) in (1..).zip(Reason::ALL) {
        stats.count(TrackEvent::Evicted(reason, amount(n, 2 * n, 30 * n)));
    }
    stats.count(TrackEvent::Hit(5));
    stats.count(TrackEvent::Miss(6));
    stats.count(TrackEvent::Late(7));
    stats.count(TrackEvent::Duplicate(8));
    desk.tick();
    let expected = Cache {
        tracks: 1,
        written_groups: 100,
        written_frames: 200,
        written_bytes: 3_000,
        evicted_groups_by_age: 1,
        evicted_groups_by_groups: 2,
        evicted_groups_by_frames: 3,
        evicted_groups_by_bytes: 4,
        evicted_frames_by_age: 2,
        evicted_frames_by_groups: 4,
        evicted_frames_by_frames: 6,
        evicted_frames_by_bytes: 8,
        evicted_bytes_by_age: 30,
        evicted_bytes_by_groups: 60,
        evicted_bytes_by_frames: 90,
        evicted_bytes_by_bytes: 120,
        hits: 5,
        misses: 6,
        late: 7,
        duplicates: 8,
        ..Cache::default()
    };
    assert_eq!(desk.of("demo/bbb"), expected);
    assert_eq!(held(&expected), [90, 180, 2_700]);
    assert_eq!(stats.cached(), amount(90, 180, 2_700));
}

#[test]
fn a_track_that_ends_leaves_nothing_in_the_gauges() {
    let mut desk = desk();
    let (mut ends, mut stays) = (
        Stats::open(desk.meter(), "a"),
        Stats::open(desk.meter(), "a"),
    );
    ends.count(TrackEvent::Written(amount(3, 5, 700)));
    stays.count(TrackEvent::Written(amount(1, 1, 10)));
    ends.count(TrackEvent::Evicted(Reason::Age, amount(1, 2, 300)));
    desk.tick();
    assert_eq!(held(&desk.of("a")), [3, 4, 410]);
    drop(ends);
    desk.tick();
    let cache = desk.of("a");
    assert_eq!(held(&cache), [1, 1, 10]);
    let by_end = [
        cache.evicted_groups_by_end,
        cache.evicted_frames_by_end,
        cache.evicted_bytes_by_end,
    ];
    assert_eq!(by_end, [2, 3, 400]);
    drop(stays);
    desk.tick();
    desk.tick();
    assert!(desk.all().is_empty(), "it was told and is gone");
    assert_eq!(held(&desk.total()), [0, 0, 0]);
    assert_eq!(desk.total().tracks_closed, 2);
}

/// Plays a track, and holds the gauges to what the cache itself says after every step.
#[test]
fn the_gauges_say_what_the_cache_holds() {
    let mut desk = desk();
    let policy = Policy::new()
        .with_max_age(Duration::from_secs(2))
        .with_max_groups(5)
        .with_max_bytes(400);
    let mut track = TrackCache::new(InlineRoom::<u8, 8, 12, 4>::new(), policy);
    let mut stats = Stats::open(desk.meter(), "a");
    let mut now = Instant::from_micros(0);
    for step in 0..200_u64 {
        now = now.saturating_add(Duration::from_millis(step % 7 * 150));
        if let Ok(group) = track.create_group(now, step ^ 3) {
            for frame in 0..step % 4 {
                let size = usize::try_from(step * 7 % 90 + frame).expect("small");
                let _full = track.write_group_frame(now, group, 0, size);
            }
        }
        track.handle_timeout(now);
        while let Some(event) = track.poll_event() {
            stats.count(event);
        }
        desk.tick();
        let cached = [track.groups(), track.frames(), track.bytes()].map(|n| n as u64);
        assert_eq!(held(&desk.of("a")), cached, "step {step}");
    }
    let cache = desk.of("a");
    assert!(cache.evicted_groups_by_age > 0 && cache.evicted_groups_by_groups > 0);
    assert!(cache.evicted_groups_by_bytes > 0 && cache.late > 0);
}
