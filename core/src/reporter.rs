//! The publisher of a node, sans I/O: it says when it wants to be called, and hands out bytes.

mod patch;
mod retain;

use retain::Carried;

use crate::{
    families::{Presence, Traffic},
    feed::{Chunk, Feed},
    handle::Meters,
    label::{Role, Tier},
    ledger::{Books, Ledger},
    node::{self, Health, Names},
    storage::Storage,
    time::{Duration, Instant, quotient},
};

/// How a reporter keeps time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Between two ticks. Zero is read as one microsecond.
    pub interval: Duration,
    /// The moment of the first tick.
    pub start: Instant,
    /// What the wall clock shows at `start`, in milliseconds since the Unix epoch.
    pub start_ms: u64,
    /// Tells this life of the reporter from others.
    pub epoch: u64,
}

/// One of a node's tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackId {
    /// Traffic by broadcast.
    Traffic(Tier, Role),
    /// Sessions by root.
    Sessions(Tier),
    /// The reporter's own state.
    Node,
}

impl TrackId {
    /// The track's name, in the pieces that follow each other in it.
    pub fn name(self, names: &(impl Names + ?Sized)) -> [&str; 3] {
        let (tier, track) = match self {
            Self::Traffic(tier, Role::Publisher) => (tier, "publisher.json"),
            Self::Traffic(tier, Role::Subscriber) => (tier, "subscriber.json"),
            Self::Sessions(tier) => (tier, "sessions.json"),
            Self::Node => (Tier::External, "node.json"),
        };
        let tier = names.tier(tier);
        [tier, if tier.is_empty() { "" } else { "/" }, track]
    }
}

/// Publishes the stats of one node.
///
/// The canonical loop: call [`handle_timeout`](Self::handle_timeout) when
/// [`poll_timeout`](Self::poll_timeout) is due; then, until [`poll_track`](Self::poll_track) has no
/// more, drain the track's frame with [`poll_frame`](Self::poll_frame) and say whether the sink took
/// it.
///
/// ```
/// # use streamgauge_core::*;
/// # struct NoLock;
/// # impl Lock for NoLock { fn with<T>(&self, f: impl FnOnce() -> T) -> T { f() } }
/// # static METERS: Meters<Inline<Traffic, NoLock, 4, 12, 8, 4>, Inline<Presence, NoLock, 2, 10, 0, 4>> =
/// #     Meters::new(Meter::new(Inline::inline(NoLock, NoLock)), Meter::new(Inline::inline(NoLock, NoLock)));
/// let mut track = StatsHandle::new(&METERS, Tier::External).broadcast("demo/bbb").publisher_track("video");
/// track.whole_frame(1200);
///
/// let schedule = Schedule {
///     interval: Duration::from_secs(1),
///     start: Instant::from_micros(0),
///     start_ms: 1_700_000_000_000,
///     epoch: 1,
/// };
/// let mut reporter =
///     Reporter::new(schedule, InlineBooks::<_, 12, 4>::inline(), InlineBooks::<_, 10, 2>::inline());
/// let names: &[&str] = &[];
/// let mut buf = [0; 64];
///
/// reporter.handle_timeout(&METERS, Instant::from_micros(0));
/// while let Some(_track) = reporter.poll_track() {
///     loop {
///         let chunk = reporter.poll_frame(&METERS, names, &mut buf);
///         // send `&buf[..chunk.len]` ...
///         if chunk.end {
///             break;
///         }
///     }
///     reporter.accept(&METERS);
/// }
/// assert_eq!(reporter.poll_timeout(), Instant::from_micros(1_000_000));
/// ```
#[derive(Debug)]
pub struct Reporter<T, P> {
    traffic: Feed<Traffic, T>,
    presence: Feed<Presence, P>,
    schedule: Schedule,
    health: Health,
    carried: Carried,
    next: Instant,
    last: Instant,
    /// The track whose frame is on its way out, by its place, and the bytes of it that went out.
    place: usize,
    sent: usize,
}

impl<T: Books<Traffic>, P: Books<Presence>> Reporter<T, P> {
    /// A reporter whose first tick is due at the schedule's start.
    pub fn new(schedule: Schedule, traffic: T, presence: P) -> Self {
        let health = Health {
            epoch: schedule.epoch,
            since: schedule.start_ms,
            ts_ms: schedule.start_ms,
            interval_ms: schedule.interval.as_millis(),
            ..Health::default()
        };
        let mut reporter = Self {
            traffic: Feed::new(Ledger::new(traffic, schedule.start_ms)),
            presence: Feed::new(Ledger::new(presence, schedule.start_ms)),
            schedule,
            health,
            carried: Carried::NOTHING,
            next: schedule.start,
            last: schedule.start,
            place: 0,
            sent: 0,
        };
        reporter.place = reporter.tracks();
        reporter
    }

    /// Ticks if a tick is due: collects the meters and makes ready the frames that changed. Says
    /// whether it did; a call that comes too early does nothing.
    ///
    /// However late the call, it is one tick, and the next is an interval away. While the tables run
    /// low a tick is due a tenth of the interval after the last; and one is due at once when the clock
    /// has jumped back, or the node would be silent until it is again what it was.
    pub fn handle_timeout<S, Q>(&mut self, meters: &Meters<S, Q>, now: Instant) -> bool
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        self.handle_timeout_beside(meters, false, now)
    }

    /// The same for a node with tables besides these two meters; `pressed` says that one of those runs
    /// low.
    pub fn handle_timeout_beside<S, Q>(
        &mut self,
        meters: &Meters<S, Q>,
        pressed: bool,
        now: Instant,
    ) -> bool
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        let early = now < self.next && now >= self.last;
        if early && !((pressed || is_pressed(meters)) && now >= self.early()) {
            return false;
        }
        self.health.early_ticks += u64::from(early);
        let late = now.saturating_since(self.next).as_micros();
        let overdue = quotient(late, self.interval().as_micros());
        let overdue = if self.health.ticks > self.carried.ticks {
            overdue
        } else {
            0
        };
        self.health.late_ticks += u64::from(overdue > 0);
        self.health.skipped_ticks += overdue;
        self.tick(meters, now);
        true
    }

    /// Ticks at once, due or not.
    pub fn tick<S, Q>(&mut self, meters: &Meters<S, Q>, now: Instant)
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        self.collect(meters, now);
        self.health.ts_ms = self.traffic.ledger().stamp();
        self.health.ticks += 1;
        self.health.traffic = self.traffic.ledger().usage(meters.traffic());
        self.carried.traffic.add_to(&mut self.health.traffic);
        self.health.presence = self.presence.ledger().usage(meters.presence());
        self.carried.presence.add_to(&mut self.health.presence);
        self.next = self.after(now);
        self.last = now;
        self.place = 0;
    }

    /// Takes in what guards counted, without a tick: for a snapshot between two of them. What moved is
    /// in the frames of the next tick. A frame on its way out starts again.
    pub fn collect<S, Q>(&mut self, meters: &Meters<S, Q>, now: Instant)
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        let since_start = now.saturating_since(self.schedule.start).as_millis();
        let now_ms = self.schedule.start_ms.saturating_add(since_start);
        self.traffic.collect(meters.traffic(), now_ms);
        self.presence.collect(meters.presence(), now_ms);
        self.sent = 0;
    }

    /// When the next tick is due, as long as nobody calls for an early one.
    pub fn poll_timeout(&self) -> Instant {
        self.next
    }

    /// When a tick is due if the tables run low.
    pub fn poll_early_timeout(&self) -> Instant {
        self.early().min(self.next)
    }

    /// The track whose frame is next, among those that changed since the sink last accepted them.
    pub fn poll_track(&mut self) -> Option<TrackId> {
        while self.place < self.tracks() {
            if self.owes(self.place) {
                return self.track(self.place);
            }
            self.place += 1;
        }
        None
    }

    /// Writes the next piece of the frame of [`poll_track`](Self::poll_track)'s track into `buf`.
    pub fn poll_frame<S, Q, N>(&mut self, meters: &Meters<S, Q>, names: &N, buf: &mut [u8]) -> Chunk
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        self.poll_frame_after(meters, names, &[], buf)
    }

    /// The same, with the last whole frame of the same track at hand, so that what did not move is
    /// copied from it: see [`Feed::encode`].
    pub fn poll_frame_after<S, Q, N>(
        &mut self,
        meters: &Meters<S, Q>,
        names: &N,
        last: &[u8],
        buf: &mut [u8],
    ) -> Chunk
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        let chunk = match self.split(self.place) {
            Part::Traffic(lane) => self.traffic.encode(meters.traffic(), lane, last, buf),
            Part::Presence(lane) => self.presence.encode(meters.presence(), lane, last, buf),
            Part::Node => {
                let (traffic, presence) = (self.traffic.ledger(), self.presence.ledger());
                node::encode(&self.health, names, traffic, presence, self.sent, buf)
            }
        };
        self.sent += chunk.len;
        chunk
    }

    /// Notes that the sink accepted the whole frame, and goes on to the next.
    pub fn accept<S, Q>(&mut self, meters: &Meters<S, Q>)
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        self.count_beside(self.sent, true);
        self.accept_counted(meters);
    }

    /// The same for a frame that [`count_beside`](Self::count_beside) was told of.
    pub fn accept_counted<S, Q>(&mut self, meters: &Meters<S, Q>)
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
    {
        match self.split(self.place) {
            Part::Traffic(lane) => self.traffic.accept(meters.traffic(), lane),
            Part::Presence(lane) => self.presence.accept(meters.presence(), lane),
            Part::Node => {}
        }
        self.advance();
    }

    /// Notes that the sink refused the frame, or part of it, and goes on to the next: what the frame
    /// had to say is said again with the next tick.
    pub fn refuse(&mut self) {
        self.health.refused_frames += 1;
        self.refuse_counted();
    }

    /// The same for a frame that [`count_beside`](Self::count_beside) was told of.
    pub fn refuse_counted(&mut self) {
        self.restart();
        self.advance();
    }

    /// Counts a frame that a sink accepted or refused and that is beside this reporter's: of another family, or
    /// one more form of a frame.
    pub fn count_beside(&mut self, bytes: usize, accepted: bool) {
        if accepted {
            self.health.frames += 1;
            self.health.frame_bytes += bytes as u64;
        } else {
            self.health.refused_frames += 1;
        }
    }

    /// Begins the frame again, for one more sink: the next piece is its first.
    pub fn restart(&mut self) {
        match self.split(self.place) {
            Part::Traffic(_) => self.traffic.reset(),
            Part::Presence(_) => self.presence.reset(),
            Part::Node => {}
        }
        self.sent = 0;
    }

    /// The tracks of this node, in the order in which frames come.
    pub fn all_tracks(&self) -> impl Iterator<Item = TrackId> + '_ {
        (0..self.tracks()).filter_map(|place| self.track(place))
    }

    /// The ledger of traffic.
    pub fn traffic(&self) -> &Ledger<Traffic, T> {
        self.traffic.ledger()
    }

    /// The ledger of presence.
    pub fn presence(&self) -> &Ledger<Presence, P> {
        self.presence.ledger()
    }

    /// What `node.json` tells.
    pub fn health(&self) -> &Health {
        &self.health
    }

    fn advance(&mut self) {
        self.place += 1;
        self.sent = 0;
    }

    fn interval(&self) -> Duration {
        self.schedule.interval.max(Duration::from_micros(1))
    }

    /// When the next regular tick is due after a tick at `now`: a tick ahead of its time puts nothing
    /// off; one that is late by an interval or more, or comes after the clock jumped back, begins the
    /// count anew.
    fn after(&self, now: Instant) -> Instant {
        let anew = now.saturating_add(self.interval());
        let regular = self.next.saturating_add(self.interval());
        match (now < self.next, regular > now) {
            (true, _) => self.next.min(anew),
            (false, true) => regular,
            (false, false) => anew,
        }
    }

    fn early(&self) -> Instant {
        let tenth = Duration::from_micros(quotient(self.interval().as_micros(), 10));
        self.last
            .saturating_add(tenth.max(Duration::from_micros(1)))
    }

    fn tracks(&self) -> usize {
        self.traffic.ledger().lanes() + self.presence.ledger().lanes() + 1
    }

    fn owes(&self, place: usize) -> bool {
        match self.split(place) {
            Part::Traffic(lane) => self.traffic.ledger().has_moved(lane),
            Part::Presence(lane) => self.presence.ledger().has_moved(lane),
            Part::Node => true,
        }
    }

    fn track(&self, place: usize) -> Option<TrackId> {
        match self.split(place) {
            Part::Traffic(lane) => {
                let tier = Tier::from_index(lane / Role::ALL.len())?;
                Some(TrackId::Traffic(
                    tier,
                    *Role::ALL.get(lane % Role::ALL.len())?,
                ))
            }
            Part::Presence(lane) => Tier::from_index(lane).map(TrackId::Sessions),
            Part::Node => Some(TrackId::Node),
        }
    }

    fn split(&self, place: usize) -> Part {
        let traffic = self.traffic.ledger().lanes();
        match place.checked_sub(traffic) {
            None => Part::Traffic(place),
            Some(lane) if lane < self.presence.ledger().lanes() => Part::Presence(lane),
            Some(_) => Part::Node,
        }
    }
}

/// Which feed a track belongs to, and its lane there.
enum Part {
    Traffic(usize),
    Presence(usize),
    Node,
}

fn is_pressed<S: Storage<Traffic>, Q: Storage<Presence>>(meters: &Meters<S, Q>) -> bool {
    meters.traffic().is_pressed() || meters.presence().is_pressed()
}
