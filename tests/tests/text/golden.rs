//! Small expositions, byte for byte.

use streamgauge_core::{
    Announce, Buckets, Counter, Duration, Exposition, FamilySection, Format, Health, Key, Labels,
    Level, Scale, Scrapes, Section, SelfSection, Track, Usage, family,
};
use streamgauge_tests::{Drawer, text::Book};

family! {
    /// A little of everything.
    pub struct Pump: "pump" by site as "pump" {
        pair opened / opened_closed on Announce: "pumps found" / "pumps lost";
        counter litres: "litres \\ of \"clean\" water\npumped";
        counter faults by kind { faults_dry: "dry", faults_hot: "hot" }: "times it stopped";
        gauge running = opened - opened_closed: "pumps that are there";
        gauge age_us [seconds] as age_seconds: "how old the last reading is";
        histogram stroke_us [seconds] as stroke_seconds: "how long a stroke took" in Scale::LATENCY;
    }
}

/// When all of it began.
const SINCE: u64 = 1_700_000_000_000;

/// Counts for one pump.
fn pump(
    book: &Book<Pump>,
    name: &str,
    litres: usize,
) -> (Announce<Pump, Drawer<Pump>>, Track<Pump, Drawer<Pump>>) {
    const LITRES: Counter<Pump> = Counter::named("litres");
    const HOT: Counter<Pump> = Counter::named("faults_hot");
    const STROKE: Buckets<Pump, Duration> = Buckets::named("stroke_us");
    let found = Announce::open(book.drawer(), 0, Key::new(name).ok().as_ref());
    let mut track = found.track("readings");
    track.add(LITRES, litres);
    track.add(HOT, 1);
    track.record(STROKE, Duration::from_micros(5_000));
    track.record(STROKE, Duration::from_micros(30_001_250));
    (found, track)
}

/// A pump that is there, one with no room of its own, and one that is gone, written in pieces.
pub(crate) fn pumps(format: Format, room: usize) -> String {
    const AGE: Level<Pump, Duration> = Level::named("age_us");
    let mut book = Book::<Pump>::new(1, 1, SINCE);
    drop(pump(&book, "gone", 3));
    book.collect(SINCE + 1_000);
    book.accept();
    let there = pump(&book, "\"north\"\r\n", usize::MAX - 3);
    there.1.set(AGE, Duration::from_micros(1_500));
    let folded = pump(&book, "no room", 7);
    book.collect(SINCE + 2_500);
    let section = FamilySection::new(&book.ledger, book.meter());
    let text = write(format, &section, room);
    drop((there, folded));
    text
}
/// The node's own metrics, of a node that has been up for a while.
fn own(format: Format) -> String {
    let usage = |series| Usage {
        series,
        series_capacity: 100,
        cells: 7,
        cells_capacity: 50,
        folded_keys: 3,
        folded_guards: 1,
        folded_events: 17,
    };
    let health = Health {
        since: SINCE,
        ts_ms: 1_700_000_061_005,
        interval_ms: 250,
        ticks: 244,
        late_ticks: 2,
        frames: 900,
        frame_bytes: 123_456_789_012,
        traffic: usage(12),
        presence: usage(4),
        ..Health::default()
    };
    let tables = [("rpc", usage(99))];
    let scrapes = Scrapes {
        count: 5,
        bytes: 54_321,
    };
    let section = SelfSection::new(&health)
        .with_tables(&tables)
        .with_scrapes(scrapes);
    write(format, &section, 1 << 16)
}

fn write(format: Format, section: &dyn Section, room: usize) -> String {
    let (mut text, mut buf) = (Vec::new(), vec![0; room]);
    let labels = Labels::new(&[("node", "sjc/1")]).expect("a label");
    let sections = [section];
    let mut exposition = Exposition::new(format, &sections).with_labels(labels);
    loop {
        let chunk = exposition.encode(&mut buf);
        text.extend_from_slice(&buf[..chunk.len]);
        if chunk.end {
            return String::from_utf8(text).expect("text");
        }
        assert_eq!(
            chunk.len, room,
            "a piece that is not the last fills the buffer"
        );
    }
}

#[test]
fn a_family_in_prometheus_text() {
    assert_eq!(
        pumps(Format::Prometheus, 1 << 16),
        include_str!("golden/pumps.prom")
    );
}

#[test]
fn a_family_in_openmetrics_1() {
    assert_eq!(
        pumps(Format::OpenMetrics1, 1 << 16),
        include_str!("golden/pumps.om1")
    );
}

#[test]
fn a_family_in_openmetrics_2() {
    assert_eq!(
        pumps(Format::OpenMetrics2, 1 << 16),
        include_str!("golden/pumps.om2")
    );
}

#[test]
fn the_nodes_own_metrics_in_each_format() {
    assert_eq!(own(Format::Prometheus), include_str!("golden/own.prom"));
    assert_eq!(own(Format::OpenMetrics1), include_str!("golden/own.om1"));
    assert_eq!(own(Format::OpenMetrics2), include_str!("golden/own.om2"));
}
