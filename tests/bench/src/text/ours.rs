//! Our text, of families in memory that the caller brings.

use std::sync::Mutex;

use streamgauge_core::{
    Books, Buckets, ChannelStats, Counter, Duration, Exposition, FamilySection, Format, Inline,
    InlineBooks, Key, Labels, Ledger, Lock, Meter, Replication, Rpc, Section, Track, family,
};

use super::{count, latencies, name, samples};

family! {
    /// What other libraries are compared with: six counters and a histogram.
    pub(super) struct Load: "load" by broadcast as "load" {
        counter requests: "requests that came";
        counter replies: "replies that went out";
        counter received_bytes [bytes]: "bytes that came";
        counter sent_bytes [bytes]: "bytes that went out";
        counter retries: "requests that came again";
        counter failures: "requests that failed";
        histogram wait_us [seconds] as wait_seconds: "how long a request took";
    }
}

/// A lock for one thread or more.
#[derive(Debug)]
pub(crate) struct Locked(Mutex<()>);

impl Lock for Locked {
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        let _held = self.0.lock();
        f()
    }
}

type Table<F, const ROWS: usize> = Meter<F, Inline<F, Locked, 1, ROWS, 4, 12>>;

/// Something to write.
pub(super) trait Shelf {
    /// Writes all of it, into memory that is there.
    fn write(&mut self);

    /// How many samples there are in it.
    fn lines(&mut self) -> usize;
}

struct Family<F: streamgauge_core::Family, const ROWS: usize> {
    meter: Table<F, ROWS>,
    ledger: Ledger<F, InlineBooks<F, ROWS, 1>>,
    labels: &'static [(&'static str, &'static str)],
    text: Vec<u8>,
    len: usize,
}

impl<F: streamgauge_core::Family, const ROWS: usize> Family<F, ROWS>
where
    InlineBooks<F, ROWS, 1>: Books<F>,
{
    /// A family in which `fill` counts for each of so many series.
    fn new(series: usize, fill: impl Fn(&Table<F, ROWS>, usize)) -> Box<Self> {
        assert!(series < ROWS, "no room for {series} series");
        let lock = || Locked(Mutex::new(()));
        let mut family = Box::new(Self {
            meter: Meter::new(Inline::inline(lock(), lock())),
            ledger: Ledger::new(InlineBooks::inline(), 0),
            labels: &[],
            text: vec![0; 4 << 20],
            len: 0,
        });
        for i in 0..series {
            fill(&family.meter, i);
            family.ledger.collect(&family.meter, i as u64 / 100);
        }
        family
    }
}

impl<F: streamgauge_core::Family, const ROWS: usize> Shelf for Box<Family<F, ROWS>> {
    fn write(&mut self) {
        let section = FamilySection::new(&self.ledger, &self.meter);
        let sections: [&dyn Section; 1] = [&section];
        let labels = Labels::new(self.labels).unwrap_or_default();
        let mut exposition = Exposition::new(Format::Prometheus, &sections).with_labels(labels);
        self.len = exposition.encode(&mut self.text).len;
    }

    fn lines(&mut self) -> usize {
        self.write();
        samples(&self.text[..self.len])
    }
}

pub(super) fn load(series: usize) -> impl Shelf {
    const COUNTERS: [Counter<Load>; 6] = [
        Counter::named("requests"),
        Counter::named("replies"),
        Counter::named("received_bytes"),
        Counter::named("sent_bytes"),
        Counter::named("retries"),
        Counter::named("failures"),
    ];
    const WAIT: Buckets<Load, Duration> = Buckets::named("wait_us");
    let mut family = Family::<Load, 512>::new(series, |meter, i| {
        let mut track = Track::open(meter, 0, Key::new(&name(i)).ok().as_ref());
        for (place, counter) in COUNTERS.into_iter().enumerate() {
            track.add(counter, count(i, place));
        }
        for ms in latencies(i) {
            track.record(WAIT, Duration::from_millis(ms.into()));
        }
    });
    family.labels = &[("node", "sjc/1")];
    family
}

pub(super) fn rpc(series: usize) -> impl Shelf {
    const COUNTERS: [Counter<Rpc>; 9] = [
        Counter::named("calls"),
        Counter::named("errors_no_route"),
        Counter::named("errors_timeout"),
        Counter::named("errors_server"),
        Counter::named("errors_transport"),
        Counter::named("handler_panics"),
        Counter::named("streaming_chunks_emitted"),
        Counter::named("streaming_chunks_dropped"),
        Counter::named("capability_denied"),
    ];
    const TIMES: [Buckets<Rpc, Duration>; 2] = [
        Buckets::named("call_latency_us"),
        Buckets::named("handler_duration_us"),
    ];
    Family::<Rpc, 256>::new(series, |meter, i| {
        let mut track = Track::join(meter, 0, Key::new(&name(i)).ok().as_ref());
        for (place, counter) in COUNTERS.into_iter().enumerate() {
            track.add(counter, count(i, place));
        }
        for (times, ms) in TIMES
            .into_iter()
            .flat_map(|times| latencies(i).map(move |ms| (times, ms)))
        {
            track.record(times, Duration::from_millis(ms.into()));
        }
    })
}

pub(super) fn replication(series: usize) -> impl Shelf {
    Family::<Replication, 1152>::new(series, |meter, i| {
        let mut channel = ChannelStats::open(meter, &name(i));
        channel.sync_bytes(count(i, 0));
        for _ in 0..i % 90 {
            channel.leader_change();
            channel.skip_ahead();
        }
        channel.set_leader_lag(Duration::from_micros(count(i, 1) as u64));
        channel.set_replica_lag(Duration::from_micros(count(i, 2) as u64));
    })
}
