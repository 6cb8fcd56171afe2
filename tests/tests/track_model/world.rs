//! A track, its reference, and everybody around them.

use std::{collections::HashSet, rc::Rc};

use streamgauge_core::{
    Instant,
    track::{
        Fetch, GroupCursor, GroupId, Policy, Refused, TrackCache, TrackCursor, TrackError,
        TrackEvent, TrackRoom, Wake,
    },
};

use crate::{
    answer::{Answer, Payload},
    check::{check, check_no_wake_is_lost},
    reader::{Both, Reader, Reads},
    reference::{Place, Reading, Reference, State, Tally, plus},
    rooms::Limits,
    script::{Op, Pick, Sequence},
};

/// More readers add nothing but time.
const MOST_READERS: usize = 24;

#[derive(Debug)]
pub(crate) struct World<R> {
    both: Both<R>,
    readers: Vec<Reader>,
    /// What the clock shows.
    now: u64,
    /// Where the script's sequences begin.
    base: u64,
    payloads: u64,
    /// Who has to be woken.
    wakes: HashSet<Wake>,
    /// What the events told so far.
    told: Tally,
}

impl<R: TrackRoom<Payload>> World<R> {
    pub(crate) fn new(room: R, policy: Policy, limits: Limits, base: u64) -> Self {
        Self {
            both: Both {
                cache: TrackCache::new(room, policy),
                reference: Reference::new(policy, limits),
                ids: Vec::new(),
            },
            readers: Vec::new(),
            now: 1_000,
            base,
            payloads: 0,
            wakes: HashSet::new(),
            told: Tally::default(),
        }
    }

    pub(crate) fn apply(&mut self, op: Op) {
        self.play(op);
        self.note_wakes();
        check(&mut self.both, &self.readers);
    }

    /// Ends all that can end; then nobody waits. Returns every payload that was ever cached.
    pub(crate) fn finish(mut self) -> Vec<Payload> {
        self.apply(Op::Close);
        for group in 0..self.both.ids.len() {
            self.abort_group(group, TrackError::Dropped);
        }
        self.note_wakes();
        self.wake_all();
        self.poll_all();
        for reader in &self.readers {
            assert!(!reader.waits, "{reader:?} waits for what cannot come");
        }
        self.drain_events(usize::MAX);
        let groups = self.both.reference.groups.into_iter();
        let frames = groups.flat_map(|group| group.frames);
        frames.map(|(payload, _)| payload).collect()
    }

    fn play(&mut self, op: Op) {
        match op {
            Op::Create(sequence) => self.create(self.sequence(sequence)),
            Op::Append => self.append(),
            Op::WriteFrame(bytes) => self.write_frame(bytes),
            Op::Write(pick, bytes) => {
                let cached = self.cached(pick);
                self.with(cached, |world, group| world.write(group, bytes));
            }
            Op::WriteAny(pick, bytes) => {
                self.with(self.any(pick), |world, group| world.write(group, bytes));
            }
            Op::FinishGroup(pick) => self.with(self.any(pick), Self::finish_group),
            Op::AbortGroup(pick, code) => {
                let error = TrackError::Aborted(code);
                self.with(self.any(pick), |world, at| world.abort_group(at, error));
            }
            Op::Finish => {
                let done = self.both.cache.finish();
                assert_eq!(done, self.both.reference.finish());
            }
            Op::FinishAt(sequence) => self.finish_at(self.sequence(sequence)),
            Op::Abort(code) => {
                let done = self.both.cache.abort(TrackError::Aborted(code));
                assert_eq!(done, self.both.reference.abort(TrackError::Aborted(code)));
            }
            Op::Close => {
                self.both.cache.close();
                self.both.reference.close();
            }
            Op::Restart(policy) => self.restart(policy),
            Op::Sleep(micros) => self.now = self.now.saturating_add(micros),
            Op::JumpBack(micros) => self.now = self.now.saturating_sub(micros),
            Op::JumpTo(now) => self.now = now,
            Op::Astray(shown) => {
                let now = std::mem::replace(&mut self.now, shown);
                self.handle_timeout();
                self.now = now;
            }
            Op::Timeout => self.handle_timeout(),
            Op::Idle => self.idle(),
            Op::Seed(seed) => self.both.cache.seed(seed),
            _ => self.play_reader(op),
        }
    }

    fn play_reader(&mut self, op: Op) {
        match op {
            Op::ReadGroups => self.join(Reads::Groups(TrackCursor::new(), Place::default())),
            Op::StartAt(pick, sequence) => self.start_at(pick, self.sequence(sequence)),
            Op::ReadGroup(sequence) => {
                let sequence = self.sequence(sequence);
                self.join(Reads::One(Fetch::new(sequence), sequence, false));
            }
            Op::ReadFrames(pick) => self.with(self.any(pick), |world, group| {
                let cursor = GroupCursor::new(world.both.ids[group]);
                world.join(Reads::Frames(cursor, Reading::of(group)));
            }),
            Op::ReadEnd => self.join(Reads::End),
            Op::ReadGroupEnd(pick) => self.with(self.any(pick), |world, group| {
                world.join(Reads::GroupEnd(group));
            }),
            Op::Clone(pick) => self.with_reader(pick, |world, at| {
                let reads = world.readers[at].reads.clone();
                world.join(reads);
            }),
            Op::Leave(pick) => self.with_reader(pick, |world, at| {
                world.readers.swap_remove(at);
            }),
            Op::Poll(pick) => self.with_reader(pick, |world, at| {
                let reader = &mut world.readers[at];
                if !reader.waits {
                    reader.poll(&mut world.both);
                }
            }),
            Op::PollAll => self.poll_all(),
            Op::Wakes(most) => self.drain_wakes(most),
            Op::Events(most) => self.drain_events(most),
            _ => unreachable!("{op:?} is no reader's"),
        }
    }

    fn create(&mut self, sequence: u64) {
        let created = self.both.cache.create_group(self.instant(), sequence);
        let expected = self.both.reference.create(self.now, sequence);
        self.arrived(created, expected);
    }

    fn append(&mut self) {
        let created = self.both.cache.append_group(self.instant());
        let expected = self.both.reference.append(self.now);
        self.arrived(created, expected);
    }

    fn write_frame(&mut self, bytes: usize) {
        let (payload, now) = (self.payload(), self.instant());
        let written = self.both.cache.write_frame(now, payload.clone(), bytes);
        let written = written.map_err(|refused| error_of(&refused, &payload));
        let expected = self.both.reference.write_frame(self.now, &payload, bytes);
        self.arrived(written, expected);
    }

    fn write(&mut self, group: usize, bytes: usize) {
        let (payload, now, id) = (self.payload(), self.instant(), self.both.ids[group]);
        let cache = &mut self.both.cache;
        let written = cache.write_group_frame(now, id, payload.clone(), bytes);
        let written = written.map_err(|refused| error_of(&refused, &payload));
        let expected = self.both.reference.write(self.now, group, &payload, bytes);
        assert_eq!(written, expected, "{id:?}");
    }

    fn finish_group(&mut self, group: usize) {
        let done = self.both.cache.finish_group(self.both.ids[group]);
        assert_eq!(done, self.both.reference.finish_group(group));
    }

    fn abort_group(&mut self, group: usize, error: TrackError) {
        let done = self.both.cache.abort_group(self.both.ids[group], error);
        assert_eq!(done, self.both.reference.abort_group(group, error));
    }

    fn finish_at(&mut self, sequence: u64) {
        let done = self.both.cache.finish_at(sequence);
        assert_eq!(done, self.both.reference.finish_at(sequence));
    }

    fn restart(&mut self, policy: Policy) {
        self.both.cache.restart(policy);
        self.both.reference.restart(policy);
        // In another life sequences may come again.
        for reader in &mut self.readers {
            reader.got.clear();
        }
    }

    fn handle_timeout(&mut self) {
        self.both.cache.handle_timeout(self.instant());
        self.both.reference.advance(self.now);
    }

    /// Nothing but time passes until nothing is due: each time that it was, something is evicted.
    fn idle(&mut self) {
        while let Some(due) = self.both.cache.poll_timeout() {
            let groups = self.both.cache.groups();
            self.now = due.as_micros();
            self.handle_timeout();
            assert!(self.both.cache.groups() < groups, "called for nothing");
        }
    }

    fn start_at(&mut self, pick: Pick, sequence: u64) {
        self.with_reader(pick, |world, at| {
            let reader = &mut world.readers[at];
            if let Reads::Groups(cursor, place) = &mut reader.reads {
                cursor.start_at(sequence);
                place.start = sequence;
                // It asks for something else now.
                reader.waits = false;
            }
        });
    }

    fn join(&mut self, reads: Reads) {
        if self.readers.len() < MOST_READERS {
            self.readers.push(Reader::new(reads));
        }
    }

    /// Lets all readers that do not wait read on until they wait or are done.
    fn poll_all(&mut self) {
        for reader in self.readers.iter_mut().filter(|reader| !reader.waits) {
            while let (Answer::Next(_), true) = (reader.poll(&mut self.both), goes_on(reader)) {}
        }
    }

    fn wake_all(&mut self) {
        self.drain_wakes(usize::MAX);
    }

    /// Wakes so many; if those were all, nobody waits in vain.
    fn drain_wakes(&mut self, most: usize) {
        for _ in 0..most {
            let Some(wake) = self.both.cache.poll_wake() else {
                assert!(self.wakes.is_empty(), "not woken: {:?}", self.wakes);
                check_no_wake_is_lost(&mut self.both, &self.readers);
                return;
            };
            assert!(self.wakes.remove(&wake), "{wake:?} for nothing, or twice");
            for reader in &mut self.readers {
                reader.waits &= !reader.waits_for(wake, &self.both);
            }
        }
    }

    fn drain_events(&mut self, most: usize) {
        for _ in 0..most {
            let Some(event) = self.both.cache.poll_event() else {
                self.check_events();
                return;
            };
            self.hear(event);
        }
    }

    fn hear(&mut self, event: TrackEvent) {
        let told = &mut self.told;
        match event {
            TrackEvent::Written(amount) => plus(&mut told.written, amount),
            TrackEvent::Evicted(why, amount) => plus(&mut told.evicted[why as usize], amount),
            TrackEvent::Hit(count) => told.hits += count,
            TrackEvent::Miss(count) => told.misses += count,
            TrackEvent::Late(count) => told.late += count,
            TrackEvent::Duplicate(count) => told.duplicates += count,
            _ => panic!("unknown to this test: {event:?}"),
        }
    }

    /// All that happened was told, and what came and did not go is there.
    fn check_events(&self) {
        assert_eq!(self.told, self.both.reference.tally);
        let mut there = self.both.reference.amount();
        for evicted in self.told.evicted {
            plus(&mut there, evicted);
        }
        assert_eq!(there, self.told.written);
    }

    fn note_wakes(&mut self) {
        let reference = &mut self.both.reference;
        if std::mem::take(&mut reference.track_changed) {
            self.wakes.insert(Wake::Track);
        }
        for group in reference.changed.drain(..) {
            let slot = self.both.ids[group].slot();
            self.wakes.insert(Wake::Group { slot });
        }
    }

    fn arrived(
        &mut self,
        created: Result<GroupId, TrackError>,
        expected: Result<usize, TrackError>,
    ) {
        match (created, expected) {
            (Ok(id), Ok(group)) => {
                assert_eq!(group, self.both.ids.len());
                assert!(!self.both.ids.contains(&id), "{id:?} is not told apart");
                self.both.ids.push(id);
            }
            (created, expected) => assert_eq!(created.map(|_| ()), expected.map(|_| ())),
        }
    }

    fn payload(&mut self) -> Payload {
        self.payloads += 1;
        Rc::new(self.payloads)
    }

    fn instant(&self) -> Instant {
        Instant::from_micros(self.now)
    }

    fn sequence(&self, sequence: Sequence) -> u64 {
        let latest = self.both.reference.latest().unwrap_or(self.base);
        match sequence {
            Sequence::Near(above) => self.base.saturating_add(above),
            Sequence::Above(above) => latest.saturating_add(above),
            Sequence::Last(below) => u64::MAX - below,
            Sequence::Any(any) => any,
        }
    }

    fn any(&self, pick: Pick) -> Option<usize> {
        pick.checked_rem(self.both.ids.len())
    }

    /// One of those cached, of the open ones if there are any.
    fn cached(&self, pick: Pick) -> Option<usize> {
        let reference = &self.both.reference;
        let cached: Vec<_> = reference.cached().collect();
        let open = |at: &usize| reference.groups[*at].state == State::Open;
        let open: Vec<_> = cached.iter().copied().filter(open).collect();
        let from = if open.is_empty() { cached } else { open };
        pick.checked_rem(from.len()).map(|at| from[at])
    }

    fn with(&mut self, group: Option<usize>, then: impl FnOnce(&mut Self, usize)) {
        if let Some(group) = group {
            then(self, group);
        }
    }

    fn with_reader(&mut self, pick: Pick, then: impl FnOnce(&mut Self, usize)) {
        self.with(pick.checked_rem(self.readers.len()), then);
    }
}

/// Whether there may be more after what it read.
fn goes_on(reader: &Reader) -> bool {
    matches!(reader.reads, Reads::Groups(..) | Reads::Frames(..))
}

/// The error of a refusal that gives the payload back.
fn error_of(refused: &Refused<Payload>, payload: &Payload) -> TrackError {
    assert!(Rc::ptr_eq(&refused.payload, payload));
    refused.error
}
