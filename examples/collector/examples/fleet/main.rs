//! A fleet of real programs, two of which are killed amid their work, and what everybody says of it at the
//! end: two relays, a gateway in an emulator, a relay that is not ours, a collector that reads the first
//! three and publishes on the fourth, a collector that reads that, and a store for metrics.
//!
//! ```text
//! cargo run -p streamgauge-collector --example fleet -- \
//!     RELAY COLLECTOR STOCK_RELAY STORE UPSTREAM DOWNSTREAM DIRECTORY
//! ```
//!
//! The arguments are four programs, the addresses of the gateway's serial lines, and a directory that is made
//! anew for what they write.

mod check;
mod collector;
mod gateway;
mod http;
mod program;
mod relay;
mod stock;
mod store;
#[path = "../../tests/support/traffic.rs"]
mod traffic;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use check::Check;
use collector::{Collector, Options};
use gateway::Gateway;
use relay::Relay;
use stock::Stock;
use store::Store;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [
        relay,
        collector,
        stock,
        store,
        upstream,
        downstream,
        directory,
    ] = arguments.as_slice()
    else {
        eprintln!("usage: fleet RELAY COLLECTOR STOCK_RELAY STORE UPSTREAM DOWNSTREAM DIRECTORY");
        return ExitCode::FAILURE;
    };
    let programs = Programs {
        relay,
        collector,
        stock,
        store,
        lines: [upstream, downstream]
            .map(|line| line.parse().expect("the address of a serial line")),
        directory: directory.as_ref(),
    };
    let check = run(&programs).await;
    if check.is_good() {
        println!("\nall say what was sent");
        ExitCode::SUCCESS
    } else {
        eprintln!("\nnot all say what was sent");
        ExitCode::FAILURE
    }
}

struct Programs<'a> {
    relay: &'a str,
    collector: &'a str,
    stock: &'a str,
    store: &'a str,
    lines: [SocketAddr; 2],
    directory: &'a Path,
}

async fn run(programs: &Programs<'_>) -> Check {
    let directory = programs.directory;
    // An error means that there was none yet.
    let _ = std::fs::remove_dir_all(directory);
    std::fs::create_dir_all(directory).expect("a directory");
    let store = Store::start(programs.store, directory).await;
    let stock = Stock::start(programs.stock, directory).await;
    let sjc = Relay::start(programs.relay, "sjc/1", directory);
    let fra = Relay::start(programs.relay, "fra/1", directory);
    let mut gateway = Gateway::connect(programs.lines).await;
    let options = Options {
        program: programs.collector,
        directory,
        relays: vec![sjc.address(), fra.address()],
        udp: gateway.report_to().await,
        publish: stock.address(),
        store: store.url(),
    };
    let collector = Collector::start(&options);
    let upper = Collector::above(&options);

    println!("== traffic on all of them");
    let before = sjc.traffic(50).await + fra.traffic(70).await;
    let through_gateway = gateway.transfer().await;
    collector.until_all(before + through_gateway).await;

    println!("== a relay is killed amid traffic, and starts anew");
    let busy = sjc.busy();
    collector
        .until(
            "streamgauge_fleet_node_bytes_out_total{node=\"sjc/1\"}",
            |bytes| bytes > 60_000,
        )
        .await;
    let seen = collector
        .value("streamgauge_fleet_node_bytes_out_total{node=\"sjc/1\"}")
        .await;
    let sjc = sjc.kill();
    busy.abort();
    collector
        .until("streamgauge_fleet_node_up{node=\"sjc/1\"}", |up| up == 0)
        .await;
    let first_life = collector
        .value("streamgauge_fleet_node_bytes_out_total{node=\"sjc/1\"}")
        .await;
    assert!(first_life >= seen, "{first_life:?} after {seen:?}");
    let sjc = sjc.restart();
    let second_life = sjc.traffic(30).await;

    println!("== the collector is killed amid traffic, and starts anew");
    let amid = tokio::spawn(fra.clone_traffic(200));
    collector
        .until(
            "streamgauge_fleet_node_bytes_out_total{node=\"fra/1\"}",
            |bytes| bytes > 70_000,
        )
        .await;
    let all = collector.all().await;
    collector.kill();
    let collector = Collector::start(&options);
    collector
        .until(&collector::all("publisher"), |now| now >= all)
        .await;
    let amid = amid.await.expect("traffic");

    println!("== what they say");
    let cam = first_life.expect("a total") + second_life + 70_000 + amid;
    let expected = check::Expected {
        all: cam + through_gateway,
        cam,
        gateway: through_gateway,
    };
    let mut check = Check::default();
    collector
        .check(&mut check, "the collector", &expected)
        .await;
    upper
        .check(&mut check, "the collector above it", &expected)
        .await;
    store.check(&mut check, &expected).await;
    stock.check(&mut check, &expected).await;
    check
}
