//! A family with everything that a family can have.

use streamgauge_core::{Buckets, Counter, Duration, Level, Pair, Scale, family};

family! {
    /// What is shown to oracles.
    pub struct Probe: "probe" by name as "probe" {
        pair opened / opened_closed on Announce: "guards opened" / "guards dropped";
        pair runs / runs_ended: "runs begun" / "runs that ended";
        counter odd: "a \"quote\", a \\ backslash\nand a line\rof its own";
        counter heard_bytes [bytes]: "bytes heard";
        counter busy_us [seconds] as busy_seconds: "time spent";
        counter errors by kind { errors_early: "early", errors_late: "a = {late}, or not" }: "errors";
        gauge running = runs - runs_ended: "runs under way";
        gauge lag_us [seconds] as lag_seconds: "how far behind";
        gauge level by side { level_left: "left", level_right: "right" }: "how high it stands";
        histogram wait_us [seconds] as wait_seconds: "how long it took";
        histogram size_bytes [bytes]: "how large it was" in Scale::integers(&[1, 64, 100_000, 1_000_000, 1_500_000_000]);
        histogram tiny_us [seconds] as tiny_seconds: "how little it was" in TINY;
        histogram fine_us [seconds] as fine_seconds: "how long it took, in detail"
            in Scale::log_durations(Duration::from_millis(1), Duration::from_millis(20));
    }
}

/// Bounds whose shortest forms are of all kinds.
const TINY: Scale = Scale::durations(&[
    Duration::from_micros(1),
    Duration::from_micros(10),
    Duration::from_micros(120),
    Duration::from_micros(1_234),
    Duration::from_secs(3_600),
    Duration::from_secs(10_000_000),
]);

/// The words that guards bump.
pub(crate) const COUNTERS: [Counter<Probe>; 5] = [
    Counter::named("odd"),
    Counter::named("heard_bytes"),
    Counter::named("busy_us"),
    Counter::named("errors_early"),
    Counter::named("errors_late"),
];

pub(crate) const RUNS: Pair<Probe> = Pair::named("runs");
pub(crate) const LAG: Level<Probe, Duration> = Level::named("lag_us");
pub(crate) const LEVELS: [Level<Probe, usize>; 2] =
    [Level::named("level_left"), Level::named("level_right")];
pub(crate) const SIZE: Buckets<Probe, usize> = Buckets::named("size_bytes");
pub(crate) const TIMES: [Buckets<Probe, Duration>; 3] = [
    Buckets::named("wait_us"),
    Buckets::named("tiny_us"),
    Buckets::named("fine_us"),
];
