//! The macro that families are declared with.

/// Declares a family: a plain snapshot struct of one series, and its schema.
///
/// ```
/// use streamgauge_core::{Buckets, Counter, Duration, Family, Level, Scale};
///
/// streamgauge_core::family! {
///     /// What one sensor channel delivers.
///     pub struct Channel: "channel" by channel as "sensor" {
///         pair opened / opened_closed on Announce: "channels opened" / "channels closed";
///         pair reads_begun / reads_ended: "reads begun" / "reads that ended";
///         counter readings: "readings delivered";
///         counter payload_bytes [bytes]: "payload delivered, in bytes";
///         counter errors by kind { errors_crc: "crc", errors_late: "late" }: "reads that failed";
///         gauge reading = reads_begun - reads_ended: "reads under way";
///         gauge lag_us [seconds] as lag_seconds: "how old the last reading is";
///         histogram read_us [seconds] as read_seconds: "how long a read took";
///         histogram frame_bytes [bytes]: "payload of a frame" in Scale::integers(&[64, 256, 1024]);
///     }
/// }
///
/// const READINGS: Counter<Channel> = Counter::named("readings");
/// const LAG: Level<Channel, Duration> = Level::named("lag_us");
/// const READ: Buckets<Channel, Duration> = Buckets::named("read_us");
/// assert_eq!(Channel::WORDS[4].name, "readings");
/// assert_eq!(Channel::WORDS[4].metric, "sensor_readings"); // `sensor_readings_total` as text
/// let some = Channel { readings: 7, reads_begun: 3, reads_ended: 1, ..Channel::default() };
/// assert_eq!((some.words()[4], some.reading(), some.lag_us), (7, 2, None));
/// # let _ = (READINGS, LAG, READ);
/// ```
///
/// After the name, in this order or none at all: `by label`, the label that text formats show a series'
/// name under (`key`, unless it is said); `as "prefix"`, what the names of its metrics begin with (the
/// family's name); `kept`, which keeps its series when their last handle went, as the meter's
/// [`Linger`](crate::Linger) says. Then, in the order of frames:
///
/// - `pair a / b on Event: "help" / "help"`: two words that the meter counts as guards open and close.
/// - `pair a / b: "help" / "help"`: two words that an [`Activity`](crate::Activity) counts as it begins
///   and ends.
/// - `counter c: "help"`: a word that guards bump.
/// - `gauge g = a - b: "help"`: what a pair has open, or the difference of two counters, or of one and
///   several others (`a - b - c`). Where they are counters, one guard must count both ends: then no
///   reader ever sees more closed than opened.
/// - `gauge g: "help"`: the value that was set last; nothing until then.
/// - `histogram h: "help" in scale`: how often recorded values fell between the bounds of a
///   [`Scale`](crate::Scale). Without one, those of latencies: [`Scale::LATENCY`](crate::Scale::LATENCY).
///
/// To the name of a counter, gauge or histogram may be added a unit, `[bytes]`, which must be the suffix
/// of its metric's name; and `as name`, the metric's name where it is not the same as in frames, after the
/// prefix, or `as "whole_name"`. What is measured in `[seconds]` is kept in microseconds, and is called
/// `.._us` in frames. `counter c by label { a: "x", b: "y" }: "help"` declares words `a` and `b` of one
/// metric `c`, told apart by a label; the same for gauges that are set.
///
/// The struct has a `u64` for each word, an `Option<u64>` for each gauge that is set, and
/// [`Samples`](crate::Samples) for each histogram; and a method for each gauge that is a difference, and
/// for each histogram, which tells its [`Distribution`](crate::Distribution). It implements serde's
/// `Serialize` and `Deserialize` (what is missing reads as zero or nothing, what is unknown is skipped).
///
/// What would make no sense does not compile: equal names, a unit that is no suffix, `le` for a label,
/// bounds that do not rise, a gauge over words that are not there.
#[macro_export]
macro_rules! family {
    ($(#[$meta:meta])* $vis:vis struct $family:ident: $name:literal $($rest:tt)*) => {
        $crate::__family_head! { [$(#[$meta])* $vis struct $family: $name] key $name false; $($rest)* }
    };
}

/// Reads what stands between a family's name and its words.
#[doc(hidden)]
#[macro_export]
macro_rules! __family_head {
    ($head:tt $key:ident $prefix:literal $kept:literal; by $label:ident $($rest:tt)*) => {
        $crate::__family_head! { $head $label $prefix $kept; $($rest)* }
    };
    ($head:tt $key:ident $prefix:literal $kept:literal; as $metrics:literal $($rest:tt)*) => {
        $crate::__family_head! { $head $key $metrics $kept; $($rest)* }
    };
    ($head:tt $key:ident $prefix:literal $kept:literal; kept $($rest:tt)*) => {
        $crate::__family_head! { $head $key $prefix true; $($rest)* }
    };
    ($head:tt $key:ident $prefix:literal $kept:literal; { $($body:tt)* }) => {
        $crate::__family_words! { [$head $key $prefix $kept] [] [] [] [] [] $($body)* }
    };
}

/// The name of a metric: the word's name or another after the prefix, or a whole name.
#[doc(hidden)]
#[macro_export]
macro_rules! __family_metric {
    ([$head:tt $key:ident $prefix:literal $kept:literal] $name:ident) => {
        concat!($prefix, "_", stringify!($name))
    };
    ([$head:tt $key:ident $prefix:literal $kept:literal] $name:ident as $metric:ident) => {
        concat!($prefix, "_", stringify!($metric))
    };
    ([$head:tt $key:ident $prefix:literal $kept:literal] $name:ident as $metric:literal) => {
        $metric
    };
}

/// Turns a family's lines into words, gauges and histograms, one line at a time, then into the items.
///
/// The lists: words; gauges; those of them that are set; those that are differences; histograms.
#[doc(hidden)]
#[macro_export]
macro_rules! __family_words {
    ($head:tt [$($words:tt)*] $gauges:tt $set:tt $differences:tt $histograms:tt
     pair $open:ident / $close:ident on $event:ident: $help:literal / $help_closed:literal; $($rest:tt)*) => {
        $crate::__family_words! { $head [$($words)*
            ($open, $help, $help, "", $crate::__family_metric!($head $open), None,
                $crate::Source::Opened($crate::Event::$event))
            ($close, $help_closed, $help_closed, "", $crate::__family_metric!($head $close), None,
                $crate::Source::Closed($crate::Event::$event))
        ] $gauges $set $differences $histograms $($rest)* }
    };
    ($head:tt [$($words:tt)*] $gauges:tt $set:tt $differences:tt $histograms:tt
     pair $open:ident / $close:ident: $help:literal / $help_closed:literal; $($rest:tt)*) => {
        $crate::__family_words! { $head [$($words)*
            ($open, $help, $help, "", $crate::__family_metric!($head $open), None,
                $crate::Source::Begun(0))
            ($close, $help_closed, $help_closed, "", $crate::__family_metric!($head $close), None,
                $crate::Source::Ended(0))
        ] $gauges $set $differences $histograms $($rest)* }
    };
    ($head:tt [$($words:tt)*] $gauges:tt $set:tt $differences:tt $histograms:tt
     counter $word:ident $([$unit:ident])? $(as $metric:tt)?: $help:literal; $($rest:tt)*) => {
        $crate::__family_words! { $head [$($words)*
            ($word, $help, $help, concat!($(stringify!($unit))?),
                $crate::__family_metric!($head $word $(as $metric)?), None, $crate::Source::Bump(0))
        ] $gauges $set $differences $histograms $($rest)* }
    };
    ($head:tt [$($words:tt)*] $gauges:tt $set:tt $differences:tt $histograms:tt
     counter $name:ident $([$unit:ident])? $(as $metric:tt)? by $label:ident { $($labelled:tt)* }: $help:literal;
     $($rest:tt)*) => {
        $crate::__family_labelled! { counter
            [$help, concat!($(stringify!($unit))?), $crate::__family_metric!($head $name $(as $metric)?), $label]
            { $($labelled)* , }
            $head [$($words)*] $gauges $set $differences $histograms $($rest)* }
    };
    ($head:tt $words:tt [$($gauges:tt)*] $set:tt [$($differences:tt)*] $histograms:tt
     gauge $gauge:ident $([$unit:ident])? $(as $metric:tt)? = $open:ident $(- $close:ident)+: $help:literal;
     $($rest:tt)*) => {
        $crate::__family_words! { $head $words [$($gauges)*
            ($gauge, $help, concat!($(stringify!($unit))?),
                $crate::__family_metric!($head $gauge $(as $metric)?), None,
                $crate::Reading::Difference {
                    opened: $crate::schema::index(&TABLE, stringify!($open)),
                    closed: &[$($crate::schema::index(&TABLE, stringify!($close))),+],
                })
        ] $set [$($differences)* ($gauge, $help, $open, [$($close)+])] $histograms $($rest)* }
    };
    ($head:tt $words:tt [$($gauges:tt)*] [$($set:tt)*] $differences:tt $histograms:tt
     gauge $gauge:ident $([$unit:ident])? $(as $metric:tt)?: $help:literal; $($rest:tt)*) => {
        $crate::__family_words! { $head $words [$($gauges)*
            ($gauge, $help, concat!($(stringify!($unit))?),
                $crate::__family_metric!($head $gauge $(as $metric)?), None, $crate::Reading::Set { place: 0, word: 0 })
        ] [$($set)* ($gauge, $help)] $differences $histograms $($rest)* }
    };
    ($head:tt $words:tt [$($gauges:tt)*] [$($set:tt)*] $differences:tt $histograms:tt
     gauge $name:ident $([$unit:ident])? $(as $metric:tt)? by $label:ident { $($labelled:tt)* }: $help:literal;
     $($rest:tt)*) => {
        $crate::__family_labelled! { gauge
            [$help, concat!($(stringify!($unit))?), $crate::__family_metric!($head $name $(as $metric)?), $label]
            { $($labelled)* , }
            $head $words [$($gauges)*] [$($set)*] $differences $histograms $($rest)* }
    };
    ($head:tt $words:tt $gauges:tt $set:tt $differences:tt [$($histograms:tt)*]
     histogram $name:ident $([$unit:ident])? $(as $metric:tt)?: $help:literal; $($rest:tt)*) => {
        $crate::__family_words! { $head $words $gauges $set $differences [$($histograms)*
            ($name, $help, concat!($(stringify!($unit))?),
                $crate::__family_metric!($head $name $(as $metric)?), $crate::Scale::LATENCY)
        ] $($rest)* }
    };
    ($head:tt $words:tt $gauges:tt $set:tt $differences:tt [$($histograms:tt)*]
     histogram $name:ident $([$unit:ident])? $(as $metric:tt)?: $help:literal in $scale:expr; $($rest:tt)*) => {
        $crate::__family_words! { $head $words $gauges $set $differences [$($histograms)*
            ($name, $help, concat!($(stringify!($unit))?),
                $crate::__family_metric!($head $name $(as $metric)?), $scale)
        ] $($rest)* }
    };
    ([[$(#[$meta:meta])* $vis:vis struct $family:ident: $name:literal]
      $key:ident $prefix:literal $kept:literal]
     [$(($word:ident, $doc:expr, $help:expr, $unit:expr, $metric:expr, $label:expr, $source:expr))*]
     [$(($gauge:ident, $gauge_help:expr, $gauge_unit:expr, $gauge_metric:expr, $gauge_label:expr,
         $reading:expr))*]
     [$(($set:ident, $set_doc:expr))*]
     [$(($difference:ident, $difference_help:expr, $open:ident, [$($close:ident)+]))*]
     [$(($histogram:ident, $histogram_help:expr, $histogram_unit:expr, $histogram_metric:expr,
         $scale:expr))*]) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[allow(clippy::struct_field_names, reason = "frames choose the names")]
        $vis struct $family {
            $(#[doc = $doc] pub $word: u64,)*
            $(#[doc = $set_doc] pub $set: Option<u64>,)*
            $(#[doc = $histogram_help] pub $histogram: $crate::Samples<{ $scale.buckets() }>,)*
        }

        const _: () = {
            use $crate::schema;
            const COUNT: usize = <[&str]>::len(&[$(stringify!($word)),*]);
            const CLOSING: &[&str] = &[$($(stringify!($close)),+),*];
            const SPREADS: [$crate::Histogram; <[&str]>::len(&[$(stringify!($histogram)),*])] = [
                $($crate::Histogram {
                    name: stringify!($histogram),
                    help: $histogram_help,
                    unit: $histogram_unit,
                    metric: $histogram_metric,
                    bounds: {
                        const SCALE: $crate::Scale = $scale;
                        const BOUNDS: [u64; SCALE.buckets() - 1] = SCALE.bounds();
                        assert!(
                            schema::is_time($histogram_unit) == SCALE.is_of_time(),
                            "durations are for seconds, and integers for all else"
                        );
                        &BOUNDS
                    },
                    kind: $scale.kind(),
                    word: 0,
                    slot: 0,
                }),*
            ];
            const SPREAD: usize = schema::histogram_words(&SPREADS);
            const TABLE: [$crate::Word; COUNT] = schema::slotted([$($crate::Word {
                name: stringify!($word),
                help: $help,
                unit: $unit,
                metric: $metric,
                label: $label,
                source: $source,
            }),*], CLOSING, SPREAD);
            const BUMPED: usize = schema::bumped(&TABLE);
            const GAUGES: [$crate::Gauge; <[&str]>::len(&[$(stringify!($gauge)),*])] =
                schema::numbered([$($crate::Gauge {
                    name: stringify!($gauge),
                    help: $gauge_help,
                    unit: $gauge_unit,
                    metric: $gauge_metric,
                    label: $gauge_label,
                    reading: $reading,
                }),*], COUNT + SPREAD);
            const HISTOGRAMS: [$crate::Histogram; SPREADS.len()] =
                schema::placed(SPREADS, COUNT, BUMPED);
            const SET: usize = schema::set_gauges(&GAUGES);
            const POURED: usize = BUMPED + SPREAD + schema::activities(&TABLE);
            const PAIRED: usize = schema::paired(&TABLE);
            const _: () = schema::check(stringify!($key), &TABLE, &GAUGES, &HISTOGRAMS);

            impl $crate::Family for $family {
                const NAME: &'static str = $name;
                const KEY: &'static str = stringify!($key);
                const KEPT: bool = $kept;
                const WORDS: &'static [$crate::Word] = &TABLE;
                const GAUGES: &'static [$crate::Gauge] = &GAUGES;
                const HISTOGRAMS: &'static [$crate::Histogram] = &HISTOGRAMS;
                const PAIRS: &'static [[usize; 2]] = &schema::pairs::<PAIRED>(&TABLE);
                const SLOTS: &'static [usize] = &schema::slots::<POURED>(&TABLE, &HISTOGRAMS);
                const CLOSING: usize = schema::closing(&TABLE, CLOSING);
                type Totals = [u64; COUNT + SPREAD + SET];
                type Own = [usize; BUMPED + SPREAD];
                type Cell = [$crate::sync::AtomicUsize; BUMPED + SPREAD];
                type Poured = [$crate::sync::AtomicUsize; POURED];
                type Set = [$crate::sync::AtomicUsize; SET];

                fn from_words(words: &[u64]) -> Self {
                    let mut words = words.iter().copied();
                    // In the order of words, which is not that of fields.
                    Self {
                        $($word: words.next().unwrap_or(0),)*
                        $($histogram: $crate::Samples::from_words(&mut words),)*
                        $($set: schema::decoded(words.next().unwrap_or(0)),)*
                    }
                }

                fn words(&self) -> [u64; COUNT + SPREAD + SET] {
                    let mut words = [0; COUNT + SPREAD + SET];
                    let mine = [$(self.$word),*].into_iter()
                        $(.chain(self.$histogram.words()))*
                        $(.chain([self.$set.map_or(0, schema::encoded)]))*;
                    for (to, word) in words.iter_mut().zip(mine) {
                        *to = word;
                    }
                    words
                }
            }

            #[allow(dead_code, reason = "as the fields, they are for readers")]
            impl $family {
                $(
                    #[doc = $difference_help]
                    #[must_use]
                    pub fn $difference(&self) -> u64 {
                        self.$open $(.saturating_sub(self.$close))+
                    }
                )*
                $(
                    #[doc = $histogram_help]
                    #[must_use]
                    pub fn $histogram(&self) -> $crate::Distribution<'_> {
                        const BOUNDS: &[u64] =
                            $crate::schema::bounds_of::<$family>(stringify!($histogram));
                        self.$histogram.between(BOUNDS)
                    }
                )*
            }

            impl $crate::serde::Serialize for $family {
                fn serialize<S: $crate::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    $crate::snapshot::write(self, to)
                }
            }

            impl<'de> $crate::serde::Deserialize<'de> for $family {
                fn deserialize<D: $crate::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    const FIELDS: &[&str] =
                        &[$(stringify!($word),)* $(stringify!($gauge),)* $(stringify!($histogram)),*];
                    $crate::snapshot::read(from, FIELDS)
                }
            }
        };
    };
}

/// Takes the words of one metric apart, one at a time.
#[doc(hidden)]
#[macro_export]
macro_rules! __family_labelled {
    ($kind:ident $metric:tt { $(,)* } $($rest:tt)*) => {
        $crate::__family_words! { $($rest)* }
    };
    (counter [$help:literal, $unit:expr, $metric:expr, $label:ident]
     { $word:ident: $value:literal, $($more:tt)* } $head:tt [$($words:tt)*] $($rest:tt)*) => {
        $crate::__family_labelled! { counter [$help, $unit, $metric, $label] { $($more)* } $head [$($words)*
            ($word, concat!($help, " (", stringify!($label), " ", $value, ")"), $help, $unit, $metric,
                Some($crate::Label { name: stringify!($label), value: $value }), $crate::Source::Bump(0))
        ] $($rest)* }
    };
    (gauge [$help:literal, $unit:expr, $metric:expr, $label:ident]
     { $gauge:ident: $value:literal, $($more:tt)* }
     $head:tt $words:tt [$($gauges:tt)*] [$($set:tt)*] $($rest:tt)*) => {
        $crate::__family_labelled! { gauge [$help, $unit, $metric, $label] { $($more)* } $head $words [$($gauges)*
            ($gauge, $help, $unit, $metric,
                Some($crate::Label { name: stringify!($label), value: $value }), $crate::Reading::Set { place: 0, word: 0 })
        ] [$($set)*
            ($gauge, concat!($help, " (", stringify!($label), " ", $value, ")"))
        ] $($rest)* }
    };
}
