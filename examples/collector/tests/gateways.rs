//! Gateways at the other end of serial lines and UDP.

use std::time::Duration;

use streamgauge_collector::cli::SourceOptions;
use streamgauge_collector::source::{Line, Sources, What};
use streamgauge_collector::track::Track;
use streamgauge_core::{Chunk, Role, Tier, TrackId};
use streamgauge_embassy::wire::{OVERHEAD, Packets, stuff, stuffing};
use streamgauge_gateway_protocol::{Channel, MAX_BODY, Sealer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

/// Longer than any of these may take.
const LIMIT: Duration = Duration::from_secs(30);

const ROWS: &[u8] = br#"{"plant/press-4":{"bytes":64,"frames":1}}"#;
const NODE: &[u8] = br#"{"epoch":7,"path":".stats/node/gateway/1","tiers":["","internal","lab"]}"#;
const EGRESS: TrackId = TrackId::Traffic(Tier::External, Role::Publisher);
const LAB: TrackId = TrackId::Traffic(Tier::Named(0), Role::Subscriber);

/// A frame as a datagram.
fn datagram(track: TrackId, sequence: u16, frame: &[u8]) -> Vec<u8> {
    packet(Packets::new(track, 7, sequence), frame)
}

fn packet(mut packets: Packets, frame: &[u8]) -> Vec<u8> {
    let mut buf = vec![0; frame.len() + OVERHEAD];
    let packed = packets.pack(&mut buf, |room| {
        room.copy_from_slice(frame);
        Chunk {
            len: frame.len(),
            end: true,
        }
    });
    assert!(packed.is_some_and(|packed| packed.last && packed.len == buf.len()));
    buf
}

/// A frame as bytes on a line.
fn stream(track: TrackId, sequence: u16, frame: &[u8]) -> Vec<u8> {
    let packet = datagram(track, sequence, frame);
    let at = stuffing(packet.len());
    let mut buf = vec![0; at + packet.len() + 2];
    buf[at..at + packet.len()].copy_from_slice(&packet);
    let len = stuff(&mut buf, at, packet.len()).expect("room");
    // What garbage precedes it ends at the first zero.
    [&[0], &buf[..len]].concat()
}

/// The frames of a tick, rows before the node says its name.
fn tick() -> Vec<u8> {
    [
        stream(EGRESS, 0, ROWS),
        stream(LAB, 1, ROWS),
        stream(TrackId::Node, 2, NODE),
    ]
    .concat()
}

/// What a source tells, one line each.
async fn told(sources: &mut Sources, count: usize) -> Vec<String> {
    let mut told = Vec::new();
    while told.len() < count {
        let news = timeout(LIMIT, sources.next())
            .await
            .expect("in time")
            .expect("news");
        told.push(match news.what {
            What::Up => "up".into(),
            What::Down(error) => format!("down {error}"),
            What::Came(name) => format!("came {name}"),
            What::Left(name) => format!("left {name}"),
            What::LeftPart(name, group) => format!("left {name} {group}"),
            What::Frame {
                node,
                track,
                payload,
                ..
            } => {
                format!("{node} {track} {}", String::from_utf8_lossy(&payload))
            }
        });
    }
    told
}

/// A line that is a socket, its collector's side read by sources.
async fn line() -> (TcpListener, Sources) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sources = Sources::start(&SourceOptions {
        serial: vec![Line::Tcp(address.to_string())],
        ..SourceOptions::default()
    });
    (listener, sources)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    let accepted = timeout(LIMIT, listener.accept()).await;
    accepted.expect("in time").expect("a connection").0
}

fn whole_tick(of: &str) -> Vec<String> {
    let rows = String::from_utf8_lossy(ROWS);
    vec![
        "up".into(),
        format!("came {of}"),
        format!("{of} publisher.json {rows}"),
        format!("{of} lab/subscriber.json {rows}"),
        format!("{of} node.json {}", String::from_utf8_lossy(NODE)),
    ]
}

#[tokio::test]
async fn a_gateway_on_a_line_is_read_from_anywhere_and_called_what_it_says() {
    let (listener, mut sources) = line().await;
    let mut gateway = accept(&listener).await;
    let garbage = b"half a packet of something".as_slice();
    gateway
        .write_all(&[garbage, &tick()].concat())
        .await
        .unwrap();
    let mut told = told(&mut sources, 5).await;
    // The tier's name is in the frame that comes last, so its rows wait for it.
    told.sort_unstable();
    let mut expected = whole_tick("gateway/1");
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_gateway_that_speaks_of_other_things_as_well_is_read() {
    let (listener, mut sources) = line().await;
    let mut gateway = accept(&listener).await;
    let mut sealer = Sealer::new();
    let mut bytes = Vec::new();
    for piece in tick().chunks(MAX_BODY / 3) {
        bytes.extend_from_slice(sealer.seal(Channel::Control, b"\x08pong").unwrap());
        bytes.extend_from_slice(sealer.seal(Channel::Stats, piece).unwrap());
    }
    gateway.write_all(&bytes).await.unwrap();
    let told = told(&mut sources, 5).await;
    assert_eq!(told.len(), 5);
    assert!(
        whole_tick("gateway/1")
            .iter()
            .all(|line| told.contains(line)),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_line_that_breaks_is_opened_again() {
    let (listener, mut sources) = line().await;
    let mut gateway = accept(&listener).await;
    gateway
        .write_all(&stream(TrackId::Node, 0, NODE))
        .await
        .unwrap();
    assert_eq!(told(&mut sources, 3).await.len(), 3);
    drop(gateway);
    let broken = told(&mut sources, 2).await;
    assert_eq!(broken[0], "left gateway/1");
    assert!(
        broken[1].starts_with("down cannot read tcp:127.0.0.1"),
        "{}",
        broken[1]
    );
    let mut gateway = accept(&listener).await;
    gateway
        .write_all(&stream(TrackId::Node, 0, NODE))
        .await
        .unwrap();
    assert_eq!(told(&mut sources, 2).await, ["up", "came gateway/1"]);
}

#[tokio::test]
async fn gateways_that_send_datagrams_are_told_apart() {
    let free = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut sources = Sources::start(&SourceOptions {
        udp: vec![address],
        ..SourceOptions::default()
    });
    assert_eq!(told(&mut sources, 1).await, ["up"]);
    for name in ["a", "b"] {
        let gateway = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let node = format!(r#"{{"path":".stats/node/{name}","tiers":[""]}}"#);
        for (sequence, (track, frame)) in [(EGRESS, ROWS), (TrackId::Node, node.as_bytes())]
            .into_iter()
            .enumerate()
        {
            let sequence = u16::try_from(sequence).unwrap();
            let datagram = datagram(track, sequence, frame);
            gateway.send_to(&datagram, address).await.unwrap();
        }
        let told = told(&mut sources, 3).await;
        assert_eq!(told[0], format!("came {name}"));
        assert!(
            told[1].starts_with(&format!("{name} publisher.json ")),
            "{}",
            told[1]
        );
    }
}

#[tokio::test]
async fn a_gateway_that_says_no_name_is_called_by_its_address() {
    let (listener, mut sources) = line().await;
    let mut gateway = accept(&listener).await;
    let frame = stream(TrackId::Node, 0, br#"{"epoch":7}"#);
    gateway.write_all(&frame).await.unwrap();
    let told = told(&mut sources, 2).await;
    assert_eq!(
        told[1],
        format!("came tcp:{}", listener.local_addr().unwrap())
    );
}

#[tokio::test]
async fn patches_of_a_gateway_are_placed_behind_their_frame_and_left_out_without_it() {
    let free = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut sources = Sources::start(&SourceOptions {
        udp: vec![address],
        ..SourceOptions::default()
    });
    assert_eq!(told(&mut sources, 1).await, ["up"]);
    let gateway = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let whole = |sequence, payload| (Packets::new(EGRESS, 7, sequence), payload);
    let patch = |sequence, payload| (Packets::new(EGRESS, 7, sequence).of_patch(), payload);
    for (packets, payload) in [
        (Packets::new(TrackId::Node, 7, 0), NODE),
        patch(1, b"of none".as_slice()),
        whole(2, ROWS),
        patch(3, b"first"),
        patch(4, b"second"),
        // The fifth is lost, and what came after it is of use again with a whole frame.
        patch(6, b"third"),
        whole(7, ROWS),
        patch(8, b"fourth"),
    ] {
        gateway
            .send_to(&packet(packets, payload), address)
            .await
            .unwrap();
    }
    let mut places = Vec::new();
    while places.len() < 5 {
        let news = timeout(LIMIT, sources.next())
            .await
            .expect("in time")
            .expect("news");
        if let What::Frame {
            track: Track::Traffic(..),
            at,
            payload,
            ..
        } = news.what
        {
            places.push((at.group, at.frame, payload));
        }
    }
    let first = places[0].0;
    let groups: Vec<_> = places.iter().map(|place| place.0 > first).collect();
    assert_eq!(groups, [false, false, false, true, true]);
    let frames: Vec<_> = places.iter().map(|place| (place.1, &*place.2)).collect();
    let expected: [(u64, &[u8]); 5] = [
        (0, ROWS),
        (1, b"first"),
        (2, b"second"),
        (0, ROWS),
        (1, b"fourth"),
    ];
    assert_eq!(frames, expected);
}
