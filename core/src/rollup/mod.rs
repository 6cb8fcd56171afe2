//! Traffic by prefix: what all broadcasts under a path have counted, level by level.
//!
//! A tick adds up how much each series of the ledger has grown, so that guards know nothing of levels
//! and a bump costs what it did without.

mod announce;
mod books;
mod frame;
mod index;
mod level;

pub use announce::LevelEvent;
pub use books::{InlineRollups, RollupBooks, RollupPages, RollupSplit};
pub use frame::LevelTrack;
pub use level::{LevelId, LevelRow, LevelSeries, LevelSum, Rollup};

use level::{CAME, FOLDED, HELD, OPEN, ROOT, TAKEN, grown};

use crate::{
    families::Traffic,
    key::Key,
    ledger::{Books, Ledger, Standing},
    meter::Meter,
    pool::Usage,
    storage::Storage,
    sync::Id,
    time::{Duration, Instant},
};

/// Sums of traffic by prefix, and which of them are to be published.
///
/// With `levels = n` each series counts in the root and in every prefix of its path of up to `n`
/// segments. What is the path of no broadcast, because a table was full, counts in the root and in the
/// level [`OVERFLOW`](crate::OVERFLOW); so does a series for which no level is free any more, beside those
/// of its levels that there are. A series keeps its levels for life: in each of them what it opened is
/// closed.
///
/// A level is announced with its first subscription, and unannounced when nothing under it has been
/// subscribed for the linger. Its counters never fall: they are those of one life, which ends when the level is
/// unannounced and no series is under it any more, and which `since` tells from the next.
///
/// The canonical loop, after each tick and before any frame of the ledger is accepted:
///
/// ```text
/// take_in ─> handle_timeout ─> for each poll_event: announce, or unannounce
///                           ─> for each poll_track: poll_frame until end, then accept (or refuse)
/// ```
///
/// What is subscribed before a tick collects keeps its levels announced, and what is subscribed later
/// announces them again with the next: no subscription is left behind by an unannounce.
///
/// ```
/// # use streamgauge_core::*;
/// # struct NoLock;
/// # impl Lock for NoLock { fn with<T>(&self, f: impl FnOnce() -> T) -> T { f() } }
/// # static METERS: Meters<Inline<Traffic, NoLock, 4, 12, 8, 4>, Inline<Presence, NoLock, 2, 10, 0, 4>> =
/// #     Meters::new(Meter::new(Inline::inline(NoLock, NoLock)), Meter::new(Inline::inline(NoLock, NoLock)));
/// let mut ledger = Ledger::new(InlineBooks::<Traffic, 12, 4>::inline(), 1_700_000_000_000);
/// // 12 series, 6 levels with 4 lanes each.
/// let mut rollups = Rollups::new(InlineRollups::<[usize; 4], 12, 6, 24>::inline(), 4, 1);
/// let names: &[&str] = &[];
///
/// let mut track = StatsHandle::new(&METERS, Tier::External).broadcast("demo/bbb").publisher_track("video");
/// track.whole_frame(1200);
/// ledger.collect(METERS.traffic(), 1_700_000_001_000);
///
/// rollups.take_in(METERS.traffic(), &ledger, Instant::from_micros(0));
/// rollups.handle_timeout(Instant::from_micros(0));
/// let mut paths = Vec::new();
/// while let Some(event) = rollups.poll_event() {
///     let LevelEvent::Announce(level) = event else { unreachable!() };
///     paths.extend(rollups.prefix(level).map(|prefix| format!(".stats/prefix/{prefix}")));
/// }
/// assert_eq!(paths, [".stats/prefix/", ".stats/prefix/demo"]);
/// let mut buf = [0; 512];
/// while let Some(_track) = rollups.poll_track() {
///     let chunk = rollups.poll_frame(names, "sjc/1", &mut buf);
///     assert!(buf[..chunk.len].starts_with(br#"{"v":1,"level":""#) && chunk.end);
///     rollups.accept();
/// }
/// ```
#[derive(Debug)]
pub struct Rollups<B> {
    books: B,
    lanes: usize,
    levels: usize,
    linger: Duration,
    seed: usize,
    /// Levels ever used.
    used: usize,
    /// The first of the levels that are free again.
    free: Id,
    in_use: usize,
    /// Lives of series for which a level was lacking.
    folded: usize,
    /// Whether one was since lingers were last looked at.
    short: bool,
    /// When the ledger was last taken in, in milliseconds since the Unix epoch.
    stamp: u64,
    /// The next level to tell of.
    told: usize,
    /// The track whose frame is on its way out, and the bytes of it that went out.
    place: usize,
    sent: usize,
}

impl<B: RollupBooks> Rollups<B> {
    /// How long a level stays announced, unless it is told otherwise: five minutes.
    pub const LINGER: Duration = Duration::from_secs(300);

    /// Sums for a ledger with so many lanes, of prefixes of up to so many segments; for none, nothing is
    /// summed.
    pub const fn new(books: B, lanes: usize, levels: usize) -> Self {
        Self {
            books,
            lanes,
            levels,
            linger: Self::LINGER,
            seed: 0,
            used: 0,
            free: ROOT,
            in_use: 0,
            folded: 0,
            short: false,
            stamp: 0,
            told: 0,
            place: usize::MAX,
            sent: 0,
        }
    }

    /// Sets how long a level stays announced after the last subscription under it ended. Zero unannounces it
    /// as soon as its last frames were accepted. Where levels are short, those with no series under them go
    /// as soon.
    #[must_use]
    pub const fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Sets a secret number, so that no outsider can choose paths that are slow to find.
    #[must_use]
    pub const fn with_seed(mut self, seed: usize) -> Self {
        self.seed = seed;
        self
    }

    /// Takes in how much the series of a ledger have grown: after each collect, and before a frame of
    /// the ledger is accepted, as series end then. A frame on its way out starts again.
    ///
    /// Cost: two scans of the rows, and of the levels; for each series that moved, some additions per level;
    /// for each new one, a look-up per level.
    pub fn take_in<S, T>(
        &mut self,
        meter: &Meter<Traffic, S>,
        ledger: &Ledger<Traffic, T>,
        now: Instant,
    ) where
        S: Storage<Traffic, Key = B::Key>,
        T: Books<Traffic>,
    {
        if self.levels == 0 {
            return;
        }
        self.open_first(ledger.stamp());
        self.stamp = ledger.stamp();
        let rows = (0..self.books.split().series.len()).zip(0..);
        for (at, id) in rows.clone() {
            if ledger.standing(id) == Standing::Gone {
                self.leave(at);
            }
        }
        self.free_levels();
        for (_, id) in rows {
            if let Standing::Moved { lane } = ledger.standing(id) {
                self.follow(meter, ledger, id, lane);
            }
        }
        self.settle(now);
        self.place = 0;
        self.sent = 0;
    }

    /// How full the table of levels is; the folded keys are the series that lacked a level.
    pub fn usage(&self) -> Usage {
        Usage {
            series: self.in_use,
            series_capacity: self.capacity(),
            folded_keys: self.folded,
            ..Usage::default()
        }
    }

    /// The levels that there are.
    pub fn all(&self) -> impl Iterator<Item = LevelId> + '_ {
        let levels = self.books.levels().iter().enumerate();
        let taken = levels.filter(|(_, level)| level.flags & TAKEN != 0);
        taken.map(|(at, _)| LevelId(at))
    }

    /// A level's path: empty for the root.
    pub fn prefix(&self, level: LevelId) -> Option<&Key<B::Key>> {
        let level = self.books.levels().get(level.0)?;
        (level.flags & TAKEN != 0).then_some(&level.key)
    }

    /// When this life of a level began at the earliest, in milliseconds since the Unix epoch: the tick before
    /// the first series under it was first seen.
    pub fn since(&self, level: LevelId) -> Option<u64> {
        self.prefix(level)?;
        self.books.levels().get(level.0).map(|level| level.since)
    }

    /// What a level has added up to in a lane of the ledger.
    pub fn total(&self, level: LevelId, lane: usize) -> Rollup {
        let place = level.0 * self.lanes + lane;
        let sum = self.books.sums().get(place).filter(|_| lane < self.lanes);
        sum.map_or_else(Rollup::default, |sum| Rollup::from_words(sum.words))
    }

    /// Adds what a series has grown by to its levels.
    fn follow<S, T>(
        &mut self,
        meter: &Meter<Traffic, S>,
        ledger: &Ledger<Traffic, T>,
        id: u32,
        lane: usize,
    ) where
        S: Storage<Traffic, Key = B::Key>,
        T: Books<Traffic>,
    {
        let (Some(account), Some(row)) = (ledger.account(id), meter.row(id)) else {
            return;
        };
        let at = id as usize;
        let known = self.books.split().series.get(at).copied();
        let life =
            known.filter(|series| series.flags & HELD != 0 && series.since == account.since());
        let mut series = life.unwrap_or_else(|| {
            self.leave(at);
            self.join(&row.key(), account.since())
        });
        let growth = grown(&mut series.seen, account.words());
        // A series that was refused a frame counts as moved until one is accepted.
        if growth.iter().any(|n| *n != 0) {
            self.add(&series, lane, &growth);
        }
        if let Some(slot) = self.books.split().series.get_mut(at) {
            *slot = series;
        }
    }

    /// Adds to a series' level and to all above it, and to the overflow level if it lacked one.
    fn add(&mut self, series: &LevelSeries, lane: usize, growth: &[u64; Rollup::COUNT]) {
        let mut level = series.level;
        while level != ROOT {
            level = self.add_to(level, lane, growth);
        }
        self.add_to(ROOT, lane, growth);
        if series.flags & FOLDED != 0 {
            self.add_to(level::OVERFLOWN, lane, growth);
        }
    }

    /// Adds to one level, and says which is above it.
    fn add_to(&mut self, at: Id, lane: usize, growth: &[u64; Rollup::COUNT]) -> Id {
        let lanes = self.lanes;
        let split = self.books.split();
        let Some(level) = split.levels.get_mut(at as usize) else {
            return ROOT;
        };
        if let Some(sum) = split.sums.get_mut(at as usize * lanes + lane) {
            for (word, n) in sum.words.iter_mut().zip(growth) {
                *word = word.wrapping_add(*n);
            }
            sum.told = false;
        }
        let [came, went] = OPEN.map(|word| growth.get(word).copied().unwrap_or(0));
        level.open = level.open.wrapping_add(came).wrapping_sub(went);
        if came != 0 {
            level.flags |= CAME;
        }
        level.parent
    }
}
