//! Tracks of streamgauge and of moq-net, joined in one process through an origin.

mod support;

use bytes::Bytes;
use moq_net::origin::Route;
use moq_net::{Error, Timestamp, broadcast, frame, group, track};
use streamgauge_core::track::TrackError;
use streamgauge_moq::{
    BridgeError, Export, Import, export_broadcast, export_on_demand, import_on_demand,
};
use streamgauge_tokio::{
    BroadcastProducer, GroupConsumer, TrackConfig, TrackConsumer, TrackProducer,
};
use support::{from_the_start, keeping, spawn_origin, within};
use tokio::task::JoinHandle;

/// A `MoQ` track: its producer, and the broadcast as its readers find it.
struct Moq {
    producer: track::Producer,
    found: broadcast::Consumer,
    _broadcast: broadcast::Producer,
}

impl Moq {
    /// Through an origin, as sessions find it.
    async fn new() -> Self {
        let origin = spawn_origin(1);
        let broadcast = origin.create_broadcast("demo").unwrap();
        broadcast.announce(Route::default()).unwrap();
        let found = within(origin.consume().routed_broadcast("demo")).await;
        Self::of(broadcast, found.unwrap())
    }

    /// Without an origin, which holds on to a track for some time after its last reader, and looks for
    /// another route to one that is aborted.
    fn direct() -> Self {
        let broadcast = broadcast::Info::new().produce();
        let found = broadcast.consume();
        Self::of(broadcast, found)
    }

    fn of(broadcast: broadcast::Producer, found: broadcast::Consumer) -> Self {
        Self {
            producer: broadcast.create_track("video", keeping()).unwrap(),
            found,
            _broadcast: broadcast,
        }
    }

    fn consumer(&self) -> track::Consumer {
        self.found.track("video").unwrap()
    }

    async fn subscribe(&self) -> track::Subscriber {
        let subscribing = self.consumer().subscribe(from_the_start());
        within(subscribing).await.unwrap()
    }

    async fn fetch(&self, sequence: u64, frame: u64) -> Result<group::Consumer, Error> {
        let options = group::Fetch::default().with_frame_start(frame);
        within(self.consumer().fetch_group(sequence, options)).await
    }

    fn create_group(&self, sequence: u64) -> group::Producer {
        self.producer
            .create_group(group::Info { sequence })
            .unwrap()
    }
}

type Running = JoinHandle<Result<(), BridgeError>>;

fn cache() -> TrackProducer {
    TrackProducer::new(TrackConfig::new())
}

fn cache_of_groups(count: usize) -> TrackProducer {
    TrackProducer::new(TrackConfig::new().with_max_groups(count))
}

fn export(from: TrackConsumer, moq: &Moq) -> Running {
    tokio::spawn(Export::new(from, moq.producer.clone()).run())
}

async fn import(moq: &Moq, to: TrackProducer) -> Running {
    tokio::spawn(Import::new(moq.subscribe().await, to).run())
}

async fn ended(bridge: Running) -> Result<(), BridgeError> {
    within(bridge).await.unwrap()
}

fn frames(count: u8) -> Vec<Bytes> {
    (0..count)
        .map(|byte| Bytes::from(vec![byte; 100]))
        .collect()
}

/// Where the payloads lie and how long they are.
fn places(frames: &[Bytes]) -> Vec<(*const u8, usize)> {
    let place = |frame: &Bytes| (frame.as_ptr(), frame.len());
    frames.iter().map(place).collect()
}

fn write(track: &TrackProducer, sequence: u64, frames: &[Bytes]) {
    let group = track.create_group(sequence).unwrap();
    for frame in frames {
        group.write_frame(frame.clone()).unwrap();
    }
    group.finish().unwrap();
}

fn write_moq(mut group: group::Producer, frames: &[Bytes]) {
    for frame in frames {
        group.write_frame(Timestamp::now(), frame.clone()).unwrap();
    }
    group.finish().unwrap();
}

async fn next(track: &mut TrackConsumer) -> GroupConsumer {
    within(track.next_group()).await.unwrap().unwrap()
}

async fn next_moq(track: &mut track::Subscriber) -> group::Consumer {
    within(track.recv_group()).await.unwrap().unwrap()
}

async fn read(group: &mut GroupConsumer) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some(frame) = within(group.read_frame()).await.unwrap() {
        frames.push(frame);
    }
    frames
}

async fn read_moq(group: &mut group::Consumer) -> Vec<Bytes> {
    support::read_group(group).await
}

#[tokio::test]
async fn payloads_go_out_by_reference() {
    let (moq, track) = (Moq::new().await, cache());
    let frames = frames(3);
    write(&track, 7, &frames);
    let _bridge = export(track.consume(), &moq);
    let mut group = next_moq(&mut moq.subscribe().await).await;
    assert_eq!(group.sequence, 7);
    assert_eq!(places(&read_moq(&mut group).await), places(&frames));
}

#[tokio::test]
async fn payloads_come_in_by_reference() {
    let (moq, track) = (Moq::new().await, cache());
    let frames = frames(3);
    write_moq(moq.create_group(7), &frames);
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    let mut group = next(&mut reader).await;
    assert_eq!(group.sequence(), 7);
    assert_eq!(places(&read(&mut group).await), places(&frames));
}

#[tokio::test]
async fn a_frame_in_chunks_comes_in_as_one() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    let mut group = moq.create_group(0);
    let timestamp = Timestamp::now();
    let mut frame = group
        .create_frame(frame::Info { size: 6, timestamp })
        .unwrap();
    frame.write(&b"abc"[..]).unwrap();
    let mut copied = next(&mut reader).await;
    frame.write(&b"def"[..]).unwrap();
    frame.finish().unwrap();
    group.finish().unwrap();
    assert_eq!(read(&mut copied).await, ["abcdef"]);
}

#[tokio::test]
async fn groups_go_out_in_the_order_of_arrival() {
    let (moq, track) = (Moq::new().await, cache());
    write(&track, 5, &frames(1));
    write(&track, 3, &frames(2));
    let _bridge = export(track.consume(), &moq);
    let mut subscriber = moq.subscribe().await;
    let mut seen = Vec::new();
    for late in [9, 4] {
        seen.push(next_moq(&mut subscriber).await.sequence);
        write(&track, late, &frames(1));
    }
    seen.push(next_moq(&mut subscriber).await.sequence);
    seen.push(next_moq(&mut subscriber).await.sequence);
    assert_eq!(seen, [5, 3, 9, 4]);
}

#[tokio::test]
async fn groups_come_in_in_the_order_of_arrival() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    for sequence in [5, 3, 9] {
        write_moq(moq.create_group(sequence), &frames(1));
    }
    let _bridge = import(&moq, track).await;
    let mut seen = vec![next(&mut reader).await.sequence()];
    write_moq(moq.create_group(4), &frames(1));
    for _ in 0..3 {
        seen.push(next(&mut reader).await.sequence());
    }
    assert_eq!(seen, [5, 3, 9, 4]);
}

#[tokio::test]
async fn a_group_goes_out_as_it_grows() {
    let (moq, track) = (Moq::new().await, cache());
    let _bridge = export(track.consume(), &moq);
    let mut subscriber = moq.subscribe().await;
    let group = track.append_group().unwrap();
    let mut copied = next_moq(&mut subscriber).await;
    for frame in frames(3) {
        group.write_frame(frame.clone()).unwrap();
        let read = within(copied.read_frame()).await.unwrap().unwrap();
        assert_eq!(read.payload, frame);
    }
    group.finish().unwrap();
    assert!(within(copied.read_frame()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_group_comes_in_as_it_grows() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    let mut group = moq.create_group(0);
    let mut copied = next(&mut reader).await;
    for frame in frames(3) {
        group.write_frame(Timestamp::now(), frame.clone()).unwrap();
        let read = within(copied.read_frame()).await.unwrap();
        assert_eq!(read, Some(frame));
    }
    group.finish().unwrap();
    assert!(within(copied.read_frame()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_aborted_group_ends_with_its_code_on_the_other_side() {
    let (moq, track) = (Moq::new().await, cache());
    let group = track.append_group().unwrap();
    let _bridge = export(track.consume(), &moq);
    let mut copied = next_moq(&mut moq.subscribe().await).await;
    group.abort(TrackError::Aborted(404)).unwrap();
    let error = within(copied.read_frame()).await.unwrap_err();
    assert!(matches!(error, Error::App(404)), "{error}");
}

#[tokio::test]
async fn an_aborted_group_comes_in_with_its_code() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    let group = moq.create_group(0);
    let mut copied = next(&mut reader).await;
    group.abort(Error::App(404)).unwrap();
    let error = within(copied.read_frame()).await.unwrap_err();
    assert_eq!(error, TrackError::Aborted(404));
}

#[tokio::test]
async fn a_finished_track_ends_at_the_same_sequence_on_the_other_side() {
    let (moq, track) = (Moq::direct(), cache());
    let bridge = export(track.consume(), &moq);
    let mut subscriber = moq.subscribe().await;
    write(&track, 3, &frames(1));
    next_moq(&mut subscriber).await;
    track.finish().unwrap();
    assert_eq!(within(subscriber.finished()).await.unwrap(), 4);
    assert!(within(subscriber.recv_group()).await.unwrap().is_none());
    assert!(!bridge.is_finished(), "somebody may fetch");
    drop(subscriber);
    ended(bridge).await.unwrap();
}

#[tokio::test]
async fn a_subscribed_track_ends_here_at_the_same_sequence() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let bridge = import(&moq, track).await;
    write_moq(moq.create_group(3), &frames(1));
    moq.producer.finish().unwrap();
    ended(bridge).await.unwrap();
    assert_eq!(within(reader.finished()).await, Ok(4));
    assert_eq!(read(&mut next(&mut reader).await).await, frames(1));
    assert!(within(reader.next_group()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_last_group_that_did_not_come_is_told_as_evicted() {
    let (mut moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let mut subscriber = moq.subscribe().await;
    subscriber.set_groups(..4);
    write_moq(moq.create_group(3), &frames(1));
    moq.create_group(4).abort(Error::Old).unwrap();
    moq.producer.finish_at(5).unwrap();
    let bridge = tokio::spawn(Import::new(subscriber, track).run());
    ended(bridge).await.unwrap();
    assert_eq!(within(reader.finished()).await, Ok(5));
    let mut missing = within(reader.get_group(4)).await.unwrap().unwrap();
    assert_eq!(within(missing.read_frame()).await, Err(TrackError::Evicted));
}

#[tokio::test]
async fn an_empty_track_ends_as_empty_on_both_sides() {
    let (moq, source, sink) = (Moq::new().await, cache(), cache());
    let mut reader = sink.consume();
    let _export = export(source.consume(), &moq);
    let bridge = import(&moq, sink).await;
    source.finish().unwrap();
    ended(bridge).await.unwrap();
    assert_eq!(within(reader.finished()).await, Ok(0));
}

#[tokio::test]
async fn an_aborted_track_takes_its_code_through_both_bridges() {
    let (moq, source, sink) = (Moq::direct(), cache(), cache());
    let mut reader = sink.consume();
    let export = export(source.consume(), &moq);
    let import = import(&moq, sink).await;
    write(&source, 0, &frames(2));
    let _open = source.append_group().unwrap();
    assert_eq!(next(&mut reader).await.sequence(), 0);
    let mut open = next(&mut reader).await;
    source.abort(TrackError::Aborted(70_000)).unwrap();
    let error = TrackError::Aborted(70_000);
    assert_eq!(within(open.read_frame()).await, Err(error));
    assert_eq!(within(reader.finished()).await, Err(error));
    let ends = [ended(export).await, ended(import).await];
    assert!(matches!(ends[0], Err(BridgeError::Track(ended)) if ended == error));
    assert!(matches!(ends[1], Err(BridgeError::Moq(_))), "{ends:?}");
    let mut whole = within(reader.get_group(0)).await.unwrap().unwrap();
    assert_eq!(read(&mut whole).await, frames(2));
}

#[tokio::test]
async fn a_group_evicted_under_the_bridge_ends_for_its_subscriber() {
    let (moq, track) = (Moq::new().await, cache_of_groups(2));
    let group = track.append_group().unwrap();
    group.write_frame("there").unwrap();
    let _bridge = export(track.consume(), &moq);
    let mut copied = next_moq(&mut moq.subscribe().await).await;
    let frame = within(copied.read_frame()).await.unwrap().unwrap();
    assert_eq!(frame.payload, "there");
    for _ in 0..2 {
        track.write_frame("newer").unwrap();
    }
    let error = within(copied.read_frame()).await.unwrap_err();
    assert!(matches!(error, Error::Evicted), "{error}");
}

#[tokio::test]
async fn a_group_evicted_here_is_no_longer_read_from_its_subscription() {
    let (moq, track) = (Moq::new().await, cache_of_groups(2));
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    let stalled = moq.create_group(0);
    let mut copied = next(&mut reader).await;
    within(stalled.used()).await.unwrap();
    write_moq(moq.create_group(1), &frames(1));
    write_moq(moq.create_group(2), &frames(1));
    assert_eq!(within(copied.read_frame()).await, Err(TrackError::Evicted));
    within(stalled.unused()).await.unwrap();
}

#[tokio::test]
async fn a_frame_that_does_not_fit_ends_its_group_only() {
    let config = TrackConfig::new().with_max_bytes(250);
    let (moq, track) = (Moq::new().await, TrackProducer::new(config));
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    write_moq(moq.create_group(0), &frames(3));
    let mut large = next(&mut reader).await;
    assert_eq!(
        within(large.read_frame()).await.unwrap(),
        Some(frames(1).remove(0))
    );
    assert!(within(large.read_frame()).await.unwrap().is_some());
    assert_eq!(within(large.read_frame()).await, Err(TrackError::Full));
    write_moq(moq.create_group(1), &frames(2));
    assert_eq!(read(&mut next(&mut reader).await).await, frames(2));
}

#[tokio::test]
async fn a_group_that_is_here_already_stays_as_it_is() {
    let (moq, track) = (Moq::new().await, cache());
    write(&track, 1, &frames(1));
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    write_moq(moq.create_group(1), &frames(3));
    write_moq(moq.create_group(2), &frames(2));
    assert_eq!(read(&mut next(&mut reader).await).await, frames(1));
    let mut second = next(&mut reader).await;
    assert_eq!(second.sequence(), 2);
    assert_eq!(read(&mut second).await, frames(2));
}

#[tokio::test]
async fn a_group_without_its_first_frames_is_told_as_evicted() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let mut tail = moq.create_group(0);
    tail.start_at(2).unwrap();
    write_moq(tail, &frames(1));
    let _bridge = import(&moq, track).await;
    let mut copied = next(&mut reader).await;
    assert_eq!(within(copied.read_frame()).await, Err(TrackError::Evicted));
}

#[tokio::test]
async fn a_datagram_comes_in_as_a_group_of_one_frame() {
    let (mut moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    let payload = frames(1).remove(0);
    moq.producer
        .insert_datagram(6, Timestamp::now(), payload.clone())
        .unwrap();
    let mut group = next(&mut reader).await;
    assert_eq!(group.sequence(), 6);
    assert_eq!(places(&read(&mut group).await), places(&[payload]));
}

#[tokio::test]
async fn dropping_an_export_ends_open_groups_as_dropped() {
    let (moq, track) = (Moq::new().await, cache());
    let _open = track.append_group().unwrap();
    let bridge = export(track.consume(), &moq);
    let mut subscriber = moq.subscribe().await;
    let mut copied = next_moq(&mut subscriber).await;
    bridge.abort();
    let error = within(copied.read_frame()).await.unwrap_err();
    assert!(matches!(error, Error::Dropped), "{error}");
    // The track itself goes on, as others produce it.
    write_moq(moq.create_group(1), &frames(1));
    assert_eq!(next_moq(&mut subscriber).await.sequence, 1);
}

#[tokio::test]
async fn dropping_an_import_ends_its_subscription_and_open_groups() {
    let (moq, track) = (Moq::new().await, cache());
    let mut reader = track.consume();
    let bridge = import(&moq, track).await;
    let group = moq.create_group(0);
    let mut copied = next(&mut reader).await;
    bridge.abort();
    assert_eq!(within(copied.read_frame()).await, Err(TrackError::Dropped));
    assert_eq!(within(reader.finished()).await, Err(TrackError::Dropped));
    within(group.unused()).await.unwrap();
}

#[tokio::test]
async fn a_fetched_group_comes_from_the_cache_by_reference() {
    let (moq, track) = (Moq::new().await, cache());
    let frames = frames(3);
    write(&track, 0, &frames);
    let mut from = track.consume();
    next(&mut from).await;
    let _bridge = export(from, &moq);
    let mut whole = moq.fetch(0, 0).await.unwrap();
    assert_eq!(places(&read_moq(&mut whole).await), places(&frames));
}

#[tokio::test]
async fn a_group_is_fetched_from_a_frame_on() {
    let (moq, track) = (Moq::new().await, cache());
    write(&track, 0, &frames(3));
    let mut from = track.consume();
    next(&mut from).await;
    let _bridge = export(from, &moq);
    let mut tail = moq.fetch(0, 2).await.unwrap();
    assert_eq!(tail.index(), 2);
    assert_eq!(read_moq(&mut tail).await, frames(3)[2..]);
}

#[tokio::test]
async fn a_fetch_of_what_is_gone_or_never_was_is_refused_with_a_reason() {
    let (moq, track) = (Moq::new().await, cache_of_groups(1));
    let _bridge = {
        write(&track, 0, &frames(1));
        write(&track, 2, &frames(1));
        export(track.consume(), &moq)
    };
    let evicted = moq.fetch(0, 0).await.map(|_| ()).unwrap_err();
    assert!(matches!(evicted, Error::Evicted), "{evicted}");
    for sequence in [1, 3] {
        let missing = moq.fetch(sequence, 0).await.map(|_| ()).unwrap_err();
        assert!(matches!(missing, Error::NotFound), "{missing}");
    }
}

#[tokio::test]
async fn a_group_that_is_fetched_as_it_arrives_is_delivered_once() {
    let (moq, track) = (Moq::new().await, cache());
    let _bridge = export(track.consume(), &moq);
    let mut subscriber = moq.subscribe().await;
    // The bridge has not run since the group came.
    let open = track.append_group().unwrap();
    let mut fetched = moq.fetch(0, 0).await.unwrap();
    let mut delivered = next_moq(&mut subscriber).await;
    open.write_frame("late").unwrap();
    open.finish().unwrap();
    assert_eq!(read_moq(&mut fetched).await, ["late"]);
    assert_eq!(read_moq(&mut delivered).await, ["late"]);
    write(&track, 1, &frames(1));
    assert_eq!(next_moq(&mut subscriber).await.sequence, 1);
}

#[tokio::test]
async fn a_file_passes_through_both_bridges_unchanged() {
    const FRAME: usize = 64 << 10;
    let (moq, source, sink) = (Moq::new().await, cache(), cache());
    let mut reader = sink.consume();
    let _export = export(source.consume(), &moq);
    let import = import(&moq, sink).await;
    let file: Bytes = (0u32..5 << 20)
        .flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes())
        .collect();
    assert_eq!(file.len(), 20 << 20);
    for (sequence, group) in (0u64..).zip(file.chunks(16 * FRAME)) {
        let frames: Vec<_> = group
            .chunks(FRAME)
            .map(|frame| file.slice_ref(frame))
            .collect();
        write(&source, sequence, &frames);
    }
    source.finish().unwrap();
    ended(import).await.unwrap();
    let mut copy = Vec::new();
    for sequence in 0..within(reader.finished()).await.unwrap() {
        let mut group = within(reader.get_group(sequence)).await.unwrap().unwrap();
        copy.extend(read(&mut group).await);
    }
    let sent: Vec<_> = file
        .chunks(FRAME)
        .map(|frame| file.slice_ref(frame))
        .collect();
    assert_eq!(places(&copy), places(&sent));
    assert!(copy.concat() == file);
}

#[tokio::test]
async fn a_track_exported_on_demand_is_used_while_it_is_subscribed() {
    let (moq, track) = (Moq::direct(), cache());
    let _bridge = tokio::spawn(export_on_demand(track.weak(), moq.producer.clone()));
    within(track.unused()).await.unwrap();
    write(&track, 0, &frames(2));
    let mut open = Vec::new();
    for times in 0u64..3 {
        open.push(track.create_group(times + 1).unwrap());
        let mut subscriber = moq.subscribe().await;
        within(track.used()).await.unwrap();
        for sequence in 0..=times + 1 {
            let mut group = next_moq(&mut subscriber).await;
            assert_eq!(group.sequence, sequence);
            if sequence == 0 {
                assert_eq!(read_moq(&mut group).await, frames(2));
            }
        }
        drop(subscriber);
        within(track.unused()).await.unwrap();
    }
}

#[tokio::test]
async fn a_track_exported_on_demand_is_there_after_its_end() {
    let (moq, track) = (Moq::direct(), cache());
    let _bridge = tokio::spawn(export_on_demand(track.weak(), moq.producer.clone()));
    write(&track, 0, &frames(2));
    track.finish().unwrap();
    for _ in 0..3 {
        let mut subscriber = moq.subscribe().await;
        within(track.used()).await.unwrap();
        let mut group = next_moq(&mut subscriber).await;
        assert_eq!(read_moq(&mut group).await, frames(2));
        assert!(within(subscriber.recv_group()).await.unwrap().is_none());
        drop(subscriber);
        within(track.unused()).await.unwrap();
    }
}

#[tokio::test]
async fn a_track_imported_on_demand_is_subscribed_while_it_is_read() {
    let (moq, track) = (Moq::direct(), cache());
    let bridge = import_on_demand(moq.consumer(), from_the_start(), track.clone());
    let bridge = tokio::spawn(bridge);
    let mut producer = moq.producer.clone();
    for sequence in 0..3 {
        write_moq(moq.create_group(sequence), &frames(1));
        let mut reader = track.consume();
        assert!(
            within(producer.subscription_changed())
                .await
                .unwrap()
                .is_some()
        );
        for expected in 0..=sequence {
            assert_eq!(next(&mut reader).await.sequence(), expected);
        }
        drop(reader);
        assert!(
            within(producer.subscription_changed())
                .await
                .unwrap()
                .is_none()
        );
    }
    producer.finish().unwrap();
    let _reader = track.consume();
    ended(bridge).await.unwrap();
}

#[tokio::test]
async fn a_refused_subscription_aborts_the_track() {
    let broadcast = broadcast::Info::new().produce();
    let request = broadcast.reserve_track("video").unwrap();
    let track = cache();
    let mut reader = track.consume();
    let bridge = import_on_demand(request.consume(), from_the_start(), track);
    let bridge = tokio::spawn(bridge);
    request.reject(Error::App(9));
    let error = ended(bridge).await.unwrap_err();
    assert!(matches!(error, BridgeError::Moq(Error::App(9))), "{error}");
    assert_eq!(within(reader.finished()).await, Err(TrackError::Aborted(9)));
}

#[tokio::test]
async fn groups_grow_on_after_the_end_of_their_track() {
    let (moq, source, sink) = (Moq::direct(), cache(), cache());
    let mut reader = sink.consume();
    let export = export(source.consume(), &moq);
    let import = import(&moq, sink).await;
    let group = source.append_group().unwrap();
    source.finish().unwrap();
    let mut copied = next(&mut reader).await;
    assert_eq!(within(reader.finished()).await, Ok(1));
    for frame in frames(2) {
        group.write_frame(frame.clone()).unwrap();
        assert_eq!(within(copied.read_frame()).await, Ok(Some(frame)));
    }
    assert!(!export.is_finished() && !import.is_finished());
    group.finish().unwrap();
    assert_eq!(within(copied.read_frame()).await, Ok(None));
    ended(import).await.unwrap();
    ended(export).await.unwrap();
}

#[tokio::test]
async fn an_old_group_that_has_no_room_is_passed_over() {
    let (moq, track) = (Moq::new().await, cache_of_groups(1));
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    for (sequence, seen) in [(5, true), (3, false), (6, true)] {
        write_moq(moq.create_group(sequence), &frames(1));
        if seen {
            assert_eq!(next(&mut reader).await.sequence(), sequence);
        }
    }
}

#[tokio::test]
async fn a_fetch_is_answered_on_demand() {
    let (moq, track) = (Moq::direct(), cache());
    let _bridge = tokio::spawn(export_on_demand(track.weak(), moq.producer.clone()));
    write(&track, 0, &frames(2));
    within(track.unused()).await.unwrap();
    tokio::task::yield_now().await;
    let mut fetched = moq.fetch(0, 0).await.unwrap();
    assert_eq!(read_moq(&mut fetched).await, frames(2));
    drop(fetched);
    within(track.unused()).await.unwrap();
    let missing = moq.fetch(1, 0).await.map(|_| ()).unwrap_err();
    assert!(matches!(missing, Error::NotFound), "{missing}");
}

#[tokio::test]
async fn an_export_nobody_reads_goes_on_until_its_groups_end() {
    let (moq, track) = (Moq::direct(), cache());
    let group = track.append_group().unwrap();
    track.finish().unwrap();
    let bridge = export(track.consume(), &moq);
    while moq.producer.final_sequence().is_none() {
        tokio::task::yield_now().await;
    }
    group.write_frame("late").unwrap();
    group.finish().unwrap();
    ended(bridge).await.unwrap();
    let mut copied = next_moq(&mut moq.subscribe().await).await;
    assert_eq!(read_moq(&mut copied).await, ["late"]);
}

#[tokio::test]
async fn an_export_ends_with_the_track_it_writes() {
    let (moq, track) = (Moq::direct(), cache());
    let bridge = export(track.consume(), &moq);
    moq.producer.abort(Error::App(3)).unwrap();
    let error = ended(bridge).await.unwrap_err();
    assert!(matches!(error, BridgeError::Moq(Error::App(3))), "{error}");
}

#[tokio::test]
async fn an_import_ends_with_the_track_it_fills() {
    let (moq, track) = (Moq::direct(), cache());
    track.finish().unwrap();
    let bridge = import(&moq, track).await;
    write_moq(moq.create_group(0), &frames(1));
    let error = ended(bridge).await.unwrap_err();
    let closed = matches!(error, BridgeError::Track(TrackError::Closed));
    assert!(closed, "{error}");
}

#[tokio::test]
async fn a_group_that_was_evicted_is_passed_over() {
    let (moq, track) = (Moq::new().await, cache_of_groups(2));
    for sequence in [1, 2, 3] {
        write(&track, sequence, &frames(1));
    }
    let mut reader = track.consume();
    let _bridge = import(&moq, track).await;
    write_moq(moq.create_group(1), &frames(1));
    write_moq(moq.create_group(4), &frames(1));
    for expected in [2, 3, 4] {
        assert_eq!(next(&mut reader).await.sequence(), expected);
    }
}

#[tokio::test]
async fn the_tracks_of_a_broadcast_are_served_by_their_names_while_they_are_read() {
    let broadcast = BroadcastProducer::new();
    let moq = broadcast::Info::new().produce();
    tokio::spawn(export_broadcast(
        broadcast.consume(),
        moq.dynamic(),
        keeping(),
    ));
    let track = broadcast.create_track("video", TrackConfig::new()).unwrap();
    write(&track, 4, &frames(2));
    let found = moq.consume();
    for _ in 0..3 {
        within(track.unused()).await.unwrap();
        let subscribing = found.track("video").unwrap().subscribe(from_the_start());
        let mut subscriber = within(subscribing).await.unwrap();
        within(track.used()).await.unwrap();
        let mut group = next_moq(&mut subscriber).await;
        assert_eq!(group.sequence, 4);
        assert_eq!(read_moq(&mut group).await, frames(2));
    }
}

#[tokio::test]
async fn who_asks_for_a_track_waits_until_it_is_created_or_its_broadcast_closes() {
    let broadcast = BroadcastProducer::new();
    let moq = broadcast::Info::new().produce();
    let bridge = export_broadcast(broadcast.consume(), moq.dynamic(), keeping());
    let bridge = tokio::spawn(bridge);
    let found = moq.consume();
    let [early, never] = ["early", "never"].map(|name| {
        let track = found.track(name).unwrap();
        tokio::spawn(track.subscribe(from_the_start()))
    });
    tokio::task::yield_now().await;
    let track = broadcast.create_track("early", TrackConfig::new()).unwrap();
    let mut subscriber = within(early).await.unwrap().unwrap();
    write(&track, 0, &frames(1));
    assert_eq!(next_moq(&mut subscriber).await.sequence, 0);
    drop(broadcast);
    let refused = within(never).await.unwrap().map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::NotFound), "{refused}");
    assert!(found.track("late").is_err());
    // A track that is read goes on.
    write(&track, 1, &frames(1));
    assert_eq!(next_moq(&mut subscriber).await.sequence, 1);
    drop(subscriber);
    within(bridge).await.unwrap();
    assert!(found.track("early").is_err());
}
