//! Memory that a reset tore, that lost bits, that is another firmware's, or never was anything.

use proptest::{collection::vec, prelude::*};
use streamgauge_core::{RestoreError, Role, Saved, Tier};
use streamgauge_embassy::retained::{HEADER, Loaded, Memory, Refusal, Retained, Saver};
use streamgauge_tests::{Gauge, Room, TIER_NAMES};

use crate::{
    board::{Board, Books},
    ram::Ram,
};

const ROOM: Room = Room::of(4);

/// A board that has counted in all ways, and what its last save knew.
fn counted(ram: &Ram) -> (Board<'_>, Books, Saved) {
    let mut board = Board::boot(ram, ROOM, 1);
    board.announce(Tier::External, Role::Publisher, "demo/bbb");
    board.subscribe(Tier::External, Role::Publisher, "demo/bbb");
    board.subscribe(Tier::Internal, Role::Subscriber, "quo\"te");
    board.connect(Tier::External, "root");
    board.bump(0, 1200);
    board.tick();
    board.bump(1, 70_000);
    let saved = board.save().expect("room");
    let known = board.books();
    (board, known, saved)
}

/// What the next boot finds in this memory, and what its ledgers know then.
fn boot(bytes: Vec<u8>) -> (Loaded, Books, u32) {
    let ram = Ram::of(bytes);
    let board = Board::boot(&ram, ROOM, 2);
    (board.loaded, board.books(), board.boots())
}

fn is_restored(loaded: Loaded) -> bool {
    matches!(loaded, Loaded::Restored(_))
}

#[test]
fn a_reset_at_any_write_leaves_the_save_or_the_one_before() {
    let ram = Ram::noise(1_000);
    let (mut board, old, _) = counted(&ram);
    let before = ram.bytes();
    board.bump(0, 5);
    board.subscribe(Tier::External, Role::Publisher, "new");
    ram.take_written();
    board.save().expect("room");
    let writes = ram.take_written();
    let (new, whole) = (board.books(), ram.bytes());
    assert_ne!(old, new);
    // The same bytes again, in the order in which they were written.
    for strike in 0..=writes {
        let torn = Ram::of(before.clone());
        let mut again = replay(&torn);
        torn.strike_after(strike);
        again.bump(0, 5);
        again.subscribe(Tier::External, Role::Publisher, "new");
        again.save().expect("room");
        assert_eq!(strike == writes, torn.bytes() == whole, "{strike}");
        let expected = if strike == writes { &new } else { &old };
        let (loaded, known, boots) = boot(torn.bytes());
        assert!(is_restored(loaded), "{strike}: {loaded:?}");
        assert_eq!((&known, boots), (&expected.clone().closed(), 2), "{strike}");
    }
}

/// The board that `counted` makes, in memory that is as `counted` left it.
fn replay(ram: &Ram) -> Board<'_> {
    let bytes = ram.bytes();
    ram.fill(&Ram::noise(bytes.len()).bytes());
    let (board, _, _) = counted(ram);
    assert_eq!(ram.bytes(), bytes, "a node counts the same twice");
    board
}

#[test]
fn a_reset_amid_the_save_of_a_boot_leaves_what_that_boot_restored() {
    let ram = Ram::noise(1_000);
    let (_, known, _) = counted(&ram);
    ram.take_written();
    let bytes = ram.bytes();
    drop(Board::boot(&ram, ROOM, 2));
    let writes = ram.take_written();
    for strike in 0..=writes {
        let torn = Ram::of(bytes.clone());
        torn.strike_after(strike);
        drop(Board::boot(&torn, ROOM, 2));
        let (loaded, after, boots) = boot(torn.bytes());
        assert!(is_restored(loaded), "{strike}: {loaded:?}");
        assert_eq!(after, known.clone().closed());
        assert_eq!(boots, if strike == writes { 3 } else { 2 });
    }
}

#[test]
fn any_bit_that_is_wrong_is_refused_or_of_no_account() {
    let ram = Ram::noise(1_000);
    let (_, known, saved) = counted(&ram);
    let (intact, mut refused) = (known.closed(), 0);
    for bit in 0..ram.capacity() * 8 {
        let mut bytes = ram.bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (loaded, known, boots) = boot(bytes);
        match loaded {
            Loaded::Restored(_) => assert_eq!(known, intact, "bit {bit}"),
            Loaded::Refused(Refusal::Header | Refusal::Checksum) => {
                assert!(known.series.is_empty(), "bit {bit}");
                assert_eq!(boots, 2, "one header is intact");
                refused += 1;
            }
            loaded => panic!("bit {bit}: {loaded:?}"),
        }
    }
    // Both headers, and what the newer one stands for.
    assert_eq!(refused, 8 * (2 * HEADER + saved.bytes));
}

#[test]
fn a_refusal_is_over_with_the_next_boot() {
    for at in [0, HEADER, 500, 500 + HEADER] {
        let ram = Ram::noise(1_000);
        let (_, _, _) = counted(&ram);
        ram.write(at, !ram.read(at));
        let refused = Board::boot(&ram, ROOM, 1);
        let loaded = refused.loaded;
        drop(refused);
        let next = Board::boot(&ram, ROOM, 1);
        if is_restored(loaded) {
            assert_eq!(next.epoch(), 1);
        } else {
            assert_eq!(
                next.epoch(),
                1 + 2,
                "the life that began with the refusal goes on"
            );
            assert_eq!(next.gauge.reporter.health().refused_boots, 1);
        }
        assert!(is_restored(next.loaded), "{at}: {:?}", next.loaded);
        assert_eq!(next.boots(), 3);
    }
}

#[test]
fn a_reset_right_after_the_first_boot_is_a_boot_like_any_other() {
    let ram = Ram::noise(1_000);
    assert_eq!(Board::boot(&ram, ROOM, 1).loaded, Loaded::Fresh);
    let board = Board::boot(&ram, ROOM, 2);
    assert!(is_restored(board.loaded), "{:?}", board.loaded);
    assert_eq!((board.boots(), board.epoch()), (2, 1));
}

#[test]
fn with_both_headers_damaged_boots_begin_anew() {
    let ram = Ram::noise(1_000);
    drop(counted(&ram));
    for at in [4, 504] {
        ram.write(at, !ram.read(at));
    }
    let (loaded, _, boots) = boot(ram.bytes());
    assert_eq!((loaded, boots), (Loaded::Refused(Refusal::Header), 1));
}

#[test]
fn memory_that_has_become_smaller_restores_all_or_nothing() {
    let ram = Ram::noise(1_000);
    let (_, known, _) = counted(&ram);
    let known = known.closed();
    for len in 0..ram.capacity() {
        let (loaded, after, _) = boot(ram.bytes()[..len].to_vec());
        assert!(!is_restored(loaded) || after == known, "{len}");
    }
}

#[test]
fn a_block_longer_than_its_half_is_refused_by_its_length() {
    let ram = Ram::noise(1_000);
    let (_, _, saved) = counted(&ram);
    // The newest copy is the first: as the third save of a boot is.
    let half = HEADER + saved.bytes - 1;
    let mut bytes = ram.bytes()[..2 * half].to_vec();
    bytes[half + HEADER - 1] = 0;
    let (loaded, _, boots) = boot(bytes);
    let len = u32::try_from(saved.bytes).expect("a short block");
    assert_eq!(loaded, Loaded::Refused(Refusal::Length(len)));
    assert_eq!(boots, 2);
}

#[test]
fn another_nodes_block_is_refused_and_boots_go_on() {
    let ram = Ram::noise(2_000);
    drop(counted(&ram));
    let more_tiers = Room {
        named_tiers: 1,
        ..ROOM
    };
    let schema = Loaded::Refused(Refusal::Block(RestoreError::Schema));
    let board = Board::boot(&ram, more_tiers, 1);
    assert_eq!((board.loaded, board.boots(), board.epoch()), (schema, 2, 3));
    drop(board);
    // The same tiers under other names are other tracks.
    let mut gauge = Gauge::new(more_tiers);
    let (reporter, meters) = (&mut gauge.reporter, gauge.node.meters());
    let (saver, loaded) = Saver::load(&ram, reporter, meters, &["lab"][..]);
    assert_eq!((loaded, saver.boots()), (schema, 3));
    // And their own names are still right.
    let (_, loaded) = Saver::load(&ram, &mut gauge.reporter, meters, &TIER_NAMES[..]);
    assert_eq!(loaded, schema);
}

#[test]
fn no_room_is_said_and_nothing_old_comes_back() {
    let (roomy, bytes) = (Ram::noise(1_000), 2);
    let bytes = bytes + Board::boot(&roomy, ROOM, 1).save().expect("room").bytes;
    let ram = Ram::noise(2 * (HEADER + bytes));
    let mut board = Board::boot(&ram, ROOM, 1);
    board.save().expect("room");
    board.subscribe(Tier::External, Role::Publisher, "demo");
    board.bump(0, usize::MAX >> 1);
    let error = board.save().expect_err("no room");
    assert!(error.needed > bytes, "{error}");
    drop(board);
    let next = Board::boot(&ram, ROOM, 1);
    assert_eq!(next.loaded, Loaded::Refused(Refusal::NoRoom));
    assert_eq!(next.boots(), 2);
    assert_eq!(next.epoch(), 1 + 2);
}

#[test]
fn a_static_of_the_adapter_is_such_memory() {
    static RETAINED: Retained<700> = Retained::new();
    let gauge = || Gauge::new(ROOM);
    let (mut first, mut second) = (gauge(), gauge());
    let load = |gauge: &mut Gauge| {
        let meters = gauge.node.meters();
        Saver::load(&RETAINED, &mut gauge.reporter, meters, &TIER_NAMES[..]).1
    };
    assert_eq!(load(&mut first), Loaded::Fresh);
    assert!(is_restored(load(&mut second)));
    assert_eq!(RETAINED.capacity(), 700);
    assert_eq!(RETAINED.read(700), 0);
    RETAINED.write(700, 1);
    assert_eq!(size_of_val(&RETAINED), 700, "no more than was asked for");
}

#[test]
fn refusals_read_well() {
    let text = |refusal: Refusal| refusal.to_string();
    assert_eq!(
        text(Refusal::Checksum),
        "the retained block is refused: its checksum is wrong"
    );
    assert_eq!(
        text(Refusal::Block(RestoreError::Version(9))),
        "the retained block is refused: version 9 is not version 2"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_restore_nothing_and_panic_at_nothing(bytes in vec(any::<u8>(), 0..1_500)) {
        let (loaded, known, boots) = boot(bytes);
        prop_assert!(!is_restored(loaded));
        prop_assert!(known.series.is_empty());
        prop_assert_eq!(boots, 1);
    }

    #[test]
    fn damage_of_any_shape_restores_all_or_nothing(
        damage in vec((0..1_000usize, any::<u8>()), 1..60),
    ) {
        let ram = Ram::noise(1_000);
        let (_, known, _) = counted(&ram);
        let known = known.closed();
        for (at, byte) in damage {
            ram.write(at, byte);
        }
        let (loaded, after, _) = boot(ram.bytes());
        prop_assert!(!is_restored(loaded) || after == known);
    }
}
