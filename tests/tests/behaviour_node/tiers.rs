//! Tiers that a node was given besides external and internal.

use crate::harness::{Node, keys};
use streamgauge_tokio::{Config, Tier};

#[tokio::test(start_paused = true)]
async fn named_tiers_have_tracks_under_their_names() {
    let node = Node::with(Config::new().with_tiers(["edge", "eu//partner/"])).await;
    let names: Vec<_> = node.stats.tracks().iter().map(|name| &**name).collect();
    assert_eq!(
        names,
        [
            "publisher.json",
            "subscriber.json",
            "internal/publisher.json",
            "internal/subscriber.json",
            "edge/publisher.json",
            "edge/subscriber.json",
            "eu/partner/publisher.json",
            "eu/partner/subscriber.json",
            "sessions.json",
            "internal/sessions.json",
            "edge/sessions.json",
            "eu/partner/sessions.json",
            "node.json",
        ]
    );
    let tiers = &node.object("node.json")["tiers"];
    assert_eq!(
        *tiers,
        serde_json::json!(["", "internal", "edge", "eu/partner"])
    );
}

#[tokio::test(start_paused = true)]
async fn named_tiers_are_found_by_name_and_counted_apart() {
    let node = Node::with(Config::new().with_tiers(["edge", "partner"])).await;
    assert_eq!(node.stats.named_tier("edge"), Some(Tier::Named(0)));
    assert_eq!(node.stats.named_tier("partner"), Some(Tier::Named(1)));
    assert_eq!(node.stats.named_tier("nobody"), None);

    let partner = node.stats.tier(Tier::Named(1));
    partner.broadcast("live/one").publisher_track("v").bytes(8);
    let session = partner.session("acme");
    node.tick().await;
    let series = node.series("partner/publisher.json", "live/one").unwrap();
    assert_eq!(series.bytes, 8);
    assert_eq!(node.total("partner/publisher").bytes, 8);
    assert_eq!(keys(&node.object("partner/sessions.json")), ["acme"]);
    for other in [
        "publisher.json",
        "edge/publisher.json",
        "internal/publisher.json",
    ] {
        assert_eq!(node.text(other), "{}", "{other}");
    }
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_the_node_does_not_have_counts_in_the_overflow_series() {
    let node = Node::start().await;
    for place in [0, 5, 6, 255] {
        let stranger = node.stats.tier(Tier::Named(place));
        stranger.broadcast("live/one").publisher_track("v").bytes(1);
        stranger
            .broadcast("live/one")
            .subscriber_track("v")
            .bytes(2);
        drop(stranger.session("acme"));
    }
    node.tick().await;
    let bytes = |track| node.series(track, "__overflow__").unwrap().bytes;
    assert_eq!(bytes("publisher.json"), 4);
    assert_eq!(bytes("subscriber.json"), 8);
    assert_eq!(node.object("sessions.json")["__overflow__"]["sessions"], 4);
    assert_eq!(keys(&node.object("publisher.json")), ["__overflow__"]);
}
