//! Counters carried over a warm reset by a node in a static.

use streamgauge_embassy::{
    Config, Serial, Tier,
    retained::{Loaded, Retained, Saver},
};
use streamgauge_tests_embassy::{Bench, Inbox, Link, TICK, split};

/// A boot that counts one frame and publishes until it is reset; what the far end makes of it.
fn boot(memory: &'static Retained<8192>, inbox: &mut Inbox, epoch: u64) -> Loaded {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new().with_epoch(epoch));
    let (reporter, meters, names) = runner.parts();
    let (mut saver, loaded) = Saver::load(memory, reporter, meters, names);
    let link = Link::new();
    let mut sink = Serial::<_, 64>::new(link.clone());
    bench.spawn(async move {
        loop {
            runner.tick().await;
            let (reporter, meters, names) = runner.parts();
            saver.save(reporter, meters, names).unwrap();
            runner.publish(&mut sink).await;
        }
    });
    let mut track = handle
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    track.whole_frame(100);
    bench.settle();
    bench.leap(TICK);
    inbox.read(&link);
    loaded
}

#[test]
fn a_node_counts_on_over_resets_and_its_reader_sees_each_boot() {
    let memory: &'static Retained<8192> = Box::leak(Box::default());
    let mut inbox = Inbox::new();
    for n in 1..=5 {
        let loaded = boot(memory, &mut inbox, n);
        assert_eq!(matches!(loaded, Loaded::Restored(_)), n > 1);
        assert_eq!(inbox.newest("publisher.json")["live/one"]["frames"], n);
        assert_eq!(inbox.total("publisher", "bytes"), 100 * n);
        assert_eq!(inbox.node("boots"), n);
        assert_eq!(inbox.node("epoch"), 1, "one life of the counters");
        assert_eq!(inbox.tally().restarts, n - 1);
    }
    assert_eq!(inbox.tally().lost_frames, 0);
}
