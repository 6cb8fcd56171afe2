//! A node that counts a little of everything.

use std::time::Duration;

use streamgauge_tokio::{
    CallOutcome, ChannelStats, Config, FamilyMeter, PublisherTrack, Replication, Rpc, Snapshot,
    Stats, Tier,
};

/// A node, and what is open in it.
pub(crate) struct Node {
    pub(crate) stats: Stats,
    pub(crate) rpc: FamilyMeter<Rpc>,
    pub(crate) track: PublisherTrack,
    pub(crate) channel: ChannelStats,
}

/// A name that formats must escape.
pub(crate) const ODD: &str = "a\"b\\c\nd";

impl Node {
    /// One frame of 1,200 bytes, one call of 30 ms, and a lag of 1.5 s.
    pub(crate) fn new() -> Self {
        Self::with(Config::new().with_node("sjc/1"))
    }

    pub(crate) fn with(config: Config) -> Self {
        let rpc = FamilyMeter::<Rpc>::new(8);
        let replication = FamilyMeter::<Replication>::new(8);
        let config = config.with_family(&rpc).with_family(&replication);
        let stats = Stats::spawn(config).expect("a node");
        let broadcast = stats.tier(Tier::External).broadcast("demo/bbb");
        let mut track = broadcast.publisher_track("video");
        track.whole_frame(1_200);
        let latency = Duration::from_millis(30).into();
        rpc.service(ODD).call().record(CallOutcome::Ok, latency);
        let mut channel = replication.channel("orders");
        channel.set_leader_lag(Duration::from_millis(1_500).into());
        channel.sync_bytes(512);
        Self {
            stats,
            rpc,
            track,
            channel,
        }
    }

    pub(crate) fn read(&self) -> Snapshot {
        self.stats.snapshot().expect("a snapshot")
    }
}

/// The sum of a metric's samples that have this label, as they are kept.
pub(crate) fn raw(snapshot: &Snapshot, name: &str, label: (&str, &str)) -> u64 {
    let metric = snapshot.metrics().find(|metric| metric.name() == name);
    let samples = metric.expect("a metric").samples();
    let ours = samples.filter(|sample| sample.labels().any(|other| other == label));
    ours.map(streamgauge_tokio::Sample::raw).sum()
}
