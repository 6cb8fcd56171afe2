//! Where a node's stats are published. That the path is announced there is the sinks' affair.

use streamgauge_tokio::{Config, Stats};

fn path(config: Config) -> String {
    Stats::spawn(config).unwrap().path().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_path_ends_with_the_node() {
    assert_eq!(path(Config::new()), ".stats/node");
    assert_eq!(path(Config::new().with_node("sjc")), ".stats/node/sjc");
    assert_eq!(path(Config::new().with_node("sjc/1")), ".stats/node/sjc/1");
    let config = Config::new().with_prefix("metrics").with_node("lon");
    assert_eq!(path(config), "metrics/node/lon");
}

#[tokio::test(start_paused = true)]
async fn empty_segments_of_prefix_and_node_are_left_out() {
    assert_eq!(
        path(Config::new().with_node("/sjc//1/")),
        ".stats/node/sjc/1"
    );
    assert_eq!(path(Config::new().with_node("///")), ".stats/node");
    assert_eq!(path(Config::new().with_node("")), ".stats/node");
    assert_eq!(path(Config::new().with_prefix("//a///b/")), "a/b/node");
}
