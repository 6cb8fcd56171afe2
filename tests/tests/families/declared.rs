//! A family of a user's own, in a dozen lines.

use streamgauge_core::{
    Activity, Bounds, Buckets, Counter, Duration, Event, Family, Lease, Level, Pair, Reading,
    Scale, Source, Track,
};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

streamgauge_core::family! {
    /// Jobs of one queue.
    pub struct Jobs: "jobs" by queue as "shop" {
        pair opened / closed on Announce: "queues opened" / "queues closed";
        pair jobs / jobs_done: "jobs begun" / "jobs that ended";
        counter failures by cause { failures_io: "io", failures_oom: "oom" }: "jobs that failed";
        counter payload_bytes [bytes]: "payload";
        counter busy_us [seconds] as busy_seconds: "time spent on jobs";
        gauge running = jobs - jobs_done: "jobs under way";
        gauge depth: "jobs that wait";
        gauge oldest_us [seconds] as oldest_seconds: "how long the oldest waits";
        histogram took_us [seconds] as "job_took_seconds": "how long a job took";
        histogram job_bytes [bytes]: "payload of a job" in Scale::integers(&[64, 256, 1024]);
        histogram wait_us [seconds] as wait_seconds: "how long a job waited"
            in Scale::log_durations(Duration::from_micros(100), Duration::from_secs(1));
    }
}

pub(crate) const JOBS: Pair<Jobs> = Pair::named("jobs");
pub(crate) const IO: Counter<Jobs> = Counter::named("failures_io");
pub(crate) const OOM: Counter<Jobs> = Counter::named("failures_oom");
pub(crate) const PAYLOAD: Counter<Jobs> = Counter::named("payload_bytes");
pub(crate) const DEPTH: Level<Jobs, usize> = Level::named("depth");
pub(crate) const OLDEST: Level<Jobs, Duration> = Level::named("oldest_us");
pub(crate) const TOOK: Buckets<Jobs, Duration> = Buckets::named("took_us");
pub(crate) const JOB_BYTES: Buckets<Jobs, usize> = Buckets::named("job_bytes");
pub(crate) const WAIT: Buckets<Jobs, Duration> = Buckets::named("wait_us");

pub(crate) type Held = Lease<Jobs, Drawer<Jobs>>;
pub(crate) type Writer = Track<Jobs, Drawer<Jobs>>;
pub(crate) type Job = Activity<Jobs, Drawer<Jobs>>;

pub(crate) fn lease(desk: &Desk<Jobs>, name: &str) -> Held {
    Lease::open(
        desk.meter(),
        0,
        streamgauge_core::Key::new(name).ok().as_ref(),
    )
}

#[test]
fn all_kinds_of_numbers_come_together_in_one_series() {
    let mut desk = Desk::<Jobs>::new(DeskRoom::of(4));
    let queue = lease(&desk, "mail");
    let mut job: Job = queue.begin(JOBS);
    let _other: Job = queue.begin(JOBS);
    let mut writer: Writer = queue.writer();
    writer.add(IO, 1);
    writer.add(PAYLOAD, 300);
    writer.record(JOB_BYTES, 256);
    writer.record(JOB_BYTES, 257);
    writer.set(DEPTH, 9);
    queue.set(OLDEST, Duration::from_secs(3));
    job.end(|tally| {
        tally.add(OOM, 2);
        tally.record(TOOK, Duration::from_millis(20));
        tally.record(WAIT, Duration::from_micros(150));
    });
    desk.tick();
    let jobs = desk.of("mail");
    assert_eq!((jobs.jobs, jobs.jobs_done, jobs.running()), (2, 1, 1));
    assert_eq!((jobs.failures_io, jobs.failures_oom), (1, 2));
    assert_eq!((jobs.depth, jobs.oldest_us), (Some(9), Some(3_000_000)));
    assert_eq!(jobs.job_bytes.buckets, [0, 1, 1, 0]);
    assert_eq!(jobs.job_bytes.sum, 513);
    assert_eq!(jobs.took_us().quantile(1_000_000), Some(25_000));
    assert_eq!(jobs.wait_us().count(), 1);
}

#[test]
fn the_schema_tells_what_text_formats_need() {
    let [_, _, begun, ended, io, oom, bytes, busy] = Jobs::WORDS else {
        panic!("eight words")
    };
    assert!(matches!(
        (begun.source, ended.source),
        (Source::Begun(_), Source::Ended(_))
    ));
    assert_eq!(Jobs::WORDS[0].source, Source::Opened(Event::Announce));
    assert_eq!([io.metric, oom.metric], ["shop_failures"; 2]);
    assert_eq!([io.help, oom.help], ["jobs that failed"; 2]);
    let labels = [io, oom].map(|word| word.label.map(|label| (label.name, label.value)));
    assert_eq!(labels, [Some(("cause", "io")), Some(("cause", "oom"))]);
    assert_eq!(
        (bytes.metric, bytes.unit, bytes.label),
        ("shop_payload_bytes", "bytes", None)
    );
    assert_eq!((busy.name, busy.metric), ("busy_us", "shop_busy_seconds"));
    assert_eq!(
        (Jobs::NAME, Jobs::KEY, Jobs::KEPT),
        ("jobs", "queue", false)
    );
    let gauges = Jobs::GAUGES.iter().map(|gauge| gauge.reading);
    let expected = [
        Reading::Difference {
            opened: 2,
            closed: &[3],
        },
        Reading::Set {
            place: 0,
            word: 8 + 13 + 5 + wait_words(),
        },
        Reading::Set {
            place: 1,
            word: 9 + 13 + 5 + wait_words(),
        },
    ];
    assert!(gauges.eq(expected));
    let [took, job_bytes, wait] = Jobs::HISTOGRAMS else {
        panic!("three histograms")
    };
    assert_eq!(
        (took.metric, took.kind),
        ("job_took_seconds", Bounds::Listed)
    );
    assert_eq!(job_bytes.bounds, [64, 256, 1024]);
    assert!(matches!(wait.kind, Bounds::Log { shift: 3 }));
}

fn wait_words() -> usize {
    Jobs::HISTOGRAMS[2].bounds.len() + 2
}

streamgauge_core::family! {
    /// A family that leaves all to what is usual.
    pub struct Plain: "plain" { counter things: "things"; }
}

#[test]
fn a_family_that_says_no_more_is_named_after_itself() {
    assert_eq!((Plain::KEY, Plain::KEPT), ("key", false));
    assert_eq!(Plain::WORDS[0].metric, "plain_things");
}

#[test]
#[cfg(target_pointer_width = "64")]
fn what_a_family_lacks_costs_no_room() {
    use streamgauge_core::{Account, Cell, Row};
    assert_eq!(size_of::<<Plain as Family>::Set>(), 0);
    assert_eq!(size_of::<<Plain as Family>::Cell>(), size_of::<usize>());
    assert_eq!(size_of::<Account<Plain>>(), 2 * size_of::<u64>());
    assert_eq!(size_of::<Cell<Plain>>(), 64);
    assert_eq!(size_of::<Row<Plain, [usize; 4]>>(), 128);
}
