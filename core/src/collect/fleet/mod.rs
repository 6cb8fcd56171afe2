//! The counters of many nodes in one account, in fixed memory.

mod doubt;
mod epoch;
mod intake;
mod keep;
mod kept;
mod lane;
mod list;
mod live;
mod order;
mod part;
mod policy;
mod rate;
mod recall;
mod report;
mod room;
mod rows;
mod series;
mod source;
mod view;
mod work;

pub use intake::{Intake, ReadError, Refused};
pub use kept::{Kept, KeptAt, KeptChange, KeptEpoch};
pub use lane::LaneSlot;
pub use order::{Bookmarks, FrameAt};
pub use policy::FleetPolicy;
pub use rate::Growth;
pub use room::{FleetParts, FleetRoom, FleetTables, FleetTablesMut, InlineFleet};
pub use rows::RowSlot;
pub use series::SeriesSlot;
pub use source::{SourceId, SourceSlot, TrackSlot};
pub use view::{LaneView, RowView, SourceView};
pub use work::Counts;

use core::{fmt, marker::PhantomData};

use crate::{
    key::{Key, KeyTooLong},
    schema::Family,
    time::Instant,
};
use work::{State, Work};

/// There is no room for another node: none that departed can be forgotten for it, or its name is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetFull;

impl fmt::Display for FleetFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no room for another node, or for its name")
    }
}

impl core::error::Error for FleetFull {}

impl From<KeyTooLong> for FleetFull {
    fn from(_: KeyTooLong) -> Self {
        Self
    }
}

/// What many nodes count of one family, added up: by name, by prefix, by lane, and by node.
///
/// Frames may be lost, come twice, or come late; nodes may restart, vanish and return. A number that a
/// node once told stays in the sums, and is in them once:
/// - Series are told apart by `since`: another one is another life, and begins at zero. Within a life
///   nothing falls, so a frame that says otherwise is an older one. For publishers that tell no `since`
///   (or have no wall clock) a number that fell means a restart; such rows say that this was inferred.
/// - The totals that a node tells in `node.json` hold for its lanes where they say more than its series:
///   what was lost with a frame, or came and went between two. That part has no name.
/// - Frames that were read before tell which series there are, so that those after them can be read, and
///   count nothing: a relay gives a reader who connects anew what it has kept. By their numbers they are
///   known also after a restart of the reader or the node, if the numbers come from a clock (microseconds);
///   others may begin anew with the node, and are compared as long as it is there.
/// - A track and its sibling with patches are numbered apart. Who goes on with the other of the two may be given
///   what is older: there, for a minute, lives that began before those that are known or were forgotten count
///   nothing. That takes `since`, and a clock that is not set back.
/// - What is open counts as long as the node is there and its last frame says so. No more is taken for closed
///   than the node says it opened.
///
/// All totals rise, and only rise, until their row is forgotten. `total` of a lane is exact as soon as
/// the last frames of all nodes have come.
///
/// A total that would pass 2^64 - 1 stays there, as one node can bring about that is broken or means harm. This is
/// so for the totals that it is part of: of its names and their prefixes, of its lanes, and its own. Those of
/// other names and nodes stay exact, and so does what is open of its own names; live counts are right again as
/// soon as it is gone. What stays at 2^64 - 1 has no rate.
///
/// ```
/// use streamgauge_core::{
///     Instant, Traffic,
///     collect::{Fleet, FleetPolicy, FrameAt, InlineFleet},
/// };
///
/// // One lane, two nodes, 8 rows, 8 series, names of up to 96 bytes.
/// type Room = InlineFleet<Traffic, 1, 2, 2, 8, 8, { 96 / size_of::<usize>() }>;
/// let mut fleet = Fleet::new(Room::inline(), FleetPolicy::new());
/// let now = Instant::from_micros(0);
/// for (name, frame) in [
///     ("sjc/1", r#"{"demo/bbb":{"bytes":1200,"frames":1,"since":1700000000000}}"#),
///     ("ams/1", r#"{"demo/bbb":{"bytes":300,"frames":1,"since":1700000000001}}"#),
/// ] {
///     let node = fleet.arrive(name, now)?;
///     fleet.read::<96>(node, 0, FrameAt::first(1), frame.as_bytes(), now)?;
/// }
/// assert_eq!(fleet.row(0, "demo/bbb").map(|row| row.totals().bytes), Some(1500));
/// assert_eq!(fleet.prefix(0, "demo").map(|row| row.totals().frames), Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Fleet<F, R> {
    room: R,
    state: State,
    family: PhantomData<fn(F)>,
}

impl<F: Family, R: FleetRoom<F>> Fleet<F, R> {
    /// A fleet of no nodes, in this room.
    pub const fn new(room: R, policy: FleetPolicy) -> Self {
        Self {
            room,
            state: State::new(policy),
            family: PhantomData,
        }
    }

    /// Keys the indexes, so that nobody who chooses names can make them slow. Before the first node.
    #[must_use]
    pub const fn with_seed(mut self, seed: usize) -> Self {
        self.state.seed = seed;
        self
    }

    /// A node publishes: it is new, or returned, or began anew. Its frames may begin with any group. A
    /// handle that it had before leads nowhere from now on, so that frames which are still on their way from
    /// then are refused.
    ///
    /// # Errors
    /// When there is no room.
    pub fn arrive(&mut self, name: &str, now: Instant) -> Result<SourceId, FleetFull> {
        let key = Key::read(name)?;
        let mut work = self.work();
        let at = match work.find_source(&key) {
            Some(at) => {
                work.depart(at, now);
                work.come_back(at);
                at
            }
            None => work.make_source(key, now).ok_or(FleetFull)?,
        };
        work.source_id(at).ok_or(FleetFull)
    }

    /// A node is gone: what is open in it counts no more. What it counted stays, and it may return.
    ///
    /// Cost: its series that are present. A node that has departed costs nothing from then on.
    pub fn depart(&mut self, source: SourceId, now: Instant) {
        let mut work = self.work();
        if let Some(at) = work.source(source) {
            work.depart(at, now);
        }
    }

    /// Forgets what has been idle for longer than the policy keeps it: series that may come again, and rows
    /// that have none. Nothing before [`poll_timeout`](Self::poll_timeout).
    pub fn handle_timeout(&mut self, now: Instant) {
        self.work().forget_old(now);
    }

    /// When something is to be forgotten next, if anything is.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let tables = self.room.tables();
        let series = self.state.waiting.first();
        let series = series.and_then(|at| Some(tables.series.get(at)?.left));
        let row = self.state.idle_rows.first();
        let row = row.and_then(|at| Some(tables.rows.get(at)?.left));
        let first = series.into_iter().chain(row).min()?;
        Some(first.saturating_add(self.state.policy.keep))
    }

    /// The policy.
    pub const fn policy(&self) -> &FleetPolicy {
        &self.state.policy
    }

    /// How much is in use, and what did not find its place.
    pub const fn counts(&self) -> Counts {
        Counts {
            sources: self.state.free_sources.used,
            rows: self.state.free_rows.used,
            series: self.state.free_series.used,
            ..self.state.counts
        }
    }

    fn work(&mut self) -> Work<'_, F, R::Key> {
        Work {
            tables: self.room.tables_mut(),
            state: &mut self.state,
        }
    }
}
