//! Fleets: whatever nodes tell and in whatever order, totals rise, and add up.

use std::collections::BTreeMap;

use streamgauge_core::{
    Duration, Family, Health, Instant, Replication, Rpc, Totals, Traffic,
    collect::{
        Fleet, FleetParts, FleetPolicy, FrameAt, LaneSlot, RowSlot, SeriesSlot, SourceId,
        SourceSlot, TrackSlot,
    },
    track::Link,
};

use crate::KEY;

const LANES: usize = 2;
const SOURCES: usize = 3;
const ROWS: usize = 6;
const SERIES: usize = 5;

type Key = [usize; KEY / size_of::<usize>()];

/// More names of nodes than there is room for nodes.
const NODES: usize = SOURCES + 2;

type Room<F> = FleetParts<
    F,
    Key,
    [SourceSlot<Key>; SOURCES],
    [TrackSlot<F>; SOURCES * LANES],
    [LaneSlot<F>; LANES],
    [RowSlot<F, Key>; ROWS],
    [SeriesSlot<F>; SERIES],
    [Link; SOURCES],
    [Link; ROWS],
    [Link; SERIES],
>;

/// Does what lines say, one after the other, to a fleet of the family that the first line says. A line is:
///
/// | line | means |
/// |---|---|
/// | `a` node | the node arrives |
/// | `d` node | it departs |
/// | `f` node, lane, group, frame, and bytes | a frame |
/// | `n` node, group, frame, and bytes | a `node.json` |
/// | `t` n | n times ten seconds pass |
/// | `s` | another fleet goes on from what this one keeps |
///
/// Numbers are one digit, or whatever stands in its place.
///
/// # Panics
/// When the fleet is wrong.
pub fn check(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    match lines.next().and_then(|line| line.first()) {
        Some(b'r') => play::<Rpc>(lines),
        Some(b'p') => play::<Replication>(lines),
        Some(_) => play::<Traffic>(lines),
        None => {}
    }
}

fn play<'a, F: Family>(lines: impl Iterator<Item = &'a [u8]>) {
    let mut scene = Scene::<F>::new();
    for line in lines {
        let shown = scene.shown();
        scene.act(line);
        scene.check(&shown);
    }
}

struct Scene<F: Family> {
    fleet: Fleet<F, Room<F>>,
    /// The last handles of nodes, also of those that departed.
    ids: [Option<SourceId>; NODES],
    health: [Health; NODES],
    now: Instant,
}

/// What a fleet shows.
struct Shown {
    lanes: Vec<Vec<u64>>,
    rows: BTreeMap<(usize, String), Vec<u64>>,
    sources: BTreeMap<String, Vec<Vec<u64>>>,
    forgotten: (u64, u64),
}

impl<F: Family> Scene<F> {
    fn new() -> Self {
        Self {
            fleet: fleet(),
            ids: [None; NODES],
            health: [Health::default(); NODES],
            now: Instant::from_micros(0),
        }
    }

    fn act(&mut self, script: &[u8]) {
        match *script {
            [b'a', node, ..] => self.arrive(digit(node)),
            [b'd', node, ..] => {
                if let Some(id) = self.id(digit(node)) {
                    self.fleet.depart(id, self.now);
                }
            }
            [b'f', node, lane, group, frame, ref bytes @ ..] => {
                let at = at(group, frame);
                if let Some(id) = self.id(digit(node)) {
                    let read = self.fleet.read::<KEY>(id, digit(lane), at, bytes, self.now);
                    let _ = read;
                }
            }
            [b'n', node, group, frame, ref bytes @ ..] => {
                self.tell(digit(node), at(group, frame), bytes);
            }
            [b't', n, ..] => {
                let pass = Duration::from_secs(10).as_micros() * digit(n) as u64;
                self.now = self.now.saturating_add(Duration::from_micros(pass));
                self.fleet.handle_timeout(self.now);
            }
            [b's', ..] => self.renew(),
            _ => {}
        }
    }

    fn id(&self, node: usize) -> Option<SourceId> {
        self.ids[node % NODES]
    }

    fn arrive(&mut self, node: usize) {
        let node = node % NODES;
        if let Ok(id) = self.fleet.arrive(&format!("node/{node}"), self.now) {
            self.ids[node] = Some(id);
        }
    }

    fn tell(&mut self, node: usize, at: FrameAt, bytes: &[u8]) {
        let Some(id) = self.id(node) else { return };
        let health = &mut self.health[node % NODES];
        let lane = |name: &str| match name {
            "publisher" => Some(0),
            "subscriber" => Some(1),
            // What a careless caller might say.
            "sessions" => Some(LANES),
            _ => None,
        };
        let before = *health;
        let read = self
            .fleet
            .read_node::<KEY>(id, at, bytes, health, lane, self.now);
        assert!(
            read.is_ok() || *health == before,
            "nothing of it is taken in"
        );
    }

    /// Another fleet goes on: it shows what this one did, of nodes and of names.
    fn renew(&mut self) {
        let mut next = fleet::<F>();
        for kept in self.fleet.kept() {
            let kept = kept.map_names(ToString::to_string);
            next.restore(&kept.as_str(), self.now)
                .expect("as much room");
        }
        let before = self.shown();
        self.fleet = next;
        let after = self.shown();
        assert_eq!(before.lanes, after.lanes);
        assert_eq!(before.rows, after.rows);
        assert_eq!(before.sources, after.sources);
    }

    fn shown(&self) -> Shown {
        let counts = self.fleet.counts();
        let rows = self.fleet.rows();
        let rows = rows.map(|row| {
            let place = (row.lane(), row.key().to_string());
            (place, counted(&row.totals()))
        });
        let totals = |id| (0..LANES).filter_map(move |lane| self.fleet.source_total(id, lane));
        let sources = self.fleet.sources();
        let sources = sources.map(|source| {
            let totals = totals(source.id).map(|total| counted(&total)).collect();
            (source.name.to_string(), totals)
        });
        Shown {
            lanes: (0..LANES).map(|lane| self.total(lane)).collect(),
            rows: rows.collect(),
            sources: sources.collect(),
            forgotten: (counts.forgotten_rows, counts.forgotten_sources),
        }
    }

    fn total(&self, lane: usize) -> Vec<u64> {
        let lane = self.fleet.lane(lane, self.now).expect("a lane");
        counted(&lane.total)
    }

    fn check(&self, before: &Shown) {
        let counts = self.fleet.counts();
        assert!(counts.sources <= SOURCES && counts.rows <= ROWS && counts.series <= SERIES);
        let now = self.shown();
        for (before, now) in before.lanes.iter().zip(&now.lanes) {
            assert_rises(before, now);
        }
        // What was forgotten and came again begins anew.
        if before.forgotten == now.forgotten {
            for (name, row) in &before.rows {
                assert_rises(row, &now.rows[name]);
            }
            for (name, lanes) in &before.sources {
                let now = &now.sources[name];
                lanes
                    .iter()
                    .zip(now)
                    .for_each(|(before, now)| assert_rises(before, now));
            }
        }
        (0..LANES).for_each(|lane| self.check_sum(lane));
        self.look();
    }

    /// Names, what is forgotten of them, and what has no name: they are all that was counted.
    fn check_sum(&self, lane: usize) {
        let view = self.fleet.lane(lane, self.now).expect("a lane");
        let mut sum: Vec<u128> = Vec::new();
        let mut add = |words: &F| {
            let words = counted(words);
            sum.resize(words.len(), 0);
            sum.iter_mut()
                .zip(words)
                .for_each(|(sum, word)| *sum += u128::from(word));
        };
        add(&view.unnamed);
        add(&view.forgotten);
        let rows = self.fleet.rows();
        rows.filter(|row| row.lane() == lane)
            .for_each(|row| add(&row.totals()));
        let total = counted(&view.total);
        for (sum, total) in sum.iter().zip(&total) {
            // More than a `u64` holds is all that it holds.
            assert_eq!((*sum).min(u128::from(u64::MAX)), u128::from(*total));
        }
    }

    /// All other views: nothing panics.
    fn look(&self) {
        for row in self.fleet.rows().chain(self.fleet.prefixes()) {
            let _ = (row.live(), row.shown(), row.growth(self.now));
        }
        let mut top = [None, None];
        let word = |row: &F| row.words().as_ref().first().copied().unwrap_or(0);
        let found = (0..=LANES).map(|lane| self.fleet.top(lane, self.now, word, &mut top));
        assert!(found.sum::<usize>() <= ROWS);
        let _ = self.fleet.poll_timeout();
    }
}

#[track_caller]
fn assert_rises(before: &[u64], now: &[u64]) {
    let rises = before.iter().zip(now).all(|(before, now)| before <= now);
    assert!(rises, "{before:?} fell to {now:?}");
}

/// The words that only rise.
fn counted<F: Family>(row: &F) -> Vec<u64> {
    let set = F::Totals::LEN - summed::<F>();
    let words = row.words();
    words.as_ref()[..words.as_ref().len() - set].to_vec()
}

/// How many words are not those of gauges.
fn summed<F: Family>() -> usize {
    let histograms = F::HISTOGRAMS.iter().map(|h| h.bounds.len() + 2);
    F::WORDS.len() + histograms.sum::<usize>()
}

fn fleet<F: Family>() -> Fleet<F, Room<F>> {
    let room = Room::new(
        std::array::from_fn(|_| SourceSlot::default()),
        std::array::from_fn(|_| TrackSlot::default()),
        std::array::from_fn(|_| LaneSlot::default()),
        std::array::from_fn(|_| RowSlot::default()),
        std::array::from_fn(|_| SeriesSlot::default()),
        std::array::from_fn(|_| Link::default()),
        std::array::from_fn(|_| Link::default()),
        std::array::from_fn(|_| Link::default()),
    );
    let policy = FleetPolicy::new().with_keep(Duration::from_secs(60));
    Fleet::new(room, policy)
}

fn at(group: u8, frame: u8) -> FrameAt {
    FrameAt {
        group: digit(group) as u64,
        frame: digit(frame) as u64,
    }
}

fn digit(byte: u8) -> usize {
    usize::from(byte.wrapping_sub(b'0'))
}
