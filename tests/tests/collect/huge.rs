//! Numbers that no sum of 64 bits holds: what is beyond sticks at the most there is, and one who tells them spoils
//! nothing but what it is part of.

use proptest::prelude::*;
use streamgauge_core::{
    Family, Health, Instant, Traffic,
    collect::{Fleet, FleetPolicy, FrameAt, Kept, SourceId},
};

use crate::room::{Boxed, KEY, Size, fleet};

const MOST: u64 = u64::MAX;

/// A moment of a wall clock, in milliseconds.
const BORN: u64 = 1_700_000_000_000;

/// The first of them is honest, the others tell anything.
const NODES: usize = 3;

/// A name that all nodes have, one that only the honest one has, and one that it has not.
const NAMES: [&str; 3] = ["all/a", "own/b", "all/c"];

const SIZE: Size = Size {
    lanes: 1,
    sources: NODES,
    rows: 8,
    series: 16,
};

/// Bytes, what was opened, and what was closed.
type Words = [u64; 3];

/// What a node tells of its names: the beginnings of their lives, and their words.
type Told = [Option<(u64, Words)>; 3];

struct Reader {
    fleet: Fleet<Traffic, Boxed<Traffic>>,
    nodes: [Option<SourceId>; NODES],
    group: u64,
    now: Instant,
}

impl Reader {
    fn new() -> Self {
        Self {
            fleet: fleet(SIZE, FleetPolicy::new()),
            nodes: [None; NODES],
            group: BORN * 1000,
            now: Instant::from_micros(0),
        }
    }

    /// The node, and a place for a frame of it.
    fn next(&mut self, node: usize) -> (SourceId, FrameAt) {
        self.group += 1;
        let at = FrameAt::first(self.group);
        if let Some(id) = self.nodes[node] {
            return (id, at);
        }
        let id = self.fleet.arrive(&node.to_string(), self.now).unwrap();
        self.nodes[node] = Some(id);
        (id, at)
    }

    fn tell(&mut self, node: usize, told: &Told) {
        let (id, at) = self.next(node);
        let rows = NAMES.iter().zip(told).filter_map(|(name, told)| {
            let (since, [bytes, opened, closed]) = (*told)?;
            let words = format!(
                r#""bytes":{bytes},"subscriptions":{opened},"subscriptions_closed":{closed}"#
            );
            Some(format!(r#""{name}":{{{words},"since":{since}}}"#))
        });
        let text = format!("{{{}}}", rows.collect::<Vec<_>>().join(","));
        let read = self.fleet.read::<KEY>(id, 0, at, text.as_bytes(), self.now);
        read.unwrap();
    }

    /// What the node tells of itself: its epoch, which began at its number, and its totals.
    fn report(&mut self, node: usize, epoch: u64, [bytes, opened, closed]: Words) {
        let (id, at) = self.next(node);
        let words =
            format!(r#""bytes":{bytes},"subscriptions":{opened},"subscriptions_closed":{closed}"#);
        let since = BORN + epoch;
        let text =
            format!(r#"{{"epoch":{epoch},"since":{since},"totals":{{"publisher":{{{words}}}}}}}"#);
        let (bytes, mut health) = (text.as_bytes(), Health::default());
        let read = self
            .fleet
            .read_node::<KEY>(id, at, bytes, &mut health, |_| Some(0), self.now);
        read.unwrap();
    }

    fn depart(&mut self, node: usize) {
        if let Some(id) = self.nodes[node].take() {
            self.fleet.depart(id, self.now);
        }
    }

    /// Another goes on from what this one keeps.
    fn renew(&mut self) {
        let kept = self.fleet.kept();
        let kept: Vec<Kept<Traffic, String>> = kept
            .map(|kept| kept.map_names(ToString::to_string))
            .collect();
        self.fleet = fleet(SIZE, FleetPolicy::new());
        for kept in &kept {
            self.fleet.restore(&kept.as_str(), self.now).unwrap();
        }
        self.nodes = [None; NODES];
    }

    fn source(&self, node: usize) -> Option<Traffic> {
        let mut sources = self.fleet.sources();
        let source = sources.find(|source| source.name.to_string() == node.to_string())?;
        self.fleet.source_total(source.id, 0)
    }

    fn row(&self, name: &str) -> Option<[Traffic; 3]> {
        let row = self.fleet.row(0, name)?;
        Some([row.totals(), row.live(), row.shown()])
    }

    /// All totals: of the lane, of rows and prefixes, and of nodes.
    fn totals(&self) -> Vec<Traffic> {
        let row = |name| self.fleet.row(0, name).map(|row| row.totals());
        let prefix = |name| self.fleet.prefix(0, name).map(|row| row.totals());
        let lane = self.fleet.lane(0, self.now).map(|lane| lane.total);
        let sources = (0..NODES).map(|node| self.source(node));
        let all = [
            lane,
            row("all/a"),
            row("own/b"),
            prefix("all"),
            prefix("own"),
        ];
        let all = all.into_iter().chain(sources);
        all.map(Option::unwrap_or_default).collect()
    }

    /// Names and what has no name are all that was counted, as far as that can be.
    fn assert_adds_up(&self) {
        let view = self.fleet.lane(0, self.now).unwrap();
        let mut sum = plus(view.unnamed, view.forgotten);
        for row in self.fleet.rows() {
            sum = plus(sum, row.totals());
        }
        assert_eq!(sum, view.total);
    }

    fn assert_in_order(&self) {
        let rows = self.fleet.rows().chain(self.fleet.prefixes());
        let rows = rows.flat_map(|row| [row.totals(), row.live(), row.shown()]);
        let all = rows.chain(self.totals());
        all.for_each(|row| assert!(row.subscriptions >= row.subscriptions_closed, "{row:?}"));
    }
}

fn plus(a: Traffic, b: Traffic) -> Traffic {
    let words = a.words().into_iter().zip(b.words());
    let words: Vec<u64> = words.map(|(a, b)| a.saturating_add(b)).collect();
    Traffic::from_words(&words)
}

fn assert_rise(before: &[Traffic], now: &[Traffic]) {
    for (before, now) in before.iter().zip(now) {
        let (before, now) = (before.words(), now.words());
        let rises = before.iter().zip(&now).all(|(before, now)| before <= now);
        assert!(rises, "{before:?} fell to {now:?}");
    }
}

fn life(since: u64, words: Words) -> Told {
    [Some((BORN + since, words)), None, None]
}

#[test]
fn totals_stick_at_the_most_there_is() {
    let mut reader = Reader::new();
    for since in 0..3 {
        reader.tell(1, &life(since, [MOST, MOST, 5]));
        let totals = reader.totals();
        let full = totals.iter().filter(|total| total.bytes == MOST);
        // The lane, the name, its prefix, and the node.
        assert_eq!(full.count(), 4);
        reader.assert_adds_up();
        reader.assert_in_order();
    }
}

#[test]
fn what_is_at_the_most_has_no_rate() {
    let mut reader = Reader::new();
    let at = |seconds: u64| Instant::from_micros(seconds * 1_000_000);
    for second in 0..60 {
        reader.now = at(second);
        reader.tell(1, &life(second, [MOST / 2, 0, 0]));
    }
    let growth = reader.fleet.row(0, "all/a").unwrap().growth(at(60));
    assert_eq!(growth.per_second(|row| row.bytes), 0);
    let growth = reader.fleet.lane(0, at(60)).unwrap().growth;
    assert_eq!(growth.per_second(|row| row.bytes), 0);
}

#[test]
fn what_was_counted_before_nodes_were_read_is_in_no_rate() {
    let mut reader = Reader::new();
    for node in 0..NODES {
        reader.tell(node, &life(0, [MOST / 2, 0, 0]));
    }
    let later = Instant::from_micros(9_000_000);
    let growth = reader.fleet.row(0, "all/a").unwrap().growth(later);
    assert_eq!(growth.counted.bytes, 0);
}

#[test]
fn nodes_that_close_what_they_opened_do_so_in_a_row_that_counts_no_further() {
    let mut reader = Reader::new();
    reader.tell(1, &life(0, [0, MOST, MOST]));
    reader.tell(0, &life(0, [0, 10, 2]));
    reader.tell(0, &life(0, [0, 10, 9]));
    let own = reader.source(0).unwrap();
    assert_eq!((own.subscriptions, own.subscriptions_closed), (10, 9));
}

#[test]
fn what_is_open_is_right_beside_more_than_can_be_counted_and_when_that_is_gone() {
    let mut reader = Reader::new();
    reader.tell(0, &life(0, [100, 10, 2]));
    reader.tell(1, &life(0, [MOST, MOST, MOST]));
    let open = |reader: &Reader| {
        let [_, live, shown] = reader.row("all/a").unwrap();
        let open = |row: Traffic| row.subscriptions - row.subscriptions_closed;
        (live.bytes, open(live), open(shown))
    };
    assert_eq!(open(&reader), (MOST, 8, 8));
    reader.tell(2, &life(0, [MOST, MOST, 0]));
    assert_eq!(open(&reader), (MOST, MOST, MOST));
    reader.depart(2);
    reader.depart(1);
    assert_eq!(open(&reader), (100, 8, 8));
}

#[test]
fn what_one_node_closes_without_having_opened_it_is_not_what_others_opened() {
    let mut reader = Reader::new();
    reader.tell(0, &life(0, [0, 10, 0]));
    reader.tell(1, &life(0, [0, 0, 10]));
    reader.tell(0, &life(0, [0, 10, 4]));
    let closed = |row: Option<Traffic>| row.map(|row| row.subscriptions_closed);
    assert_eq!(closed(reader.source(0)), Some(4));
    assert_eq!(closed(reader.source(1)), Some(0));
    reader.assert_adds_up();
}

#[test]
fn frames_that_come_again_close_no_more_than_they_opened_either() {
    let mut reader = Reader::new();
    reader.tell(0, &life(0, [0, 10, 2]));
    reader.tell(1, &life(0, [0, 0, 8]));
    reader.depart(1);
    reader.now = Instant::from_micros(1_000_000_000);
    reader.fleet.handle_timeout(reader.now);
    assert_eq!(reader.fleet.counts().series, 1);
    // The same frame, by its number.
    reader.group -= 1;
    reader.tell(1, &life(0, [0, 0, 8]));
    let [_, live, _] = reader.row("all/a").unwrap();
    assert_eq!((live.subscriptions, live.subscriptions_closed), (10, 2));
}

#[test]
fn a_node_whose_epochs_part_keeps_what_could_not_be_counted() {
    let mut reader = Reader::new();
    reader.report(1, 1, [0; 3]);
    reader.tell(1, &life(0, [MOST, MOST, MOST]));
    let both = [Some((BORN, [MOST; 3])), None, Some((BORN + 9, [10, 10, 2]))];
    reader.tell(1, &both);
    let before = reader.totals();
    // The second of them is of an epoch that began unnoticed.
    reader.report(1, 5, [0; 3]);
    assert_rise(&before, &reader.totals());
    reader.renew();
    assert_rise(&before, &reader.totals());
}

/// What happens.
#[derive(Clone, Debug)]
enum Act {
    /// The honest node counts so much in one of its names.
    Count(usize, Words),
    /// It begins anew.
    Restart,
    /// It tells its totals.
    Report,
    /// Another tells anything of lives that began at these moments.
    Lie(usize, Told),
    /// It tells any epoch, and any totals.
    LieOfAll(usize, u64, Words),
    Depart(usize),
    /// The reader goes on from what it kept.
    Renew,
}

/// What the honest node has counted.
#[derive(Default)]
struct Honest {
    epoch: u64,
    words: [Words; 2],
}

impl Honest {
    fn told(&self) -> Told {
        let [all, own] = self.words.map(|words| Some((BORN + self.epoch, words)));
        [all, own, None]
    }

    fn total(&self) -> Words {
        let [a, b] = self.words;
        std::array::from_fn(|at| a[at] + b[at])
    }

    fn count(&mut self, name: usize, [bytes, opened, closed]: Words) {
        let [all, begun, ended] = &mut self.words[name];
        *all += bytes;
        *begun += opened;
        *ended = (*ended + closed).min(*begun);
    }

    /// Does what concerns the node, with this reader.
    fn act(&mut self, act: &Act, reader: &mut Reader) {
        match act {
            Act::Count(name, words) => {
                self.count(*name, *words);
                reader.tell(0, &self.told());
            }
            Act::Restart => {
                *self = Self {
                    epoch: self.epoch + 1,
                    ..Self::default()
                };
                reader.depart(0);
                reader.report(0, self.epoch, [0; 3]);
                reader.tell(0, &self.told());
            }
            Act::Report => reader.report(0, self.epoch, self.total()),
            Act::Renew => reader.renew(),
            Act::Lie(..) | Act::LieOfAll(..) | Act::Depart(_) => {}
        }
    }
}

fn lie(act: &Act, reader: &mut Reader) {
    match act {
        Act::Lie(node, told) => reader.tell(*node, told),
        Act::LieOfAll(node, epoch, words) => reader.report(*node, *epoch, *words),
        Act::Depart(node) => reader.depart(*node),
        _ => {}
    }
}

fn any_act() -> impl Strategy<Value = Act> {
    let small = prop::array::uniform3(0_u64..20);
    let huge = prop_oneof![0..4_u64, MOST - 3..=MOST, MOST / 2 - 2..MOST / 2 + 3];
    let huge = prop::array::uniform3(huge).boxed();
    let liar = 1..NODES;
    let life = (0_u64..6, huge.clone());
    let told = prop::option::of(life.prop_map(|(since, words)| (BORN + since, words)));
    let told = (told.clone(), told).prop_map(|(all, other)| [all, None, other]);
    prop_oneof![
        4 => (0..2_usize, small).prop_map(|(name, words)| Act::Count(name, words)),
        1 => Just(Act::Restart),
        1 => Just(Act::Report),
        5 => (liar.clone(), told).prop_map(|(node, told)| Act::Lie(node, told)),
        2 => (liar.clone(), 0_u64..6, huge)
            .prop_map(|(node, epoch, words)| Act::LieOfAll(node, epoch, words)),
        1 => liar.prop_map(Act::Depart),
        1 => Just(Act::Renew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_others_tell_totals_rise_and_an_honest_node_is_as_if_it_were_alone(
        acts in prop::collection::vec(any_act(), 1..60),
    ) {
        let (mut among, mut alone) = (Reader::new(), Reader::new());
        let (mut honest, mut same) = (Honest::default(), Honest::default());
        for act in &acts {
            let before = among.totals();
            honest.act(act, &mut among);
            lie(act, &mut among);
            same.act(act, &mut alone);
            assert_rise(&before, &among.totals());
            among.assert_in_order();
            among.assert_adds_up();
            prop_assert_eq!(among.source(0), alone.source(0));
            prop_assert_eq!(among.row("own/b"), alone.row("own/b"));
        }
        (1..NODES).for_each(|node| among.depart(node));
        let live = |reader: &Reader| reader.row("all/a").map_or_else(Traffic::default, |row| row[1]);
        prop_assert_eq!(live(&among), live(&alone));
    }
}
