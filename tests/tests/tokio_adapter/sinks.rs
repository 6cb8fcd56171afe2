//! Several sinks, some of them in a mood.

use serde_json::Value;
use streamgauge_tokio::{Config, Frame, SinkError, Stats, Tier};
use tokio::time::sleep;

use crate::harness::{Mood, Record, TICK};

const EGRESS: &str = "publisher.json";

async fn spawn<const N: usize>(config: Config) -> (Stats, [Record; N]) {
    let records = [(); N].map(|()| Record::default());
    let config = records
        .iter()
        .fold(config, |config, record| config.with_sink(record.sink()));
    let stats = Stats::spawn(config).unwrap();
    sleep(TICK / 2).await;
    (stats, records)
}

fn open_and_close(stats: &Stats, path: &str, bytes: usize) {
    stats
        .tier(Tier::External)
        .broadcast(path)
        .publisher_track("v")
        .bytes(bytes);
}

fn bytes(frames: &[Value]) -> Vec<Option<u64>> {
    frames
        .iter()
        .map(|frame| frame["live/one"]["bytes"].as_u64())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_sink_gets_every_version_once_while_one_refuses() {
    let (stats, [calm, moody]) = spawn(Config::new()).await;
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    moody.mood(Mood::Busy);
    for n in 0..6 {
        if n < 3 {
            track.bytes(1);
        }
        sleep(TICK).await;
    }
    moody.mood(Mood::Accept);
    sleep(TICK * 3).await;
    assert_eq!(
        bytes(&calm.offered(EGRESS)),
        [None, Some(1), Some(2), Some(3)]
    );
    assert_eq!(bytes(&moody.accepted(EGRESS)), [None, Some(3)]);
    let offered = [
        None,
        Some(1),
        Some(2),
        Some(3),
        Some(3),
        Some(3),
        Some(3),
        Some(3),
    ];
    assert_eq!(bytes(&moody.offered(EGRESS)), offered[..8]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_series_waits_for_the_sink_that_refuses() {
    let (stats, sinks) = spawn::<3>(Config::new()).await;
    for (n, moody) in sinks.iter().enumerate() {
        moody.mood(Mood::Fail);
        open_and_close(&stats, "live/one", 5);
        sleep(TICK * 3).await;
        assert_eq!(stats.usage().series, 1, "sink {n}");
        moody.mood(Mood::Accept);
        sleep(TICK * 2).await;
        assert_eq!(stats.usage().series, 0, "sink {n}");
    }
    for sink in &sinks {
        let accepted = bytes(&sink.accepted(EGRESS));
        assert_eq!(
            accepted,
            [None, Some(5), None, Some(5), None, Some(5), None]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_closes_is_dropped_and_holds_nothing_up() {
    let (stats, [calm, closing]) = spawn(Config::new()).await;
    closing.mood(Mood::Close);
    open_and_close(&stats, "live/one", 5);
    sleep(TICK).await;
    assert!(closing.is_dropped());
    assert!(!calm.is_dropped());
    assert_eq!(
        closing.offered(EGRESS).len(),
        2,
        "the first frame, and the refused one"
    );
    assert_eq!(stats.usage().series, 0);
    sleep(TICK * 2).await;
    assert_eq!(closing.offered("node.json").len(), 1);
    assert_eq!(bytes(&calm.accepted(EGRESS)), [None, Some(5), None]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_always_fails_costs_no_count_and_no_memory() {
    let (stats, [calm, broken]) = spawn(Config::new().with_series(8)).await;
    broken.mood(Mood::Fail);
    for n in 0..1000 {
        open_and_close(&stats, &format!("live/{n}"), n);
        if n % 10 == 0 {
            stats.flush().await;
        }
    }
    sleep(TICK * 2).await;
    let total = (0..1000).sum::<usize>();
    assert_eq!(
        stats.usage().series,
        8,
        "what ended cannot go while its end is owed"
    );
    let frame = calm.accepted(EGRESS).pop().unwrap();
    let shown = frame
        .as_object()
        .unwrap()
        .values()
        .map(|series| series["bytes"].as_u64().unwrap());
    assert_eq!(shown.sum::<u64>(), total as u64);
    let node = calm.accepted("node.json").pop().unwrap();
    assert_eq!(node["totals"]["publisher"]["bytes"], total);
    assert_eq!(node["totals"]["publisher"]["subscriptions_closed"], 1000);
    assert!(node["refused_frames"].as_u64().unwrap() > 100);
}

#[tokio::test(start_paused = true)]
async fn a_node_without_sinks_forgets_what_ended() {
    let (stats, []) = spawn(Config::new().with_series(8)).await;
    for n in 0..100 {
        open_and_close(&stats, &format!("live/{n}"), 1);
        sleep(TICK / 10).await;
    }
    sleep(TICK).await;
    assert_eq!(stats.usage().series, 0);
    assert_eq!(stats.usage().folded_keys, 0);
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_a_sink() {
    let (frames, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let sink = move |frame: &Frame| frames.send(frame.clone()).map_err(|_| SinkError::Closed);
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    let names: Vec<_> = stats.tracks().to_vec();
    for (track, name) in names.into_iter().enumerate() {
        let frame = seen.recv().await.unwrap();
        assert_eq!((frame.track, frame.name), (track, name));
    }
    stats.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_sink_may_count_by_itself() {
    let (handles, given) = std::sync::mpsc::channel();
    let mut handle = None;
    let sink = move |frame: &Frame| -> Result<(), SinkError> {
        handle = given.try_recv().ok().or(handle.take());
        let handle: &streamgauge_tokio::StatsHandle = handle.as_ref().unwrap();
        let mut track = handle.broadcast("log").subscriber_track("lines");
        track.whole_frame(frame.payload.len());
        Ok(())
    };
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    handles.send(stats.tier(Tier::Internal)).unwrap();
    sleep(TICK * 10).await;
    stats.flush().await;
    let node = stats.latest("node.json").unwrap().next().await.unwrap();
    let node: Value = crate::harness::json(&node);
    assert!(
        node["totals"]["internal/subscriber"]["frames"]
            .as_u64()
            .unwrap()
            > 10
    );
}

#[test]
fn what_a_sink_says_is_worded() {
    let messages = [
        (SinkError::Busy, "the sink has no room for a frame now"),
        (
            SinkError::Failed("out of ink".into()),
            "the sink could not take the frame: out of ink",
        ),
        (SinkError::Closed, "the sink is closed"),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}
