//! Frames over a stream of bytes.

use serde_json::Value;
use streamgauge_embassy::{Config, Serial, Stats, Tier, key, roots, rows, wire::Reader};
use streamgauge_tests_embassy::{Bench, Link, TICK};

type Gauge = Stats<{ rows(8) }, 8, { key(32) }, { roots(2) }>;

fn gauge() -> &'static Gauge {
    Box::leak(Box::new(Gauge::new()))
}

fn newest(reader: &mut Reader<Vec<u8>, 64>, link: &Link, number: u8) -> Value {
    let (bytes, mut newest) = (link.drain(), Value::Null);
    let mut bytes = bytes.as_slice();
    while let Some(frame) = reader.poll(&mut bytes) {
        if streamgauge_embassy::wire::track_number(frame.track) == number {
            newest = serde_json::from_slice(frame.payload).unwrap();
        }
    }
    newest
}

#[test]
fn what_tasks_count_arrives_through_64_bytes() {
    let mut bench = Bench::new();
    let (handle, mut runner) = gauge().split(Config::new().with_node("gw")).unwrap();
    let link = Link::new();
    let mut reader = Reader::new(vec![0; 4096]);
    let mut sink = Serial::<_, 64>::new(link.clone());
    bench.spawn(async move { runner.run(&mut sink).await });
    bench.settle();
    assert_eq!(newest(&mut reader, &link, 1), serde_json::json!({}));

    let broadcast = handle.tier(Tier::External).broadcast("demo/bbb");
    let viewer = broadcast.publisher();
    let mut track = viewer.track("video");
    track.whole_frame(1200);
    bench.advance(TICK);
    let frame = newest(&mut reader, &link, 1);
    assert_eq!(frame["demo/bbb"]["bytes"], 1200);
    assert_eq!(frame["demo/bbb"]["viewers"], 1);
    assert_eq!(reader.tally().lost_frames, 0);
    assert_eq!(reader.tally().damaged_packets, 0);
}
