//! Fleets: whatever nodes tell and in whatever order, totals rise, and add up.

use std::collections::{BTreeMap, BTreeSet};

use streamgauge_core::{
    Duration, Family, Health, Instant, Replication, Rpc, Totals, Traffic,
    collect::{
        Fleet, FleetParts, FleetPolicy, FrameAt, Kept, KeptAt, LaneSlot, RowSlot, SeriesSlot,
        SourceId, SourceSlot, TrackSlot,
    },
    track::Link,
};

use crate::KEY;

const LANES: usize = 2;
const SOURCES: usize = 4;
const ROWS: usize = 6;
const SERIES: usize = 5;

type Key = [usize; KEY / size_of::<usize>()];

/// More names of nodes than there is room for nodes.
const NODES: usize = SOURCES + 1;

/// Names of parts of nodes; their numbers go on from those of nodes.
const PARTS: usize = 3;

/// Numbers of groups that come from a clock, in two lives of a node.
const CLOCKS: [u64; 2] = [1_700_000_000_000_000, 1_700_000_060_000_000];

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
/// | `p` part, node | a part of the node arrives |
/// | `d` node or part | it departs |
/// | `f` node or part, lane, group, frame, and bytes | a frame |
/// | `n` node, group, frame, and bytes | a `node.json` |
/// | `t` n | n times ten seconds pass |
/// | `s` | another fleet goes on from what this one keeps |
///
/// Numbers are one digit, or whatever stands in its place. Groups whose numbers come from a clock are letters: large
/// ones in one life of the node, and small ones in another. A frame that is a letter is on the sibling with patches.
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
        scene.save();
    }
}

struct Scene<F: Family> {
    fleet: Fleet<F, Room<F>>,
    /// The last handles of nodes and parts, also of those that departed.
    ids: [Option<SourceId>; NODES + PARTS],
    /// The nodes of the parts.
    owners: [usize; PARTS],
    health: [Health; NODES + PARTS],
    /// The frames that were read whose groups' numbers come from a clock.
    read: BTreeSet<Place>,
    /// What a file of the fleet holds: all changes, one upon the other.
    file: File<F>,
    now: Instant,
}

/// The node and, if it is one, the part of a frame; its lane, whether it is on the sibling, its group, and its place.
type Place = (usize, usize, usize, bool, u64, u64);

type File<F> = BTreeMap<KeptAt, Kept<F, String>>;

/// What a fleet shows.
struct Shown {
    lanes: Vec<Vec<u64>>,
    rows: BTreeMap<(usize, String), Vec<u64>>,
    sources: BTreeMap<String, Vec<Vec<u64>>>,
    forgotten: (u64, u64),
}

impl<F: Family> Scene<F> {
    fn new() -> Self {
        let fleet = fleet();
        Self {
            file: kept(&fleet),
            fleet,
            ids: [None; NODES + PARTS],
            owners: [0; PARTS],
            health: [Health::default(); NODES + PARTS],
            read: BTreeSet::new(),
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
            [b'p', part, node, ..] => self.arrive_part(digit(part), digit(node)),
            [b'f', node, lane, group, frame, ref bytes @ ..] => {
                self.read(digit(node), digit(lane), at(group, frame), bytes);
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
        self.ids[node % self.ids.len()]
    }

    fn arrive(&mut self, node: usize) {
        let node = node % NODES;
        if let Ok(id) = self.fleet.arrive(&format!("node/{node}"), self.now) {
            self.ids[node] = Some(id);
        }
    }

    fn arrive_part(&mut self, part: usize, node: usize) {
        let (part, node) = (part % PARTS, node % NODES);
        let Some(owner) = self.ids[node] else { return };
        let name = format!("part/{part}");
        if let Ok(id) = self.fleet.arrive_part(owner, &name, self.now) {
            self.ids[NODES + part] = Some(id);
            self.owners[part] = node;
        }
    }

    /// Reads a frame: one that was read before counts nothing.
    fn read(&mut self, node: usize, lane: usize, at: FrameAt, bytes: &[u8]) {
        let node = node % self.ids.len();
        let Some(id) = self.ids[node] else { return };
        let owner = node
            .checked_sub(NODES)
            .map_or(node, |part| self.owners[part]);
        let place = (owner, node, lane, at.on_sibling, at.group, at.frame);
        let totals = |scene: &Self| (0..LANES).map(|lane| scene.total(lane)).collect::<Vec<_>>();
        let before = totals(self);
        let read = self.fleet.read::<KEY>(id, lane, at, bytes, self.now);
        if self.read.contains(&place) {
            assert_eq!(totals(self), before, "{place:?}");
        } else if read.is_ok() && at.group >= CLOCKS[0] {
            self.read.insert(place);
        }
    }

    fn tell(&mut self, node: usize, at: FrameAt, bytes: &[u8]) {
        let Some(id) = self.id(node) else { return };
        let health = &mut self.health[node % (NODES + PARTS)];
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

    /// Another fleet goes on: it shows what this one did, of nodes and of names. It may give the handles of this one
    /// to others.
    fn renew(&mut self) {
        let mut next = fleet::<F>();
        for kept in self.file.values() {
            next.restore(&kept.as_str(), self.now)
                .expect("as much room");
        }
        self.file = kept(&next);
        let before = self.shown();
        self.fleet = next;
        self.ids = [None; NODES + PARTS];
        let after = self.shown();
        assert_eq!(before.lanes, after.lanes);
        assert_eq!(before.rows, after.rows);
        assert_eq!(before.sources, after.sources);
    }

    /// Brings the file up to date: it holds what is to be kept now.
    fn save(&mut self) {
        for (at, kept) in self.fleet.changed() {
            match kept {
                Some(kept) => self.file.insert(at, kept.map_names(ToString::to_string)),
                None => self.file.remove(&at),
            };
        }
        self.fleet.mark_kept();
        assert_eq!(self.fleet.changed().count(), 0);
        assert!(self.file == kept(&self.fleet));
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

    fn check(&mut self, before: &Shown) {
        let counts = self.fleet.counts();
        assert!(counts.sources <= SOURCES && counts.rows <= ROWS && counts.series <= SERIES);
        let now = self.shown();
        for (before, now) in before.lanes.iter().zip(&now.lanes) {
            assert_rises(before, now);
        }
        // What was forgotten and came again begins anew.
        if before.forgotten.1 != now.forgotten.1 {
            self.read.clear();
        }
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
        self.check_order(&now);
        self.look();
    }

    /// No more is closed than was opened.
    fn check_order(&self, now: &Shown) {
        let rows = self.fleet.rows().chain(self.fleet.prefixes());
        let rows = rows.flat_map(|row| [row.totals(), row.live(), row.shown()]);
        rows.for_each(|row| assert_in_order::<F>(&counted(&row)));
        let sources = now.sources.values().flatten();
        let all = sources.chain(&now.lanes);
        all.for_each(|words| assert_in_order::<F>(words));
    }

    /// Names, what is forgotten of them, and what has no name: they are all that was counted, as far as that can be.
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
            assert_eq!((*sum).min(u64::MAX.into()), u128::from(*total));
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

#[track_caller]
fn assert_in_order<F: Family>(words: &[u64]) {
    let in_order = |[opened, closed]: &[usize; 2]| words[*opened] >= words[*closed];
    assert!(F::PAIRS.iter().all(in_order), "{words:?}");
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

/// All that a fleet keeps.
fn kept<F: Family>(fleet: &Fleet<F, Room<F>>) -> File<F> {
    let kept = fleet.kept_places();
    kept.map(|(at, kept)| (at, kept.map_names(ToString::to_string)))
        .collect()
}

fn at(group: u8, frame: u8) -> FrameAt {
    let letter = |byte: u8, first: u8| u64::from(byte - first);
    let group = match group {
        b'A'..=b'Z' => CLOCKS[0] + letter(group, b'A'),
        b'a'..=b'z' => CLOCKS[1] + letter(group, b'a'),
        _ => digit(group) as u64,
    };
    let (frame, on_sibling) = match frame {
        b'A'..=b'Z' => (letter(frame, b'A'), true),
        _ => (digit(frame) as u64, false),
    };
    FrameAt {
        group,
        frame,
        on_sibling,
    }
}

fn digit(byte: u8) -> usize {
    usize::from(byte.wrapping_sub(b'0'))
}
