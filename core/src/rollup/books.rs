//! The memory of roll-ups: arrays, boxes, or slices of the caller.

use core::marker::PhantomData;

use super::{LevelRow, LevelSeries, LevelSum};
use crate::{key::KeyWords, sync::Id};

/// The memory of a [`Rollups`](super::Rollups). Its lengths never change.
pub trait RollupBooks {
    /// The room for a level's path: that of the series' names.
    type Key: KeyWords;

    /// The levels: the root, the overflow level, and then the others.
    fn levels(&self) -> &[LevelRow<Self::Key>];
    /// The sums, by level and lane.
    fn sums(&self) -> &[LevelSum];
    /// All of it.
    fn split(&mut self) -> RollupSplit<'_, Self::Key>;
}

/// The memory of roll-ups, all of it at once.
#[derive(Debug)]
pub struct RollupSplit<'a, K: KeyWords> {
    /// By row of the meter.
    pub series: &'a mut [LevelSeries],
    /// The root, the overflow level, and then the others.
    pub levels: &'a mut [LevelRow<K>],
    /// By level and lane.
    pub sums: &'a mut [LevelSum],
    /// The heads of the chains in which levels are found.
    pub buckets: &'a mut [Id],
}

/// The memory of roll-ups as slices of any kind, all of it fresh.
///
/// A level takes about twice the room of a name, and 64 bytes per lane; a series 72 bytes.
#[derive(Debug)]
pub struct RollupPages<K, Series, Levels, Sums, Buckets> {
    series: Series,
    levels: Levels,
    sums: Sums,
    buckets: Buckets,
    key: PhantomData<fn(K)>,
}

impl<K, Series, Levels, Sums, Buckets> RollupPages<K, Series, Levels, Sums, Buckets> {
    /// A [`LevelSeries`] for each row of the meter (a row that has none counts in no level), a
    /// [`LevelRow`] for each level, a [`LevelSum`] for each of its lanes, and a zero for each chain: about
    /// one per level. Without room for them there is no root, and without that nothing is summed.
    pub const fn new(series: Series, levels: Levels, sums: Sums, buckets: Buckets) -> Self {
        Self {
            series,
            levels,
            sums,
            buckets,
            key: PhantomData,
        }
    }
}

impl<K, Series, Levels, Sums, Buckets> RollupBooks for RollupPages<K, Series, Levels, Sums, Buckets>
where
    K: KeyWords,
    Series: AsMut<[LevelSeries]>,
    Levels: AsRef<[LevelRow<K>]> + AsMut<[LevelRow<K>]>,
    Sums: AsRef<[LevelSum]> + AsMut<[LevelSum]>,
    Buckets: AsMut<[Id]>,
{
    type Key = K;

    fn levels(&self) -> &[LevelRow<K>] {
        self.levels.as_ref()
    }

    fn sums(&self) -> &[LevelSum] {
        self.sums.as_ref()
    }

    fn split(&mut self) -> RollupSplit<'_, K> {
        RollupSplit {
            series: self.series.as_mut(),
            levels: self.levels.as_mut(),
            sums: self.sums.as_mut(),
            buckets: self.buckets.as_mut(),
        }
    }
}

/// The memory of roll-ups in arrays: `ROWS` is the meter's series plus its lanes, `LEVELS` the levels with
/// the root and the overflow level, and `SUMS` the levels times the lanes.
pub type InlineRollups<K, const ROWS: usize, const LEVELS: usize, const SUMS: usize> =
    RollupPages<K, [LevelSeries; ROWS], [LevelRow<K>; LEVELS], [LevelSum; SUMS], [Id; LEVELS]>;

impl<K: KeyWords, const ROWS: usize, const LEVELS: usize, const SUMS: usize>
    InlineRollups<K, ROWS, LEVELS, SUMS>
{
    /// Empty tables, all zero.
    #[must_use]
    pub const fn inline() -> Self {
        Self::new(
            [LevelSeries::ZERO; ROWS],
            [LevelRow::ZERO; LEVELS],
            [LevelSum::ZERO; SUMS],
            [0; LEVELS],
        )
    }
}
