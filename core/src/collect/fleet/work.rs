//! A fleet at work: its tables, and what is true of all of them.

use super::{
    FleetPolicy,
    list::{Changes, Ends, Free},
    room::FleetTablesMut,
};
use crate::{key::KeyWords, schema::Family, time::Instant};

/// How much did not find its place, and how much was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes that are known, and parts of them.
    pub sources: usize,
    /// Rows in use, those of prefixes included.
    pub rows: usize,
    /// Series in use.
    pub series: usize,
    /// Rows of frames that were not counted by name, because there was no room for the name or the series.
    /// What they brought is in the lanes' totals as far as the node tells totals.
    pub folded: u64,
    /// Rows of frames whose name the frame had had before; they were not counted.
    pub repeated: u64,
    /// Restarts of series that no `since` told of: a number fell.
    pub inferred: u64,
    /// Series that went on after they had been forgotten. What they had counted is not counted again.
    pub resumed: u64,
    /// Rows that were forgotten.
    pub forgotten_rows: u64,
    /// Nodes and parts that were forgotten.
    pub forgotten_sources: u64,
}

/// All of a fleet but its tables.
#[derive(Debug)]
pub(super) struct State {
    pub(super) policy: FleetPolicy,
    pub(super) seed: usize,
    pub(super) free_sources: Free,
    pub(super) free_rows: Free,
    pub(super) free_series: Free,
    /// Nodes that have departed, the first one first.
    pub(super) gone: Ends,
    /// Rows that nothing refers to.
    pub(super) idle_rows: Ends,
    /// Series that are not present.
    pub(super) waiting: Ends,
    /// What of each table changed since it was kept.
    pub(super) changed: ChangedTables,
    pub(super) counts: Counts,
}

/// What changed, by table.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChangedTables {
    pub(super) rows: Changes,
    pub(super) sources: Changes,
    pub(super) tracks: Changes,
    pub(super) series: Changes,
}

impl ChangedTables {
    const NONE: Self = Self {
        rows: Changes::NONE,
        sources: Changes::NONE,
        tracks: Changes::NONE,
        series: Changes::NONE,
    };

    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.sources.is_empty()
            && self.tracks.is_empty()
            && self.series.is_empty()
    }
}

impl State {
    pub(super) const fn new(policy: FleetPolicy) -> Self {
        Self {
            policy,
            seed: 0,
            free_sources: Free::ALL,
            free_rows: Free::ALL,
            free_series: Free::ALL,
            gone: Ends::NONE,
            idle_rows: Ends::NONE,
            waiting: Ends::NONE,
            changed: ChangedTables::NONE,
            counts: Counts {
                sources: 0,
                rows: 0,
                series: 0,
                folded: 0,
                repeated: 0,
                inferred: 0,
                resumed: 0,
                forgotten_rows: 0,
                forgotten_sources: 0,
            },
        }
    }
}

/// The tables and the rest of a fleet.
pub(super) struct Work<'a, F: Family, K: KeyWords> {
    pub(super) tables: FleetTablesMut<'a, F, K>,
    pub(super) state: &'a mut State,
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    pub(super) fn note_row(&mut self, at: usize) {
        let changed = &mut self.state.changed.rows;
        changed.note(self.tables.rows, at, |row| &mut row.changed);
    }

    pub(super) fn note_source(&mut self, at: usize) {
        let changed = &mut self.state.changed.sources;
        changed.note(self.tables.sources, at, |source| &mut source.changed);
    }

    pub(super) fn note_track(&mut self, at: usize) {
        let changed = &mut self.state.changed.tracks;
        changed.note(self.tables.tracks, at, |track| &mut track.changed);
    }

    /// Notes all tracks of a node.
    pub(super) fn note_tracks(&mut self, source: usize) {
        let lanes = self.tables.lanes.len();
        (source * lanes..(source + 1) * lanes).for_each(|at| self.note_track(at));
    }

    pub(super) fn note_series(&mut self, at: usize) {
        let changed = &mut self.state.changed.series;
        changed.note(self.tables.series, at, |series| &mut series.changed);
    }

    /// Forgets what has been idle for too long.
    pub(super) fn forget_old(&mut self, now: Instant) {
        while let Some(at) = self.state.waiting.first() {
            let left = self.tables.series.get(at).map(|series| series.left);
            if !self.is_old(left, now) {
                break;
            }
            self.release_series(at, now);
        }
        while let Some(at) = self.state.idle_rows.first() {
            let left = self.tables.rows.get(at).map(|row| row.left);
            if !self.is_old(left, now) {
                break;
            }
            self.forget_row(at, now);
        }
    }

    fn is_old(&self, left: Option<Instant>, now: Instant) -> bool {
        left.is_some_and(|left| left.saturating_add(self.state.policy.keep) <= now)
    }
}
