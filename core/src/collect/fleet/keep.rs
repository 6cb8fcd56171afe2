//! What a fleet has to keep to go on after a restart of the reader, and how it goes on.

use super::{
    Fleet, FleetFull, FleetRoom, Kept, KeptAt, KeptChange,
    rate::Marks,
    rows::{RowKind, add},
    series::{SeriesSlot, SeriesState},
    work::Work,
};
use crate::{
    key::{Key, KeyWords},
    schema::Family,
    time::Instant,
};

impl<F: Family, R: FleetRoom<F>> Fleet<F, R> {
    /// All that is to be kept to go on later: fed to [`restore`](Self::restore) of a fresh fleet in this
    /// order, nothing is counted twice, and of what nodes counted meanwhile only that is without a name
    /// which no frame names any more.
    pub fn kept(&self) -> impl Iterator<Item = Kept<F, &Key<R::Key>>> {
        self.kept_places().map(|(_, kept)| kept)
    }

    /// The same, and where each of them is.
    pub fn kept_places(&self) -> impl Iterator<Item = (KeptAt, Kept<F, &Key<R::Key>>)> {
        let tables = self.room.tables();
        let lanes = places(0..tables.lanes.len(), KeptAt::Lane);
        let rows = places(0..tables.rows.len(), KeptAt::Row);
        let sources = places(0..tables.sources.len(), KeptAt::Source);
        let tracks = places(0..tables.tracks.len(), KeptAt::Track);
        let series = places(0..tables.series.len(), KeptAt::Series);
        let all = lanes.chain(rows).chain(sources).chain(tracks).chain(series);
        all.filter_map(|at| Some((at, self.kept_at(at)?)))
    }

    /// What of it has changed since [`mark_kept`](Self::mark_kept) was called last, and where; nothing where
    /// nothing is any more. Put in their places, in the order of places, they are what is to be kept.
    ///
    /// Cost: what changed.
    pub fn changed(&self) -> impl Iterator<Item = KeptChange<F, &Key<R::Key>>> {
        let (tables, changed) = (self.room.tables(), &self.state.changed);
        let lanes = if changed.is_empty() {
            0
        } else {
            tables.lanes.len()
        };
        let lanes = places(0..lanes, KeptAt::Lane);
        let rows = changed.rows.iter(tables.rows, |row| row.changed);
        let rows = places(rows, KeptAt::Row);
        let sources = changed.sources.iter(tables.sources, |node| node.changed);
        let sources = places(sources, KeptAt::Source);
        let tracks = changed.tracks.iter(tables.tracks, |track| track.changed);
        let tracks = places(tracks, KeptAt::Track);
        let series = changed.series.iter(tables.series, |series| series.changed);
        let series = places(series, KeptAt::Series);
        let all = lanes.chain(rows).chain(sources).chain(tracks).chain(series);
        all.map(|at| (at, self.kept_at(at)))
    }

    /// Says that all is kept: nothing has [`changed`](Self::changed) since. Cost: what had.
    pub fn mark_kept(&mut self) {
        let work = self.work();
        let (tables, changed) = (work.tables, &mut work.state.changed);
        changed.rows.clear(tables.rows, |row| &mut row.changed);
        changed
            .sources
            .clear(tables.sources, |source| &mut source.changed);
        changed
            .tracks
            .clear(tables.tracks, |track| &mut track.changed);
        changed
            .series
            .clear(tables.series, |series| &mut series.changed);
    }

    fn kept_at(&self, at: KeptAt) -> Option<Kept<F, &Key<R::Key>>> {
        match at {
            KeptAt::Lane(at) => self.kept_lane(at as usize),
            KeptAt::Row(at) => self.kept_row(at as usize),
            KeptAt::Source(at) => self.kept_source(at as usize),
            KeptAt::Track(at) => self.kept_track(at as usize),
            KeptAt::Series(at) => self.kept_series(at as usize),
        }
    }

    fn kept_lane<N>(&self, lane: usize) -> Option<Kept<F, N>> {
        let slot = self.room.tables().lanes.get(lane)?;
        Some(Kept::Lane {
            lane,
            total: F::from_words(slot.total.as_ref()),
            named: F::from_words(slot.named.as_ref()),
            forgotten: F::from_words(slot.forgotten.as_ref()),
        })
    }

    fn kept_row(&self, at: usize) -> Option<Kept<F, &Key<R::Key>>> {
        let row = self.room.tables().rows.get(at)?;
        (row.kind != RowKind::Free).then(|| Kept::Row {
            lane: usize::from(row.lane),
            name: &row.key,
            is_prefix: row.kind == RowKind::Prefix,
            is_inferred: row.inferred,
            totals: F::from_words(row.totals.as_ref()),
        })
    }

    fn kept_source(&self, at: usize) -> Option<Kept<F, &Key<R::Key>>> {
        let source = self.room.tables().sources.get(at)?;
        let is_node = source.used && source.owner.slot().is_none();
        is_node.then_some(Kept::Source {
            name: &source.name,
            epoch: source.epoch,
            since: source.since,
            ts_ms: source.ts_ms,
            arrivals: source.ordinal,
            read: source.marks,
        })
    }

    fn kept_track(&self, at: usize) -> Option<Kept<F, &Key<R::Key>>> {
        let tables = self.room.tables();
        let lanes = tables.lanes.len();
        let source = tables.sources.get(at.checked_div(lanes)?)?;
        let track = tables.tracks.get(at)?;
        if let Some(owner) = source.owner.slot() {
            return source.used.then_some(Kept::Part {
                source: &tables.sources.get(owner)?.name,
                name: &source.name,
                lane: at % lanes,
                read: track.marks,
            });
        }
        let (over, epochs, is_open) = track.epochs.kept();
        source.used.then_some(Kept::Track {
            source: &source.name,
            lane: at % lanes,
            over,
            epochs,
            is_open,
            horizon: track.horizon,
            past: track.past,
            read: track.marks,
        })
    }

    fn kept_series(&self, at: usize) -> Option<Kept<F, &Key<R::Key>>> {
        let tables = self.room.tables();
        let series = tables.series.get(at)?;
        if series.state == SeriesState::Free || series.is_recalled {
            return None;
        }
        Some(Kept::Series {
            source: &tables.sources.get(series.source as usize)?.name,
            lane: usize::from(series.lane),
            name: &tables.rows.get(series.row as usize)?.key,
            since: series.since,
            is_ended: series.ended,
            arrival: series.ordinal,
            words: F::from_words(series.words.as_ref()),
        })
    }

    /// Takes in one thing that was kept. Nodes have departed until they [`arrive`](Self::arrive): the same
    /// life of a series then goes on, and another adds to it. What is restored is in no rate.
    ///
    /// # Errors
    /// When there is no room for it, or the node that it is of was not restored before. What does not find
    /// room among the names stays in the lane's total.
    pub fn restore(&mut self, kept: &Kept<F, &str>, now: Instant) -> Result<(), FleetFull> {
        self.work().restore(kept, now).ok_or(FleetFull)
    }
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    fn restore(&mut self, kept: &Kept<F, &str>, now: Instant) -> Option<()> {
        match *kept {
            Kept::Lane {
                lane,
                total,
                named,
                forgotten,
            } => {
                let slot = self.tables.lanes.get_mut(lane)?;
                slot.total = total.words();
                slot.named = named.words();
                slot.forgotten = forgotten.words();
                slot.marks = Marks::from(now, &slot.total);
                Some(())
            }
            Kept::Row {
                lane,
                name,
                is_prefix,
                is_inferred,
                totals,
            } => self.restore_row(lane, name, is_prefix, is_inferred, &totals, now),
            Kept::Source {
                name,
                epoch,
                since,
                ts_ms,
                arrivals,
                read,
            } => {
                let key = Key::read(name).ok()?;
                let at = self.make_source(key, now)?;
                let source = self.tables.sources.get_mut(at)?;
                (source.epoch, source.since) = (epoch, since);
                source.ts_ms = ts_ms;
                source.ordinal = arrivals;
                source.marks = read;
                self.depart(at, now);
                Some(())
            }
            Kept::Track {
                source,
                lane,
                over,
                epochs,
                is_open,
                horizon,
                past,
                read,
            } => {
                let at = self.find_source(&Key::read(source).ok()?)?;
                let lanes = self.tables.lanes.len();
                let track = self.tables.tracks.get_mut(at * lanes + lane)?;
                track.epochs.restore(&over, &epochs, is_open);
                (track.horizon, track.past) = (horizon, past);
                track.marks = read;
                // The lane's total has it already.
                track.shown = track.epochs.total();
                self.tables.sources.get_mut(at)?.restored |= is_open;
                Some(())
            }
            Kept::Part {
                source,
                name,
                lane,
                read,
            } => self.restore_part(source, name, (lane, read), now),
            Kept::Series {
                source,
                lane,
                name,
                since,
                is_ended,
                arrival,
                words,
            } => {
                let at = self.find_source(&Key::read(source).ok()?)?;
                let made = SeriesSlot {
                    words: words.words(),
                    since,
                    ended: is_ended,
                    source: u32::try_from(at).ok()?,
                    part: u32::try_from(at).ok()?,
                    lane: u8::try_from(lane)
                        .ok()
                        .filter(|_| lane < self.tables.lanes.len())?,
                    ordinal: arrival,
                    ..SeriesSlot::FREE
                };
                let restored = self.restore_series(made, name, now);
                if restored.is_none() {
                    self.note_horizon(&made, false);
                }
                restored
            }
        }
    }

    fn restore_row(
        &mut self,
        lane: usize,
        name: &str,
        is_prefix: bool,
        is_inferred: bool,
        totals: &F,
        now: Instant,
    ) -> Option<()> {
        let id = u8::try_from(lane).ok()?;
        let totals = totals.words();
        let held = if is_prefix {
            self.hold_prefix(name, id, now)
        } else {
            self.hold_name(name, id, now)
        };
        let Some(at) = held else {
            let lane = self.tables.lanes.get_mut(lane)?;
            if !is_prefix {
                add(&mut lane.forgotten, &totals);
            }
            return None;
        };
        let row = self.tables.rows.get_mut(at)?;
        row.inferred = is_inferred;
        row.totals = totals;
        row.marks = Marks::from(now, &totals);
        self.release_row(at, now);
        Some(())
    }

    fn restore_series(&mut self, series: SeriesSlot<F>, name: &str, now: Instant) -> Option<()> {
        let key = Key::read(name).ok()?;
        // A row that found no room is not made anew: its totals are among the forgotten.
        self.find_row(&key, series.lane, RowKind::Name)?;
        let row = self.hold_name(name, series.lane, now)?;
        let made = SeriesSlot {
            row: u32::try_from(row).ok()?,
            ..series
        };
        let made = self.make_series(made, now);
        if made.is_none() {
            self.release_row(row, now);
        }
        made.map(|_| ())
    }
}

/// Slots as places of a table.
fn places(
    slots: impl Iterator<Item = usize>,
    of: impl Fn(u32) -> KeptAt,
) -> impl Iterator<Item = KeptAt> {
    slots.filter_map(move |at| u32::try_from(at).ok().map(&of))
}
