//! A frame that is given up in its middle leaves nothing of itself in the next.

use serde_json::Value;
use streamgauge_core::{
    Account, Announce, Duration, Inline, InlineBooks, Instant, Key, Lane, Lock, Meter, Meters,
    Pages, Presence, Reporter, Schedule, Span, Traffic,
};

struct NoLock;

impl Lock for NoLock {
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        f()
    }
}

type Node = Meters<Inline<Traffic, NoLock, 4, 12, 8, 4>, Inline<Presence, NoLock, 2, 10, 0, 4>>;
/// Books that remember where rows stood, so that they can be copied.
type Books = Pages<[Account<Traffic>; 12], [u8; 12], [u32; 12], [Lane<Traffic>; 4], [Span; 12]>;
type Publisher = Reporter<Books, InlineBooks<Presence, 10, 2>>;

const NAMES: &[&str] = &[];

fn node() -> Node {
    Meters::new(
        Meter::new(Inline::inline(NoLock, NoLock)),
        Meter::new(Inline::inline(NoLock, NoLock)),
    )
}

fn reporter() -> Publisher {
    let schedule = Schedule {
        interval: Duration::from_secs(1),
        start: Instant::from_micros(0),
        start_ms: 1_700_000_000_000,
        epoch: 1,
    };
    let books = Pages {
        accounts: [Account::ZERO; 12],
        flags: [0; 12],
        order: [0; 12],
        fresh: [0; 12],
        lanes: [Lane::ZERO; 4],
        spans: [Span::default(); 12],
        marks: [],
    };
    Reporter::new(schedule, books, InlineBooks::inline())
}

/// Ticks, and takes the first frame; refuses it if its first piece is not all of it.
fn frame(node: &Node, reporter: &mut Publisher, last: &[u8], piece: usize) -> Vec<u8> {
    reporter.tick(node, Instant::from_micros(0));
    reporter.poll_track().expect("the first track moved");
    let mut frame = vec![0; piece];
    let chunk = reporter.poll_frame_after(node, NAMES, last, &mut frame);
    frame.truncate(chunk.len);
    if chunk.end {
        reporter.accept(node);
    } else {
        reporter.refuse();
    }
    frame
}

#[test]
fn rows_are_not_copied_from_where_an_unfinished_frame_had_them() {
    for piece in 1..800 {
        let (node, mut reporter) = (node(), reporter());
        let open = |name: &str| {
            let key = Key::path(name).ok();
            Announce::<Traffic, _>::open(node.traffic(), 0, key.as_ref())
        };
        let guards = ["m", "n", "o"].map(open);
        let last = frame(&node, &mut reporter, &[], 4096);
        let before = open("a longer name");
        frame(&node, &mut reporter, &last, piece);
        let next = frame(&node, &mut reporter, &last, 4096);

        let next: Value = serde_json::from_slice(&next).expect("valid JSON");
        let series = next.as_object().expect("an object");
        assert!(
            series.keys().eq(["a longer name", "m", "n", "o"]),
            "{piece}"
        );
        assert!(series.values().all(|series| series["announced"] == 1));
        drop((guards, before));
    }
}
