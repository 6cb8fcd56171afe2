//! What is in the files at every moment at which the program may end.

#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use streamgauge_collector::cli::FleetOptions;
use streamgauge_collector::fleet::{Fleet, State};
use streamgauge_collector::keep::Keeper;
use streamgauge_collector::source::{News, What};
use streamgauge_collector::track::Track;
use streamgauge_core::Role;
use streamgauge_tokio::collect::FrameAt;

use scratch::Scratch;

const BORN: u64 = 1_700_000_000_000;

/// A collector that keeps what it reads.
struct World {
    keeper: Keeper,
    fleet: Fleet,
    tick: u64,
}

fn fleet() -> Fleet {
    let options = FleetOptions {
        max_nodes: 4,
        // Names are forgotten for others all the time.
        max_broadcasts: 4,
        max_series: 64,
        ..FleetOptions::default()
    };
    Fleet::new(&options, 7)
}

impl World {
    /// Goes on from what is in the file.
    fn open(path: &Path) -> Self {
        let (keeper, state) = Keeper::open(path).expect("a file of ours");
        let mut fleet = fleet();
        fleet
            .restore(state.unwrap_or_default(), BORN)
            .expect("room");
        Self {
            keeper,
            fleet,
            tick: 0,
        }
    }

    /// A node tells of a broadcast and a session, and the fleet is kept. What is in the file then.
    fn tick(&mut self) -> State {
        self.tick += 1;
        let (n, since) = (self.tick * 1000, BORN + self.tick % 4);
        let broadcast = json!({ "bytes": n, "viewers": 1, "since": since });
        let name = format!("cam/{}", self.tick % 5);
        self.take(
            Track::Traffic("".into(), Role::Publisher),
            &json!({ name: broadcast }),
        );
        let sessions = json!({ "sessions": n, "sessions_closed": n - 1, "since": since });
        let name = format!("root/{}", self.tick % 5);
        self.take(Track::Sessions("".into()), &json!({ name: sessions }));
        self.fleet.tick(BORN + self.tick * 1000);
        self.keeper.keep(&mut self.fleet).expect("a disk");
        self.all()
    }

    fn take(&mut self, track: Track, frame: &Value) {
        let what = What::Frame {
            node: format!("node/{}", self.tick % 3).into(),
            group: None,
            track,
            deflated: false,
            at: FrameAt::first(BORN * 1000 + self.tick),
            payload: frame.to_string().into(),
        };
        self.fleet.take(News { source: 0, what }, BORN);
    }

    fn all(&mut self) -> State {
        let mut all = State::default();
        all.apply(&self.fleet.keep_all()).expect("all of it");
        all
    }
}

/// The files as they are: the whole one, and its journal.
#[derive(Clone)]
struct Files([Vec<u8>; 2]);

impl Files {
    fn of(path: &Path) -> Self {
        let journal = path.with_extension("journal");
        Self([path, &journal].map(|path| fs::read(path).expect("a file")))
    }

    fn journal(&self) -> &[u8] {
        &self.0[1]
    }

    /// What a collector finds that begins with them, and `next` beside.
    fn read(path: &Path, whole: &[u8], journal: &[u8], next: &[u8]) -> anyhow::Result<State> {
        for (ending, bytes) in [("", whole), ("journal", journal), ("next", next)] {
            fs::write(path.with_extension(ending), bytes).expect("a disk");
        }
        Keeper::open(path).map(|(_, state)| state.expect("a state"))
    }
}

/// The files after each tick, and what they come to: from a whole file on, up to the next one.
fn ticks(path: &Path) -> Vec<(Files, State)> {
    let mut world = World::open(path);
    // All names are known from here on, so that a journal has some batches.
    (0..40).for_each(|_| drop(world.tick()));
    let mut ticks: Vec<(Files, State)> = Vec::new();
    let mut wholes = 0;
    while wholes < 2 {
        let state = world.tick();
        let files = Files::of(path);
        let before = ticks.last().map(|(files, _)| files.0[0].clone());
        let is_whole = before.is_some_and(|before| before != files.0[0]);
        wholes += usize::from(is_whole);
        if is_whole && wholes == 1 {
            ticks.clear();
        }
        ticks.push((files, state));
    }
    ticks
}

#[test]
fn a_journal_that_is_cut_anywhere_goes_on_from_its_last_whole_batch() {
    let scratch = Scratch::new("cut");
    let ticks = ticks(&scratch.file("state"));
    let ticks = &ticks[..ticks.len() - 1];
    assert!(ticks.len() > 3, "a journal of {} batches", ticks.len() - 1);
    let (last, _) = ticks.last().expect("a tick");
    let at = scratch.file("cut");
    for cut in 0..=last.journal().len() {
        let whole = ticks
            .iter()
            .rev()
            .find(|(files, _)| files.journal().len() <= cut);
        let (_, expected) = whole.unwrap_or(&ticks[0]);
        let read = Files::read(&at, &last.0[0], &last.journal()[..cut], b"");
        assert!(read.expect("a state") == *expected, "cut at {cut}");
    }
}

#[test]
fn a_new_whole_file_takes_over_at_once_whenever_the_program_ends() {
    let scratch = Scratch::new("compact");
    let ticks = ticks(&scratch.file("state"));
    let [.., (before, old), (after, new)] = &ticks[..] else {
        panic!("a whole file after another");
    };
    let at = scratch.file("killed");
    let read = |whole: &Files, journal: &[u8], next: &[u8]| {
        Files::read(&at, &whole.0[0], journal, next).expect("a state")
    };
    // In the midst of writing the new one.
    for cut in (0..=after.0[0].len()).step_by(41) {
        let next = &after.0[0][..cut];
        assert!(
            read(before, before.journal(), next) == *old,
            "next cut at {cut}"
        );
    }
    // It is there, and the journal of the one before.
    assert!(read(after, before.journal(), b"") == *new);
    // In the midst of beginning its journal.
    for cut in 0..=after.journal().len() {
        assert!(
            read(after, &after.journal()[..cut], b"") == *new,
            "cut at {cut}"
        );
    }
}

#[test]
fn files_that_are_damaged_or_of_others_are_refused() {
    let scratch = Scratch::new("damage");
    let ticks = ticks(&scratch.file("state"));
    let (files, _) = &ticks[ticks.len() - 2];
    let at = scratch.file("damaged");
    let [whole, journal] = &files.0;
    for cut in 0..whole.len() {
        assert!(
            Files::read(&at, &whole[..cut], journal, b"").is_err(),
            "cut at {cut}"
        );
    }
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        assert!(
            Files::read(&at, &bytes, journal, b"").is_err(),
            "damaged at {place}"
        );
    }
    // The last batch may have been on its way.
    let mut bytes = journal.clone();
    bytes[journal.len() - 1] ^= 0x10;
    let read = Files::read(&at, whole, &bytes, b"").expect("a state");
    assert!(read == ticks[ticks.len() - 3].1);
    // In a batch that has others after it.
    let (first, _) = &ticks[1];
    let mut bytes = journal.clone();
    bytes[first.journal().len() - 1] ^= 0x10;
    assert!(Files::read(&at, whole, &bytes, b"").is_err());
    assert!(Files::read(&at, whole, b"my holiday photos", b"").is_err());
}

#[test]
fn a_collector_goes_on_from_its_files_and_counts_nothing_twice() {
    let scratch = Scratch::new("again");
    let path = scratch.file("state");
    let mut world = World::open(&path);
    (0..20).for_each(|_| drop(world.tick()));
    let bytes = |world: &mut World| world.fleet.tick(BORN).traffic[0].total.bytes;
    let before = bytes(&mut world);
    drop(world);
    let mut world = World::open(&path);
    assert_eq!(bytes(&mut world), before);
    // What it read comes again.
    (0..20).for_each(|_| drop(world.tick()));
    assert_eq!(bytes(&mut world), before);
}

#[test]
fn a_tick_in_which_nothing_changed_writes_nothing() {
    let scratch = Scratch::new("idle");
    let path = scratch.file("state");
    let mut world = World::open(&path);
    world.tick();
    world.keeper.keep(&mut world.fleet).expect("a disk");
    // Something did, and is in the journal.
    let frame = json!({ "cam/9": { "bytes": 1, "since": BORN } });
    world.tick += 1;
    world.take(Track::Traffic("".into(), Role::Publisher), &frame);
    let frame = json!({ "root/9": { "sessions": 1, "since": BORN } });
    world.take(Track::Sessions("".into()), &frame);
    world.fleet.tick(BORN);
    world.keeper.keep(&mut world.fleet).expect("a disk");
    let before = Files::of(&path);
    world.keeper.keep(&mut world.fleet).expect("a disk");
    assert!(Files::of(&path).0 == before.0);
}
