//! Misuse of guards and families that must not compile, each beside the nearest use that does.
//!
//! Examples rather than recorded compiler messages: what must hold is that the code is rejected, and
//! the wording of a rejection changes from compiler to compiler. Nightly also checks the codes.

/// A bump takes the guard by `&mut`, so a cell has one writer.
///
/// ```
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn bump<M: MeterRef<Traffic>>(track: &mut Track<Traffic, M>) {
///     track.frame();
/// }
/// ```
///
/// ```compile_fail,E0596
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn bump<M: MeterRef<Traffic>>(track: &Track<Traffic, M>) {
///     track.frame();
/// }
/// ```
pub struct BumpThroughASharedReference;

/// A second task asks for a writer of its own.
///
/// ```
/// # use streamgauge_core::Tier;
/// # use streamgauge_tests::{Node, Room};
/// let mut track = Node::new(Room::of(1)).tier(Tier::External).broadcast("a").publisher_track("v");
/// let mut writer = track.writer();
/// std::thread::scope(|scope| {
///     scope.spawn(|| track.frame());
///     scope.spawn(|| writer.frame());
/// });
/// ```
///
/// ```compile_fail,E0499
/// # use streamgauge_core::Tier;
/// # use streamgauge_tests::{Node, Room};
/// let mut track = Node::new(Room::of(1)).tier(Tier::External).broadcast("a").publisher_track("v");
/// let mut writer = track.writer();
/// std::thread::scope(|scope| {
///     scope.spawn(|| track.frame());
///     scope.spawn(|| track.frame());
/// });
/// ```
pub struct OneGuardInTwoTasks;

/// A guard is no plain value: there is no second handle on its cell.
///
/// ```
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn another<M: MeterRef<Traffic>>(track: &Track<Traffic, M>) -> Track<Traffic, M> {
///     track.writer()
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn another<M: MeterRef<Traffic>>(track: Track<Traffic, M>) -> Track<Traffic, M> {
///     track.clone()
/// }
/// ```
pub struct CloneOfAGuard;

/// A guard that was dropped has closed its subscription, and counts no more.
///
/// ```
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn end<M: MeterRef<Traffic>>(mut track: Track<Traffic, M>) {
///     track.frame();
///     drop(track);
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn end<M: MeterRef<Traffic>>(mut track: Track<Traffic, M>) {
///     drop(track);
///     track.frame();
/// }
/// ```
pub struct UseAfterDrop;

/// A guard that moved to another task is that task's.
///
/// ```
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn hand_over<M: MeterRef<Traffic> + Send + 'static>(mut track: Track<Traffic, M>) {
///     track.frame();
///     std::thread::spawn(move || track.frame());
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use streamgauge_core::{MeterRef, Track, Traffic};
/// fn hand_over<M: MeterRef<Traffic> + Send + 'static>(mut track: Track<Traffic, M>) {
///     std::thread::spawn(move || track.frame());
///     track.frame();
/// }
/// ```
pub struct UseAfterMove;

/// A counter belongs to its family.
///
/// ```
/// # use streamgauge_core::{Counter, MeterRef, Track, Traffic};
/// fn add<M: MeterRef<Traffic>>(track: &mut Track<Traffic, M>, counter: Counter<Traffic>) {
///     track.add(counter, 1);
/// }
/// ```
///
/// ```compile_fail,E0308
/// # use streamgauge_core::{Counter, MeterRef, Presence, Track, Traffic};
/// fn add<M: MeterRef<Traffic>>(track: &mut Track<Traffic, M>, counter: Counter<Presence>) {
///     track.add(counter, 1);
/// }
/// ```
pub struct CounterOfAnotherFamily;

/// A counter that the family lacks, or that guards do not bump, is no constant.
///
/// ```
/// # use streamgauge_core::{Counter, Traffic};
/// const BYTES: Counter<Traffic> = Counter::named("bytes");
/// # let _ = BYTES;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Counter, Traffic};
/// const BYTES: Counter<Traffic> = Counter::named("octets");
/// # let _ = BYTES;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Counter, Traffic};
/// const BYTES: Counter<Traffic> = Counter::named("subscriptions");
/// # let _ = BYTES;
/// ```
pub struct CounterThatIsNone;

/// A family's words have names of their own.
///
/// ```
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter readings: "readings";
///         counter losses: "losses";
///     }
/// }
/// ```
///
/// ```compile_fail
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter readings: "readings";
///         counter readings: "losses";
///     }
/// }
/// ```
///
/// ```compile_fail
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter readings: "readings";
///         pair begun / readings: "begun" / "ended";
///     }
/// }
/// ```
pub struct TwoWordsOfOneName;

/// A unit is the end of its word's name.
///
/// ```
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter payload_bytes [bytes]: "payload";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter payload_bytes [seconds]: "payload";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter payload [bytes]: "payload";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         gauge depth [bytes]: "depth";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size [bytes]: "size" in Scale::integers(&[1]);
///     }
/// }
/// ```
pub struct UnitThatIsNoSuffix;

/// `since` is in every row already.
///
/// ```
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter sinces: "sinces";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         counter since: "since";
///     }
/// }
/// ```
pub struct WordCalledSince;

/// An event is counted by one pair.
///
/// ```
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         pair opened / closed on Subscribe: "opened" / "closed";
///         pair active / idle on Active: "active" / "idle";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" {
///         pair opened / closed on Subscribe: "opened" / "closed";
///         pair active / idle on Subscribe: "active" / "idle";
///     }
/// }
/// ```
pub struct OneEventInTwoPairs;

/// Gauges and histograms have names of their own, among words too.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings: "readings";
///         gauge depth: "depth";
///         histogram size: "size" in Scale::integers(&[1]);
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings: "readings";
///         gauge readings as depth: "depth";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings: "readings";
///         histogram readings as size: "size" in Scale::integers(&[1]);
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter begun: "begun";
///         counter ended: "ended";
///         gauge begun as depth = begun - ended: "depth";
///     }
/// }
/// ```
pub struct OneNameForTwoKinds;

/// No metric is called as those of the node, nor would it be called as another's among those.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings as "streamgauge_readings": "readings";
///         gauge depth as "streamgauge_depth": "depth";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings as "streamgauge_node_readings": "readings";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings as "streamgauge_table_series": "readings";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings as "streamgauge_reporter_ticks": "readings";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings as "streamgauge_scrapes": "readings";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings as "streamgauge_readings": "readings";
///         counter more as "readings": "readings";
///     }
/// }
/// ```
pub struct NameOfTheNode;

/// A metric is one thing in text formats: several words are one only when a label tells them apart.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by kind { errors_io: "io", errors_oom: "oom" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors_io as errors: "errors";
///         counter errors_oom as errors: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by kind { errors_io: "io", errors_oom: "io" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by kind { errors_io: "io" }: "errors";
///         counter losses: "losses";
///         counter late_errors as errors by kind { errors_late: "late" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by kind { errors_io: "io" }: "errors";
///         counter errors by cause { errors_oom: "oom" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors: "errors";
///         gauge error_depth as errors: "errors";
///     }
/// }
/// ```
pub struct TwoMetricsOfOneName;

/// `le` and `quantile` are labels of text formats, and the label of names is taken.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by kind { errors_io: "io" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by le { errors_io: "io" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by quantile { errors_io: "io" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by sensor { errors_io: "io" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by __kind { errors_io: "io" }: "errors";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter errors by kind { errors_io: "i\"o" }: "errors";
///     }
/// }
/// ```
pub struct ReservedLabel;

/// Text formats append endings of their own.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings: "readings";
///         counter tries as "sensor_retries": "tries";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter readings_total: "readings";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         gauge retry_count: "retries";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter tries as "sensor_tries_created": "tries";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter tries as "9tries": "tries";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter tries as "Tries": "tries";
///     }
/// }
/// ```
pub struct ReservedEnding;

/// What is measured in seconds is kept in microseconds, and says so in frames.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         gauge lag_us [seconds] as lag_seconds: "lag";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         gauge lag_seconds [seconds]: "lag";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         gauge lag_us [seconds]: "lag";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         gauge lag_us [seconds] as lagseconds: "lag";
///     }
/// }
/// ```
pub struct SecondsThatAreNone;

/// Bounds rise, and there is at least one; those of durations are for seconds.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size" in Scale::integers(&[64, 256]);
///         histogram took_us [seconds] as took_seconds: "time";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size" in Scale::integers(&[256, 64]);
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size" in Scale::integers(&[64, 64]);
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size" in Scale::integers(&[]);
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size" in Scale::log_integers(64, 64);
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size" in Scale::log_integers(0, 64);
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram size_bytes [bytes]: "size";
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         histogram took_us [seconds] as took_seconds: "time" in Scale::integers(&[1]);
///     }
/// }
/// ```
pub struct BoundsThatMakeNoSense;

/// A gauge is the difference of words that are there, and that belong together.
///
/// ```
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         pair jobs / jobs_done: "begun" / "ended";
///         counter came: "came";
///         counter gone: "gone";
///         gauge running = jobs - jobs_done: "running";
///         gauge stock = came - gone: "stock";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter came: "came";
///         gauge stock = came - gone: "stock";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         pair jobs / jobs_done: "begun" / "ended";
///         gauge running = jobs_done - jobs: "running";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         pair jobs / jobs_done: "begun" / "ended";
///         counter gone: "gone";
///         gauge running = jobs - gone: "running";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         pair jobs / jobs_done: "begun" / "ended";
///         pair runs / runs_done: "begun" / "ended";
///         gauge running = jobs - runs_done: "running";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter came: "came";
///         counter gone: "gone";
///         counter lost: "lost";
///         gauge stock = came - gone: "stock";
///         gauge left = gone - lost: "left";
///     }
/// }
/// ```
///
/// ```compile_fail
/// use streamgauge_core::*;
/// streamgauge_core::family! {
///     /// A family.
///     pub struct Sensor: "sensor" by sensor {
///         counter came: "came";
///         counter gone: "gone";
///         gauge stock = came - gone - gone: "stock";
///     }
/// }
/// ```
pub struct DifferenceOfStrangers;

/// A gauge that is set takes durations where its unit is seconds, and integers elsewhere.
///
/// ```
/// # use streamgauge_core::{Duration, Level, Replication};
/// const LAG: Level<Replication, Duration> = Level::named("leader_lag_us");
/// # let _ = LAG;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Level, Replication};
/// const LAG: Level<Replication, usize> = Level::named("leader_lag_us");
/// # let _ = LAG;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Level, Rpc};
/// const IN_FLIGHT: Level<Rpc, usize> = Level::named("in_flight_calls");
/// # let _ = IN_FLIGHT;
/// ```
pub struct LevelThatIsNone;

/// So does a histogram.
///
/// ```
/// # use streamgauge_core::{Buckets, Duration, Rpc};
/// const LATENCY: Buckets<Rpc, Duration> = Buckets::named("call_latency_us");
/// # let _ = LATENCY;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Buckets, Rpc};
/// const LATENCY: Buckets<Rpc, usize> = Buckets::named("call_latency_us");
/// # let _ = LATENCY;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Buckets, Duration, Rpc};
/// const LATENCY: Buckets<Rpc, Duration> = Buckets::named("calls");
/// # let _ = LATENCY;
/// ```
pub struct BucketsThatAreNone;

/// What activities count, guards do not bump.
///
/// ```
/// # use streamgauge_core::{Counter, Pair, Rpc};
/// const CALLS: Pair<Rpc> = Pair::named("calls_started");
/// const DENIED: Counter<Rpc> = Counter::named("capability_denied");
/// # let _ = (CALLS, DENIED);
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Counter, Rpc};
/// const CALLS: Counter<Rpc> = Counter::named("calls_started");
/// # let _ = CALLS;
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Pair, Traffic};
/// const VIEWERS: Pair<Traffic> = Pair::named("viewers");
/// # let _ = VIEWERS;
/// ```
pub struct PairThatIsNone;

/// An activity ends once, and a call is one.
///
/// ```
/// # use streamgauge_core::{Call, MeterRef, Rpc};
/// fn end<M: MeterRef<Rpc>>(call: Call<M>) {
///     drop(call);
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use streamgauge_core::{Call, MeterRef, Rpc};
/// fn end<M: MeterRef<Rpc>>(call: Call<M>) {
///     drop(call.clone());
/// }
/// ```
pub struct CloneOfACall;

/// A key has room for the overflow series' own name, which would be some other series' if it were
/// cut short.
///
/// ```
/// # use streamgauge_core::{Inline, Traffic};
/// # use streamgauge_tests::Lent;
/// let tables = Inline::<Traffic, Lent, 1, 1, 1, { 12_usize.div_ceil(size_of::<usize>()) }>::inline;
/// tables(Lent::default(), Lent::default());
/// ```
///
/// ```compile_fail,E0080
/// # use streamgauge_core::{Inline, Traffic};
/// # use streamgauge_tests::Lent;
/// let tables = Inline::<Traffic, Lent, 1, 1, 1, 1>::inline;
/// tables(Lent::default(), Lent::default());
/// ```
pub struct KeyWithoutRoomForOverflow;

/// An exposition is of one moment: nothing is collected between its pieces.
///
/// ```
/// # use streamgauge_core::{Exposition, FamilySection, Format, MeterRef, Presence};
/// # use streamgauge_tests::text::Book;
/// let mut book = Book::<Presence>::new(1, 1, 0);
/// let meter = book.drawer();
/// let section = FamilySection::new(&book.ledger, meter.meter());
/// Exposition::new(Format::OpenMetrics1, &[&section]).encode(&mut []);
/// book.ledger.collect(meter.meter(), 1);
/// ```
///
/// ```compile_fail,E0502
/// # use streamgauge_core::{Exposition, FamilySection, Format, MeterRef, Presence};
/// # use streamgauge_tests::text::Book;
/// let mut book = Book::<Presence>::new(1, 1, 0);
/// let meter = book.drawer();
/// let section = FamilySection::new(&book.ledger, meter.meter());
/// book.ledger.collect(meter.meter(), 1);
/// Exposition::new(Format::OpenMetrics1, &[&section]).encode(&mut []);
/// ```
pub struct CollectingBetweenPieces;
