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
