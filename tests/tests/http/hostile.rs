//! Clients that are slow, greedy or wrong.

use std::time::Duration;

use streamgauge_tokio::{Config, Stats, Tier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{answers, config, connect, exchange, node, rest, serve, within};

const SHORT: Duration = Duration::from_millis(50);
const CLOSE: &str = "connection: close\r\n\r\n";

#[tokio::test]
async fn headers_that_do_not_end_in_time_end_the_connection() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_read_timeout(SHORT)).await;
    for sent in [
        "",
        "G",
        "GET /metrics HTTP/1.1\r\n",
        "GET /metrics HTTP/1.1\r\nx: y\r\n",
    ] {
        let answer = exchange(&server, sent).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    answers(&server).await;
}

#[tokio::test]
async fn headers_that_trickle_in_have_no_longer() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_read_timeout(SHORT)).await;
    let mut stream = connect(&server).await;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\n")
        .await
        .unwrap();
    let trickle = async {
        // Each is well within the timeout; only the sum of them is not.
        while stream.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    within(trickle).await;
    assert!(!rest(&mut stream).await.contains("200 OK"));
    answers(&server).await;
}

#[tokio::test]
async fn a_connection_without_a_next_request_is_closed() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_read_timeout(SHORT)).await;
    let answer = exchange(&server, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_room_returns() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_connections(3)).await;
    let mut places = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&server).await;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        // An answer means that the connection has its place.
        stream.read_u8().await.unwrap();
        places.push(stream);
    }
    for _ in 0..10 {
        let refused = rest(&mut connect(&server).await).await;
        assert!(
            refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
            "{refused}"
        );
        let (head, body) = refused.split_once("\r\n\r\n").expect("a body");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{refused}"
        );
    }
    places.pop();
    answers(&server).await;
}

#[tokio::test]
async fn headers_larger_than_allowed_are_refused() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_header_bytes(2_000)).await;
    let request = |bytes: usize| {
        let filler = "y".repeat(bytes);
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\nfiller: {filler}\r\n{CLOSE}")
    };
    let fits = exchange(&server, request(1_500)).await;
    assert!(fits.starts_with("HTTP/1.1 200 OK\r\n"), "{fits}");
    for bytes in [2_000, 20_000, 2_000_000] {
        let answer = exchange(&server, request(bytes)).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    let answer = exchange(&server, request(2_000)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    answers(&server).await;
}

#[tokio::test]
async fn more_headers_than_allowed_are_refused() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_header_bytes(64 << 10)).await;
    let request = |headers: usize| {
        let headers = "x: y\r\n".repeat(headers);
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}{CLOSE}")
    };
    let fits = exchange(&server, request(50)).await;
    assert!(fits.starts_with("HTTP/1.1 200 OK\r\n"), "{fits}");
    let answer = exchange(&server, request(200)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    answers(&server).await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let sent: [&[u8]; 7] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello of TLS\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ];
    for bytes in sent {
        let answer = exchange(&server, bytes).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    answers(&server).await;
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    let answer = exchange(
        &server,
        "GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\nsome",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answers(&server).await;
}

#[tokio::test]
async fn who_does_not_read_is_not_waited_for() {
    let stats = Stats::spawn(Config::new().with_series(20_000)).expect("a node");
    let handle = stats.tier(Tier::External);
    let tracks: Vec<_> = (0..10_000)
        .map(|n| handle.broadcast(&format!("live/{n}")).publisher_track("v"))
        .collect();
    let config = config().with_write_timeout(SHORT).with_connections(1);
    let server = serve(&stats, config).await;
    let mut stream = connect(&server).await;
    // More than the sockets hold by themselves.
    let requests = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20);
    stream.write_all(requests.as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    // The only place is free again only if the server gives up on this client.
    answers(&server).await;
    assert!(!rest(&mut stream).await.is_empty());
    drop(tracks);
}

#[tokio::test]
async fn a_server_without_connections_refuses_all() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config().with_connections(0)).await;
    let refused = rest(&mut connect(&server).await).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
}

#[tokio::test]
async fn a_thousand_clients_that_leave_in_the_midst_cost_nobody_an_answer() {
    let (stats, _track) = node(Config::new()).await;
    let server = serve(&stats, config()).await;
    for n in 0..1_000 {
        let mut stream = connect(&server).await;
        let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
        let sent = &request[..n % request.len()];
        stream.write_all(sent).await.unwrap();
    }
    answers(&server).await;
}
