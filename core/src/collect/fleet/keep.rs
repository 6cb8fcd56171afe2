//! What a fleet has to keep to go on after a restart of the reader, and how it goes on.

use super::{
    Fleet, FleetFull, FleetRoom, Kept,
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
        let lanes = 0..self.room.tables().lanes.len();
        let lanes = lanes.filter_map(|lane| self.kept_lane(lane));
        let rows = self.room.tables().rows.iter();
        let rows = rows
            .filter(|row| row.kind != RowKind::Free)
            .map(|row| Kept::Row {
                lane: usize::from(row.lane),
                name: &row.key,
                is_prefix: row.kind == RowKind::Prefix,
                is_inferred: row.inferred,
                totals: F::from_words(row.totals.as_ref()),
            });
        let sources = self.room.tables().sources.iter().enumerate();
        let sources = sources
            .filter(|(_, source)| source.used)
            .flat_map(|(at, _)| self.kept_source(at));
        let series = self.room.tables().series.iter();
        let series = series.filter_map(|series| self.kept_series(series));
        lanes.chain(rows).chain(sources).chain(series)
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

    fn kept_source(&self, at: usize) -> impl Iterator<Item = Kept<F, &Key<R::Key>>> {
        let tables = self.room.tables();
        let lanes = tables.lanes.len();
        let source = tables.sources.get(at);
        let name = source.map(|source| &source.name);
        let tracks = tables.tracks.iter().skip(at * lanes).take(lanes);
        let tracks = tracks.enumerate().filter_map(move |(lane, track)| {
            let (known, since) = track.epochs.kept();
            let [over, told, seen] = known.map(|words| F::from_words(words.as_ref()));
            Some(Kept::Track {
                source: name?,
                lane,
                over,
                told,
                seen,
                since: since.map(|words| F::from_words(words.as_ref())),
                horizon: track.horizon,
                read: track.marks,
            })
        });
        let source = source.map(|source| Kept::Source {
            name: &source.name,
            epoch: source.epoch,
            since: source.since,
            read: source.marks,
        });
        source.into_iter().chain(tracks)
    }

    fn kept_series(&self, series: &SeriesSlot<F>) -> Option<Kept<F, &Key<R::Key>>> {
        let tables = self.room.tables();
        if series.state == SeriesState::Free || series.is_recalled {
            return None;
        }
        let source = tables.sources.get(series.source as usize)?;
        let track = series.source as usize * tables.lanes.len() + usize::from(series.lane);
        let track = tables.tracks.get(track)?;
        Some(Kept::Series {
            source: &source.name,
            lane: usize::from(series.lane),
            name: &tables.rows.get(series.row as usize)?.key,
            since: series.since,
            is_ended: series.ended,
            ago: track.epochs.kept_ago(series.ordinal, source.ordinal),
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
                read,
            } => {
                let key = Key::read(name).ok()?;
                let at = self.make_source(key, now)?;
                let source = self.tables.sources.get_mut(at)?;
                (source.epoch, source.since) = (epoch, since);
                source.ordinal = RESTORED;
                source.marks = read;
                self.depart(at, now);
                Some(())
            }
            Kept::Track {
                source,
                lane,
                over,
                told,
                seen,
                since,
                horizon,
                read,
            } => {
                let at = self.find_source(&Key::read(source).ok()?)?;
                let lanes = self.tables.lanes.len();
                let track = self.tables.tracks.get_mut(at * lanes + lane)?;
                let known = [over, told, seen].map(|words| words.words());
                track
                    .epochs
                    .restore(known, since.map(|words| words.words()));
                track.horizon = horizon;
                track.marks = read;
                // The lane's total has it already.
                track.shown = track.epochs.total();
                let open = track.epochs.is_open();
                self.tables.sources.get_mut(at)?.restored |= open;
                Some(())
            }
            Kept::Series {
                source,
                lane,
                name,
                since,
                is_ended,
                ago,
                words,
            } => {
                let at = self.find_source(&Key::read(source).ok()?)?;
                let made = SeriesSlot {
                    words: words.words(),
                    since,
                    ended: is_ended,
                    source: u32::try_from(at).ok()?,
                    lane: u8::try_from(lane)
                        .ok()
                        .filter(|_| lane < self.tables.lanes.len())?,
                    ordinal: RESTORED - u32::from(ago.min(2)),
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

/// The ordinal of a node that was restored: there is room below for epochs that are over.
const RESTORED: u32 = 2;
