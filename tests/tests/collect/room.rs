//! Fleets in boxes, as large as a test wants.

use streamgauge_core::{
    Family,
    collect::{
        Fleet, FleetParts, FleetPolicy, LaneSlot, RowSlot, SeriesSlot, SourceSlot, TrackSlot,
    },
    track::Link,
};

/// Words of a key: 48 bytes.
const KEY_WORDS: usize = 6;

/// Bytes of a key.
pub(crate) const KEY: usize = KEY_WORDS * size_of::<usize>();

type Key = [usize; KEY_WORDS];

/// Tables in boxes.
pub(crate) type Boxed<F> = FleetParts<
    F,
    Key,
    Box<[SourceSlot<Key>]>,
    Box<[TrackSlot<F>]>,
    Box<[LaneSlot<F>]>,
    Box<[RowSlot<F, Key>]>,
    Box<[SeriesSlot<F>]>,
    Box<[Link]>,
    Box<[Link]>,
    Box<[Link]>,
>;

/// How much a fleet has room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) lanes: usize,
    pub(crate) sources: usize,
    pub(crate) rows: usize,
    pub(crate) series: usize,
}

pub(crate) fn fleet<F: Family>(size: Size, policy: FleetPolicy) -> Fleet<F, Boxed<F>> {
    let room = FleetParts::new(
        many(size.sources),
        many(size.sources * size.lanes),
        many(size.lanes),
        many(size.rows),
        many(size.series),
        many(size.sources),
        many(size.rows),
        many(size.series),
    );
    Fleet::new(room, policy)
}

fn many<T: Default>(n: usize) -> Box<[T]> {
    (0..n).map(|_| T::default()).collect()
}

/// What the documentation says of `CollectorConfig`, whose keys have 96 bytes, and of the collector's options.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_name_takes_860_bytes_and_a_series_260() {
    use streamgauge_core::{Presence, Traffic};

    type Long = [usize; 12];
    let name = size_of::<RowSlot<Traffic, Long>>() + size_of::<RowSlot<Presence, Long>>();
    let series = size_of::<SeriesSlot<Traffic>>() + size_of::<SeriesSlot<Presence>>();
    let buckets = 2 * size_of::<Link>();
    assert!((845..=875).contains(&(name + buckets)), "{name}");
    assert!((245..=275).contains(&(series + buckets)), "{series}");
}
