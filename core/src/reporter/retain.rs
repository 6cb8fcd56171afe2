//! How a reporter counts on after a reset.

use super::Reporter;
use crate::{
    families::{Presence, Traffic},
    handle::Meters,
    ledger::{self, Books},
    node::{Health, Names},
    pool::Usage,
    retained::{self, NoRoom, Reader, RestoreError, Restored, Saved, Writer},
    storage::Storage,
};

impl<T: Books<Traffic>, P: Books<Presence>> Reporter<T, P> {
    /// Writes down, byte by byte through `put`, what [`restore`](Self::restore) needs to count on after
    /// a reset: at most `room` bytes. Series that do not fit are folded: after a reset they are in the
    /// retired account, so that totals are exact whatever fits.
    ///
    /// What counts is what was collected. Save after a tick, before its frames go out, and no reader
    /// will ever have seen more than what a reset leaves: then no word falls in a life of the reporter.
    /// Save before an intended reset too, after a [`tick`](Self::tick). What guards counted since the last
    /// save is lost; so are the frames that sinks took since, from the counts of frames in
    /// [`Health`](crate::Health).
    ///
    /// Cost: encodes every series once, and twice where room is scarce; takes no lock.
    ///
    /// # Errors
    /// When there is no room for the totals alone; then nothing was written.
    pub fn save<S, Q, N>(
        &self,
        meters: &Meters<S, Q>,
        names: &N,
        room: usize,
        mut put: impl FnMut(u8),
    ) -> Result<Saved, NoRoom>
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        let schema = self.schema(names);
        let mut to = Writer::new(&mut put, room);
        to.whole(usize::MAX, &|to| {
            to.begin(schema);
            let mut health = self.health;
            to.numbers(&health.lasting_times().map(|time| *time));
            to.numbers(&health.lasting_counts().map(|count| *count));
            for usage in [&health.traffic, &health.presence] {
                to.numbers(&[
                    usage.folded_keys as u64,
                    usage.folded_guards as u64,
                    usage.folded_events as u64,
                ]);
            }
            self.traffic().save_totals(to);
            self.presence().save_totals(to);
        })?;
        let mut saved = Saved::default();
        self.traffic()
            .save_series(meters.traffic(), &mut to, &mut saved);
        self.presence()
            .save_series(meters.presence(), &mut to, &mut saved);
        saved.bytes = to.written();
        Ok(saved)
    }

    /// Counts on from what [`save`](Self::save) wrote, in the life that it was written in: the epoch and
    /// the start of each series stay. Meant for a fresh reporter and fresh meters, after a reset.
    ///
    /// Guards did not outlive the reset: what was open counts as closed. A series goes on when its name
    /// is used again; until then it stands in its track's next frame, and retires when the sink has
    /// accepted that. A series that there is no room for is in the retired account.
    ///
    /// Time goes on from the last tick that was saved, unless the schedule's clock shows more.
    ///
    /// The bytes are read twice. They should come with a checksum, which this is not: other bytes than
    /// those written are refused when they make no sense, and restored when they do. Cost: a look-up under
    /// a lock for each series, and a sort of all.
    ///
    /// # Errors
    /// When the bytes are not such a block, or this reporter has ticked or was restored; then it goes on
    /// as it was.
    pub fn restore<S, Q, N>(
        &mut self,
        meters: &Meters<S, Q>,
        names: &N,
        bytes: impl Iterator<Item = u8> + Clone,
    ) -> Result<Restored, RestoreError>
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        if self.health.ticks > 0 || self.health.restored_boots > 0 {
            return Err(RestoreError::Late);
        }
        let mut from = Reader(bytes);
        from.begin(self.schema(names))?;
        let mut health = self.health;
        for time in health.lasting_times() {
            *time = from.number()?;
        }
        for count in health.lasting_counts() {
            *count = from.count()?;
        }
        for usage in [&mut health.traffic, &mut health.presence] {
            usage.folded_keys = from.word()?;
            usage.folded_guards = from.word()?;
            usage.folded_events = from.word()?;
        }
        self.check::<S, Q>(from.clone())?;
        let stamp = health.ts_ms;
        self.resume(health);
        let now_ms = self.schedule.start_ms;
        let (traffic, presence) = (self.traffic.ledger_mut(), self.presence.ledger_mut());
        traffic.restore_totals(&mut from, health.since, now_ms)?;
        presence.restore_totals(&mut from, health.since, now_ms)?;
        let mut restored = Restored {
            epoch: health.epoch,
            ..Restored::default()
        };
        traffic.restore_series(meters.traffic(), &mut from, stamp, &mut restored)?;
        presence.restore_series(meters.presence(), &mut from, stamp, &mut restored)?;
        self.carried
            .traffic
            .leave_out(&traffic.usage(meters.traffic()));
        self.carried
            .presence
            .leave_out(&presence.usage(meters.presence()));
        Ok(restored)
    }

    /// Notes how often the node has booted, and whether what was saved had to be refused: for
    /// `node.json`. A refusal begins another life, so the epoch goes on by the boots, to one that no
    /// earlier life had.
    pub fn note_boot(&mut self, boots: u64, refused: bool) {
        self.health.boots = boots;
        if refused {
            self.health.refused_boots += 1;
            self.health.epoch = self.health.epoch.wrapping_add(boots);
            self.schedule.epoch = self.health.epoch;
        }
    }

    fn schema<N: Names + ?Sized>(&self, names: &N) -> u32 {
        retained::schema(names, self.traffic().lanes(), self.presence().lanes())
    }

    /// Reads what is to be restored to its end: all of it must make sense before any of it counts.
    fn check<S, Q>(&self, mut from: Reader<impl Iterator<Item = u8>>) -> Result<(), RestoreError>
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        self.traffic().check_totals(&mut from)?;
        self.presence().check_totals(&mut from)?;
        ledger::check_series::<Traffic, S::Key, _>(&mut from)?;
        ledger::check_series::<Presence, Q::Key, _>(&mut from)?;
        from.end()
    }

    /// Goes on in the life that had come so far.
    fn resume(&mut self, health: Health) {
        self.schedule.start_ms = self.schedule.start_ms.max(health.ts_ms);
        self.schedule.epoch = health.epoch;
        self.carried = Carried {
            ticks: health.ticks,
            traffic: Folded::of(&health.traffic),
            presence: Folded::of(&health.presence),
        };
        self.health = health;
        self.health.ts_ms = self.schedule.start_ms;
        self.health.restored_boots += 1;
    }
}

/// What had been counted before a reset, of what is counted from zero after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    pub(super) ticks: u64,
    pub(super) traffic: Folded,
    pub(super) presence: Folded,
}

/// What had been folded before a reset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    keys: usize,
    guards: usize,
    /// Those that are not in the overflow series that came back.
    events: usize,
}

impl Carried {
    pub(super) const NOTHING: Self = Self {
        ticks: 0,
        traffic: Folded::NOTHING,
        presence: Folded::NOTHING,
    };
}

impl Folded {
    const NOTHING: Self = Self {
        keys: 0,
        guards: 0,
        events: 0,
    };

    fn of(usage: &Usage) -> Self {
        Self {
            keys: usage.folded_keys,
            guards: usage.folded_guards,
            events: usage.folded_events,
        }
    }

    /// What is in overflow series again is not to be added once more.
    fn leave_out(&mut self, usage: &Usage) {
        self.events = self.events.saturating_sub(usage.folded_events);
    }

    pub(super) fn add_to(self, usage: &mut Usage) {
        usage.folded_keys = usage.folded_keys.wrapping_add(self.keys);
        usage.folded_guards = usage.folded_guards.wrapping_add(self.guards);
        usage.folded_events = usage.folded_events.saturating_add(self.events);
    }
}
