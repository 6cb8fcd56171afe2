//! Text for scrapers: all that was counted, written into memory that is there, a line at a time.

mod ours;
mod peers;
mod seeds;

use std::hint::black_box;

use crate::harness::{Report, sample};
use ours::Shelf;

/// Lines that one round writes, in texts one after the other.
const LINES: usize = 200_000;

/// Writes all that a peer has counted, and shows the text.
type Render = Box<dyn FnMut(&mut dyn FnMut(&[u8]))>;

/// Against the renderers of the seed, each with the same family on our side, and against other libraries. Of
/// each series we write as many lines as given, and as many of all series together.
pub(crate) fn lines(report: &mut Report, lines: usize) {
    let mut ours = ours::rpc((lines - 41) / 43);
    compare(
        report,
        "net-mesh rpc",
        &mut seeds::rpc(lines / 40),
        &mut ours,
    );
    let mut ours = ours::replication((lines - 7) / 9);
    let mut seed = seeds::replication(lines / 9);
    compare(report, "net-mesh replication", &mut seed, &mut ours);
    let mut ours = ours::load((lines - 20) / 20);
    for (name, peer) in peers::ALL {
        compare(report, name, &mut peer(lines / 20), &mut ours);
    }
}

/// Compares the time for a line, of as many lines.
fn compare<S: Shelf>(report: &Report, name: &str, peer: &mut Render, ours: &mut S) {
    let (theirs, mine) = (lines_of(peer), ours.lines());
    assert!(
        theirs.abs_diff(mine) * 20 < mine,
        "{name}: {theirs} lines and {mine}"
    );
    let ops = LINES / mine;
    let mut show = |text: &[u8]| {
        black_box(text);
    };
    report.compare(
        name,
        || sample(ops, |_| peer(&mut show)).over(theirs),
        || sample(ops, |_| ours.write()).over(mine),
    );
}

fn lines_of(peer: &mut Render) -> usize {
    let mut lines = 0;
    peer(&mut |text| lines = samples(text));
    lines
}

/// Lines that are no comment.
fn samples(text: &[u8]) -> usize {
    let is_sample = |line: &&[u8]| !line.is_empty() && !line.starts_with(b"#");
    text.split(|byte| *byte == b'\n').filter(is_sample).count()
}

/// The name of a series.
fn name(i: usize) -> String {
    format!("customer-{:02}/room-{i:06}", i % 64)
}

/// What counter number `place` of series `i` has counted.
fn count(i: usize, place: usize) -> usize {
    (i + 1) * (place + 3) * 997
}

/// The latencies that series `i` has recorded, in milliseconds.
fn latencies(i: usize) -> impl Iterator<Item = u16> {
    (0..=(i % 50)).map(|n| u16::try_from(n * n * 7 % 12_000).unwrap_or(0))
}
