//! Several sinks at once, and sinks of a user's own.

use std::{cell::RefCell, rc::Rc};

use streamgauge_embassy::{Config, Frame, Serial, Sink, SinkError, Tier, TrackId};
use streamgauge_tests_embassy::{Bench, Inbox, Link, Mood, TICK, split};

#[test]
fn two_sinks_get_every_frame_while_both_accept() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let links = [Link::new(), Link::new(), Link::new()];
    let [a, b, c] = links.clone();
    let mut sink = (
        (Serial::<_, 64>::new(a), Serial::<_, 300>::new(b)),
        Serial::<_, 128>::new(c),
    );
    bench.spawn(async move { runner.run(&mut sink).await });
    bench.settle();
    let mut track = handle
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    for _ in 0..10 {
        track.whole_frame(9);
        bench.advance(TICK);
    }
    let [a, b, c] = links.map(|link| {
        let mut inbox = Inbox::new();
        inbox.read(&link);
        assert_eq!(inbox.tally().lost_frames, 0);
        inbox
    });
    for track in ["publisher.json", "node.json", "internal/sessions.json"] {
        assert_eq!(a.frames(track), b.frames(track));
        assert_eq!(a.frames(track), c.frames(track));
    }
    assert_eq!(a.newest("publisher.json")["live/one"]["bytes"], 90);
    assert_eq!(a.node("frames"), 7 + 9 * 2 + 1, "each was accepted once");
}

#[test]
fn a_sink_that_refuses_keeps_nothing_from_the_other() {
    for broken in 0..2 {
        let mut bench = Bench::new();
        let (handle, mut runner) = split(Config::new());
        let links = [Link::new(), Link::new()];
        let [a, b] = links.clone();
        let mut sink = (Serial::<_, 64>::new(a), Serial::<_, 64>::new(b));
        bench.spawn(async move { runner.run(&mut sink).await });
        bench.settle();
        links[broken].mood(Mood::Fails(100));
        let mut track = handle
            .tier(Tier::External)
            .broadcast("live/one")
            .publisher_track("v");
        track.bytes(4);
        drop(track);
        bench.advance(TICK * 3);
        let mut inbox = Inbox::new();
        inbox.read(&links[1 - broken]);
        assert_eq!(inbox.newest("publisher.json")["live/one"]["bytes"], 4);
        assert_eq!(
            handle.usage().series,
            1,
            "the broken one has not seen its end"
        );
        links[broken].mood(Mood::Fast);
        bench.advance(TICK * 2);
        assert_eq!(handle.usage().series, 0);
    }
}

/// Notes tracks, and reads nothing or a part.
struct Picky {
    tracks: Rc<RefCell<Vec<TrackId>>>,
    reads: usize,
}

impl Sink for Picky {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        self.tracks.borrow_mut().push(frame.track());
        assert_eq!(frame.epoch(), 77);
        let mut buf = [0; 3];
        for _ in 0..self.reads {
            frame.read(&mut buf);
            frame.read(&mut []);
        }
        Ok(())
    }
}

#[test]
fn a_sink_takes_what_it_likes_of_a_frame() {
    for reads in [0, 1, 5, 4000] {
        let mut bench = Bench::new();
        let (handle, mut runner) = split(Config::new().with_epoch(77));
        let (link, mut inbox) = (Link::new(), Inbox::new());
        let tracks = Rc::default();
        let picky = Picky {
            tracks: Rc::clone(&tracks),
            reads,
        };
        let mut sink = (picky, Serial::<_, 64>::new(link.clone()));
        bench.spawn(async move { runner.run(&mut sink).await });
        let mut track = handle
            .tier(Tier::External)
            .broadcast("live/one")
            .publisher_track("v");
        track.bytes(4);
        bench.advance(TICK * 2);
        inbox.read(&link);
        assert_eq!(inbox.newest("publisher.json")["live/one"]["bytes"], 4);
        assert_eq!(inbox.tally().lost_frames, 0);
        assert_eq!(tracks.borrow().len(), 7 + 2);
    }
}
