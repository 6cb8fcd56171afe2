//! Where a fleet's tables lie: in arrays, in boxes, or in memory that the caller brings.

use core::marker::PhantomData;

use super::{
    lane::LaneSlot,
    rows::RowSlot,
    series::SeriesSlot,
    source::{SourceSlot, TrackSlot},
};
use crate::{key::KeyWords, schema::Family, track::Link};

/// The tables of a fleet, to look at.
#[derive(Debug)]
pub struct FleetTables<'a, F: Family, K: KeyWords> {
    /// Nodes.
    pub sources: &'a [SourceSlot<K>],
    /// The tracks of the nodes: for each of them one for each lane.
    pub tracks: &'a [TrackSlot<F>],
    /// Lanes: what is kept apart of one family, such as a tier and role.
    pub lanes: &'a [LaneSlot<F>],
    /// What nodes have in common: a row for each series' name of each lane, and for each prefix.
    pub rows: &'a [RowSlot<F, K>],
    /// Series: what one node tells of one row.
    pub series: &'a [SeriesSlot<F>],
    /// The buckets of the index of nodes.
    pub source_buckets: &'a [Link],
    /// The buckets of the index of rows.
    pub row_buckets: &'a [Link],
    /// The buckets of the index of series.
    pub series_buckets: &'a [Link],
}

/// The tables of a fleet, to change.
#[derive(Debug)]
pub struct FleetTablesMut<'a, F: Family, K: KeyWords> {
    /// Nodes.
    pub sources: &'a mut [SourceSlot<K>],
    /// The tracks of the nodes.
    pub tracks: &'a mut [TrackSlot<F>],
    /// Lanes.
    pub lanes: &'a mut [LaneSlot<F>],
    /// What nodes have in common.
    pub rows: &'a mut [RowSlot<F, K>],
    /// Series.
    pub series: &'a mut [SeriesSlot<F>],
    /// The buckets of the index of nodes.
    pub source_buckets: &'a mut [Link],
    /// The buckets of the index of rows.
    pub row_buckets: &'a mut [Link],
    /// The buckets of the index of series.
    pub series_buckets: &'a mut [Link],
}

/// The tables of a fleet, all of them free at first. Their lengths never change.
pub trait FleetRoom<F: Family> {
    /// The room for a series' or a node's name.
    type Key: KeyWords;

    /// The tables, to look at.
    fn tables(&self) -> FleetTables<'_, F, Self::Key>;

    /// The tables, to change.
    fn tables_mut(&mut self) -> FleetTablesMut<'_, F, Self::Key>;
}

/// The tables in any memory that is a slice: arrays ([`InlineFleet`]), boxes, or `&mut [T]` of the caller.
#[derive(Debug)]
pub struct FleetParts<
    F,
    K,
    Sources,
    Tracks,
    Lanes,
    Rows,
    Series,
    SourceLinks,
    RowLinks,
    SeriesLinks,
> {
    sources: Sources,
    tracks: Tracks,
    lanes: Lanes,
    rows: Rows,
    series: Series,
    source_buckets: SourceLinks,
    row_buckets: RowLinks,
    series_buckets: SeriesLinks,
    types: PhantomData<fn(F, K)>,
}

/// The tables in arrays: `TRACKS` is `SOURCES` times `LANES`, and names have `KEY` words of `usize`.
pub type InlineFleet<
    F,
    const LANES: usize,
    const SOURCES: usize,
    const TRACKS: usize,
    const ROWS: usize,
    const SERIES: usize,
    const KEY: usize,
> = FleetParts<
    F,
    [usize; KEY],
    [SourceSlot<[usize; KEY]>; SOURCES],
    [TrackSlot<F>; TRACKS],
    [LaneSlot<F>; LANES],
    [RowSlot<F, [usize; KEY]>; ROWS],
    [SeriesSlot<F>; SERIES],
    [Link; SOURCES],
    [Link; ROWS],
    [Link; SERIES],
>;

impl<
    F: Family,
    const LANES: usize,
    const SOURCES: usize,
    const TRACKS: usize,
    const ROWS: usize,
    const SERIES: usize,
    const KEY: usize,
> InlineFleet<F, LANES, SOURCES, TRACKS, ROWS, SERIES, KEY>
{
    /// Free tables.
    #[must_use]
    pub const fn inline() -> Self {
        const {
            assert!(
                TRACKS == SOURCES * LANES,
                "each node has a track for each lane"
            );
        };
        Self {
            sources: [const { SourceSlot::FREE }; SOURCES],
            tracks: [const { TrackSlot::FREE }; TRACKS],
            lanes: [const { LaneSlot::FREE }; LANES],
            rows: [const { RowSlot::FREE }; ROWS],
            series: [const { SeriesSlot::FREE }; SERIES],
            source_buckets: [Link::NONE; SOURCES],
            row_buckets: [Link::NONE; ROWS],
            series_buckets: [Link::NONE; SERIES],
            types: PhantomData,
        }
    }
}

impl<F, K, Sources, Tracks, Lanes, Rows, Series, SourceLinks, RowLinks, SeriesLinks>
    FleetParts<F, K, Sources, Tracks, Lanes, Rows, Series, SourceLinks, RowLinks, SeriesLinks>
where
    F: Family,
    K: KeyWords,
    Sources: AsRef<[SourceSlot<K>]>,
    Tracks: AsRef<[TrackSlot<F>]>,
    Lanes: AsRef<[LaneSlot<F>]>,
    Rows: AsRef<[RowSlot<F, K>]>,
    Series: AsRef<[SeriesSlot<F>]>,
    SourceLinks: AsRef<[Link]>,
    RowLinks: AsRef<[Link]>,
    SeriesLinks: AsRef<[Link]>,
{
    /// Tables in memory that the caller brings, all of it free: `tracks` has an element for each lane of
    /// each node, and each index about a bucket for each slot that it finds, and at least one.
    #[allow(clippy::too_many_arguments, reason = "one for each table")]
    pub fn new(
        sources: Sources,
        tracks: Tracks,
        lanes: Lanes,
        rows: Rows,
        series: Series,
        source_buckets: SourceLinks,
        row_buckets: RowLinks,
        series_buckets: SeriesLinks,
    ) -> Self {
        Self {
            sources,
            tracks,
            lanes,
            rows,
            series,
            source_buckets,
            row_buckets,
            series_buckets,
            types: PhantomData,
        }
    }
}

impl<F, K, Sources, Tracks, Lanes, Rows, Series, SourceLinks, RowLinks, SeriesLinks> FleetRoom<F>
    for FleetParts<F, K, Sources, Tracks, Lanes, Rows, Series, SourceLinks, RowLinks, SeriesLinks>
where
    F: Family,
    K: KeyWords,
    Sources: AsRef<[SourceSlot<K>]> + AsMut<[SourceSlot<K>]>,
    Tracks: AsRef<[TrackSlot<F>]> + AsMut<[TrackSlot<F>]>,
    Lanes: AsRef<[LaneSlot<F>]> + AsMut<[LaneSlot<F>]>,
    Rows: AsRef<[RowSlot<F, K>]> + AsMut<[RowSlot<F, K>]>,
    Series: AsRef<[SeriesSlot<F>]> + AsMut<[SeriesSlot<F>]>,
    SourceLinks: AsRef<[Link]> + AsMut<[Link]>,
    RowLinks: AsRef<[Link]> + AsMut<[Link]>,
    SeriesLinks: AsRef<[Link]> + AsMut<[Link]>,
{
    type Key = K;

    #[inline]
    fn tables(&self) -> FleetTables<'_, F, K> {
        FleetTables {
            sources: self.sources.as_ref(),
            tracks: self.tracks.as_ref(),
            lanes: self.lanes.as_ref(),
            rows: self.rows.as_ref(),
            series: self.series.as_ref(),
            source_buckets: self.source_buckets.as_ref(),
            row_buckets: self.row_buckets.as_ref(),
            series_buckets: self.series_buckets.as_ref(),
        }
    }

    #[inline]
    fn tables_mut(&mut self) -> FleetTablesMut<'_, F, K> {
        FleetTablesMut {
            sources: self.sources.as_mut(),
            tracks: self.tracks.as_mut(),
            lanes: self.lanes.as_mut(),
            rows: self.rows.as_mut(),
            series: self.series.as_mut(),
            source_buckets: self.source_buckets.as_mut(),
            row_buckets: self.row_buckets.as_mut(),
            series_buckets: self.series_buckets.as_mut(),
        }
    }
}
