//! `/stats/<track>`: frames, and who has them.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::StatusCode;
use streamgauge_tokio::{Config, Stats};
use tokio::time::sleep;

use crate::client::{Answer, Counting, get, node};

const PATH: &str = "/stats/publisher.json";

async fn first(config: Config) -> (Stats, Counting, Answer) {
    let (stats, track) = node(config).await;
    let answer = get(&stats, PATH, &[]).await;
    (stats, track, answer)
}

fn seconds(date: &str) -> u64 {
    let date = httpdate::parse_http_date(date).expect("a date");
    date.duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_track_answers_with_its_newest_frame() {
    let (stats, mut track, answer) = first(Config::new()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-cache");
    let frame = stats.latest("publisher.json").unwrap().frame().unwrap();
    assert_eq!(answer.body, frame.payload);
    track.frame();
    stats.flush().await;
    let newer = get(&stats, PATH, &[]).await;
    assert!(newer.text().contains(r#""frames":2"#));
    assert_ne!(newer.header("etag"), answer.header("etag"));
}

#[tokio::test(start_paused = true)]
async fn every_track_has_a_path_and_is_in_the_list() {
    let (stats, _track) = node(Config::new().with_tiers(["eu/edge \"1\""])).await;
    let list = get(&stats, "/stats", &[]).await;
    let names: Vec<String> = serde_json::from_slice(&list.body).expect("names");
    assert_eq!(names.len(), stats.tracks().len());
    for (name, track) in names.iter().zip(stats.tracks()) {
        assert_eq!(**name, **track);
        let path = name.replace(' ', "%20").replace('"', "%22");
        let answer = get(&stats, &format!("/stats/{path}"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        serde_json::from_slice::<serde_json::Value>(&answer.body).expect("JSON");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_track_is_not_found() {
    let (stats, _track) = node(Config::new()).await;
    for path in [
        "nothing.json",
        "publisher",
        "publisher.json/",
        "..%2fnode.json",
        "%00",
    ] {
        let answer = get(&stats, &format!("/stats/{path}"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let answer = get(&stats, "/stats/%ff", &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "no UTF-8");
    let answer = get(&Stats::disabled(), PATH, &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_track_without_a_frame_is_empty_and_has_no_version() {
    let stats = Stats::spawn(Config::new()).expect("a node");
    let answer = get(&stats, PATH, &[("if-none-match", "*")]).await;
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, "{}"));
    assert_eq!(
        (answer.header("etag"), answer.header("last-modified")),
        ("", "")
    );
}

#[tokio::test(start_paused = true)]
async fn who_has_the_frame_is_not_sent_it_again() {
    let (stats, mut track, answer) = first(Config::new()).await;
    let tag = answer.header("etag");
    let strong = tag.trim_start_matches("W/");
    let several = format!("\"other\", {tag}");
    for known in [tag, strong, "*", &several] {
        let again = get(&stats, PATH, &[("if-none-match", known)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{known}");
        assert!(again.body.is_empty());
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), "no-cache");
    }
    track.frame();
    stats.flush().await;
    let newer = get(&stats, PATH, &[("if-none-match", &several)]).await;
    assert_eq!(newer.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn tags_of_other_frames_and_no_tags_at_all_are_none_of_ours() {
    let (stats, _track, answer) = first(Config::new()).await;
    let unquoted = answer.header("etag").trim_matches(['W', '/', '"']);
    for other in ["", "\"\"", "W/\"0-0\"", ",,,", unquoted, "W/"] {
        let answer = get(&stats, PATH, &[("if-none-match", other)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_known_by_its_date_once_its_second_is_over() {
    let (stats, _track, early) = first(Config::new()).await;
    let fresh = early.header("last-modified");
    sleep(Duration::from_secs(2)).await;
    let settled = get(&stats, PATH, &[]).await;
    let date = settled.header("last-modified");
    assert_eq!(
        seconds(date),
        seconds(fresh) + 1,
        "not told while the second goes on"
    );
    let again = get(&stats, PATH, &[("if-modified-since", date)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let sent = get(&stats, PATH, &[("if-modified-since", fresh)]).await;
    assert_eq!(sent.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn no_client_misses_a_frame_by_its_date_however_often_it_changes() {
    let (stats, mut track) = node(Config::new().with_interval(Duration::from_millis(70))).await;
    let mut held = get(&stats, PATH, &[]).await;
    for n in 0..200_u64 {
        if n % 3 != 0 {
            track.frame();
        }
        sleep(Duration::from_millis(n * n % 700)).await;
        let since = held.header("last-modified").to_owned();
        let now = get(&stats, PATH, &[]).await;
        let asked = get(&stats, PATH, &[("if-modified-since", &since)]).await;
        if asked.status == StatusCode::NOT_MODIFIED {
            assert_eq!(held.body, now.body, "round {n}");
        } else {
            held = asked;
        }
        assert_eq!(held.body, now.body, "round {n}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_decides_where_there_are_both() {
    let (stats, _track, answer) = first(Config::new()).await;
    let late = "Fri, 31 Dec 9999 23:59:59 GMT";
    let headers = [("if-none-match", "\"other\""), ("if-modified-since", late)];
    assert_eq!(get(&stats, PATH, &headers).await.status, StatusCode::OK);
    let early = "Thu, 01 Jan 1970 00:00:00 GMT";
    let tag = answer.header("etag");
    let headers = [("if-none-match", tag), ("if-modified-since", early)];
    let answer = get(&stats, PATH, &headers).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test(start_paused = true)]
async fn a_date_that_is_none_is_no_condition() {
    let (stats, _track) = node(Config::new()).await;
    for date in ["", "yesterday", "0", "99999999999999999999", "\u{fc}"] {
        let answer = get(&stats, PATH, &[("if-modified-since", date)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_compressed_for_who_accepts_it_and_stays_the_same_frame() {
    let (stats, _track, plain) = first(Config::new()).await;
    let zipped = get(&stats, PATH, &[("accept-encoding", "gzip")]).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_eq!(zipped.unzipped(), plain.text());
    let headers = [
        ("accept-encoding", "gzip"),
        ("if-none-match", zipped.header("etag")),
    ];
    let again = get(&stats, PATH, &headers).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(again.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_frames_of_two_nodes_are_never_taken_for_each_other() {
    let (_, _, one) = first(Config::new()).await;
    sleep(Duration::from_millis(1)).await;
    std::thread::yield_now();
    let (stats, _track, _) = first(Config::new()).await;
    let answer = get(&stats, PATH, &[("if-none-match", one.header("etag"))]).await;
    assert_eq!(answer.status, StatusCode::OK);
}
