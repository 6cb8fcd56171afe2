//! Two caches joined over QUIC, through the relay.

mod support;

use bytes::Bytes;
use streamgauge_core::Role;
use streamgauge_core::track::TrackError;
use streamgauge_moq::{Export, Import};
use streamgauge_relay::server::Relay;
use streamgauge_relay::totals::Volume;
use streamgauge_tokio::{TrackConfig, TrackConsumer, TrackProducer};
use support::{Publisher, Viewer, agree, relay, within};

const FRAME: usize = 64 << 10;
const GROUP: usize = 16 * FRAME;

/// A cache, and a reader of the one that it is bridged to.
struct Bridged {
    source: TrackProducer,
    reader: TrackConsumer,
    _sessions: (Publisher, Viewer),
}

impl Bridged {
    async fn through(relay: &Relay) -> Self {
        let (source, sink) = (cache(), cache());
        let sessions = (
            Publisher::connect(relay).await,
            Viewer::connect(relay).await,
        );
        let reader = sink.consume();
        tokio::spawn(Export::new(source.consume(), sessions.0.track.clone()).run());
        tokio::spawn(Import::new(sessions.1.subscribe().await, sink).run());
        Self {
            source,
            reader,
            _sessions: sessions,
        }
    }
}

fn cache() -> TrackProducer {
    TrackProducer::new(TrackConfig::new())
}

#[tokio::test]
async fn a_file_passes_from_cache_to_cache_and_is_counted() {
    let relay = relay().await;
    let Bridged {
        source,
        mut reader,
        _sessions,
    } = Bridged::through(&relay).await;
    let words = (0u32..1 << 20).map(|word| word.wrapping_mul(0x9e37_79b9));
    let file: Bytes = words.flat_map(u32::to_le_bytes).collect();
    let mut volume = Volume::default();
    for chunk in file.chunks(GROUP) {
        let group = source.append_group().unwrap();
        volume.groups += 1;
        for frame in chunk.chunks(FRAME) {
            group.write_frame(file.slice_ref(frame)).unwrap();
            volume.frame(frame.len());
        }
        group.finish().unwrap();
    }
    let mut copy = Vec::with_capacity(file.len());
    for sequence in 0..volume.groups {
        let group = within(reader.get_group(sequence)).await.unwrap();
        let mut group = group.expect("a group");
        while let Some(frame) = within(group.read_frame()).await.unwrap() {
            copy.extend_from_slice(&frame);
        }
    }
    assert!(file == copy);
    agree(&relay, Role::Subscriber, volume).await;
    agree(&relay, Role::Publisher, volume).await;
}

#[tokio::test]
async fn a_group_grows_across_the_network_and_ends_with_its_code() {
    let relay = relay().await;
    let Bridged {
        source,
        mut reader,
        _sessions,
    } = Bridged::through(&relay).await;
    for code in [7, 70_000] {
        let group = source.append_group().unwrap();
        let mut copied = None;
        for frame in ["some", "more"] {
            group.write_frame(frame).unwrap();
            if copied.is_none() {
                copied = within(reader.next_group()).await.unwrap();
            }
            let copied = copied.as_mut().expect("a group");
            assert_eq!(within(copied.read_frame()).await, Ok(Some(frame.into())));
        }
        group.abort(TrackError::Aborted(code)).unwrap();
        // Until then a relay waits for another route to bring the rest.
        source.write_frame("newer").unwrap();
        let end = within(copied.expect("a group").read_frame()).await;
        assert_eq!(end, Err(TrackError::Aborted(code)));
        let newer = within(reader.next_group()).await.unwrap();
        let frame = within(newer.expect("a group").read_frame()).await;
        assert_eq!(frame, Ok(Some("newer".into())));
    }
}
