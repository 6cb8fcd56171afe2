//! Publishers that are not ours.

mod support;

use std::time::Duration;

use bytes::Bytes;
use moq_net::origin::Route;
use moq_net::{Timestamp, group};
use moq_stats::produce::Config;
use moq_stats::{Producer, Tier};
use streamgauge_collector::cli::{FleetOptions, SourceOptions};
use streamgauge_collector::fleet::Fleet;
use streamgauge_collector::source::{Sources, What};
use streamgauge_relay::client::{self, Client, Target};
use streamgauge_relay::receive::everything;
use support::{free_udp, relay};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

/// A track whose way out of a node is counted by that node's registry.
struct Flow {
    track: moq_net::track::Producer,
    groups: moq_net::track::Subscriber,
    _held: (moq_net::origin::Producer, moq_net::broadcast::Producer),
}

impl Flow {
    async fn open(producer: &Producer) -> Self {
        let session = producer.registry().tier(Tier::default()).session("root");
        let origin = client::origin();
        let broadcast = origin.create_broadcast("demo/cam").expect("a broadcast");
        let track = broadcast.create_track("video", None).expect("a track");
        broadcast
            .announce(Route::default())
            .expect("an announcement");
        let viewer = origin.consume().with_stats(session);
        let seen = viewer
            .routed_broadcast("demo/cam")
            .await
            .expect("a broadcast");
        let consumer = seen.track("video").expect("a track");
        let groups = consumer
            .subscribe(everything())
            .await
            .expect("a subscription");
        Self {
            track,
            groups,
            _held: (origin, broadcast),
        }
    }

    async fn send(&mut self, sequence: u64, bytes: usize) {
        let group = self.track.create_group(group::Info { sequence });
        let mut group = group.expect("a group");
        let frame = Bytes::from(vec![1; bytes]);
        group.write_frame(Timestamp::now(), frame).expect("a frame");
        group.finish().expect("an end");
        let mut group = self
            .groups
            .recv_group()
            .await
            .expect("a track")
            .expect("a group");
        while group.read_frame().await.expect("a group").is_some() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_publisher_is_read_by_its_patches() {
    let at = free_udp();
    let relay = relay(at, "sjc/1").await;
    let origin = client::origin();
    let config = Config::new()
        .with_origin(origin.clone())
        .with_node(moq_net::PathOwned::from("stock/1"))
        .with_interval(Duration::from_millis(100));
    let producer = Producer::new(config);
    let _client = Client::publisher(&Target::of(&relay), &origin)
        .await
        .expect("a session");
    let mut sources = Sources::start(&SourceOptions {
        relays: vec![format!("https://{at}").parse().expect("a URL")],
        prefix: ".stats".into(),
        ..SourceOptions::default()
    });
    let mut fleet = Fleet::new(&FleetOptions::default(), 1);
    let mut packed = 0;
    let reading = async {
        // It announces nothing before it has counted something.
        let mut flow = Flow::open(&producer).await;
        flow.send(0, 3_000).await;
        let mut sent = 3_000;
        loop {
            let news = sources.next().await.expect("news");
            if let What::Frame {
                node,
                deflated: true,
                ..
            } = &news.what
                && &**node == "stock/1"
            {
                packed += 1;
            }
            fleet.take(news, 1_700_000_000_000);
            let view = fleet.tick(1_700_000_000_000);
            let node = view.nodes.iter().find(|node| &*node.name == "stock/1");
            let Some(node) = node else { continue };
            if node.egress.bytes == sent && sent == 9_000 {
                break;
            }
            assert!(
                node.egress.bytes <= sent,
                "{} of {sent} bytes",
                node.egress.bytes
            );
            // In three pieces, so that patches tell of the later ones.
            if node.egress.bytes == sent {
                flow.send(sent, 3_000).await;
                sent += 3_000;
            }
        }
    };
    timeout(LIMIT, reading).await.expect("in time");
    assert!(packed >= 3, "{packed} frames came packed");
}
