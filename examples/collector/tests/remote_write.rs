//! Remote write, before a store of our own that says what it is told to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use prost::Message;
use streamgauge_collector::metrics::{Metric, Sample};
use streamgauge_collector::remote_write::{Config, Tally, WriteRequest, Writer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

/// Longer than any of these may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A store that answers as it is told, and 204 when it is told nothing more.
#[derive(Clone)]
struct Store {
    answers: Arc<Mutex<VecDeque<(StatusCode, &'static str)>>>,
    taken: mpsc::UnboundedSender<(HeaderMap, WriteRequest, StatusCode)>,
}

type Taken = mpsc::UnboundedReceiver<(HeaderMap, WriteRequest, StatusCode)>;

async fn write(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap) {
    let plain = snap::raw::Decoder::new()
        .decompress_vec(&body)
        .expect("snappy");
    let request = WriteRequest::decode(&*plain).expect("a request");
    let answer = store.answers.lock().unwrap().pop_front();
    let (code, after) = answer.unwrap_or((StatusCode::NO_CONTENT, ""));
    let mut head = HeaderMap::new();
    if !after.is_empty() {
        head.insert("retry-after", after.parse().unwrap());
    }
    store
        .taken
        .send((headers, request, code))
        .expect("a reader");
    (code, head)
}

fn store(answers: &[(StatusCode, &'static str)]) -> (Router, Taken) {
    let (sender, taken) = mpsc::unbounded_channel();
    let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
    let store = Store {
        answers,
        taken: sender,
    };
    (
        Router::new()
            .route("/api/v1/write", post(write))
            .with_state(store),
        taken,
    )
}

async fn listen(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/api/v1/write").parse().unwrap()
}

async fn writer(url: Url, room: usize) -> Writer {
    let config = Config {
        url,
        token: None,
        room,
    };
    Writer::start(&config).await.unwrap()
}

fn metric(value: u64) -> [Metric; 1] {
    let labels = vec![("broadcast", "cam".into())];
    [Metric {
        name: "x_total".into(),
        help: String::new(),
        counter: true,
        samples: vec![Sample { labels, value }],
    }]
}

/// The next request that came, and how it was answered.
async fn next(taken: &mut Taken) -> (HeaderMap, WriteRequest, StatusCode) {
    timeout(LIMIT, taken.recv())
        .await
        .expect("in time")
        .expect("a request")
}

async fn value(taken: &mut Taken) -> (f64, StatusCode) {
    let (_, request, code) = next(taken).await;
    (request.timeseries[0].samples[0].value, code)
}

/// Waits until the writer has counted this.
async fn until(writer: &Writer, what: impl Fn(&Tally) -> bool) -> Tally {
    let counted = async {
        loop {
            let tally = writer.tally();
            if what(&tally) {
                return tally;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, counted).await.expect("in time")
}

const OK: StatusCode = StatusCode::NO_CONTENT;

#[tokio::test]
async fn a_store_gets_what_the_protocol_says() {
    let (router, mut taken) = store(&[]);
    let mut writer = writer(listen(router).await, 10).await;
    writer.write(&metric(7), 1_234);
    let (headers, request, _) = next(&mut taken).await;
    for (name, value) in [
        ("content-encoding", "snappy"),
        ("content-type", "application/x-protobuf"),
        ("x-prometheus-remote-write-version", "0.1.0"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let [series] = request.timeseries.as_slice() else {
        panic!("one series: {request:?}");
    };
    assert_eq!(series.samples[0].timestamp, 1_234);
    assert_eq!(until(&writer, |tally| tally.sent == 1).await.waiting, 0);
}

#[tokio::test]
async fn what_a_store_cannot_take_now_is_sent_again_before_what_came_later() {
    let (router, mut taken) = store(&[
        (StatusCode::SERVICE_UNAVAILABLE, ""),
        (StatusCode::TOO_MANY_REQUESTS, "1"),
    ]);
    let mut writer = writer(listen(router).await, 10).await;
    writer.write(&metric(1), 1);
    writer.write(&metric(2), 2);
    assert_eq!(
        value(&mut taken).await,
        (1.0, StatusCode::SERVICE_UNAVAILABLE)
    );
    assert_eq!(
        value(&mut taken).await,
        (1.0, StatusCode::TOO_MANY_REQUESTS)
    );
    assert_eq!(value(&mut taken).await, (1.0, OK));
    assert_eq!(value(&mut taken).await, (2.0, OK));
    let tally = until(&writer, |tally| tally.sent == 2).await;
    assert_eq!((tally.retries, tally.refused, tally.dropped), (2, 0, 0));
}

#[tokio::test]
async fn what_a_store_refuses_for_good_is_dropped_and_counted() {
    let (router, mut taken) = store(&[(StatusCode::BAD_REQUEST, "")]);
    let mut writer = writer(listen(router).await, 10).await;
    writer.write(&metric(1), 1);
    writer.write(&metric(2), 2);
    assert_eq!(value(&mut taken).await, (1.0, StatusCode::BAD_REQUEST));
    assert_eq!(value(&mut taken).await, (2.0, OK));
    let tally = until(&writer, |tally| tally.sent == 1).await;
    assert_eq!((tally.refused, tally.retries), (1, 0));
}

#[tokio::test]
async fn what_waits_for_a_store_is_bounded_and_the_newest_is_kept() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/api/v1/write").parse().unwrap();
    let mut writer = writer(url, 3).await;
    writer.write(&metric(0), 0);
    // It is on its way, and comes back.
    until(&writer, |tally| tally.retries > 0).await;
    for n in 1..=10 {
        writer.write(&metric(n), n);
    }
    let tally = writer.tally();
    assert_eq!((tally.waiting, tally.dropped), (4, 7));
    let (router, mut taken) = store(&[]);
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    for expected in [0.0, 8.0, 9.0, 10.0] {
        assert_eq!(value(&mut taken).await, (expected, OK));
    }
}

#[tokio::test]
async fn the_last_round_is_sent_at_the_end() {
    let (router, mut taken) = store(&[]);
    let mut writer = writer(listen(router).await, 10).await;
    writer.write(&metric(5), 1);
    writer.finish().await;
    assert_eq!(value(&mut taken).await, (5.0, OK));
}

#[tokio::test]
async fn a_token_goes_into_the_header() {
    let (router, mut taken) = store(&[]);
    let file = std::env::temp_dir().join(format!("streamgauge-token-{}", std::process::id()));
    std::fs::write(&file, "secret\n").unwrap();
    let config = Config {
        url: listen(router).await,
        token: Some(file.clone()),
        room: 1,
    };
    let mut writer = Writer::start(&config).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    writer.write(&metric(5), 1);
    assert_eq!(next(&mut taken).await.0["authorization"], "Bearer secret");
    assert!(Writer::start(&config).await.is_err(), "the token is gone");
}
