//! Packets in datagrams.

use proptest::{collection::vec, prelude::*, sample::Index};
use streamgauge_embassy::wire::{Assembler, Tally};

use crate::sent::lives;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn frames_split_over_datagrams_arrive_whole(life in lives(), size in 13_usize..700) {
        let mut assembler = Assembler::new(vec![0; 600]);
        for packet in life.packets(size) {
            prop_assert!(packet.len() <= size);
            if let Some(frame) = assembler.take(&packet) {
                prop_assert!(life.has(&frame));
            }
        }
        let frames = life.frames.len() as u64;
        prop_assert_eq!(*assembler.tally(), Tally { frames, ..Tally::default() });
    }

    #[test]
    fn datagrams_that_get_lost_overtake_and_come_twice_make_no_false_frame(
        life in lives(),
        size in 30_usize..300,
        swaps in vec((any::<Index>(), any::<Index>()), 0..4),
        drops in vec(any::<Index>(), 0..4),
        twice in vec((any::<Index>(), any::<Index>()), 0..4),
    ) {
        let mut packets = life.packets(size);
        for (a, b) in swaps {
            let (a, b) = (a.index(packets.len()), b.index(packets.len()));
            packets.swap(a, b);
        }
        for (from, to) in twice {
            let packet = packets[from.index(packets.len())].clone();
            packets.insert(to.index(packets.len()), packet);
        }
        for at in drops.iter().take(packets.len() - 1) {
            packets.remove(at.index(packets.len()));
        }
        let mut assembler = Assembler::new(vec![0; 600]);
        for packet in packets {
            if let Some(frame) = assembler.take(&packet) {
                prop_assert!(life.has(&frame));
            }
        }
        prop_assert_eq!(assembler.tally().damaged_packets, 0);
    }

    #[test]
    fn a_datagram_with_any_bit_flipped_is_damaged_or_stray(
        life in lives(),
        size in 30_usize..300,
        at: Index,
        bit in 0_u8..8,
    ) {
        let mut packets = life.packets(size);
        let place = at.index(packets.len());
        let len = packets[place].len();
        packets[place][at.index(len)] ^= 1 << bit;
        let mut assembler = Assembler::new(vec![0; 600]);
        for packet in &packets {
            if let Some(frame) = assembler.take(packet) {
                prop_assert!(life.has(&frame));
            }
        }
        let tally = assembler.tally();
        prop_assert_eq!(tally.frames, life.frames.len() as u64 - 1);
        prop_assert!(tally.damaged_packets + tally.stray_packets > 0);
    }
}
