//! Series: what one node tells of one row, from frame to frame.

use super::{
    Intake,
    epoch::{close, trim},
    list::{self, Changed, Hook},
    live::numbers,
    rate::When,
    rows::{add, excess},
    work::Work,
};
use crate::{
    collect::ReadRow,
    key::{Key, KeyWords},
    ledger::summed,
    schema::{Family, Totals},
    time::Instant,
    track::Link,
};

/// The room for one series.
#[derive(Clone, Copy, Debug)]
pub struct SeriesSlot<F: Family> {
    /// What the node told last.
    pub(super) words: F::Totals,
    /// When this life of it began, if the node tells that.
    pub(super) since: Option<u64>,
    /// The node that it is of, and the part of that which told of it last.
    pub(super) source: u32,
    pub(super) part: u32,
    pub(super) lane: u8,
    pub(super) state: SeriesState,
    /// It is known that this life of it is over.
    pub(super) ended: bool,
    /// All that is known of it is from a frame that was read before, and older than others that were.
    pub(super) is_recalled: bool,
    pub(super) row: u32,
    /// The node's epoch that it counts in.
    pub(super) ordinal: u32,
    /// The last frame that had it.
    pub(super) turn: u32,
    /// When it was last present.
    pub(super) left: Instant,
    pub(super) chain: Link,
    /// Its place among the node's series that are present, or those that wait.
    pub(super) side: Hook,
    /// Its place among all that wait.
    pub(super) age: Hook,
    pub(super) changed: Changed,
}

/// How a series stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeriesState {
    Free,
    /// The last frame had it.
    Present,
    /// It ended, or its node departed: it may come again.
    Waiting,
}

impl<F: Family> SeriesSlot<F> {
    /// Room for a series.
    pub const FREE: Self = Self {
        words: F::Totals::ZERO,
        since: None,
        source: 0,
        part: 0,
        lane: 0,
        state: SeriesState::Free,
        ended: false,
        is_recalled: false,
        row: 0,
        ordinal: 0,
        turn: 0,
        left: Instant::from_micros(0),
        chain: Link::NONE,
        side: Hook::NONE,
        age: Hook::NONE,
        changed: Changed::NOT,
    };

    fn hash(&self, seed: usize) -> u32 {
        hash(self.source, self.row, seed)
    }
}

impl<F: Family> Default for SeriesSlot<F> {
    fn default() -> Self {
        Self::FREE
    }
}

/// Spreads pairs of slots, which nobody outside can choose.
#[allow(clippy::cast_possible_truncation, reason = "a hash")]
#[inline]
fn hash(source: u32, row: u32, seed: usize) -> u32 {
    let both = u64::from(source) << 32 | u64::from(row);
    let mixed = (both ^ seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9)
        .wrapping_shr(32) as u32
}

/// Times before this one, in 1973, are of a clock that counts from the start of the machine: two lives can
/// begin at the same.
const WALL_CLOCK: u64 = 100_000_000_000;

/// What a row makes of the series that it is of.
pub(super) struct Step<F: Family> {
    /// What the node tells now.
    words: F::Totals,
    since: Option<u64>,
    /// What was counted since the frame before, as far as that can be known.
    gain: F::Totals,
    /// It is another life of the series.
    pub(super) reborn: bool,
    /// No `since` told so.
    pub(super) inferred: bool,
}

impl<F: Family> SeriesSlot<F> {
    /// What a row of a frame means, and what a patch does.
    pub(super) fn step(&self, row: &ReadRow<F>, patch: bool) -> Step<F> {
        let whole = self.state == SeriesState::Present && patch;
        let since = if whole {
            row.since.or(self.since)
        } else {
            row.since
        };
        let same = since == self.since;
        let mut words = if same || whole {
            self.words
        } else {
            F::Totals::ZERO
        };
        row.patch(&mut words);
        trim::<F>(&mut words);
        let fell = fell::<F>(&self.words, &words);
        let reliable = since.is_some_and(|since| since >= WALL_CLOCK);
        if same && fell && reliable {
            // The frame is an older one: within a life nothing falls.
            raise::<F>(&mut words, &self.words);
        }
        let reborn = !same || fell && !reliable;
        let mut gain = words;
        if reborn {
            clear_levels::<F>(&mut gain);
        } else {
            subtract::<F>(&mut gain, &self.words);
        }
        Step {
            words,
            since,
            gain,
            reborn,
            inferred: since.is_none() || same && reborn,
        }
    }
}

impl<F: Family> SeriesSlot<F> {
    /// Whether a series that is present counted more than a row of its life tells; of what closed nobody knows.
    pub(super) fn is_behind(&self, row: &ReadRow<F>) -> bool {
        let mut words = F::Totals::ZERO;
        row.patch(&mut words);
        for [_, closed] in F::PAIRS {
            let known = self.words.as_ref().get(*closed).copied();
            if let Some(closed) = words.as_mut().get_mut(*closed) {
                *closed = known.unwrap_or(*closed);
            }
        }
        self.state == SeriesState::Present && fell::<F>(&self.words, &words)
    }
}

impl<F: Family> Step<F> {
    /// Whether the life is known, and has counted nothing since.
    pub(super) fn tells_nothing(&self) -> bool {
        !self.inferred && !self.reborn && self.gain.as_ref().iter().all(|word| *word == 0)
    }

    /// What the node tells was counted before.
    pub(super) fn resume(&mut self) {
        self.gain = F::Totals::ZERO;
    }
}

fn fell<F: Family>(before: &F::Totals, now: &F::Totals) -> bool {
    let mut words = before.as_ref().iter().zip(now.as_ref()).take(summed::<F>());
    words.any(|(before, now)| now < before)
}

pub(super) fn raise<F: Family>(words: &mut F::Totals, least: &F::Totals) {
    let words = words.as_mut().iter_mut().zip(least.as_ref());
    for (word, least) in words.take(summed::<F>()) {
        *word = (*word).max(*least);
    }
}

/// Gauges that are set are no sums.
pub(super) fn clear_levels<F: Family>(words: &mut F::Totals) {
    for level in words.as_mut().iter_mut().skip(summed::<F>()) {
        *level = 0;
    }
}

fn subtract<F: Family>(words: &mut F::Totals, less: &F::Totals) {
    *words = excess(words, less);
    clear_levels::<F>(words);
}

/// Lets no more be closed than was opened: some of it may have been opened in a row that is forgotten. Of more than
/// can be counted, any number may be open.
fn keep_order<F: Family>(gain: &mut F::Totals, totals: &F::Totals) {
    let gain = gain.as_mut();
    for [opened, closed] in F::PAIRS {
        let [begun, ended] = [*opened, *closed].map(|at| totals.as_ref().get(at).map_or(0, |w| *w));
        let open = if begun == u64::MAX {
            begun
        } else {
            begun.saturating_sub(ended)
        };
        let opening = gain.get(*opened).map_or(0, |gain| *gain);
        if let Some(closing) = gain.get_mut(*closed) {
            *closing = (*closing).min(open.saturating_add(opening));
        }
    }
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    pub(super) fn find_series(&self, source: u32, row: u32) -> Option<usize> {
        list::find(
            self.tables.series_buckets,
            self.tables.series,
            hash(source, row, self.state.seed),
            |series| series.chain,
            |series| {
                series.row == row && series.source == source && series.state != SeriesState::Free
            },
        )
    }

    /// Makes a series that waits and has told nothing, for a row whose reference it takes over.
    pub(super) fn make_series(&mut self, made: SeriesSlot<F>, now: Instant) -> Option<usize> {
        let at = self.take_series(now)?;
        let slot = self.tables.series.get_mut(at)?;
        *slot = SeriesSlot {
            changed: slot.changed,
            ..made
        };
        self.note_series(at);
        let hash = made.hash(self.state.seed);
        list::index(
            self.tables.series_buckets,
            self.tables.series,
            hash,
            at,
            |series| &mut series.chain,
        );
        self.wait(at, now);
        Some(at)
    }

    fn take_series(&mut self, now: Instant) -> Option<usize> {
        loop {
            let free = &mut self.state.free_series;
            if let Some(at) = free.take(self.tables.series, |series| &mut series.chain) {
                return Some(at);
            }
            self.release_series(self.state.waiting.first()?, now);
        }
    }

    /// Takes in what a row says of a series.
    pub(super) fn advance(&mut self, at: usize, step: &Step<F>, intake: &Intake) {
        if step.reborn {
            self.end_series(at, intake.when.now);
        }
        let is_long_over = self.is_long_over(at);
        let Some(series) = self.tables.series.get_mut(at) else {
            return;
        };
        let before = series.shown();
        let source = series.source as usize;
        let track = source * self.tables.lanes.len() + usize::from(series.lane);
        let source = self.tables.sources.get(source);
        let node = source.zip(self.tables.tracks.get(track));
        let known = (series.since, series.ended, series.ordinal);
        let moved = series.words.as_ref() != step.words.as_ref();
        // What it counts from now on is of the epoch that it has counted in since the node arrived.
        let is_counted = source.is_some_and(|source| source.ordinal == series.ordinal);
        let is_settled = series.ended || is_counted || intake.doubtful;
        if step.reborn || !is_settled || is_long_over {
            series.ordinal = birth(node, step.since, intake.doubtful);
        }
        series.words = step.words;
        series.since = step.since;
        series.ended = false;
        let live = [before, step.words];
        if moved || known != (series.since, series.ended, series.ordinal) {
            self.note_series(at);
        }
        self.credit(at, &step.gain, &live, intake.when);
    }

    /// Whether no account is left of the epoch in which a series was told of last.
    fn is_long_over(&self, at: usize) -> bool {
        let Some(series) = self.tables.series.get(at) else {
            return false;
        };
        let source = series.source as usize;
        let track = source * self.tables.lanes.len() + usize::from(series.lane);
        let node = self.tables.sources.get(source);
        let track = self.tables.tracks.get(track);
        node.zip(track)
            .is_some_and(|(node, track)| track.epochs.ago(series.ordinal, node.ordinal) > 1)
    }

    /// Adds what was counted in a series to all that it is part of, and shows it there as it is now, no more as it
    /// was before.
    pub(super) fn credit(
        &mut self,
        at: usize,
        gain: &F::Totals,
        live: &[F::Totals; 2],
        when: When,
    ) {
        let Some(series) = self.tables.series.get(at) else {
            return;
        };
        let (mut gain, live) = (*gain, live.each_ref().map(numbers::<F>));
        if let Some(row) = self.tables.rows.get(series.row as usize) {
            keep_order::<F>(&mut gain, &row.totals);
        }
        let grows = gain.as_ref().iter().any(|word| *word > 0);
        let moves = live[0].as_ref() != live[1].as_ref();
        let (source, lane, ordinal) = (series.source as usize, series.lane, series.ordinal);
        let mut row = Link::to(series.row as usize);
        let track = source * self.tables.lanes.len() + usize::from(lane);
        if grows {
            self.add_seen(track, source, ordinal, &gain);
        }
        if let Some(lane) = self.tables.lanes.get_mut(usize::from(lane)) {
            if grows {
                add(&mut lane.named, &gain);
            }
            if moves {
                lane.live.pass(&live);
            }
        }
        while let Some((at, slot)) = row
            .slot()
            .and_then(|at| Some((at, self.tables.rows.get_mut(at)?)))
        {
            slot.marks
                .pass(when, self.state.policy.window, &slot.totals);
            row = slot.parent;
            if moves {
                slot.live.pass(&live);
            }
            if grows {
                if when.before.is_none() {
                    slot.marks.shift(&gain);
                }
                add(&mut slot.totals, &gain);
                self.note_row(at);
            }
        }
    }

    /// Adds what was counted in a series to the epoch that it counts in.
    fn add_seen(&mut self, track: usize, source: usize, ordinal: u32, gain: &F::Totals) {
        let node = self.tables.sources.get(source);
        let slot = self.tables.tracks.get_mut(track);
        let epoch = node
            .zip(slot)
            .and_then(|(node, track)| track.epochs.of(ordinal, node.ordinal));
        if let Some(epoch) = epoch {
            add(&mut epoch.seen, gain);
        }
        self.note_track(track);
    }

    /// Says that this life of a series is over: what is open in it is closed.
    pub(super) fn end_series(&mut self, at: usize, now: Instant) {
        let Some(series) = self.tables.series.get_mut(at) else {
            return;
        };
        if series.ended {
            return;
        }
        let (words, before) = (series.words, series.shown());
        series.ended = true;
        close::<F>(&mut series.words);
        let mut closed = series.words;
        subtract::<F>(&mut closed, &words);
        let live = [before, series.shown()];
        self.credit(at, &closed, &live, When::at(now));
        self.note_series(at);
    }

    /// Moves a series that waits to those that are present, or one that is present behind the others.
    pub(super) fn appear(&mut self, at: usize) {
        let Some((state, track)) = self.place_of(at) else {
            return;
        };
        let Some(track) = self.tables.tracks.get_mut(track) else {
            return;
        };
        if state == SeriesState::Present {
            track
                .present
                .remove(self.tables.series, at, |s| &mut s.side);
        } else {
            track
                .waiting
                .remove(self.tables.series, at, |s| &mut s.side);
            let waiting = &mut self.state.waiting;
            waiting.remove(self.tables.series, at, |s| &mut s.age);
        }
        track.present.push(self.tables.series, at, |s| &mut s.side);
        if let Some(series) = self.tables.series.get_mut(at) {
            series.state = SeriesState::Present;
        }
    }

    /// Moves a series that is present to those that wait: it counts no more as live.
    pub(super) fn vanish(&mut self, at: usize, now: Instant) {
        let Some((_, track)) = self.place_of(at) else {
            return;
        };
        if let Some(series) = self.tables.series.get(at) {
            let gone = [series.words, F::Totals::ZERO];
            self.credit(at, &F::Totals::ZERO, &gone, When::at(now));
        }
        if let Some(track) = self.tables.tracks.get_mut(track) {
            track
                .present
                .remove(self.tables.series, at, |s| &mut s.side);
        }
        self.wait(at, now);
    }

    fn wait(&mut self, at: usize, now: Instant) {
        let Some((_, track)) = self.place_of(at) else {
            return;
        };
        if let Some(track) = self.tables.tracks.get_mut(track) {
            track.waiting.push(self.tables.series, at, |s| &mut s.side);
        }
        let waiting = &mut self.state.waiting;
        waiting.push(self.tables.series, at, |s| &mut s.age);
        if let Some(series) = self.tables.series.get_mut(at) {
            series.state = SeriesState::Waiting;
            series.left = now;
        }
    }

    /// Whether a series is an overflow series, whose one life is told of in frames that do not follow each other.
    pub(super) fn is_overflow(&self, at: usize) -> bool {
        let series = self.tables.series.get(at);
        let row = series.and_then(|series| self.tables.rows.get(series.row as usize));
        row.is_some_and(|row| row.key.is(&Key::overflow()))
    }

    /// Frees a series that waits. If it might go on, what it counted by then is kept in mind.
    pub(super) fn release_series(&mut self, at: usize, now: Instant) {
        let Some((_, track)) = self.place_of(at) else {
            return;
        };
        let waiting = &mut self.state.waiting;
        waiting.remove(self.tables.series, at, |s| &mut s.age);
        let Some(series) = self.tables.series.get(at).copied() else {
            return;
        };
        let (hash, row) = (series.hash(self.state.seed), series.row as usize);
        let goes_on = self.is_overflow(at);
        self.note_horizon(&series, goes_on);
        let Some(track) = self.tables.tracks.get_mut(track) else {
            return;
        };
        track
            .waiting
            .remove(self.tables.series, at, |s| &mut s.side);
        list::unindex(
            self.tables.series_buckets,
            self.tables.series,
            hash,
            at,
            |series| &mut series.chain,
        );
        if let Some(series) = self.tables.series.get_mut(at) {
            series.state = SeriesState::Free;
        }
        let free = &mut self.state.free_series;
        free.put(self.tables.series, at, |series| &mut series.chain);
        self.note_series(at);
        self.release_row(row, now);
    }

    /// Keeps in mind that a series is forgotten, and whether it may go on.
    pub(super) fn note_horizon(&mut self, series: &SeriesSlot<F>, goes_on: bool) {
        let lanes = self.tables.lanes.len();
        let at = series.source as usize * lanes + usize::from(series.lane);
        let Some(track) = self.tables.tracks.get_mut(at) else {
            return;
        };
        if series.is_recalled {
            return;
        }
        let horizon = if goes_on || !series.ended || F::KEPT {
            &mut track.horizon
        } else {
            &mut track.past
        };
        *horizon = (*horizon).max(series.since);
        self.note_track(at);
    }

    /// How a series stands, and the track that it is of.
    pub(super) fn place_of(&self, at: usize) -> Option<(SeriesState, usize)> {
        let series = self.tables.series.get(at)?;
        let lanes = self.tables.lanes.len();
        let track = series.part as usize * lanes + usize::from(series.lane);
        Some((series.state, track))
    }
}

/// The epoch that a life which began then counts in: the one before if it began in that, and there was one. As long as
/// the node has not told which it is in, a doubtful life counts in that if it began before the node told last.
fn birth<F: Family, K: KeyWords>(
    node: Option<(&super::SourceSlot<K>, &super::TrackSlot<F>)>,
    since: Option<u64>,
    doubtful: bool,
) -> u32 {
    let Some((source, track)) = node else {
        return 0;
    };
    let before = source.ordinal.wrapping_sub(1);
    let began = if doubtful && track.epochs.is_open() {
        source.ts_ms
    } else {
        source.since
    };
    let is_early = since.is_some_and(|since| source.epoch.is_some() && since < began);
    if is_early && track.epochs.ago(before, source.ordinal) < 2 {
        before
    } else {
        source.ordinal
    }
}
