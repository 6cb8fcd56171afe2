//! The sink that writes lines of JSON.

use std::{
    env, fs,
    io::{self, ErrorKind, Write},
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use serde_json::Value;
use streamgauge_tokio::{Config, FileSink, Stats, Tier};
use tokio::{
    task::{JoinHandle, yield_now},
    time::{Instant, sleep},
};

use crate::harness::TICK;

/// What a writer wrote, as whole lines.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn lines(&self) -> Vec<Value> {
        parse(&self.0.lock().unwrap())
    }

    /// The newest frame of a track.
    fn newest(&self, track: &str) -> Value {
        let lines = self.lines();
        let newest = lines.into_iter().rev().find(|line| line["track"] == track);
        newest.expect("a line of the track")["frame"].clone()
    }

    /// Every byte that was ever shown of external egress, however often a series came back.
    fn total(&self) -> Value {
        self.newest("node.json")["totals"]["publisher"]["bytes"].clone()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn parse(text: &[u8]) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with(b"\n"), "whole lines");
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// A writer that asks before each write.
struct Asking<F>(F, Page);

impl<F: FnMut() -> io::Result<usize>> Write for Asking<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = (self.0)()?;
        self.1.write(&bytes[..bytes.len().min(most)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn asking(page: &Page, ask: impl FnMut() -> io::Result<usize> + Send + 'static) -> FileSink {
    FileSink::to_writer(Asking(ask, page.clone())).unwrap()
}

fn count(stats: &Stats, path: &str, bytes: usize) {
    stats
        .tier(Tier::External)
        .broadcast(path)
        .publisher_track("v")
        .bytes(bytes);
}

fn file(name: &str) -> PathBuf {
    env::temp_dir().join(format!("streamgauge-{}-{name}.jsonl", process::id()))
}

#[tokio::test(start_paused = true)]
async fn lines_read_back_as_the_frames_that_were_shown() {
    let path = file("lines");
    let _ = fs::remove_file(&path);
    let config = Config::new().with_sink(FileSink::append(&path).unwrap());
    let stats = Stats::spawn(config).unwrap();
    let mut newest = stats.latest("publisher.json").unwrap();
    let mut shown = vec![newest.next().await.unwrap()];
    for n in 0..5 {
        count(&stats, &format!("say \"{n}\"\n"), n + 1);
        shown.push(newest.next().await.unwrap());
    }
    stats.close().await;
    let lines = parse(&fs::read(&path).unwrap());
    fs::remove_file(&path).unwrap();
    let written: Vec<_> = lines
        .iter()
        .filter(|line| line["track"] == "publisher.json")
        .collect();
    for (line, frame) in written.iter().zip(&shown) {
        assert_eq!(line["ts_ms"], frame.ts_ms);
        assert_eq!(line["frame"], crate::harness::json(frame));
    }
    assert!(written.len() >= shown.len());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_there_is_added_to() {
    let path = file("append");
    fs::write(&path, "{\"kept\":true}\n").unwrap();
    for _ in 0..2 {
        let config = Config::new().with_sink(FileSink::append(&path).unwrap());
        Stats::spawn(config).unwrap().close().await;
    }
    let lines = parse(&fs::read(&path).unwrap());
    fs::remove_file(&path).unwrap();
    assert_eq!(lines[0]["kept"], true);
    assert!(
        lines
            .iter()
            .filter(|line| line["track"] == "node.json")
            .count()
            >= 2
    );
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_at_once() {
    let path = env::temp_dir().join("streamgauge-no-such-directory/stats.jsonl");
    assert_eq!(
        FileSink::append(path).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test(start_paused = true)]
async fn names_of_tiers_are_escaped_in_lines() {
    let page = Page::default();
    let tier = "say \"hi\" \\o/";
    let config = Config::new().with_tiers([tier]);
    let config = config.with_sink(FileSink::to_writer(page.clone()).unwrap());
    let stats = Stats::spawn(config).unwrap();
    let names: Vec<_> = stats.tracks().iter().map(ToString::to_string).collect();
    stats.flush().await;
    stats.close().await;
    for name in names {
        assert!(
            page.lines().iter().any(|line| line["track"] == *name),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_takes_little_at_a_time_gets_everything() {
    let page = Page::default();
    let mut calls = 0_usize;
    let sink = asking(&page, move || {
        calls += 1;
        if calls.is_multiple_of(3) {
            return Err(ErrorKind::Interrupted.into());
        }
        Ok(7)
    });
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    for n in 0..5 {
        count(&stats, &format!("live/{n}"), 10);
        sleep(TICK).await;
    }
    stats.close().await;
    assert_eq!(page.total(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_fails_for_a_while_loses_no_line() {
    let page = Page::default();
    let failures = AtomicUsize::new(0);
    let recovered = Arc::new(AtomicUsize::new(0));
    let seen = recovered.clone();
    // The third line fails in its middle, once.
    let sink = asking(&page, move || {
        match failures.fetch_add(1, Ordering::Relaxed) {
            2 => Ok(5),
            3 => Err(io::Error::other("disk full")),
            _ => {
                seen.fetch_add(1, Ordering::Relaxed);
                Ok(usize::MAX)
            }
        }
    });
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    for n in 0..30 {
        count(&stats, &format!("live/{n}"), 10);
        sleep(TICK).await;
    }
    wait_until(|| recovered.load(Ordering::Relaxed) > 3);
    stats.close().await;
    assert_eq!(page.total(), 300);
    for n in 0..30 {
        let path = format!("live/{n}");
        assert!(
            page.lines()
                .iter()
                .any(|line| line["frame"][&path]["bytes"] == 10),
            "{path}"
        );
    }
}

/// A writer that blocks until it is let go.
fn blocked(page: &Page) -> (FileSink, Sender<()>) {
    let (let_go, gate): (_, Receiver<()>) = channel();
    let sink = asking(page, move || {
        // Nobody at the other end means that the gate is open.
        let _ = gate.recv();
        Ok(usize::MAX)
    });
    (sink, let_go)
}

/// Begins to close a node, and lets it come to where it waits for its file.
async fn close_until_blocked(stats: Stats) -> JoinHandle<()> {
    let closing = tokio::spawn(stats.close());
    for _ in 0..10 {
        yield_now().await;
    }
    closing
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_blocks_never_holds_up_the_driver() {
    let page = Page::default();
    let (sink, let_go) = blocked(&page);
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    let mut newest = stats.latest("publisher.json").unwrap();
    let start = Instant::now();
    for n in 0..200 {
        count(&stats, "live/one", 1);
        sleep(TICK).await;
        assert!(newest.next().await.is_some(), "tick {n}");
    }
    assert_eq!(Instant::now() - start, TICK * 200);
    let usage = stats.usage();
    assert!(usage.series <= 1, "what the file is owed is one series");
    drop(let_go);
    stats.close().await;
    assert_eq!(page.total(), 200);
}

#[tokio::test(start_paused = true)]
async fn final_counts_reach_a_file_whose_queue_was_full() {
    let page = Page::default();
    let (sink, let_go) = blocked(&page);
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    for n in 0..100 {
        count(&stats, &format!("live/{n}"), 1);
        sleep(TICK).await;
    }
    let closing = close_until_blocked(stats).await;
    drop(let_go);
    closing.await.unwrap();
    assert_eq!(page.total(), 100);
    for n in 0..100 {
        let path = format!("live/{n}");
        assert!(
            page.lines()
                .iter()
                .any(|line| line["frame"][&path]["bytes"] == 1),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_end_of_a_file_leaves_other_tasks_running() {
    let page = Page::default();
    let (sink, let_go) = blocked(&page);
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    stats.flush().await;
    let closing = close_until_blocked(stats).await;
    // This task runs although the file is not written yet: it is the one that lets it be.
    drop(let_go);
    closing.await.unwrap();
    assert_eq!(page.total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_always_fails_is_given_up_at_the_end() {
    let page = Page::default();
    let sink = asking(&page, || Err(io::Error::other("no disk")));
    let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
    for n in 0..100 {
        count(&stats, &format!("live/{n}"), 1);
        sleep(TICK).await;
    }
    let node = stats.latest("node.json").unwrap().frame().unwrap();
    assert_eq!(
        crate::harness::json(&node)["totals"]["publisher"]["bytes"],
        100
    );
    stats.close().await;
    assert!(page.lines().is_empty());
}

fn wait_until(done: impl Fn() -> bool) {
    while !done() {
        std::thread::sleep(Duration::from_millis(5));
    }
}
