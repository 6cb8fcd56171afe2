//! What a family counts: its words in order, and where each word's number comes from.

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
}

/// One word of a family: a `u64` that only rises.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The name in frames.
    pub name: &'static str,
    /// One line for a human.
    pub help: &'static str,
    /// The base unit, such as `bytes`; empty for a plain count.
    pub unit: &'static str,
    /// Where the number comes from.
    pub source: Source,
}

/// A schema: an ordered list of words. Declared with [`family!`](crate::family), never by hand.
///
/// The implementing type is a plain snapshot of one series, a `u64` field per word.
pub trait Family: Copy + Default + PartialEq + core::fmt::Debug + Send + Sync + 'static {
    /// The family's name.
    const NAME: &'static str;
    /// The words, in the order of frames.
    const WORDS: &'static [Word];
    /// The word that each cell slot is summed into.
    const SLOTS: &'static [usize];
    /// One `u64` per word.
    type Totals: Totals;
    /// One plain word per bumped word.
    type Own: PlainWords;
    /// One atomic per bumped word.
    type Cell: AtomicWords;

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
}

impl<const N: usize> Totals for [u64; N] {
    const ZERO: Self = [0; N];
}

/// A word of family `F` that guards bump, by its slot in the cell.
#[derive(Debug)]
pub struct Counter<F> {
    slot: usize,
    family: core::marker::PhantomData<fn(F)>,
}

impl<F> Clone for Counter<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Counter<F> {}

impl<F: Family> Counter<F> {
    /// The counter called `name`. Meant for constants, where a wrong name fails to compile.
    ///
    /// # Panics
    /// When the family has no such counter.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let mut i = 0;
        while i < F::WORDS.len() {
            let word = &F::WORDS[i];
            if let Source::Bump(slot) = word.source
                && same(word.name, name)
            {
                return Self {
                    slot,
                    family: core::marker::PhantomData,
                };
            }
            i += 1;
        }
        panic!("the family has no counter of this name");
    }

    #[inline]
    pub(crate) const fn slot(self) -> usize {
        self.slot
    }
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
            Source::Bump(_) => {}
        }
        i += 1;
    }
    table
}

/// How many words guards bump.
#[doc(hidden)]
#[must_use]
pub const fn bumped(words: &[Word]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < words.len() {
        if matches!(words[i].source, Source::Bump(_)) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// Gives the bumped words their slots, in order, and checks the whole list.
#[doc(hidden)]
#[must_use]
pub const fn checked<const N: usize>(mut words: [Word; N]) -> [Word; N] {
    let (mut i, mut slot) = (0, 0);
    while i < N {
        assert!(!words[i].name.is_empty(), "a word needs a name");
        assert!(
            words[i].name.len() <= 26,
            "a word's name is at most 26 bytes"
        );
        assert!(plain(words[i].name), "a word's name is of [a-z0-9_]");
        assert!(
            !same(words[i].name, "since"),
            "`since` is the series' start time"
        );
        assert!(
            ends_with(words[i].name, words[i].unit),
            "a unit is the suffix of the word's name"
        );
        let mut j = 0;
        while j < i {
            assert!(!same(words[i].name, words[j].name), "two words of one name");
            assert!(
                !same_event(words[i].source, words[j].source),
                "an event counted twice"
            );
            j += 1;
        }
        if let Source::Bump(_) = words[i].source {
            words[i].source = Source::Bump(slot);
            slot += 1;
        }
        i += 1;
    }
    words
}

/// The word index of each slot.
#[doc(hidden)]
#[must_use]
pub const fn slots<const N: usize>(words: &[Word]) -> [usize; N] {
    let mut slots = [0; N];
    let mut i = 0;
    while i < words.len() {
        if let Source::Bump(slot) = words[i].source {
            slots[slot] = i;
        }
        i += 1;
    }
    slots
}

const fn same_event(a: Source, b: Source) -> bool {
    match (a, b) {
        (Source::Opened(a), Source::Opened(b)) | (Source::Closed(a), Source::Closed(b)) => {
            a as u8 == b as u8
        }
        _ => false,
    }
}

const fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && ends_with(a, b)
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

const fn plain(name: &str) -> bool {
    let name = name.as_bytes();
    let mut i = 0;
    while i < name.len() {
        if !matches!(name[i], b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        i += 1;
    }
    true
}

/// Declares a family: a plain snapshot struct with one `u64` per word, and its schema.
///
/// Words come in the order of frames. `pair a / b on Event` is counted by the meter as guards open
/// and close; `counter c [unit]` is bumped by guards. Each word takes a line of help. The struct
/// implements serde's `Serialize` and `Deserialize` (missing words read as zero, unknown ones are
/// skipped). A list with two equal names, or a unit that is not the name's suffix, does not compile.
///
/// ```
/// streamgauge_core::family! {
///     /// What one sensor channel delivers.
///     pub struct Channel: "channel" {
///         pair opened / opened_closed on Announce: "channels opened" / "channels closed";
///         counter readings: "readings delivered";
///         counter payload_bytes [bytes]: "payload delivered, in bytes";
///     }
/// }
/// use streamgauge_core::{Counter, Family};
/// const READINGS: Counter<Channel> = Counter::named("readings");
/// assert_eq!(Channel::WORDS[2].name, "readings");
/// assert_eq!(Channel { readings: 7, ..Channel::default() }.words(), [0, 0, 7, 0]);
/// # let _ = READINGS;
/// ```
#[macro_export]
macro_rules! family {
    ($(#[$meta:meta])* $vis:vis struct $family:ident: $name:literal { $($body:tt)* }) => {
        $crate::__family_words! { [$(#[$meta])* $vis struct $family: $name] [] $($body)* }
    };
}

/// Turns a family's lines into words, one at a time, then into the items.
#[doc(hidden)]
#[macro_export]
macro_rules! __family_words {
    ([$($head:tt)*] [$($words:tt)*]
     pair $open:ident / $close:ident on $event:ident: $help:literal / $help_closed:literal; $($rest:tt)*) => {
        $crate::__family_words! { [$($head)*] [$($words)*
            ($open, $help, "", $crate::Source::Opened($crate::Event::$event))
            ($close, $help_closed, "", $crate::Source::Closed($crate::Event::$event))
        ] $($rest)* }
    };
    ([$($head:tt)*] [$($words:tt)*] counter $word:ident $([$unit:ident])?: $help:literal; $($rest:tt)*) => {
        $crate::__family_words! { [$($head)*] [$($words)*
            ($word, $help, concat!($(stringify!($unit))?), $crate::Source::Bump(0))
        ] $($rest)* }
    };
    ([$(#[$meta:meta])* $vis:vis struct $family:ident: $name:literal]
     [$(($word:ident, $help:expr, $unit:expr, $source:expr))*]) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        $vis struct $family { $(#[doc = $help] pub $word: u64,)* }

        const _: () = {
            const COUNT: usize = [$(stringify!($word)),*].len();
            const TABLE: [$crate::Word; COUNT] = $crate::schema::checked([$($crate::Word {
                name: stringify!($word), help: $help, unit: $unit, source: $source,
            }),*]);
            const BUMPED: usize = $crate::schema::bumped(&TABLE);

            impl $crate::Family for $family {
                const NAME: &'static str = $name;
                const WORDS: &'static [$crate::Word] = &TABLE;
                const SLOTS: &'static [usize] = &$crate::schema::slots::<BUMPED>(&TABLE);
                type Totals = [u64; COUNT];
                type Own = [usize; BUMPED];
                type Cell = [$crate::sync::AtomicUsize; BUMPED];

                fn from_words(words: &[u64]) -> Self {
                    let mut words = words.iter().copied();
                    Self { $($word: words.next().unwrap_or(0)),* }
                }

                fn words(&self) -> [u64; COUNT] {
                    [$(self.$word),*]
                }
            }

            impl $crate::serde::Serialize for $family {
                fn serialize<S: $crate::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    use $crate::serde::ser::SerializeStruct;
                    let mut fields = to.serialize_struct($name, COUNT)?;
                    $(fields.serialize_field(stringify!($word), &self.$word)?;)*
                    fields.end()
                }
            }

            impl<'de> $crate::serde::Deserialize<'de> for $family {
                fn deserialize<D: $crate::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    const FIELDS: &[&str] = &[$(stringify!($word)),*];
                    let words = $crate::snapshot::read_words::<$family, D>(from, $name, FIELDS)?;
                    Ok(<$family as $crate::Family>::from_words(words.as_ref()))
                }
            }
        };
    };
}
