//! Many threads, few series, and ticks at any moment.

use std::thread;

use streamgauge_tokio::{Config, FamilyMeter, Stats};

use crate::{
    harness::Record,
    sensor::{READINGS, Sensor, TRACK},
};

const THREADS: usize = 4;
const ROUNDS: usize = 2_000;

#[tokio::test]
async fn every_bump_of_every_thread_is_published_once() {
    let (meter, record) = (FamilyMeter::<Sensor>::new(8), Record::default());
    let config = Config::new().with_family(&meter).with_sink(record.sink());
    let stats = Stats::spawn(config).expect("a node");
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let meter = meter.fork();
            thread::spawn(move || count(&meter, thread))
        })
        .collect();
    while threads.iter().any(|thread| !thread.is_finished()) {
        stats.flush().await;
    }
    let long = meter.track("held");
    stats.close().await;
    drop(long);
    assert_eq!(published(&record), (THREADS * ROUNDS) as u64);
}

/// Half by shares of the meter, half by references to it.
fn count(meter: &FamilyMeter<Sensor>, thread: usize) {
    for round in 0..ROUNDS / 2 {
        let name = ((thread + round) % 16).to_string();
        meter.track(&name).add(READINGS, 1);
        meter.by_ref().track(&name).add(READINGS, 1);
    }
}

/// The sum of what each life of each series came to.
fn published(record: &Record) -> u64 {
    let mut lives = std::collections::BTreeMap::new();
    for frame in record.accepted(TRACK) {
        for (name, series) in frame.as_object().expect("an object") {
            let life = (name.clone(), series["since"].as_u64());
            lives.insert(life, series["readings"].as_u64().expect("a number"));
        }
    }
    lives.values().sum()
}
