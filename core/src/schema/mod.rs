//! What a family counts: its words, gauges and histograms in order, and where each number comes from.

mod check;
mod counter;
mod declare;
mod gauge;
mod histogram;
mod own;
mod place;
mod scale;

pub(crate) use check::{MAX_NAME, MAX_WORDS};
pub use check::{check, index, is_time};
pub use counter::{Counter, Pair};
pub use gauge::{Gauge, Level, Reading, decoded, encoded};
pub use histogram::{Buckets, Distribution, Histogram, Quantity, Samples, bounds_of};
pub(crate) use own::NODE;
pub use own::of_node;
pub use place::{
    activities, bumped, closing, histogram_words, numbered, paired, pairs, placed, set_gauges,
    slots, slotted,
};
pub use scale::{Bounds, Scale};

use crate::sync::{AtomicWords, PlainWords};

/// Something a meter counts by itself, under its lock, as guards come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An announce (or session) guard was opened; closed: it was dropped.
    Announce,
    /// A series went from no subscription to some; closed: back to none.
    Active,
    /// A subscription guard was opened; closed: it was dropped.
    Subscribe,
    /// The first subscription under one announce guard; closed: its last one ended.
    View,
}

/// Where a word's number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Bumped by guards, each on a cell of its own; the number is the word's slot in the cell.
    Bump(usize),
    /// Counted by the meter when the event begins.
    Opened(Event),
    /// Counted by the meter when the event ends.
    Closed(Event),
    /// Counted when an [`Activity`](crate::Activity) begins; the number is a slot of the row.
    Begun(usize),
    /// Counted when an activity ends; the number is a slot of the row.
    Ended(usize),
}

/// A label that a word always has, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its value, which needs no escape in any format.
    pub value: &'static str,
}

/// One word of a family: a `u64` that only rises.
///
/// What is measured in seconds is counted in microseconds, and its name ends in `_us`.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The name in frames.
    pub name: &'static str,
    /// One line for a human; the same for all words of one metric.
    pub help: &'static str,
    /// The base unit, such as `bytes`; empty for a plain count.
    pub unit: &'static str,
    /// The name in text formats, without the `_total` of counters. Words of one metric follow each
    /// other, and differ by their label's value.
    pub metric: &'static str,
    /// What tells it from the other words of its metric.
    pub label: Option<Label>,
    /// Where the number comes from.
    pub source: Source,
}

/// A schema: ordered lists of words, gauges and histograms. Declared with [`family!`](crate::family),
/// never by hand.
///
/// The implementing type is a plain snapshot of one series, with a field for each.
pub trait Family: Copy + Default + PartialEq + core::fmt::Debug + Send + Sync + 'static {
    /// The family's name.
    const NAME: &'static str;
    /// The label that text formats show a series' name under.
    const KEY: &'static str;
    /// Whether a series stays in the tables after its last handle went, as the meter's
    /// [`Linger`](crate::Linger) says, and for ever unless that was set.
    const KEPT: bool;
    /// The words, in the order of frames.
    const WORDS: &'static [Word];
    /// The gauges, in the order of frames.
    const GAUGES: &'static [Gauge];
    /// The histograms, in the order of frames. Their words follow the others, in this order, and theirs
    /// the gauges that are set.
    const HISTOGRAMS: &'static [Histogram];
    /// Each opening word and its closing word.
    const PAIRS: &'static [[usize; 2]];
    /// The word that each slot is summed into: those of cells, then those that only rows have.
    const SLOTS: &'static [usize];
    /// So many slots, the first, are of words that close a gauge: they are read before all others.
    const CLOSING: usize;
    /// One `u64` per word, then those of histograms, then one per gauge that is set, as tables keep it: one
    /// more than its value, and zero for none yet.
    type Totals: Totals;
    /// One plain word per bumped word.
    type Own: PlainWords;
    /// One atomic per bumped word.
    type Cell: AtomicWords;
    /// One atomic per word that is bumped or counts activities.
    type Poured: AtomicWords;
    /// One atomic per gauge that is set.
    type Set: AtomicWords;

    /// The snapshot that has these words; missing ones are zero.
    fn from_words(words: &[u64]) -> Self;

    /// The words of this snapshot, in order.
    fn words(&self) -> Self::Totals;
}

/// An array of plain `u64` words, zero at first.
pub trait Totals:
    Copy + core::fmt::Debug + AsRef<[u64]> + AsMut<[u64]> + Send + Sync + 'static
{
    /// All words zero.
    const ZERO: Self;

    /// How many words there are.
    const LEN: usize;
}

impl<const N: usize> Totals for [u64; N] {
    const ZERO: Self = [0; N];
    const LEN: usize = N;
}

impl Event {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;
}

/// The words of a family by event.
pub(crate) struct Events<F>(core::marker::PhantomData<F>);

impl<F: Family> Events<F> {
    /// For the beginning and the end of every event, the word that counts it, when the family has one.
    pub(crate) const WORDS: [[Option<usize>; 2]; Event::COUNT] = event_words(F::WORDS);
}

const fn event_words(words: &[Word]) -> [[Option<usize>; 2]; Event::COUNT] {
    let mut table = [[None; 2]; Event::COUNT];
    let mut i = 0;
    while i < words.len() {
        match words[i].source {
            Source::Opened(event) => table[event as usize][0] = Some(i),
            Source::Closed(event) => table[event as usize][1] = Some(i),
            _ => {}
        }
        i += 1;
    }
    table
}

/// The unit of what is kept in microseconds.
const SECONDS: &str = "seconds";

const fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && ends_with(a, b)
}

const fn starts_with(text: &str, head: &str) -> bool {
    text.len() >= head.len() && ends_with(text.split_at(head.len()).0, head)
}

const fn ends_with(text: &str, tail: &str) -> bool {
    let (text, tail) = (text.as_bytes(), tail.as_bytes());
    if tail.len() > text.len() {
        return false;
    }
    let mut i = 0;
    while i < tail.len() {
        if text[text.len() - tail.len() + i] != tail[i] {
            return false;
        }
        i += 1;
    }
    true
}
