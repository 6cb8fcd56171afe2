//! `/metrics`.

use axum::http::StatusCode;
use streamgauge_tokio::{Config, Format, Stats, Tier};

use crate::client::{Answer, get, node};

async fn scrape(stats: &Stats, accept: &str) -> Answer {
    get(stats, "/metrics", &[("accept", accept)]).await
}

#[tokio::test(start_paused = true)]
async fn a_scrape_holds_what_was_counted_until_then_though_no_tick_came() {
    let (stats, mut track) = node(Config::new().with_node("sjc/1")).await;
    track.whole_frame(34);
    let answer = scrape(&stats, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let line = answer
        .text()
        .lines()
        .find(|line| line.starts_with("streamgauge_traffic_bytes_total"))
        .expect("a line");
    assert!(line.contains(r#"node="sjc/1""#), "{line}");
    assert!(line.contains(r#""demo/bbb""#), "{line}");
    assert!(
        line.contains(r#"tier="external",role="publisher""#),
        "{line}"
    );
    assert!(line.ends_with(" 1234"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn the_accept_header_chooses_the_format() {
    let (stats, _track) = node(Config::new()).await;
    let open1 = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let open2 = "application/openmetrics-text; version=2.0.0; charset=utf-8";
    let plain = "text/plain; version=0.0.4; charset=utf-8";
    let cases = [
        ("", plain),
        ("*/*", plain),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", plain),
        ("application/openmetrics-text", open1),
        (
            "application/openmetrics-text;version=1.0.0;q=0.9, text/plain;q=0.5",
            open1,
        ),
        (
            "application/openmetrics-text;q=0.1, text/plain;version=0.0.4",
            plain,
        ),
        ("application/openmetrics-text;version=1.0.0;q=0, */*", plain),
        (
            "application/openmetrics-text;version=2.0.0, text/plain;q=0.1",
            open2,
        ),
        ("nonsense", plain),
        (";;;,,q=,/;q=9", plain),
    ];
    for (accept, expected) in cases {
        let answer = scrape(&stats, accept).await;
        assert_eq!(answer.header("content-type"), expected, "{accept}");
        let ends = answer.text().ends_with("# EOF\n");
        assert_eq!(ends, expected != plain, "{accept}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_accept_headers_are_one_and_bytes_that_are_no_text_are_skipped() {
    let (stats, _track) = node(Config::new()).await;
    let open = "application/openmetrics-text;version=1.0.0";
    let headers = [("accept", "text/plain;q=0.5"), ("accept", open)];
    let answer = get(&stats, "/metrics", &headers).await;
    assert!(answer.header("content-type").starts_with("application/"));
    let answer = get(
        &stats,
        "/metrics",
        &[("accept", "\u{fc}"), ("accept", open)],
    )
    .await;
    assert!(answer.header("content-type").starts_with("application/"));
}

#[tokio::test(start_paused = true)]
async fn who_accepts_gzip_gets_the_same_text_compressed() {
    let (stats, _track) = node(Config::new()).await;
    let plain = get(&stats, "/metrics", &[]).await;
    assert_eq!(plain.header("content-encoding"), "");
    for encodings in ["gzip", "deflate, gzip;q=0.5", "br, gzip;q=1.0, *;q=0"] {
        let answer = get(&stats, "/metrics", &[("accept-encoding", encodings)]).await;
        assert_eq!(answer.header("content-encoding"), "gzip", "{encodings}");
        assert!(answer.body.len() < plain.body.len() / 3);
        assert_eq!(counters(&answer.unzipped()), counters(plain.text()));
    }
    for encodings in [
        "",
        "identity",
        "gzip;q=0",
        "gzip;q=0.000, identity",
        "br",
        "gzi",
    ] {
        let answer = get(&stats, "/metrics", &[("accept-encoding", encodings)]).await;
        assert_eq!(answer.header("content-encoding"), "", "{encodings}");
        assert_eq!(counters(answer.text()), counters(plain.text()));
    }
}

/// The lines of what the node counts, not of the node itself.
fn counters(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines.filter(|line| line.contains("demo/bbb")).collect()
}

#[tokio::test(start_paused = true)]
async fn caches_are_told_what_an_answer_depends_on() {
    let (stats, _track) = node(Config::new()).await;
    for encoding in ["", "gzip"] {
        let answer = get(&stats, "/metrics", &[("accept-encoding", encoding)]).await;
        let vary = answer.all("vary").to_ascii_lowercase();
        assert!(vary.contains("accept-encoding"), "{vary}");
        assert!(vary.split(", ").any(|name| name == "accept"), "{vary}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_are_none_the_wiser_for_scrapes() {
    let (stats, mut track) = node(Config::new()).await;
    let mut latest = stats.latest("publisher.json").expect("a track");
    latest.next().await;
    track.whole_frame(1);
    let brief = stats.tier(Tier::External).broadcast("brief");
    brief.publisher_track("v").whole_frame(77);
    for _ in 0..10 {
        stats.scrape(Format::Prometheus).await;
    }
    stats.flush().await;
    let frame = latest.next().await.expect("a frame");
    let frame: serde_json::Value = serde_json::from_slice(&frame.payload).expect("JSON");
    assert_eq!(frame["demo/bbb"]["bytes"], 1201);
    assert_eq!(
        frame["brief"]["bytes"], 77,
        "seen by a scrape, and shown all the same"
    );
}

#[tokio::test(start_paused = true)]
async fn scrapes_keep_no_node_from_ticking_ahead_of_its_time() {
    let stats = Stats::spawn(Config::new().with_series(8)).expect("a node");
    stats.flush().await;
    let handle = stats.tier(Tier::External);
    for n in 0..100 {
        handle
            .broadcast(&n.to_string())
            .publisher_track("v")
            .frame();
        stats.scrape(Format::Prometheus).await;
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    }
    assert_eq!(stats.usage().folded_keys, 0, "room came back in time");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_counts_nothing_has_nothing_to_scrape() {
    let answer = get(&Stats::disabled(), "/metrics", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        Stats::disabled()
            .scrape(Format::OpenMetrics1)
            .await
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn many_at_once_share_one_text() {
    let (stats, mut track) = node(Config::new()).await;
    track.whole_frame(34);
    let scrapes: Vec<_> = (0..50)
        .map(|_| {
            let stats = stats.clone();
            tokio::spawn(async move { stats.scrape(Format::Prometheus).await })
        })
        .collect();
    let mut texts = Vec::new();
    for scrape in scrapes {
        let text = scrape.await.expect("text");
        let lines = counters(std::str::from_utf8(&text).expect("text")).join("\n");
        assert!(lines.contains("} 1234"), "{lines}");
        texts.push(text.as_ptr());
    }
    texts.sort_unstable();
    texts.dedup();
    assert!(texts.len() < 10, "{}", texts.len());
}

#[tokio::test]
async fn a_scrape_never_misses_what_was_counted_before_it_was_asked_for() {
    let (stats, _track) = node(Config::new()).await;
    let handle = stats.tier(Tier::External);
    let ask = |n: usize| {
        let (stats, handle) = (stats.clone(), handle.clone());
        tokio::spawn(async move {
            let mut track = handle.broadcast(&format!("mine/{n}")).publisher_track("v");
            track.whole_frame(n);
            let text = stats.scrape(Format::Prometheus).await;
            let text = String::from_utf8(text.to_vec()).expect("text");
            let line = text.lines().find(|line| {
                let bytes = line.starts_with("streamgauge_traffic_bytes_total");
                bytes && line.contains(&format!("\"mine/{n}\""))
            });
            assert!(line.expect("a line").ends_with(&format!(" {n}")));
        })
    };
    for task in (0..300).map(ask).collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
}
