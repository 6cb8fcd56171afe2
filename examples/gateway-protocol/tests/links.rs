//! Any message over any link: whole, damaged, or joined midway.

use proptest::{collection::vec, prelude::*};
use streamgauge_gateway_protocol::{
    Channel, Decoder, MAX_BODY, MAX_ENCODED, MAX_PAYLOAD, Message, Sealer, Tally, TooLong,
};

/// Bodies that came out of a link, and what its reader counted.
fn read(link: &[u8]) -> (Vec<Vec<u8>>, Tally) {
    let mut decoder = Decoder::new();
    let mut bodies = Vec::new();
    for byte in link {
        if let Some(packet) = decoder.push(*byte) {
            bodies.push(packet.body.to_vec());
        }
    }
    (bodies, decoder.tally())
}

fn seal_all(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut sealer = Sealer::new();
    let mut seal = |body: &Vec<u8>| Some(sealer.seal(Channel::Data, body).ok()?.to_vec());
    let packets = bodies.iter().map(|body| seal(body).expect("not too long"));
    packets.collect()
}

fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
    // Zeros and long runs without any are what COBS is about.
    let body = prop_oneof![vec(any::<u8>(), 0..=MAX_BODY), vec(0_u8..2, 0..=MAX_BODY)];
    vec(body, 1..20)
}

fn message(text: &str, bytes: &[u8], numbers: [u32; 5], kind: usize) -> Vec<u8> {
    let [token, boots, damaged, lost, refused] = numbers;
    let [id, other, low, high] = token.to_le_bytes();
    let messages = [
        Message::Announce {
            broadcast: id,
            path: text,
        },
        Message::Unannounce { broadcast: id },
        Message::Subscribe {
            subscription: id,
            broadcast: other,
        },
        Message::Unsubscribe { subscription: id },
        Message::Group {
            id,
            sequence: boots,
        },
        Message::Frame { id, payload: bytes },
        Message::Ping { token },
        Message::Pong {
            token,
            boots,
            damaged,
            lost,
            refused,
        },
        Message::Race { on: token % 2 == 0 },
        Message::Raced {
            interrupt: token,
            task: boots,
        },
        Message::Report {
            port: u16::from_le_bytes([low, high]),
        },
        Message::Reset,
    ];
    let message = messages[kind % messages.len()];
    let mut buf = [0; MAX_BODY];
    let body = message.write(&mut buf).expect("room for every message");
    assert_eq!(Message::read(body), Ok(message));
    body.to_vec()
}

proptest! {
    #[test]
    fn every_message_is_read_as_it_was_written(
        text in "\\PC{0,50}",
        bytes in vec(any::<u8>(), 0..=MAX_PAYLOAD),
        numbers in any::<[u32; 5]>(),
        kind in 0_usize..12,
        cut in any::<prop::sample::Index>(),
    ) {
        let body = message(&text, &bytes, numbers, kind);
        // Part of a message is another message of text or bytes, or none; it never panics.
        let _ = Message::read(&body[..cut.index(body.len())]);
        let mut small = vec![0; body.len() - 1];
        let read = Message::read(&body).expect("read before");
        prop_assert_eq!(read.write(&mut small), None);
    }

    #[test]
    fn every_packet_comes_out_of_a_clean_link(bodies in bodies()) {
        let packets = seal_all(&bodies);
        prop_assert!(packets.iter().all(|packet| packet.len() <= MAX_ENCODED));
        let (read, tally) = read(&packets.concat());
        let expected = Tally { packets: u32::try_from(bodies.len())?, damaged: 0, lost: 0 };
        prop_assert_eq!(read, bodies);
        prop_assert_eq!(tally, expected);
    }

    #[test]
    fn a_reader_may_join_anywhere(bodies in bodies(), at in any::<prop::sample::Index>()) {
        let packets = seal_all(&bodies);
        let link = packets.concat();
        let at = at.index(link.len());
        let (read, tally) = read(&link[at..]);
        // The packet that it joined within is the only one that it may miss.
        let mut ends = packets.iter().scan(0, |end, packet| { *end += packet.len(); Some(*end) });
        let begun = ends.position(|end| end > at).unwrap_or(bodies.len());
        prop_assert!(read == bodies[begun..] || read == bodies[begun + 1..]);
        prop_assert_eq!(tally.lost, 0);
    }

    #[test]
    fn a_dropped_byte_costs_one_packet_and_a_dropped_zero_two(
        bodies in bodies(),
        hit in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        // Two more, so that the last one shows what is missing whatever is hit.
        let sent = [&bodies[..], &[b"last but one".to_vec(), b"last".to_vec()]].concat();
        let mut packets = seal_all(&sent);
        let hit = hit.index(bodies.len());
        let at = at.index(packets[hit].len());
        let zero = at + 1 == packets[hit].len();
        packets[hit].remove(at);
        let (read, tally) = read(&packets.concat());
        let mut expected = sent.clone();
        expected.drain(hit..=hit + usize::from(zero));
        prop_assert_eq!(read, expected.clone());
        let missed = u32::try_from(sent.len() - expected.len())?;
        let known = if hit == 0 { 0 } else { missed };
        prop_assert_eq!((tally.lost, tally.damaged), (known, 1));
    }

    #[test]
    fn noise_between_packets_costs_none(bodies in bodies(), noise in vec(1_u8..=255, 1..600)) {
        let packets = seal_all(&bodies);
        let noise = [&noise[..], &[0]].concat();
        let link: Vec<u8> = packets.iter().flat_map(|packet| [&packet[..], &noise[..]].concat()).collect();
        let (read, tally) = read(&link);
        let count = u32::try_from(bodies.len())?;
        prop_assert_eq!(read, bodies);
        prop_assert_eq!(tally, Tally { packets: count, damaged: count, lost: 0 });
    }

    #[test]
    fn no_noise_makes_a_reader_panic(noise in vec(any::<u8>(), 0..2000)) {
        let (bodies, _) = read(&noise);
        for body in bodies {
            let _ = Message::read(&body);
        }
    }
}

#[test]
fn the_sequence_wraps_without_loss() {
    let bodies = vec![vec![7]; 70_000];
    let (read, tally) = read(&seal_all(&bodies).concat());
    assert_eq!((read.len(), tally.lost, tally.damaged), (70_000, 0, 0));
}

#[test]
fn a_sender_that_starts_again_has_lost_nothing() {
    let life = seal_all(&vec![vec![1, 2, 3]; 10]).concat();
    let (read, tally) = read(&[life.clone(), life].concat());
    assert_eq!((read.len(), tally.lost, tally.damaged), (20, 0, 0));
}

#[test]
fn a_body_too_long_is_refused_and_uses_up_no_number() {
    let mut sealer = Sealer::new();
    let mut link = sealer
        .seal(Channel::Control, b"one")
        .expect("short")
        .to_vec();
    let len = MAX_BODY + 1;
    assert_eq!(
        sealer.seal(Channel::Control, &vec![0; len]),
        Err(TooLong { len })
    );
    link.extend_from_slice(sealer.seal(Channel::Control, b"two").expect("short"));
    let (read, tally) = read(&link);
    assert_eq!((read.len(), tally.lost), (2, 0));
}
