//! What survives the end of a collector, and of a relay, whatever ends them.

#[path = "support/scratch.rs"]
mod scratch;
mod support;

use scratch::Scratch;
use support::{Collector, bytes, free_udp, relay, traffic};

fn text(path: &std::path::Path) -> String {
    path.to_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_outlive_collectors_and_relays_and_a_collector_above_counts_them_once() {
    let scratch = Scratch::new("kill");
    let (at, listen) = (free_udp(), free_udp());
    let state = text(&scratch.file("state"));
    let url = format!("https://{at}");
    let listen_text = listen.to_string();
    let lower = || {
        let node = ["--node", "west", "--listen", &listen_text];
        Collector::start([&[url.as_str(), "--state", &state], node.as_slice()].concat())
    };
    let sjc = relay(at, "sjc/1").await;
    let collector = lower();
    let upper_state = text(&scratch.file("upper"));
    let above = format!("https://{listen}");
    let upper = Collector::start([above.as_str(), "--state", &upper_state]);

    let mut sent = traffic(at, "demo/cam", 20).await;
    collector.until(&bytes("publisher"), sent).await;
    upper.until(&bytes("publisher"), sent).await;
    collector.kill();

    // While no collector is there, the relay counts on.
    sent += traffic(at, "demo/cam", 5).await;
    let collector = lower();
    collector.until(&bytes("publisher"), sent).await;
    upper.until(&bytes("publisher"), sent).await;

    // The relay begins anew at nothing.
    drop(sjc);
    let sjc = relay(at, "sjc/1").await;
    sent += traffic(at, "demo/cam", 3).await;
    collector.until(&bytes("publisher"), sent).await;

    // Both go at once, right after what they told was seen.
    drop(sjc);
    collector.kill();
    let collector = lower();
    collector.until(&bytes("publisher"), sent).await;
    let _sjc = relay(at, "sjc/1").await;
    sent += traffic(at, "demo/other", 7).await;
    collector.until(&bytes("publisher"), sent).await;
    collector.until(&bytes("subscriber"), sent).await;
    upper.until(&bytes("publisher"), sent).await;
    upper.kill();
    let upper = Collector::start([above.as_str(), "--state", &upper_state]);
    upper.until(&bytes("subscriber"), sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_are_added_up_by_broadcast() {
    let (one, two) = (free_udp(), free_udp());
    let _relays = (relay(one, "sjc/1").await, relay(two, "fra/1").await);
    let collector = Collector::start([format!("https://{one}"), format!("https://{two}")]);
    let sent = traffic(one, "demo/cam", 4).await + traffic(two, "demo/cam", 6).await;
    let cam = "streamgauge_fleet_bytes_total{broadcast=\"demo/cam\",role=\"publisher\",tier=\"external\"}";
    collector.until(cam, sent).await;
    collector
        .until(
            "streamgauge_fleet_node_bytes_out_total{node=\"sjc/1\"}",
            4_000,
        )
        .await;
    collector
        .until(
            "streamgauge_fleet_node_bytes_out_total{node=\"fra/1\"}",
            6_000,
        )
        .await;
}

#[test]
fn a_state_file_has_one_collector_at_a_time() {
    let scratch = Scratch::new("lock");
    let state = text(&scratch.file("state"));
    let _first = Collector::start(["https://127.0.0.1:9", "--state", &state]);
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_streamgauge-collector"))
        .args(["https://127.0.0.1:9", "--plain", "--state", &state])
        .output()
        .expect("a collector");
    let error = String::from_utf8_lossy(&second.stderr);
    assert!(
        !second.status.success() && error.contains("name another file"),
        "{error}"
    );
}

#[test]
fn a_state_file_that_is_none_is_refused_and_left_alone() {
    let scratch = Scratch::new("foreign");
    let state = text(&scratch.file("state"));
    std::fs::write(&state, "my holiday photos").expect("a file");
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_streamgauge-collector"))
        .args(["https://127.0.0.1:9", "--plain", "--state", &state])
        .output()
        .expect("a collector");
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && error.contains("begin anew"),
        "{error}"
    );
    assert_eq!(
        std::fs::read(&state).expect("the file"),
        b"my holiday photos"
    );
}
