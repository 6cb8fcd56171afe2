//! The format, byte by byte.

use streamgauge_embassy::{
    Chunk, Role, Tier, TrackId,
    wire::{self, Assembler, Packets, Reader, track_id, track_number},
};

fn pack(packets: &mut Packets, text: &[u8], end: bool) -> Vec<u8> {
    let mut buf = [0; 100];
    let packed = packets.pack(&mut buf, |room| {
        room[..text.len()].copy_from_slice(text);
        Chunk {
            len: text.len(),
            end,
        }
    });
    buf[..packed.unwrap().len].to_vec()
}

/// CRC-32 of ISO-HDLC, a bit at a time.
fn crc32(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = crc & 1;
            crc = (crc >> 1) ^ (0xedb8_8320 * odd);
        }
    }
    (!crc).to_le_bytes()
}

#[test]
fn packets_look_as_documented() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926_u32.to_le_bytes());
    let track = TrackId::Traffic(Tier::Internal, Role::Subscriber);
    let mut packets = Packets::new(track, 0x0102_0304_0506_0708, 0xabcd);
    let first = pack(&mut packets, b"ab", false);
    let second = pack(&mut packets, b"c", true);

    let life = [8 ^ 6 ^ 4 ^ 2, 7 ^ 5 ^ 3 ^ 1];
    let head = [0x10, 5, life[0], life[1], 0xcd, 0xab, 0, 0, b'a', b'b'];
    assert_eq!(first, [&head[..], &crc32(&head)].concat());
    let tail = [0x11, 5, life[0], life[1], 0xcd, 0xab, 1, 0, b'c'];
    let check = crc32(&[&head[..], &tail].concat());
    assert_eq!(second, [&tail[..], &check].concat());
}

#[test]
fn packets_of_a_patch_say_so() {
    let track = TrackId::Traffic(Tier::External, Role::Publisher);
    let mut packets = Packets::new(track, 7, 3).of_patch();
    let (first, second) = (
        pack(&mut packets, b"ab", false),
        pack(&mut packets, b"c", true),
    );
    assert_eq!((first[0], second[0]), (0x12, 0x13));
    let mut assembler = Assembler::new([0; 100]);
    assert_eq!(assembler.take(&first), None);
    let patch = assembler.take(&second).unwrap();
    assert_eq!((patch.is_patch, patch.payload), (true, b"abc".as_slice()));
    let whole = pack(&mut Packets::new(track, 7, 4), b"{}", true);
    assert!(!assembler.take(&whole).unwrap().is_patch);
}

#[test]
fn a_packet_of_a_patch_continues_no_frame_that_is_none() {
    let track = TrackId::Traffic(Tier::External, Role::Publisher);
    let mut packets = Packets::new(track, 7, 3);
    let mut assembler = Assembler::new([0; 100]);
    assert_eq!(assembler.take(&pack(&mut packets, b"ab", false)), None);
    let patch = pack(&mut packets.of_patch(), b"c", true);
    assert_eq!(assembler.take(&patch), None);
    assert_eq!(assembler.tally().stray_packets, 1);
}

#[test]
fn tracks_have_numbers_of_their_own_for_ever() {
    let tiers = [
        Tier::External,
        Tier::Internal,
        Tier::Named(0),
        Tier::Named(5),
    ];
    for (tier, place) in tiers.into_iter().zip([0_u8, 1, 2, 7]) {
        for (track, number) in [
            (TrackId::Traffic(tier, Role::Publisher), 1 + 3 * place),
            (TrackId::Traffic(tier, Role::Subscriber), 2 + 3 * place),
            (TrackId::Sessions(tier), 3 + 3 * place),
        ] {
            assert_eq!(track_number(track), number);
            assert_eq!(track_id(number), Some(track));
        }
    }
    assert_eq!(track_number(TrackId::Node), 0);
    assert_eq!(track_id(0), Some(TrackId::Node));
    for number in 25..=255 {
        assert_eq!(track_id(number), None);
    }
    assert_eq!(track_number(TrackId::Sessions(Tier::Named(255))), u8::MAX);
}

#[test]
fn packets_of_another_version_are_left_alone() {
    let good = pack(&mut Packets::new(TrackId::Node, 1, 0), b"{}", true);
    for kind in (0..=255).filter(|kind| kind & !3 != 0x10) {
        let mut packet = good.clone();
        packet[0] = kind;
        let checked = packet.len() - wire::CHECK;
        let check = crc32(&packet[..checked]);
        packet[checked..].copy_from_slice(&check);
        let mut assembler = Assembler::new([0; 8]);
        assert_eq!(assembler.take(&packet), None);
        assert_eq!(assembler.tally().damaged_packets, 1);
    }
    let mut assembler = Assembler::new([0; 8]);
    assert_eq!(assembler.take(&good).unwrap().payload, b"{}");
}

#[test]
fn the_overhead_is_as_stated() {
    for (size, payload) in [(64, 50), (256, 241)] {
        let room = size - 1 - wire::stuffing(size);
        assert_eq!(room - wire::OVERHEAD, payload);
        let frame = vec![b'x'; payload * 3];
        let bytes = crate::sent::Life {
            epoch: 0,
            first: 0,
            frames: vec![(TrackId::Node, frame)],
        }
        .bytes(size);
        assert!(bytes.len() <= 3 * size + 1, "{}", bytes.len());
    }
}

#[test]
fn a_life_that_begins_anew_is_no_loss() {
    let mut reader = Assembler::new([0; 8]);
    let mut take = |epoch, sequence| {
        let packet = pack(
            &mut Packets::new(TrackId::Node, epoch, sequence),
            b"{}",
            true,
        );
        reader.take(&packet).is_some()
    };
    assert!(take(1, 65_535));
    assert!(take(1, 0), "the sequence wraps");
    assert!(take(1, 5), "four were lost");
    assert!(take(2, 700), "another life, joined late");
    assert!(take(2, 701));
    assert!(!take(2, 701), "came twice");
    assert!(!take(2, 690), "came late");
    assert!(take(2, 3), "another life of a node that cannot tell");
    assert!(take(2, 4));
    assert!(take(2, 0), "and another");
    let tally = *reader.tally();
    assert_eq!((tally.frames, tally.lost_frames), (8, 4));
    assert_eq!((tally.restarts, tally.stray_packets), (3, 2));
}

#[test]
fn a_frame_of_more_packets_than_can_be_numbered_is_not_sent() {
    let mut packets = Packets::new(TrackId::Node, 1, 0);
    let mut reader = Assembler::new(vec![0; 1 << 17]);
    for number in 0..wire::MAX_PACKETS {
        let last = number + 1 == wire::MAX_PACKETS;
        let packet = pack(&mut packets, b"x", last);
        assert_eq!(reader.take(&packet).is_some(), last);
    }
    let more = packets.pack(&mut [0; 100], |_| Chunk { len: 0, end: true });
    assert_eq!(more, None);
}

#[test]
fn a_buffer_without_room_for_payload_packs_nothing() {
    let mut packets = Packets::new(TrackId::Node, 1, 0);
    for size in 0..=wire::OVERHEAD {
        let read = |_: &mut [u8]| -> Chunk { panic!("nothing is lost from the frame") };
        assert_eq!(packets.pack(&mut vec![0; size], read), None);
    }
    let mut reader = Reader::<_, 0>::new([]);
    assert_eq!(reader.poll(&mut &[1, 2, 0, 0, 1][..]), None);
    assert_eq!(reader.tally().damaged_packets, 1);
}

#[test]
fn halves_of_two_frames_that_look_alike_are_no_frame() {
    // The same track, life, sequence and numbers: a node that was reset and cannot tell.
    let halves = |text: &[u8]| {
        let mut packets = Packets::new(TrackId::Node, 1, 0);
        let (first, second) = text.split_at(2);
        [
            pack(&mut packets, first, false),
            pack(&mut packets, second, true),
        ]
    };
    let ([first, _], [_, second]) = (halves(b"abcd"), halves(b"ABCD"));
    let mut reader = Assembler::new([0; 8]);
    assert_eq!(reader.take(&first), None);
    assert_eq!(reader.take(&second), None);
    assert_eq!(reader.tally().damaged_packets, 1);
}
