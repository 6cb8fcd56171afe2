//! Packets in a stream of bytes.

use proptest::{collection::vec, prelude::*};
use streamgauge_embassy::wire::{Reader, Tally};

use crate::sent::{Life, frames, harm, lives, repeat, sizes};

/// All that a reader makes of bytes that come in pieces: what each frame is of, and the tally.
fn read(
    bytes: &[u8],
    pieces: &[usize],
    mut seen: impl FnMut(&streamgauge_embassy::wire::Received<'_>),
) -> Tally {
    let mut reader = Reader::<_, 1024>::new(vec![0; 600]);
    let mut rest = bytes;
    let mut pieces = pieces.iter().copied().cycle();
    while !rest.is_empty() {
        let len = pieces.next().unwrap_or(rest.len()).clamp(1, rest.len());
        let (mut piece, after) = rest.split_at(len);
        rest = after;
        while let Some(frame) = reader.poll(&mut piece) {
            seen(&frame);
        }
        assert!(piece.is_empty());
    }
    *reader.tally()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_frame_arrives_over_a_link_without_faults(
        life in lives(),
        size in sizes(),
        pieces in vec(1_usize..300, 1..8),
    ) {
        let mut place = 0;
        let tally = read(&life.bytes(size), &pieces, |frame| {
            assert!(life.has(frame));
            assert_eq!(frame.sequence, life.first.wrapping_add(place));
            place += 1;
        });
        let frames = life.frames.len() as u64;
        prop_assert_eq!(tally, Tally { frames, ..Tally::default() });
    }

    #[test]
    fn what_a_faulty_link_delivers_was_sent_and_what_it_does_not_shows_as_lost(
        life in lives(),
        size in sizes(),
        harms in vec(harm(), 1..8),
        pieces in vec(1_usize..300, 1..8),
    ) {
        // The first frame and the last are spared, so that all those between can be accounted for.
        let last = life.frames.len() - 1;
        let part = |frames: std::ops::Range<usize>| Life {
            first: life.first.wrapping_add(u16::try_from(frames.start).unwrap()),
            frames: life.frames[frames].to_vec(),
            ..life.clone()
        };
        let mut between = part(1..last).bytes(size);
        for harm in &harms {
            harm.befall(&mut between);
        }
        let mut bytes = part(0..1).bytes(size);
        bytes.extend(between);
        bytes.extend(part(last..last + 1).bytes(size));

        let mut before = None;
        let tally = read(&bytes, &pieces, |frame| {
            assert!(life.has(frame), "nothing else was ever sent");
            let place = frame.sequence.wrapping_sub(life.first);
            assert!(before < Some(place), "in order, and once");
            before = Some(place);
        });
        let sent = u64::try_from(life.frames.len()).unwrap();
        prop_assert_eq!(tally.frames + tally.lost_frames, sent);
        prop_assert_eq!(tally.restarts, 0);
    }

    #[test]
    fn pieces_of_lives_and_frames_that_come_again_never_make_a_frame(
        lives in vec(lives(), 1..4),
        same_epoch: bool,
        size in sizes(),
        harms in vec(prop_oneof![harm(), repeat()], 0..12),
    ) {
        // Lives that cannot be told apart begin with the same sequence, as after a reset.
        let mut lives = lives;
        if same_epoch {
            for life in &mut lives {
                life.epoch = 1;
                life.first = 0;
            }
        }
        let mut bytes: Vec<_> = lives.iter().flat_map(|life| life.bytes(size)).collect();
        for harm in &harms {
            harm.befall(&mut bytes);
        }
        read(&bytes, &[], |frame| {
            assert!(lives.iter().any(|life| life.has(frame)));
        });
    }

    #[test]
    fn a_reader_may_join_anywhere(life in lives(), size in sizes(), at: prop::sample::Index) {
        let bytes = life.bytes(size);
        let at = at.index(bytes.len());
        let mut frames = 0;
        let tally = read(&bytes[at..], &[], |frame| {
            assert!(life.has(frame));
            frames += 1;
        });
        prop_assert_eq!(tally.lost_frames, 0, "what was before is not missed");
        // Every frame that begins after that place is delivered.
        let whole = (0..life.frames.len()).filter(|n| {
            let before = Life { frames: life.frames[..*n].to_vec(), ..life.clone() };
            before.bytes(size).len() >= at
        });
        prop_assert!(frames >= whole.count());
    }

    #[test]
    fn a_reader_survives_any_bytes(bytes in vec(any::<u8>(), 0..4000)) {
        let tally = read(&bytes, &[7], |_| {});
        prop_assert_eq!(tally.frames, 0);
    }

    #[test]
    fn frames_too_long_for_the_reader_are_counted_apart(
        frames in frames(1..8),
        size in sizes(),
    ) {
        let life = Life { epoch: 3, first: 9, frames };
        let mut reader = Reader::<_, 1024>::new([0; 100]);
        let bytes = life.bytes(size);
        let mut rest = bytes.as_slice();
        while let Some(frame) = reader.poll(&mut rest) {
            prop_assert!(life.has(&frame));
        }
        let fit = life.frames.iter().filter(|(_, frame)| frame.len() <= 100).count();
        let tally = reader.tally();
        prop_assert_eq!(tally.frames, fit as u64);
        prop_assert_eq!(tally.too_long_frames, (life.frames.len() - fit) as u64);
        prop_assert_eq!(tally.lost_frames, 0);
    }
}
