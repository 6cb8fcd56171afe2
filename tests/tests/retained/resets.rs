//! Any operations, with a reset at any moment: between them, or amid any write of a save.

use proptest::{collection::vec, prelude::*, sample::select};
use streamgauge_core::{Role, Tier};
use streamgauge_embassy::retained::{HEADER, Loaded, Refusal};
use streamgauge_tests::{Model, Room, Sink};

use crate::{
    board::{Board, Books},
    ram::Ram,
};

#[derive(Clone, Debug)]
enum Op {
    Announce(Tier, Role, String),
    Subscribe(Tier, Role, String),
    Connect(Tier, String),
    Bump(usize, usize),
    Drop(usize),
    Tick(Sink),
    /// A tick, and a reset after so many writes of its save, or after all of it.
    Strike(usize),
    Reset,
}

fn op() -> impl Strategy<Value = Op> {
    let path = || {
        let names = &[
            "",
            "a",
            "demo/bbb",
            "quo\"te/ünï",
            "exactly-as-long-as-a-key-can-be-",
        ][..];
        prop_oneof![
            3 => select(names).prop_map(String::from),
            1 => (0..9).prop_map(|n| format!("many/{n}")),
        ]
    };
    let tier = || select(&[Tier::External, Tier::Internal, Tier::Named(0)][..]);
    let role = || select(&Role::ALL[..]);
    let sink = prop_oneof![
        3 => Just(Sink::Accept),
        1 => Just(Sink::Refuse),
        1 => any::<u32>().prop_map(Sink::Some),
        1 => (0..4u8).prop_map(Sink::Stall),
    ];
    prop_oneof![
        3 => (tier(), role(), path()).prop_map(|(t, r, p)| Op::Announce(t, r, p)),
        3 => (tier(), role(), path()).prop_map(|(t, r, p)| Op::Subscribe(t, r, p)),
        1 => (tier(), path()).prop_map(|(t, p)| Op::Connect(t, p)),
        8 => (any::<usize>(), 0..3_000_000usize).prop_map(|(p, n)| Op::Bump(p, n)),
        3 => any::<usize>().prop_map(Op::Drop),
        5 => sink.prop_map(Op::Tick),
        2 => (0..900usize).prop_map(Op::Strike),
        2 => Just(Op::Reset),
    ]
}

/// A board, and what its last whole save knew.
struct Bench<'a> {
    board: Option<Board<'a>>,
    room: Room,
    boots: u32,
    epoch: u64,
    /// Nothing if there was no room to save.
    saved: Option<(Books, Model)>,
}

impl<'a> Bench<'a> {
    fn new(ram: &'a Ram, room: Room) -> Self {
        let board = Board::boot(ram, room, 1);
        assert_eq!(board.loaded, Loaded::Fresh);
        let mut bench = Self {
            saved: None,
            board: Some(board),
            room,
            boots: 1,
            epoch: 1,
        };
        bench.tick(Sink::Accept);
        bench
    }

    fn board(&mut self) -> &mut Board<'a> {
        self.board.as_mut().expect("a board")
    }

    fn apply(&mut self, ram: &Ram, op: &Op) {
        match op {
            Op::Announce(tier, role, path) => self.board().announce(*tier, *role, path),
            Op::Subscribe(tier, role, path) => self.board().subscribe(*tier, *role, path),
            Op::Connect(tier, root) => self.board().connect(*tier, root),
            Op::Bump(pick, n) => self.board().bump(*pick, *n),
            Op::Drop(pick) => self.board().drop_one(*pick),
            Op::Tick(sink) => self.tick(*sink),
            Op::Strike(writes) => self.strike(ram, *writes),
            Op::Reset => self.reset(),
        }
    }

    fn tick(&mut self, sink: Sink) {
        let saved = self.board().save().is_ok();
        self.saved = saved.then(|| (self.board().books(), self.board().model.clone()));
        self.board().gauge.drain(sink, 300);
    }

    fn strike(&mut self, ram: &Ram, writes: usize) {
        let before = self.saved.take();
        ram.take_written();
        ram.strike_after(writes);
        let fits = self.board().save().is_ok();
        if ram.take_written() <= writes {
            let now = (self.board().books(), self.board().model.clone());
            self.saved = fits.then_some(now);
        } else {
            self.saved = before;
        }
        self.reset();
    }

    fn reset(&mut self) {
        let old = self.board.take().expect("a board");
        let none = Model::default();
        let model = self.saved.as_ref().map_or(&none, |(_, model)| model);
        let board = old.reset(self.room, 1, model);
        self.boots += 1;
        assert_eq!(board.boots(), self.boots);
        match (board.loaded, self.saved.take()) {
            (Loaded::Restored(restored), Some((books, _))) => {
                assert_eq!((restored.epoch, board.epoch()), (self.epoch, self.epoch));
                let (books, now) = (books.closed(), board.books());
                assert_eq!(now.totals, books.totals);
                assert_eq!(now.series.len(), restored.series);
                for (name, series) in &now.series {
                    assert_eq!(Some(series), books.series.get(name), "{name:?}");
                }
            }
            (Loaded::Refused(Refusal::NoRoom), None) => self.epoch = 1 + u64::from(self.boots),
            (loaded, saved) => panic!("{loaded:?} after {saved:?}"),
        }
        // What a boot saves at once is what it begins with.
        self.saved = board
            .has_room()
            .then(|| (board.books(), board.model.clone()));
        self.board = Some(board);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_saved_goes_on_and_no_word_falls(
        series in 0..6usize,
        cells in 0..6usize,
        spans in any::<bool>(),
        ram in prop_oneof![2 * HEADER..900, Just(4_000)],
        script in vec(op(), 1..90),
    ) {
        let room = Room { cells, spans, named_tiers: 1, ..Room::of(series) };
        let ram = Ram::noise(ram);
        let mut bench = Bench::new(&ram, room);
        for op in &script {
            bench.apply(&ram, op);
        }
    }

    #[test]
    fn each_series_is_told_in_full_but_for_what_was_not_saved(script in vec(op(), 1..90)) {
        let ram = Ram::noise(20_000);
        let mut bench = Bench::new(&ram, Room { named_tiers: 1, ..Room::of(100) });
        for op in &script {
            bench.apply(&ram, op);
        }
        bench.reset();
        bench.board().drop_all();
        bench.tick(Sink::Accept);
        bench.tick(Sink::Accept);
        let board = bench.board();
        for name in board.model.names() {
            let seen = board.gauge.reader.seen(&name.0, &name.1);
            prop_assert_eq!(seen, board.model.words(name), "{:?}", name);
            prop_assert!(board.gauge.reader.shown(&name.0).is_empty());
        }
        prop_assert_eq!(board.books().series.len(), 0);
    }
}
