//! What a node replicates, by channel.

use crate::{
    guard::{MeterRef, Track},
    key::Key,
    schema::{Counter, Level},
    time::Duration,
};

crate::family! {
    /// What one channel's replication does, seen from one node. Metric names are those of net-mesh.
    pub struct Replication: "replication" by channel as "dataforts_replication" kept {
        counter sync_bytes [bytes]: "payload bytes sent to replicas that catch up";
        counter leader_changes as "dataforts_leader_changes": "elections that ended with a leader";
        counter under_capacity: "times the channel had fewer replicas than its policy asks for";
        counter skip_ahead: "times a replica skipped a gap that was too long to replay";
        counter election_thrash: "elections begun shortly after the one before";
        counter witness_withdrawals: "times this node withdrew the claim of a leader that was replaced";
        counter announce_divergence: "times a claim could not be withdrawn, and peers may still see it";
        gauge lag_seconds [seconds] by role { leader_lag_us: "leader", replica_lag_us: "replica" }:
            "how far the replica is behind the leader";
    }
}

/// Counts for one channel of [`Replication`], with a cell of its own: bumps and gauges are a few loads
/// and stores, without a lock. A second task opens one of its own, or asks for a
/// [`writer`](Self::writer).
///
/// The series stays when its last handle goes, unless the meter's [`Linger`](crate::Linger) says
/// otherwise.
#[derive(Debug)]
pub struct ChannelStats<M: MeterRef<Replication>>(Track<Replication, M>);

impl<M: MeterRef<Replication>> ChannelStats<M> {
    const SYNC_BYTES: Counter<Replication> = Counter::named("sync_bytes");
    const LEADER_CHANGES: Counter<Replication> = Counter::named("leader_changes");
    const UNDER_CAPACITY: Counter<Replication> = Counter::named("under_capacity");
    const SKIP_AHEAD: Counter<Replication> = Counter::named("skip_ahead");
    const ELECTION_THRASH: Counter<Replication> = Counter::named("election_thrash");
    const WITNESS_WITHDRAWALS: Counter<Replication> = Counter::named("witness_withdrawals");
    const ANNOUNCE_DIVERGENCE: Counter<Replication> = Counter::named("announce_divergence");
    const LEADER_LAG: Level<Replication, Duration> = Level::named("leader_lag_us");
    const REPLICA_LAG: Level<Replication, Duration> = Level::named("replica_lag_us");

    /// Finds or makes the series of this channel; where there is no room, or the name is longer than a
    /// key, it counts in the overflow series. The name is taken as it is. Takes one lock.
    pub fn open(meter: M, channel: &str) -> Self {
        Self(Track::join(meter, 0, Key::new(channel).ok().as_ref()))
    }

    /// Another handle on the same series, with a cell of its own, for another task. Takes one lock.
    #[must_use]
    pub fn writer(&self) -> Self {
        Self(self.0.writer())
    }

    /// Notes how far behind the leader says that this channel is.
    ///
    /// In microseconds; on 32-bit targets what exceeds 71 minutes is shown as that. In the overflow series
    /// it has no meaning, and is not noted.
    pub fn set_leader_lag(&self, lag: Duration) {
        self.0.set(Self::LEADER_LAG, lag);
    }

    /// Notes how far behind the replica says that this channel is; see
    /// [`set_leader_lag`](Self::set_leader_lag).
    pub fn set_replica_lag(&self, lag: Duration) {
        self.0.set(Self::REPLICA_LAG, lag);
    }

    /// Counts payload sent to a replica that catches up.
    #[inline]
    pub fn sync_bytes(&mut self, n: usize) {
        self.0.add(Self::SYNC_BYTES, n);
    }

    /// Counts an election that ended with a leader.
    pub fn leader_change(&mut self) {
        self.0.add(Self::LEADER_CHANGES, 1);
    }

    /// Counts that the channel had too few replicas.
    pub fn under_capacity(&mut self) {
        self.0.add(Self::UNDER_CAPACITY, 1);
    }

    /// Counts a gap that was skipped instead of replayed.
    pub fn skip_ahead(&mut self) {
        self.0.add(Self::SKIP_AHEAD, 1);
    }

    /// Counts an election that came too soon after the one before.
    pub fn election_thrash(&mut self) {
        self.0.add(Self::ELECTION_THRASH, 1);
    }

    /// Counts that this node withdrew the claim of a leader that was replaced.
    pub fn witness_withdrawal(&mut self) {
        self.0.add(Self::WITNESS_WITHDRAWALS, 1);
    }

    /// Counts a claim that could not be withdrawn.
    pub fn announce_divergence(&mut self) {
        self.0.add(Self::ANNOUNCE_DIVERGENCE, 1);
    }
}
