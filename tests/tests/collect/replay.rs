//! Frames that come again, as from a relay that gives a new reader what it has kept: nothing counts twice.

use streamgauge_core::{
    Duration, Health, Instant, Traffic,
    collect::{Fleet, FleetPolicy, FrameAt, Kept, ReadError, Refused, SourceId},
};

use crate::{
    room::{Boxed, KEY, Size, fleet},
    world::{Copy, assert_copied, copy},
};

type Traffics = Fleet<Traffic, Boxed<Traffic>>;

/// A moment of a wall clock, in milliseconds.
pub(crate) const BORN: u64 = 1_700_000_000_000;

/// The first group of a life that began then, and of one that began a minute later.
pub(crate) const FIRST: u64 = BORN * 1000;
pub(crate) const LATER: u64 = FIRST + 60_000_000;

const SIZE: Size = Size {
    lanes: 2,
    sources: 3,
    rows: 16,
    series: 16,
};

fn at(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// How a reader begins anew.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anew {
    /// It connects again.
    Connect,
    /// It ends, and another goes on from what it kept.
    Restore,
}

pub(crate) const BOTH: [Anew; 2] = [Anew::Connect, Anew::Restore];

/// A reader of one node.
pub(crate) struct Reader {
    pub(crate) fleet: Traffics,
    node: SourceId,
    now: Instant,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self::with(FleetPolicy::new())
    }

    pub(crate) fn with(policy: FleetPolicy) -> Self {
        let mut fleet: Traffics = fleet(SIZE, policy);
        let node = fleet.arrive("n", at(0)).unwrap();
        Self {
            fleet,
            node,
            now: at(0),
        }
    }

    pub(crate) fn begin(&mut self, anew: Anew) {
        match anew {
            Anew::Connect => self.connect(),
            Anew::Restore => self.restore(),
        }
    }

    pub(crate) fn connect(&mut self) {
        self.fleet.depart(self.node, self.now);
        self.node = self.fleet.arrive("n", self.now).unwrap();
    }

    pub(crate) fn restore(&mut self) {
        let mut next: Traffics = fleet(SIZE, *self.fleet.policy());
        for kept in self.fleet.kept() {
            let kept = kept.map_names(ToString::to_string);
            next.restore(&kept.as_str(), self.now).unwrap();
        }
        self.fleet = next;
        self.node = self.fleet.arrive("n", self.now).unwrap();
    }

    /// A frame of another node.
    pub(crate) fn read_other(&mut self, at: FrameAt, text: &str) {
        let other = self.fleet.arrive("m", self.now).unwrap();
        let (bytes, now) = (text.as_bytes(), self.now);
        let read = self.fleet.read::<KEY>(other, 0, at, bytes, now);
        assert_eq!(read, Ok(()));
    }

    pub(crate) fn tick(&mut self) {
        self.fleet.handle_timeout(self.now);
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
    }

    /// The node is gone for so long that its series are forgotten.
    pub(crate) fn forget(&mut self) {
        self.fleet.depart(self.node, self.now);
        self.now = self.now.saturating_add(Duration::from_secs(1_000));
        self.fleet.handle_timeout(self.now);
        self.node = self.fleet.arrive("n", self.now).unwrap();
    }

    fn whole(&mut self, group: u64, text: &str) {
        self.read(FrameAt::first(group), text).unwrap();
    }

    fn patch(&mut self, group: u64, frame: u64, text: &str) {
        self.read(place(group, frame), text).unwrap();
    }

    pub(crate) fn read(&mut self, at: FrameAt, text: &str) -> Result<(), ReadError> {
        let bytes = text.as_bytes();
        self.fleet.read::<KEY>(self.node, 0, at, bytes, self.now)
    }

    fn report(&mut self, group: u64, epoch: u64, bytes: u64) {
        self.report_at(FrameAt::first(group), (epoch, BORN), bytes);
    }

    pub(crate) fn report_at(&mut self, at: FrameAt, (epoch, since): (u64, u64), bytes: u64) {
        let text = format!(
            r#"{{"epoch":{epoch},"since":{since},"ts_ms":{},"totals":{{"publisher":{{"bytes":{bytes}}}}}}}"#,
            since + bytes
        );
        self.tell(at, epoch, &text);
    }

    /// A report of no totals.
    fn report_since(&mut self, group: u64, epoch: u64, since: u64) {
        let text = format!(r#"{{"epoch":{epoch},"since":{since}}}"#);
        self.tell(FrameAt::first(group), epoch, &text);
    }

    fn tell(&mut self, at: FrameAt, epoch: u64, text: &str) {
        let lane = |name: &str| (name == "publisher").then_some(0);
        let mut health = Health::default();
        let read = self.fleet.read_node::<KEY>(
            self.node,
            at,
            text.as_bytes(),
            &mut health,
            lane,
            self.now,
        );
        assert_eq!((read, health.epoch), (Ok(()), epoch));
    }

    pub(crate) fn row(&self, name: &str) -> Traffic {
        let row = self.fleet.row(0, name);
        row.map_or_else(Traffic::default, |row| row.totals())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.row("a").bytes
    }

    pub(crate) fn total(&self) -> Traffic {
        self.fleet.lane(0, self.now).unwrap().total
    }

    /// The bytes of the series that are shown as present.
    pub(crate) fn live(&self) -> u64 {
        self.fleet.lane(0, self.now).unwrap().live.bytes
    }

    /// How many subscriptions are open.
    pub(crate) fn open(&self) -> u64 {
        let live = self.fleet.lane(0, self.now).unwrap().live;
        live.subscriptions.wrapping_sub(live.subscriptions_closed)
    }
}

pub(crate) fn place(group: u64, frame: u64) -> FrameAt {
    FrameAt {
        frame,
        ..FrameAt::first(group)
    }
}

/// A whole frame with one series, in its life of this number.
pub(crate) fn life(life: u64, bytes: u64) -> String {
    let since = BORN + life;
    format!(r#"{{"a":{{"bytes":{bytes},"subscriptions":1,"since":{since}}}}}"#)
}

#[test]
fn older_groups_that_come_again_count_nothing() {
    for anew in BOTH {
        let mut reader = Reader::new();
        let frames = [life(1, 100), "{}".to_owned(), life(2, 30), life(3, 7)];
        for (group, text) in (FIRST..).zip(&frames) {
            reader.whole(group, text);
        }
        assert_eq!((reader.bytes(), reader.open()), (137, 1));
        reader.begin(anew);
        for (group, text) in (FIRST..).zip(&frames) {
            reader.whole(group, text);
            assert_eq!(
                (reader.bytes(), reader.total().bytes),
                (137, 137),
                "{anew:?}"
            );
            assert_eq!(reader.row("a").subscriptions_closed, 2, "{anew:?}");
        }
        assert_eq!(reader.open(), 1, "{anew:?}");
        reader.whole(FIRST + 4, &life(3, 9));
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (139, 139),
            "{anew:?}"
        );
        assert_eq!(reader.fleet.counts().inferred, 0);
    }
}

#[test]
fn without_since_an_older_frame_is_no_restart() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.whole(FIRST, r#"{"a":{"bytes":100}}"#);
        reader.whole(FIRST + 1, r#"{"a":{"bytes":160}}"#);
        reader.begin(anew);
        reader.whole(FIRST, r#"{"a":{"bytes":100}}"#);
        reader.whole(FIRST + 1, r#"{"a":{"bytes":160}}"#);
        reader.whole(FIRST + 2, r#"{"a":{"bytes":170}}"#);
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (170, 170),
            "{anew:?}"
        );
        assert_eq!(reader.fleet.counts().inferred, 0, "{anew:?}");
    }
}

/// Three frames of a group, in which series end, and begin anew.
fn group() -> [String; 3] {
    let (old, new) = (BORN + 1, BORN + 2);
    [
        format!(
            r#"{{"a":{{"bytes":50,"since":{old}}},"b":{{"bytes":4,"subscriptions":3,"since":{old}}},"d":{{"bytes":2,"since":{old}}}}}"#
        ),
        format!(r#"{{"a":{{"bytes":7,"since":{new}}},"b":null,"c":{{"bytes":1,"since":{new}}}}}"#),
        r#"{"a":{"bytes":9},"d":{"subscriptions":1}}"#.to_owned(),
    ]
}

#[test]
fn patches_go_on_after_those_that_were_read_before() {
    for anew in BOTH {
        let mut reader = Reader::new();
        for (frame, text) in (0..).zip(&group()) {
            reader.patch(FIRST, frame, text);
        }
        let before = (reader.row("a"), reader.row("b"), reader.row("c"));
        assert_eq!((before.0.bytes, before.1.subscriptions_closed), (59, 3));
        reader.begin(anew);
        for (frame, text) in (0..).zip(&group()) {
            reader.patch(FIRST, frame, text);
            let now = (reader.row("a"), reader.row("b"), reader.row("c"));
            assert_eq!(now, before, "{anew:?}, frame {frame}");
        }
        assert_eq!(reader.open(), 1, "b stays over");
        reader.patch(
            FIRST,
            3,
            r#"{"a":{"bytes":11},"b":{"bytes":3,"since":9},"c":null}"#,
        );
        assert_eq!((reader.bytes(), reader.row("b").bytes), (61, 7), "{anew:?}");
        assert_eq!(reader.total().bytes, 71, "{anew:?}");
        reader.patch(FIRST, 4, r#"{"d":null}"#);
        assert_eq!(
            (reader.open(), reader.row("d").subscriptions_closed),
            (0, 1)
        );
    }
}

#[test]
fn a_group_read_in_part_is_read_on_where_that_ended() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.patch(FIRST, 0, &group()[0]);
        reader.begin(anew);
        let gap = Err(ReadError::Refused(Refused::Gap));
        assert_eq!(reader.read(place(FIRST, 1), &group()[1]), gap);
        for (frame, text) in (0..).zip(&group()) {
            reader.patch(FIRST, frame, text);
        }
        assert_eq!((reader.bytes(), reader.total().bytes), (59, 66), "{anew:?}");
        let old = Err(ReadError::Refused(Refused::Old));
        assert_eq!(reader.read(place(FIRST, 1), &group()[1]), old);
    }
}

#[test]
fn what_was_not_read_to_its_end_is_read_again() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.whole(FIRST, r#"{"a":{"bytes":1},"b":{"bytes":2}}"#);
        let cut = reader.read(FrameAt::first(FIRST + 1), r#"{"a":{"bytes":4},"b""#);
        assert!(matches!(cut, Err(ReadError::Parse(_))));
        reader.begin(anew);
        reader.whole(FIRST + 1, r#"{"a":{"bytes":4},"b":{"bytes":5}}"#);
        assert_eq!((reader.bytes(), reader.row("b").bytes), (4, 5), "{anew:?}");
        assert_eq!(reader.total().bytes, 9, "{anew:?}");
    }
}

#[test]
fn a_life_of_the_node_that_is_over_counts_nothing_again() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.whole(FIRST, &life(1, 100));
        reader.whole(FIRST + 1, &life(1, 120));
        reader.begin(Anew::Connect);
        reader.whole(LATER, &life(60_000, 30));
        reader.begin(anew);
        reader.whole(FIRST + 1, &life(1, 120));
        reader.whole(LATER, &life(60_000, 30));
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (150, 150),
            "{anew:?}"
        );
        reader.whole(LATER + 1, &life(60_000, 31));
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (151, 151),
            "{anew:?}"
        );
    }
}

#[test]
fn a_node_whose_clock_was_set_back_is_read_on() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.whole(LATER, &life(60_000, 100));
        reader.begin(anew);
        reader.whole(FIRST, &life(1, 30));
        reader.begin(anew);
        reader.whole(FIRST, &life(1, 30));
        reader.whole(FIRST + 1, &life(1, 31));
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (131, 131),
            "{anew:?}"
        );
    }
}

#[test]
fn numbers_that_are_not_from_a_clock_may_begin_anew_with_a_node() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.whole(50, r#"{"a":{"bytes":100}}"#);
        let old = Err(ReadError::Refused(Refused::Old));
        assert_eq!(reader.read(FrameAt::first(40), r#"{"a":{"bytes":9}}"#), old);
        reader.begin(anew);
        reader.whole(3, r#"{"a":{"bytes":9}}"#);
        assert_eq!(reader.bytes(), 109, "{anew:?}");
        assert_eq!(reader.read(FrameAt::first(2), "{}"), old);
    }
}

#[test]
fn a_track_and_its_sibling_have_numbers_of_their_own() {
    for anew in BOTH {
        let mut reader = Reader::new();
        let sibling = |group| FrameAt::first(group).on_sibling(true);
        reader.whole(FIRST + 300, &life(1, 100));
        reader.begin(anew);
        reader.read(sibling(FIRST + 2), &life(1, 130)).unwrap();
        assert_eq!(reader.bytes(), 130, "{anew:?}");
        reader.begin(anew);
        reader.whole(FIRST + 300, &life(1, 100));
        let old = Err(ReadError::Refused(Refused::Old));
        assert_eq!(reader.read(sibling(FIRST + 2), &life(1, 130)), old);
        reader.read(sibling(FIRST + 3), &life(1, 140)).unwrap();
        assert_eq!(reader.read(FrameAt::first(FIRST + 300), "{}"), old);
        let gap = Err(ReadError::Refused(Refused::Gap));
        assert_eq!(
            reader.read(place(FIRST + 300, 1), "{}"),
            gap,
            "of the other"
        );
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (140, 140),
            "{anew:?}"
        );
    }
}

#[test]
fn a_report_of_an_epoch_that_is_over_tells_nothing_again() {
    for anew in BOTH {
        let mut reader = Reader::new();
        reader.report(FIRST, 1, 100);
        reader.begin(Anew::Connect);
        reader.report(LATER, 2, 30);
        assert_eq!(reader.total().bytes, 130);
        reader.begin(anew);
        reader.report(FIRST, 1, 100);
        reader.report(LATER, 2, 30);
        reader.report(LATER + 1, 2, 35);
        assert_eq!(reader.total().bytes, 135, "{anew:?}");
    }
}

#[test]
fn a_series_that_was_forgotten_goes_on_from_frames_that_come_again() {
    let mut reader = Reader::new();
    for (frame, text) in (0..).zip(&group()) {
        reader.patch(FIRST, frame, text);
    }
    let total = reader.total();
    reader.forget();
    assert_eq!(reader.fleet.counts().series, 0);
    for (frame, text) in (0..).zip(&group()) {
        reader.patch(FIRST, frame, text);
        assert_eq!(reader.total(), total, "frame {frame}");
    }
    assert_eq!((reader.fleet.counts().series, reader.open()), (3, 1));
    reader.patch(FIRST, 3, r#"{"a":{"bytes":10},"d":{"bytes":6}}"#);
    assert_eq!(reader.total().bytes, total.bytes + 5);
    // Also if it is kept right then.
    reader.restore();
    for (frame, text) in (0..).zip(&group()) {
        reader.patch(FIRST, frame, text);
    }
    reader.patch(FIRST, 3, r#"{"a":{"bytes":10},"d":{"bytes":6}}"#);
    reader.patch(FIRST, 4, r#"{"d":null}"#);
    assert_eq!(reader.total().bytes, total.bytes + 5);
    assert_eq!(reader.total().subscriptions_closed, 4);
}

#[test]
fn frames_that_stop_before_they_have_caught_up_leave_nothing_behind() {
    let frames = [
        life(1, 100),
        r#"{"b":{"bytes":5,"since":1700000000007}}"#.into(),
    ];
    for next in 0..3 {
        let mut reader = Reader::new();
        for (group, text) in (FIRST..).zip(&frames) {
            reader.whole(group, text);
        }
        let total = reader.total();
        reader.forget();
        reader.whole(FIRST, &frames[0]);
        assert_eq!(reader.fleet.counts().series, 1);
        match next {
            0 => reader.whole(FIRST + 2, "{}"),
            1 => reader.connect(),
            _ => reader.restore(),
        }
        assert_eq!((reader.fleet.counts().series, reader.open()), (0, 0));
        assert_eq!(reader.total(), total);
        reader.whole(FIRST + 3, r#"{"b":{"bytes":6,"since":1700000000007}}"#);
        assert_eq!(reader.total(), total, "it went on while it was forgotten");
    }
}

#[test]
fn another_reader_of_the_same_node_changes_nothing() {
    let mut reader = Reader::new();
    reader.patch(FIRST, 0, &group()[0]);
    let (old, gap) = (Refused::Old, Refused::Gap);
    for (frame, refused) in [(0, old), (2, gap), (0, old)] {
        let text = &group()[usize::try_from(frame).unwrap()];
        let read = reader.read(place(FIRST, frame), text);
        assert_eq!(read, Err(ReadError::Refused(refused)));
    }
    reader.patch(FIRST, 1, &group()[1]);
    reader.patch(FIRST, 2, &group()[2]);
    assert_eq!((reader.bytes(), reader.total().bytes), (59, 66));
}

#[test]
fn while_frames_come_again_only_the_life_that_goes_on_is_live() {
    for anew in BOTH {
        let mut reader = Reader::new();
        let frames = [life(1, 5), life(2, 7), "{}".into(), life(3, 9), life(3, 11)];
        for (group, text) in (FIRST..).zip(&frames) {
            reader.whole(group, text);
        }
        reader.begin(anew);
        for ((group, text), live) in (FIRST..).zip(&frames).zip([0, 0, 0, 11, 11]) {
            reader.whole(group, text);
            assert_eq!(reader.live(), live, "{anew:?}, group {group}");
        }
        // A life that is over is not live either.
        reader.whole(FIRST + 5, "{}");
        reader.begin(anew);
        for (group, text) in (FIRST + 3..).zip(&frames[3..]) {
            reader.whole(group, text);
            assert_eq!(reader.live(), 0, "{anew:?}, group {group}");
        }
    }
}

#[test]
fn while_patches_come_again_only_lives_that_go_on_are_live() {
    for anew in BOTH {
        let mut reader = Reader::new();
        let frames = [
            r#"{"a":{"bytes":1},"b":{"bytes":20,"since":1700000000001}}"#,
            r#"{"a":{"bytes":2},"b":{"bytes":30,"since":1700000000002}}"#,
            r#"{"a":{"bytes":3},"b":null}"#,
            r#"{"a":{"bytes":4},"b":{"bytes":40,"since":1700000000003}}"#,
            r#"{"b":{"bytes":50}}"#,
        ];
        for (frame, text) in (0..).zip(&frames) {
            reader.patch(FIRST, frame, text);
        }
        reader.begin(anew);
        for ((frame, text), live) in (0..).zip(&frames).zip([4, 4, 4, 54, 54]) {
            reader.patch(FIRST, frame, text);
            assert_eq!(reader.live(), live, "{anew:?}, frame {frame}");
        }
    }
}

#[test]
fn a_series_that_frames_lack_which_come_again_is_not_forgotten_for_that() {
    for anew in BOTH {
        let mut reader = Reader::new();
        for (group, text) in (FIRST..).zip([life(1, 5), "{}".into(), life(1, 9)]) {
            reader.whole(group, &text);
        }
        reader.begin(anew);
        reader.whole(FIRST, &life(1, 5));
        reader.whole(FIRST + 1, "{}");
        reader.whole(FIRST + 3, &life(1, 12));
        assert_eq!((reader.bytes(), reader.total().bytes), (12, 12), "{anew:?}");
    }
}

#[test]
fn of_what_was_forgotten_each_whole_frame_tells_all() {
    let frames = [
        r#"{"a":{"bytes":5,"subscriptions":3,"since":1700000000001}}"#,
        r#"{"a":{"bytes":7,"since":1700000000002}}"#,
    ];
    let mut reader = Reader::new();
    for (group, text) in (FIRST..).zip(frames) {
        reader.whole(group, text);
    }
    reader.forget();
    for (group, text) in (FIRST..).zip(frames) {
        reader.whole(group, text);
    }
    let next = r#"{"a":{"bytes":7,"subscriptions":4,"since":1700000000002}}"#;
    reader.whole(FIRST + 2, next);
    assert_eq!(
        (reader.total().bytes, reader.total().subscriptions),
        (12, 7)
    );
}

#[test]
fn what_was_forgotten_is_kept_again_once_frames_have_caught_up() {
    let mut reader = Reader::new();
    let mut file = Copy::new();
    let frames = [life(1, 5), life(1, 6)];
    for (group, text) in (FIRST..).zip(&frames) {
        reader.whole(group, text);
    }
    reader.forget();
    for (group, text) in (FIRST..).zip(&frames) {
        reader.whole(group, text);
        copy(&mut reader.fleet, &mut file);
        assert_copied(&reader.fleet, &file);
    }
    let series = file
        .values()
        .filter(|kept| matches!(kept, Kept::Series { .. }));
    assert_eq!(series.count(), 1);
}

#[test]
fn a_series_that_a_report_brings_into_another_epoch_is_kept_so() {
    let mut reader = Reader::new();
    let mut file = Copy::new();
    reader.report_since(FIRST, 1, BORN);
    reader.whole(FIRST, &life(5, 10));
    copy(&mut reader.fleet, &mut file);
    reader.report_since(FIRST + 1, 2, BORN + 2);
    copy(&mut reader.fleet, &mut file);
    assert_copied(&reader.fleet, &file);
}

#[test]
fn a_restart_that_had_to_be_inferred_is_kept_as_such() {
    let mut reader = Reader::new();
    let mut file = Copy::new();
    for (group, text) in (FIRST..).zip([r#"{"a":{"since":1700000000001}}"#, r#"{"a":{}}"#]) {
        reader.whole(group, text);
        copy(&mut reader.fleet, &mut file);
        assert_copied(&reader.fleet, &file);
    }
    assert!(reader.fleet.row(0, "a").unwrap().is_inferred());
}

#[test]
fn what_was_not_forgotten_ends_though_others_were() {
    let mut reader = Reader::new();
    let row = |name: &str| format!(r#""{name}":{{"subscriptions":1,"since":{BORN}}}"#);
    let both = format!("{{{},{}}}", row("a"), row("b"));
    reader.whole(FIRST, &both);
    reader.whole(FIRST + 1, &format!("{{{}}}", row("b")));
    reader.now = at(200);
    reader.connect();
    reader.now = at(400);
    reader.fleet.handle_timeout(at(400));
    assert_eq!(reader.fleet.counts().series, 1);
    reader.whole(FIRST, &both);
    reader.whole(FIRST + 2, "{}");
    assert_eq!(
        (reader.open(), reader.row("b").subscriptions_closed),
        (0, 1)
    );
}

#[test]
fn what_began_before_its_node_did_is_in_the_total_of_the_first_epoch() {
    let mut reader = Reader::new();
    reader.report_since(FIRST, 1, BORN + 5);
    reader.whole(FIRST, &life(1, 4));
    assert_eq!((reader.bytes(), reader.total().bytes), (4, 4));
}
