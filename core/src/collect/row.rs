//! One row of a frame: which members of a family it has, and their numbers.

use core::ops::Range;

use crate::schema::{Family, Gauge, Histogram, Reading, Totals, encoded};

/// The numbers that a frame has of one series.
#[derive(Clone, Copy, Debug)]
pub struct ReadRow<F: Family> {
    words: F::Totals,
    /// By member, whether the frame has it.
    present: u64,
    /// By member, whether only another publisher's name of it has come yet.
    aliased: u64,
    /// When this life of the series began, in milliseconds since the Unix epoch, if the frame says so.
    pub since: Option<u64>,
}

/// What a member of a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A counter; its name may be the one that another publisher gave it.
    Word { at: usize, alias: bool },
    /// A gauge that is set.
    Level { place: usize, word: usize },
    /// A histogram, an object of its own.
    Histogram(usize),
    /// The beginning of the series' life.
    Since,
    /// Nothing that we know.
    Unknown,
}

/// The names that moq-stats 0.2 publishes for words that it had under our names before.
const ALIASES: [(&str, &str); 8] = [
    ("announces_started", "announced"),
    ("announces_ended", "announced_closed"),
    ("broadcasts_started", "broadcasts"),
    ("broadcasts_ended", "broadcasts_closed"),
    ("subscriptions_started", "subscriptions"),
    ("subscriptions_ended", "subscriptions_closed"),
    ("sessions_started", "sessions"),
    ("sessions_ended", "sessions_closed"),
];

impl Field {
    /// What a member of this name stands for in a row of family `F`.
    pub(super) fn named<F: Family>(name: &str) -> Self {
        if let Some(at) = word::<F>(name) {
            return Self::Word { at, alias: false };
        }
        if name == "since" {
            return Self::Since;
        }
        level::<F>(name)
            .or_else(|| histogram::<F>(name))
            .or_else(|| alias::<F>(name))
            .unwrap_or(Self::Unknown)
    }
}

fn word<F: Family>(name: &str) -> Option<usize> {
    F::WORDS.iter().position(|word| word.name == name)
}

fn level<F: Family>(name: &str) -> Option<Field> {
    let gauge = F::GAUGES.iter().find(|gauge| gauge.name == name)?;
    match gauge.reading {
        Reading::Set { place, word } => Some(Field::Level { place, word }),
        Reading::Difference { .. } => None,
    }
}

fn histogram<F: Family>(name: &str) -> Option<Field> {
    let named = |histogram: &Histogram| histogram.name == name;
    F::HISTOGRAMS.iter().position(named).map(Field::Histogram)
}

fn alias<F: Family>(name: &str) -> Option<Field> {
    let (_, ours) = ALIASES.iter().find(|(alias, _)| *alias == name)?;
    word::<F>(ours).map(|at| Field::Word { at, alias: true })
}

impl<F: Family> ReadRow<F> {
    pub(super) const EMPTY: Self = Self {
        words: F::Totals::ZERO,
        present: 0,
        aliased: 0,
        since: None,
    };

    /// The numbers; nothing is zero, or never set, where the frame has none.
    pub fn words(&self) -> F {
        F::from_words(self.words.as_ref())
    }

    /// Puts the numbers that the frame has in the place of others, as a merge patch means it.
    pub fn patch(&self, words: &mut F::Totals) {
        let whole = const { F::GAUGES.is_empty() && F::HISTOGRAMS.is_empty() };
        if whole && self.present.count_ones() as usize == F::WORDS.len() {
            *words = self.words;
            return;
        }
        self.patch_some(words);
    }

    fn patch_some(&self, words: &mut F::Totals) {
        for at in 0..F::WORDS.len() {
            self.copy(at, at..at + 1, words);
        }
        for (place, histogram) in F::HISTOGRAMS.iter().enumerate() {
            let Range { start, end } = histogram.words();
            self.copy(buckets_member::<F>(place), start..end - 1, words);
            self.copy(buckets_member::<F>(place) + 1, end - 1..end, words);
        }
        let set = |gauge: &Gauge| match gauge.reading {
            Reading::Set { place, word } => Some((place, word)),
            Reading::Difference { .. } => None,
        };
        for (place, word) in F::GAUGES.iter().filter_map(set) {
            self.copy(level_member::<F>(place), word..word + 1, words);
        }
    }

    fn copy(&self, member: usize, at: Range<usize>, words: &mut F::Totals) {
        if !self.has(member) {
            return;
        }
        let from = self.words.as_ref().get(at.clone());
        if let Some((from, to)) = from.zip(words.as_mut().get_mut(at)) {
            to.copy_from_slice(from);
        }
    }

    fn has(&self, member: usize) -> bool {
        self.present & bit(member) != 0
    }

    fn is_aliased(&self, member: usize) -> bool {
        self.aliased & bit(member) != 0
    }

    /// Takes a number in, in the place of the one that the member had before; nothing stands for a gauge that was never set, or a number that a patch takes
    /// away.
    pub(super) fn set(&mut self, field: Field, value: Option<u64>) {
        match field {
            // Where a publisher writes both spellings, ours is taken, whichever comes first.
            Field::Word { at, alias } if !alias || !self.has(at) || self.is_aliased(at) => {
                self.put(at, value.unwrap_or(0));
                self.present |= bit(at);
                self.aliased = self.aliased & !bit(at) | if alias { bit(at) } else { 0 };
            }
            Field::Level { place, word } => {
                self.put(word, value.map_or(0, encoded));
                self.present |= bit(level_member::<F>(place));
            }
            Field::Since => self.since = value,
            Field::Word { .. } | Field::Histogram(_) | Field::Unknown => {}
        }
    }

    /// Takes in all buckets of a histogram anew: none holds anything until it is set.
    pub(super) fn begin_buckets(&mut self, place: usize) {
        if let Some(histogram) = F::HISTOGRAMS.get(place) {
            let Range { start, end } = histogram.words();
            if let Some(buckets) = self.words.as_mut().get_mut(start..end - 1) {
                buckets.fill(0);
            }
            self.present |= bit(buckets_member::<F>(place));
        }
    }

    /// Takes in one bucket of a histogram. One more than we have is left out.
    pub(super) fn set_bucket(&mut self, place: usize, bucket: usize, value: u64) {
        if let Some(histogram) = F::HISTOGRAMS.get(place)
            && bucket <= histogram.bounds.len()
        {
            self.put(histogram.word + bucket, value);
        }
    }

    /// Takes in the sum of a histogram.
    pub(super) fn set_sum(&mut self, place: usize, value: u64) {
        if let Some(histogram) = F::HISTOGRAMS.get(place) {
            self.put(histogram.words().end - 1, value);
            self.present |= bit(buckets_member::<F>(place) + 1);
        }
    }

    fn put(&mut self, at: usize, value: u64) {
        if let Some(word) = self.words.as_mut().get_mut(at) {
            *word = value;
        }
    }
}

/// The member that a histogram's buckets are; its sum is the next.
const fn buckets_member<F: Family>(place: usize) -> usize {
    F::WORDS.len() + 2 * place
}

const fn level_member<F: Family>(place: usize) -> usize {
    F::WORDS.len() + 2 * F::HISTOGRAMS.len() + place
}

/// What lies past 64 members (a family has at most 32 words, and a histogram is two) is not read.
const fn bit(member: usize) -> u64 {
    if member < 64 { 1 << member } else { 0 }
}
