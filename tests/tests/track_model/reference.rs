//! A track in the plainest way there is: nothing is forgotten, and all is searched from the start.

use streamgauge_core::track::{Amount, Policy, Reason, TrackError};

use crate::{
    answer::{Answer, Payload},
    memory::Memory,
    rooms::Limits,
};

/// Where a reader of groups stands, in the order of arrival.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    next: usize,
    pub(crate) start: u64,
}

/// Where a reader of frames stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) group: usize,
    pub(crate) read: usize,
    /// It knows that there is no more.
    ended: bool,
}

impl Reading {
    pub(crate) fn of(group: usize) -> Self {
        Self {
            group,
            read: 0,
            ended: false,
        }
    }
}

/// How a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Finished,
    Aborted(TrackError),
}

/// A group that was created, evicted or not.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) sequence: u64,
    created: u128,
    pub(crate) state: State,
    pub(crate) cached: bool,
    pub(crate) frames: Vec<(Payload, usize)>,
}

impl Group {
    pub(crate) fn only_frame(&self) -> Option<u64> {
        match &self.frames[..] {
            [(only, _)] if self.cached && self.state == State::Finished => Some(**only),
            _ => None,
        }
    }

    fn bytes(&self) -> u128 {
        self.frames.iter().map(|(_, bytes)| *bytes as u128).sum()
    }
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) written: Amount,
    pub(crate) evicted: [Amount; Reason::ALL.len()],
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) late: u64,
    pub(crate) duplicates: u64,
}

/// The track.
#[derive(Debug)]
pub(crate) struct Reference {
    policy: Policy,
    limits: Limits,
    /// All groups that ever were, in the order of arrival.
    pub(crate) groups: Vec<Group>,
    /// How many of them were there before the track began anew.
    before: usize,
    gone: Memory,
    shown: Option<u64>,
    /// The steps forward that the clock took, in all.
    time: u128,
    pub(crate) end: Option<u64>,
    pub(crate) aborted: Option<TrackError>,
    pub(crate) closed: bool,
    pub(crate) tally: Tally,
    /// Who waits for groups may be told something else now.
    pub(crate) track_changed: bool,
    /// Who reads these groups may be told something else now.
    pub(crate) changed: Vec<usize>,
}

type Done<T> = Result<T, TrackError>;

impl Reference {
    pub(crate) fn new(policy: Policy, limits: Limits) -> Self {
        Self {
            policy,
            gone: Memory::new(limits.stretches),
            limits,
            groups: Vec::new(),
            before: 0,
            shown: None,
            time: 0,
            end: None,
            aborted: None,
            closed: false,
            tally: Tally::default(),
            track_changed: false,
            changed: Vec::new(),
        }
    }

    pub(crate) fn create(&mut self, now: u64, sequence: u64) -> Done<usize> {
        self.advance(now);
        self.check_open()?;
        self.check_end(sequence)?;
        if self.find(sequence).is_some() {
            self.tally.duplicates += 1;
            return Err(TrackError::Duplicate);
        }
        if self.gone.contains(sequence) {
            return Err(TrackError::Evicted);
        }
        self.add(sequence)
    }

    pub(crate) fn append(&mut self, now: u64) -> Done<usize> {
        self.advance(now);
        let sequence = self.next_sequence()?;
        self.add(sequence)
    }

    pub(crate) fn write_frame(&mut self, now: u64, payload: &Payload, bytes: usize) -> Done<usize> {
        self.advance(now);
        let sequence = self.next_sequence()?;
        if bytes > self.policy.max_bytes() || self.limits.frames == 0 {
            return Err(TrackError::Full);
        }
        let group = self.add(sequence)?;
        self.make_room(group, bytes)?;
        self.push(group, payload, bytes);
        self.groups[group].state = State::Finished;
        Ok(group)
    }

    pub(crate) fn write(
        &mut self,
        now: u64,
        group: usize,
        payload: &Payload,
        bytes: usize,
    ) -> Done<()> {
        self.advance(now);
        self.check_writable(group)?;
        self.make_room(group, bytes)?;
        self.push(group, payload, bytes);
        self.changed.push(group);
        Ok(())
    }

    pub(crate) fn finish_group(&mut self, group: usize) -> Done<()> {
        match self.check_writable(group) {
            Err(TrackError::Closed) => Ok(()),
            writable => writable.map(|()| self.set_state(group, State::Finished)),
        }
    }

    pub(crate) fn abort_group(&mut self, group: usize, error: TrackError) -> Done<()> {
        self.check_writable(group)?;
        self.set_state(group, State::Aborted(error));
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Done<()> {
        self.check_open()?;
        if self.end.is_some() {
            return Err(TrackError::Closed);
        }
        let end = self
            .latest()
            .map_or(Some(0), |latest| latest.checked_add(1));
        self.end = Some(end.ok_or(TrackError::BoundsExceeded)?);
        self.track_changed = true;
        Ok(())
    }

    pub(crate) fn finish_at(&mut self, sequence: u64) -> Done<()> {
        self.check_open()?;
        if self.latest() != Some(sequence) {
            return Err(TrackError::Closed);
        }
        self.finish()
    }

    pub(crate) fn abort(&mut self, error: TrackError) -> Done<()> {
        self.check_open()?;
        self.aborted = Some(error);
        self.track_changed = true;
        let open = self
            .cached()
            .filter(|&at| self.groups[at].state == State::Open);
        let open: Vec<_> = open.collect();
        self.changed.extend(open);
        Ok(())
    }

    pub(crate) fn close(&mut self) {
        self.track_changed |= !self.closed;
        self.closed = true;
    }

    pub(crate) fn restart(&mut self, policy: Policy) {
        let cached: Vec<_> = self.cached().collect();
        for group in cached {
            self.evict(group, Reason::Age);
        }
        self.policy = policy;
        self.before = self.groups.len();
        self.gone = Memory::new(self.limits.stretches);
        (self.end, self.aborted, self.closed) = (None, None, false);
        self.track_changed = true;
    }

    pub(crate) fn advance(&mut self, now: u64) {
        let step = now.saturating_sub(self.shown.unwrap_or(now));
        self.time += u128::from(step);
        self.shown = Some(now);
        self.evict_aged();
    }

    pub(crate) fn asked(&mut self, sequence: u64) {
        match self.find(sequence) {
            Some(_) => self.tally.hits += 1,
            None => self.tally.misses += 1,
        }
    }

    /// When the next group comes of age, on the clock that is shown.
    pub(crate) fn due(&self) -> Option<u64> {
        let oldest = self.oldest_but_newest()?;
        let due = self.groups[oldest].created + u128::from(self.policy.max_age().as_micros());
        let left = due.saturating_sub(self.time);
        u64::try_from(u128::from(self.shown?) + left).ok()
    }

    pub(crate) fn next_group(&self, place: &mut Place) -> Answer<usize> {
        while let Some(group) = self.groups.get(place.next) {
            place.next += 1;
            if group.cached && group.sequence >= place.start {
                return Answer::Next(place.next - 1);
            }
        }
        match self.finished() {
            Answer::Next(_) => Answer::End,
            other => other.map(|_| 0),
        }
    }

    pub(crate) fn get(&self, sequence: u64) -> Answer<usize> {
        if let Some(found) = self.find(sequence) {
            return Answer::Next(found);
        }
        if self.gone.contains(sequence) {
            return Answer::Error(TrackError::Evicted);
        }
        if self.end.is_some_and(|end| sequence >= end) {
            return Answer::End;
        }
        match self.aborted {
            Some(error) => Answer::Error(error),
            None if self.closed && self.end.is_some() => Answer::End,
            None if self.closed => Answer::Error(TrackError::Dropped),
            None if self.latest() > Some(sequence) && self.most_groups() <= 1 => Answer::End,
            None => Answer::Wait,
        }
    }

    fn most_groups(&self) -> usize {
        self.limits.groups.min(self.policy.max_groups())
    }

    pub(crate) fn frame(&self, reading: &mut Reading) -> Answer<u64> {
        let group = &self.groups[reading.group];
        if reading.ended {
            return Answer::End;
        }
        if !group.cached {
            return Answer::Error(TrackError::Evicted);
        }
        if let Some((payload, _)) = group.frames.get(reading.read) {
            reading.read += 1;
            let last = reading.read == group.frames.len();
            reading.ended = last && group.state == State::Finished;
            return Answer::Next(**payload);
        }
        let end = self.group_finished(reading.group);
        match end {
            Answer::Next(_) => {
                reading.ended = true;
                Answer::End
            }
            end => end,
        }
    }

    /// How many frames a group has in the end.
    pub(crate) fn group_finished(&self, group: usize) -> Answer<u64> {
        let group = &self.groups[group];
        match (group.cached, group.state, self.aborted) {
            (false, _, _) => Answer::Error(TrackError::Evicted),
            (true, State::Finished, _) => Answer::Next(group.frames.len() as u64),
            (true, State::Aborted(error), _) | (true, State::Open, Some(error)) => {
                Answer::Error(error)
            }
            (true, State::Open, None) => Answer::Wait,
        }
    }

    pub(crate) fn finished(&self) -> Answer<u64> {
        match (self.end, self.aborted) {
            (Some(end), _) => Answer::Next(end),
            (None, Some(error)) => Answer::Error(error),
            (None, None) if self.closed => Answer::Error(TrackError::Dropped),
            (None, None) => Answer::Wait,
        }
    }

    pub(crate) fn latest(&self) -> Option<u64> {
        let groups = self.groups[self.before..].iter();
        groups.map(|group| group.sequence).max()
    }

    /// Whether the group came since the track began anew.
    pub(crate) fn is_of_this_life(&self, group: usize) -> bool {
        group >= self.before
    }

    /// What is cached, in the order of arrival.
    pub(crate) fn cached(&self) -> impl Iterator<Item = usize> {
        (0..self.groups.len()).filter(|&at| self.groups[at].cached)
    }

    /// How much is cached.
    pub(crate) fn amount(&self) -> Amount {
        let mut amount = Amount::default();
        for at in self.cached() {
            plus(&mut amount, self.amount_of(at));
        }
        amount
    }

    fn amount_of(&self, group: usize) -> Amount {
        let group = &self.groups[group];
        Amount {
            groups: 1,
            frames: group.frames.len() as u64,
            bytes: u64::try_from(group.bytes()).expect("within the budget"),
        }
    }

    fn find(&self, sequence: u64) -> Option<usize> {
        self.cached()
            .find(|&at| self.groups[at].sequence == sequence)
    }

    fn check_open(&self) -> Done<()> {
        match self.aborted {
            Some(error) => Err(error),
            None if self.closed => Err(TrackError::Dropped),
            None => Ok(()),
        }
    }

    fn check_end(&self, sequence: u64) -> Done<()> {
        let past = self.end.is_some_and(|end| sequence >= end);
        if past {
            Err(TrackError::Closed)
        } else {
            Ok(())
        }
    }

    fn next_sequence(&self) -> Done<u64> {
        self.check_open()?;
        let next = self
            .latest()
            .map_or(Some(0), |latest| latest.checked_add(1));
        let next = next.ok_or(TrackError::BoundsExceeded)?;
        self.check_end(next)?;
        Ok(next)
    }

    fn check_writable(&self, group: usize) -> Done<()> {
        let group = &self.groups[group];
        match (self.aborted, group.cached, group.state) {
            (Some(error), _, _) | (None, true, State::Aborted(error)) => Err(error),
            (None, false, _) => Err(TrackError::Evicted),
            (None, true, State::Finished) => Err(TrackError::Closed),
            (None, true, State::Open) => Ok(()),
        }
    }

    fn set_state(&mut self, group: usize, state: State) {
        self.groups[group].state = state;
        self.changed.push(group);
    }

    fn add(&mut self, sequence: u64) -> Done<usize> {
        let newest = self.latest().is_none_or(|latest| sequence > latest);
        while self.cached().count() >= self.most_groups() {
            let oldest = self.cached().next().filter(|_| newest);
            let victim = oldest.or_else(|| self.oldest_but_newest());
            self.evict(victim.ok_or(TrackError::Full)?, Reason::Groups);
        }
        self.groups.push(Group {
            sequence,
            created: self.time,
            state: State::Open,
            cached: true,
            frames: Vec::new(),
        });
        self.tally.written.groups += 1;
        self.tally.late += u64::from(!newest);
        self.track_changed = true;
        if newest {
            self.evict_aged();
        }
        Ok(self.groups.len() - 1)
    }

    fn push(&mut self, group: usize, payload: &Payload, bytes: usize) {
        self.groups[group].frames.push((payload.clone(), bytes));
        self.tally.written.frames += 1;
        let written = &mut self.tally.written.bytes;
        *written = written.wrapping_add(bytes as u64);
    }

    fn make_room(&mut self, group: usize, bytes: usize) -> Done<()> {
        let newest = self.newest().filter(|newest| *newest != group);
        let kept = newest.into_iter().chain([group]);
        if self.lack(kept, bytes).is_some() {
            return Err(TrackError::Full);
        }
        while let Some(reason) = self.lack(self.cached(), bytes) {
            let victim = self.oldest_but_newest().ok_or(TrackError::Full)?;
            self.evict(victim, reason);
            if victim == group {
                return Err(TrackError::Evicted);
            }
        }
        Ok(())
    }

    /// What there is too little of for one more frame beside these groups.
    fn lack(&self, beside: impl Iterator<Item = usize>, bytes: usize) -> Option<Reason> {
        let (mut frames, mut bytes) = (1, bytes as u128);
        for at in beside {
            frames += self.groups[at].frames.len();
            bytes += self.groups[at].bytes();
        }
        if bytes > self.policy.max_bytes() as u128 {
            return Some(Reason::Bytes);
        }
        (frames > self.limits.frames).then_some(Reason::Frames)
    }

    fn newest(&self) -> Option<usize> {
        self.cached().max_by_key(|&at| self.groups[at].sequence)
    }

    fn oldest_but_newest(&self) -> Option<usize> {
        let newest = self.newest();
        self.cached().find(|&at| Some(at) != newest)
    }

    fn evict_aged(&mut self) {
        let age = u128::from(self.policy.max_age().as_micros());
        while let Some(at) = self.oldest_but_newest() {
            if self.time - self.groups[at].created < age {
                return;
            }
            self.evict(at, Reason::Age);
        }
    }

    fn evict(&mut self, group: usize, reason: Reason) {
        let amount = self.amount_of(group);
        plus(&mut self.tally.evicted[reason as usize], amount);
        self.groups[group].cached = false;
        self.changed.push(group);
        self.track_changed |= self.gone.insert(self.groups[group].sequence);
    }
}

/// Adds up; bytes of all the frames that ever were may be more than can be counted, and go round.
pub(crate) fn plus(sum: &mut Amount, amount: Amount) {
    sum.groups += amount.groups;
    sum.frames += amount.frames;
    sum.bytes = sum.bytes.wrapping_add(amount.bytes);
}
