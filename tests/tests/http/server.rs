//! The server over real sockets.

use streamgauge_tokio::{Config, Stats, Tier, http};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::{config, connect, exchange, node, rest, serve, within};

const CLOSE: &str = "connection: close\r\n\r\n";

#[tokio::test]
async fn the_server_listens_on_loopback_unless_told_otherwise() {
    assert_eq!(http::Config::PORT, 9464);
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    assert!(server.address().ip().is_loopback());
    let text = format!("{:?}", http::Config::new());
    assert!(text.contains("127.0.0.1:9464"), "{text}");
}

#[tokio::test]
async fn the_index_and_unknown_paths_say_where_to_look() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let index = exchange(&server, format!("GET / HTTP/1.1\r\nhost: x\r\n{CLOSE}")).await;
    assert!(index.starts_with("HTTP/1.1 200 OK\r\n"), "{index}");
    assert!(
        index.ends_with("\r\n\r\n/metrics\n/stats\n/healthz\n"),
        "{index}"
    );
    for path in [
        "/metric",
        "/metrics/",
        "//metrics",
        "/%2e%2e/etc",
        "/stats/",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{CLOSE}");
        let answer = exchange(&server, request).await;
        assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let mut stream = connect(&server).await;
    for _ in 0..3 {
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"every 1000 ms\n") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn requests_that_come_at_once_are_answered_in_order() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let paths = ["/", "/nothing", "/healthz", "/stats", "/metrics"];
    let mut requests = paths.map(|path| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
    requests[4] = format!("GET /metrics HTTP/1.1\r\nhost: x\r\n{CLOSE}");
    let answers = exchange(&server, requests.concat()).await;
    let statuses: Vec<_> = answers
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answers[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "404", "200", "200", "200"]);
    let marks = [
        "/healthz\n",
        "nothing here",
        "last tick",
        "[\"",
        "streamgauge_traffic",
    ];
    let places = marks.map(|mark| answers.find(mark).expect(mark));
    assert!(places.is_sorted());
}

#[tokio::test]
async fn head_over_a_socket_has_no_body_that_the_next_answer_could_be_taken_for() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    for encoding in ["identity", "gzip"] {
        let head =
            format!("HEAD /metrics HTTP/1.1\r\nhost: x\r\naccept-encoding: {encoding}\r\n\r\n");
        let get = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{CLOSE}");
        let answers = exchange(&server, head + &get).await;
        let (first, second) = answers.split_once("\r\n\r\n").expect("two answers");
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
        assert!(second.starts_with("HTTP/1.1 200 OK\r\n"), "{second}");
    }
}

#[tokio::test]
async fn a_shutdown_closes_idle_connections_and_the_port() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let address = server.address();
    let mut idle = connect(&server).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b" ms\n") {
        idle.read_buf(&mut answer).await.unwrap();
    }
    within(server.shutdown()).await;
    assert_eq!(rest(&mut idle).await, "");
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn a_shutdown_lets_an_answer_under_way_end() {
    let stats = Stats::spawn(Config::new().with_series(20_000)).expect("a node");
    let handle = stats.tier(Tier::External);
    let tracks: Vec<_> = (0..10_000)
        .map(|n| handle.broadcast(&format!("live/{n}")).publisher_track("v"))
        .collect();
    let server = serve(&stats, config()).await;
    let mut stream = connect(&server).await;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    // The first bytes are there, and the others are more than the sockets hold.
    let mut answer = vec![0; 1];
    stream.read_exact(&mut answer).await.unwrap();
    let reader = async { stream.read_to_end(&mut answer).await.expect("to its end") };
    within(async { tokio::join!(server.shutdown(), reader) }).await;
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    assert!(body.len() > 4_000_000);
    let length = format!("content-length: {}", body.len());
    assert!(head.contains(&length), "{head}");
    drop(tracks);
}

#[tokio::test]
async fn a_shutdown_waits_for_no_one_longer_than_its_grace() {
    let (stats, _track) = node(Config::new()).await;
    let config = config().with_grace(std::time::Duration::from_millis(50));
    let server = serve(&stats, config).await;
    let mut slow = connect(&server).await;
    slow.write_all(b"GET /metrics HT").await.unwrap();
    within(server.shutdown()).await;
    assert_eq!(rest(&mut slow).await, "");
}

#[tokio::test]
async fn a_server_that_is_dropped_closes_everything() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let mut stream = connect(&server).await;
    // Under way, so that a shutdown would wait for it.
    stream.write_all(b"GET /metrics HT").await.unwrap();
    tokio::task::yield_now().await;
    drop(server);
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_server_keeps_its_node_alive() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    drop(stats);
    let request = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{CLOSE}");
    let answer = exchange(&server, request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
