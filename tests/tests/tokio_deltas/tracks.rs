//! Tracks of patches in the same process.

use serde_json::Value;
use streamgauge_tokio::{
    BroadcastConsumer, Config, Deltas, GroupConsumer, OriginProducer, Stats, Tier, TrackConsumer,
};

use crate::harness::Reader;

const PATH: &str = ".stats/node/sjc/1";
const TRACK: &str = "publisher.json";

fn spawn(origin: &OriginProducer) -> Stats {
    let config = Config::new().with_node("sjc/1").with_origin(origin);
    Stats::spawn(config.with_deltas(Deltas::Beside)).unwrap()
}

async fn broadcast(origin: &OriginProducer) -> BroadcastConsumer {
    origin.consume().announced_broadcast(PATH).await.unwrap()
}

/// Reads the frames of a group that are there.
fn read(reader: &mut Reader, group: &mut GroupConsumer, first: bool) {
    let mut first = first;
    while let Some(frame) = try_read(group) {
        if first {
            reader.keyframe(&frame);
        } else {
            reader.patch(&frame);
        }
        first = false;
    }
}

fn try_read(group: &mut GroupConsumer) -> Option<bytes::Bytes> {
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    match group.poll_read_frame(context) {
        std::task::Poll::Ready(frame) => frame.unwrap(),
        std::task::Poll::Pending => None,
    }
}

async fn whole(broadcast: &BroadcastConsumer, name: &str) -> Value {
    let mut track = broadcast.track(name).await.unwrap();
    serde_json::from_slice(&track.read_frame().await.unwrap().unwrap()).unwrap()
}

async fn group(track: &mut TrackConsumer) -> GroupConsumer {
    track.next_group().await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn tracks_of_patches_hold_an_empty_frame_from_the_start() {
    let origin = OriginProducer::new();
    let stats = spawn(&origin);
    let broadcast = broadcast(&origin).await;
    let packed = stats.tracks().iter().filter(|name| name.ends_with(".z"));
    let mut tracks = 0;
    for name in packed {
        let mut track = broadcast.open_track(name).unwrap();
        let mut reader = Reader::new();
        read(&mut reader, &mut group(&mut track).await, true);
        assert_eq!(
            (reader.last.as_slice(), reader.keyframes),
            (b"{}".as_slice(), 1)
        );
        tracks += 1;
    }
    assert_eq!(tracks, stats.tracks().len() / 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_the_open_group_whole() {
    let origin = OriginProducer::new();
    let stats = spawn(&origin);
    let handle = stats.tier(Tier::External);
    let open = |n: u32| handle.broadcast(&format!("room/{n}")).publisher_track("v");
    let mut tracks: Vec<_> = (0..100).map(open).collect();
    let broadcast = broadcast(&origin).await;
    let mut early = broadcast.track(&format!("{TRACK}.z")).await.unwrap();
    let mut early_reader = Reader::new();
    let mut early_group = None;
    for (n, track) in tracks.iter_mut().enumerate() {
        track.whole_frame(n);
        stats.flush().await;
        let first = early_group.is_none();
        let group = match &mut early_group {
            Some(group) => group,
            none => none.insert(group(&mut early).await),
        };
        read(&mut early_reader, group, first);

        let mut late = broadcast.track(&format!("{TRACK}.z")).await.unwrap();
        let mut reader = Reader::new();
        read(&mut reader, &mut self::group(&mut late).await, true);
        let whole = whole(&broadcast, TRACK).await;
        assert_eq!(reader.value, whole);
        assert_eq!(early_reader.value, whole);
        assert_eq!((reader.keyframes, reader.patches), (1, n));
    }
}

#[tokio::test(start_paused = true)]
async fn every_track_has_its_sibling() {
    let origin = OriginProducer::new();
    let stats = spawn(&origin);
    let _session = stats.tier(Tier::Internal).session("root");
    let _track = stats.tier(Tier::External).broadcast("a").subscriber();
    for _ in 0..5 {
        stats.flush().await;
    }
    let broadcast = broadcast(&origin).await;
    for name in stats.tracks().iter().filter(|name| !name.ends_with(".z")) {
        let mut track = broadcast.track(&format!("{name}.z")).await.unwrap();
        let mut reader = Reader::new();
        read(&mut reader, &mut group(&mut track).await, true);
        assert_eq!(reader.value, whole(&broadcast, name).await, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_comes_again_begins_a_group_with_a_higher_sequence() {
    let origin = OriginProducer::new();
    let mut newest = 0;
    for life in 1..4 {
        let stats = spawn(&origin);
        let broadcast = broadcast(&origin).await;
        let mut bumped = stats
            .tier(Tier::External)
            .broadcast("a")
            .publisher_track("v");
        bumped.bytes(life);
        stats.flush().await;
        let mut track = broadcast.track(&format!("{TRACK}.z")).await.unwrap();
        let mut group = group(&mut track).await;
        assert!(group.sequence() > newest);
        newest = group.sequence();
        let mut reader = Reader::new();
        read(&mut reader, &mut group, true);
        assert_eq!(reader.value["a"]["bytes"], life);
        drop(bumped);
        stats.close().await;
        // The last words, and the end.
        read(&mut reader, &mut group, false);
        assert_eq!(reader.value["a"]["subscriptions_closed"], 1);
        assert_eq!(group.read_frame().await, Ok(None));
    }
}
