//! Readers that know nothing of streamgauge read its statistics through the relay.

mod support;

use moq_stats::aggregate;
use moq_stats::consume::Config;
use moq_stats::{Consumer, Role as TheirRole, Tier, Traffic, TrafficFrame};
use streamgauge_core::Role;
use streamgauge_relay::cli::RelayOptions;
use streamgauge_relay::client::{self, Client, Target};
use streamgauge_relay::server::Relay;
use streamgauge_relay::totals::Row;
use support::{PATH, Publisher, Viewer, counted, read_groups, relay, row, within};

/// Reads frames until one satisfies the condition.
async fn frame(
    track: &mut moq_stats::consume::Traffic,
    condition: impl Fn(&TrafficFrame) -> bool,
) -> TrafficFrame {
    within(async {
        loop {
            let frame = track.next().await.unwrap().expect("another frame");
            if condition(&frame) {
                return frame;
            }
        }
    })
    .await
}

async fn monitor(relay: &Relay) -> (Client, Consumer) {
    let path = relay.stats().path();
    let (client, origin) = Client::subscriber(&Target::of(relay), path).await.unwrap();
    let broadcast = within(client::broadcast(&client, &origin, path))
        .await
        .unwrap();
    (client, Consumer::new(broadcast, Config::new()))
}

fn assert_same(theirs: &Traffic, ours: &Row) {
    assert_eq!(theirs.announces_started, ours.announced);
    assert_eq!(theirs.announces_ended, ours.announced_closed);
    assert_eq!(theirs.subscriptions_started, ours.subscriptions);
    assert_eq!(theirs.subscriptions_ended, ours.subscriptions_closed);
    assert_eq!(
        (theirs.groups, theirs.frames, theirs.bytes),
        (ours.groups, ours.frames, ours.bytes)
    );
}

#[tokio::test]
async fn the_stock_consumer_reads_traffic_unchanged() {
    let relay = relay().await;
    let publisher = Publisher::connect(&relay).await;
    let viewer = Viewer::connect(&relay).await;
    let mut track = viewer.subscribe().await;
    let (_client, monitor) = monitor(&relay).await;
    let external = Tier::default();
    let mut egress = within(monitor.traffic(&external, TheirRole::Publisher))
        .await
        .unwrap();
    let mut ingress = within(monitor.traffic(&external, TheirRole::Subscriber))
        .await
        .unwrap();

    for sequence in 0..7 {
        publisher.write(sequence, &[b"some", b"frames"]);
    }
    read_groups(&mut track, 7).await;
    let ours_out = row(&relay, Role::Publisher, |row| row.groups == 7).await;
    let ours_in = counted(&relay, Role::Subscriber).await;
    assert_eq!((ours_in.frames, ours_in.bytes), (14, 70));
    let complete = |frame: &TrafficFrame| {
        frame
            .get(PATH)
            .is_some_and(|traffic| traffic.groups == 7 && traffic.frames == 14)
    };
    assert_same(&frame(&mut egress, complete).await[PATH], &ours_out);
    assert_same(&frame(&mut ingress, complete).await[PATH], &ours_in);
}

#[tokio::test]
async fn the_stock_consumer_reads_sessions_unchanged() {
    let relay = relay().await;
    let (_client, monitor) = monitor(&relay).await;
    let mut sessions = within(monitor.sessions(&Tier::default())).await.unwrap();
    let publisher = Publisher::connect(&relay).await;
    let connected = within(async {
        loop {
            relay.stats().flush().await;
            let frame = sessions.next().await.unwrap().expect("another frame");
            let started = frame
                .values()
                .map(|presence| presence.sessions_started)
                .sum::<u64>();
            if started == 2 {
                return frame;
            }
        }
    })
    .await;
    assert_eq!(
        connected
            .values()
            .map(moq_stats::Presence::active)
            .sum::<u64>(),
        2
    );
    publisher.client.close().await;
}

#[tokio::test]
async fn the_node_path_is_one_that_aggregators_find() {
    let relay = relay().await;
    assert_eq!(relay.stats().path(), ".stats/node/demo");
    let (_client, monitor) = monitor(&relay).await;
    // Tracks that nobody counted anything in are there, and empty.
    let mut internal = monitor
        .traffic(&Tier::new("internal"), TheirRole::Publisher)
        .await
        .unwrap();
    assert!(frame(&mut internal, |_| true).await.is_empty());
}

#[tokio::test]
async fn the_stock_aggregate_reads_the_parts_of_a_node_unchanged() {
    let options = RelayOptions {
        depth: 1,
        levels: 1,
        ..RelayOptions::default()
    };
    let relay = within(Relay::start(&options)).await.unwrap();
    let publisher = Publisher::connect(&relay).await;
    let viewer = Viewer::connect(&relay).await;
    let mut track = viewer.subscribe().await;
    let target = Target::of(&relay);
    // Of all that the node publishes, this reader may see the one part.
    let scope = ".stats/demo/node";
    let (_client, origin) = Client::subscriber(&target, scope).await.unwrap();
    let config = aggregate::Config::new().with_depth(1);
    let aggregate = aggregate::Consumer::new(origin.consume(), config);
    let mut egress = aggregate.traffic(&Tier::default(), TheirRole::Publisher);

    publisher.write(0, &[b"some", b"frames"]);
    read_groups(&mut track, 1).await;
    let ours = row(&relay, Role::Publisher, |row| row.groups == 1).await;
    let theirs = within(async {
        loop {
            let frame = egress.next().await.unwrap().expect("another frame");
            if let Some(traffic) = frame.get(PATH).filter(|traffic| traffic.groups == 1) {
                return *traffic;
            }
        }
    })
    .await;
    assert_same(&theirs, &ours);
}
