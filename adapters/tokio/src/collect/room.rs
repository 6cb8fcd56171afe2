//! A fleet's tables on the heap.

use std::hash::{BuildHasher, RandomState};

use streamgauge_core::{
    Family,
    collect::{
        Fleet, FleetParts, FleetPolicy, LaneSlot, RowSlot, SeriesSlot, SourceSlot, TrackSlot,
    },
    track::Link,
};

use super::CollectorConfig;
use crate::host::KeyWords;

/// Tables in boxes.
pub type FleetTables<F> = FleetParts<
    F,
    KeyWords,
    Box<[SourceSlot<KeyWords>]>,
    Box<[TrackSlot<F>]>,
    Box<[LaneSlot<F>]>,
    Box<[RowSlot<F, KeyWords>]>,
    Box<[SeriesSlot<F>]>,
    Box<[Link]>,
    Box<[Link]>,
    Box<[Link]>,
>;

/// A fleet with room for so much, and an index that nobody can foresee.
pub(super) fn fleet<F: Family>(config: &CollectorConfig, lanes: usize) -> Fleet<F, FleetTables<F>> {
    let room = FleetParts::new(
        many(config.nodes),
        many(config.nodes * lanes),
        many(lanes),
        many(config.names),
        many(config.series),
        many(config.nodes),
        many(config.names),
        many(config.series),
    );
    let policy = FleetPolicy::new()
        .with_window(config.window.into())
        .with_keep(config.keep.into())
        .with_levels(config.levels);
    #[allow(clippy::cast_possible_truncation, reason = "any number will do")]
    let seed = RandomState::new().hash_one(0) as usize;
    Fleet::new(room, policy).with_seed(seed)
}

fn many<T: Default>(n: usize) -> Box<[T]> {
    (0..n).map(|_| T::default()).collect()
}
