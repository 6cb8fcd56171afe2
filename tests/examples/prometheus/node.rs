//! A node in this process: two tiers of steady traffic, and calls whose latencies are known.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use streamgauge_tokio::{
    CallOutcome, Config, FamilyMeter, PublisherTrack, Rpc, ServiceStats, Stats, Tier, http,
};
use tokio::time::{MissedTickBehavior, interval};

/// How long traffic runs.
const SPAN: Duration = Duration::from_secs(20);

/// The time between two steps of it.
const STEP: Duration = Duration::from_millis(10);

/// Steps for which one of the names lives that come and go.
const LIFE: u64 = 50;

/// Calls that are left open.
const HELD: usize = 3;

pub(crate) const TIERS: [&str; 2] = ["external", "internal"];

/// A node, and what it serves.
pub(crate) struct Node {
    stats: Stats,
    rpc: FamilyMeter<Rpc>,
    server: http::Server,
}

/// What was counted, and when. The node goes on until this drops.
pub(crate) struct Counted {
    node: Node,
    /// By tier.
    pub(crate) bytes: [u64; 2],
    pub(crate) frames: [u64; 2],
    pub(crate) calls: u64,
    pub(crate) in_flight: u64,
    /// The beginning, on the wall clock.
    began: Duration,
    /// At each step the time since the beginning, and the bytes by tier and in the series that stay.
    course: Vec<(Duration, [u64; 3])>,
}

impl Node {
    pub(crate) async fn start() -> Self {
        let rpc = FamilyMeter::default();
        let config = Config::new()
            .with_node("test/1")
            .with_interval(Duration::from_millis(300))
            .with_family(&rpc);
        let stats = Stats::spawn(config).expect("a node");
        let config = http::Config::new().with_address(([127, 0, 0, 1], 0));
        let server = http::Server::start(&stats, &config).await;
        Self {
            stats,
            rpc,
            server: server.expect("a server"),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Counts steadily: in one series that stays, and in series that come and go.
    pub(crate) async fn count(self) -> Counted {
        let service = self.rpc.service("users");
        let mut counted = Counted {
            node: self,
            bytes: [0; 2],
            frames: [0; 2],
            calls: 0,
            in_flight: HELD as u64,
            began: super::server::wall_clock(),
            course: Vec::new(),
        };
        // They are never ended.
        (0..HELD).for_each(|_| std::mem::forget(service.call()));
        let mut tracks = counted.tracks("held");
        let (began, mut steps) = (Instant::now(), interval(STEP));
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut held = 0;
        for step in 0.. {
            steps.tick().await;
            held += counted.send(&mut tracks);
            let mut brief = counted.tracks(&format!("live/{}", step / LIFE));
            counted.send(&mut brief);
            counted.call(&service);
            let [external, internal] = counted.bytes;
            let sent = [external, internal, held];
            counted.course.push((began.elapsed(), sent));
            if began.elapsed() >= SPAN {
                break;
            }
        }
        tracks.into_iter().for_each(std::mem::forget);
        counted
    }
}

impl Counted {
    /// A subscription in each tier.
    fn tracks(&self, name: &str) -> [PublisherTrack; 2] {
        [Tier::External, Tier::Internal].map(|tier| {
            let handle = self.node.stats.tier(tier);
            handle.broadcast(name).publisher_track("v")
        })
    }

    /// Sends a frame on each, and says how many bytes that was.
    fn send(&mut self, tracks: &mut [PublisherTrack; 2]) -> u64 {
        for (place, track) in tracks.iter_mut().enumerate() {
            let bytes = 1_000 * (place + 1);
            track.whole_frame(bytes);
            self.bytes[place] += bytes as u64;
            self.frames[place] += 1;
        }
        3_000
    }

    /// A fast call and a slow one.
    fn call(&mut self, service: &ServiceStats) {
        for latency in [Duration::from_millis(30), Duration::from_millis(300)] {
            service.call().record(CallOutcome::Ok, latency.into());
            self.calls += 1;
        }
    }

    /// Bytes per second between two moments on the wall clock, by tier and in the series that stay.
    pub(crate) fn rates(&self, from: Duration, to: Duration) -> [f64; 3] {
        let at = |moment: Duration| {
            let elapsed = moment.saturating_sub(self.began);
            let place = self.course.partition_point(|(then, _)| *then <= elapsed);
            self.course[place.saturating_sub(1)]
        };
        let ((early, few), (late, many)) = (at(from), at(to));
        let seconds = late.saturating_sub(early).as_secs_f64();
        [0, 1, 2].map(|place| (many[place] - few[place]) as f64 / seconds)
    }

    /// The end of the traffic, on the wall clock.
    pub(crate) fn ended(&self) -> Duration {
        let last = self.course.last().map(|(elapsed, _)| *elapsed);
        self.began + last.unwrap_or_default()
    }
}
