//! Broadcasts under paths, and what is heard of them.

use std::task::Poll;

use streamgauge_tokio::{
    AnnounceError, BroadcastConsumer, BroadcastProducer, OriginConsumer, OriginProducer,
};

use crate::harness::{Task, now, poll_once};

fn taken(path: &str) -> AnnounceError {
    AnnounceError::Taken { path: path.into() }
}

/// What a reader is told next: the path, and whether there is a broadcast.
#[track_caller]
fn told(reader: &mut OriginConsumer) -> (String, bool) {
    let (path, broadcast) = now(reader.announced()).expect("more");
    (path.to_string(), broadcast.is_some())
}

fn came(path: &str) -> (String, bool) {
    (path.into(), true)
}

fn went(path: &str) -> (String, bool) {
    (path.into(), false)
}

#[track_caller]
fn told_nothing(reader: &mut OriginConsumer) {
    assert!(poll_once(reader.announced()).is_pending());
}

#[test]
fn a_broadcast_is_found_by_its_path_while_it_is_announced() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let reader = origin.consume();
    assert!(reader.broadcast("a/b").is_none());
    let announcement = origin.announce("a/b", &broadcast.consume()).unwrap();
    assert_eq!(announcement.path(), "a/b");
    assert!(
        reader
            .broadcast("a/b")
            .unwrap()
            .is_clone(&broadcast.consume())
    );
    assert!(reader.broadcast("a").is_none());
    drop(announcement);
    assert!(reader.broadcast("a/b").is_none());
}

#[test]
fn a_path_is_taken_once() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let first = origin.announce("a", &broadcast.consume()).unwrap();
    let clone = origin.clone();
    assert!(clone.is_clone(&origin));
    let second = clone.announce("a", &BroadcastProducer::new().consume());
    assert_eq!(second.err(), Some(taken("a")));
    drop(first);
    assert!(origin.announce("a", &broadcast.consume()).is_ok());
}

#[test]
fn a_closed_broadcast_is_not_announced() {
    let origin = OriginProducer::new();
    let closed = BroadcastProducer::new().consume();
    let error = origin.announce("a", &closed).err();
    assert_eq!(error, Some(AnnounceError::Closed { path: "a".into() }));
    assert!(origin.consume().broadcast("a").is_none());
}

#[test]
fn a_broadcast_that_closes_is_unannounced_everywhere() {
    let origins = [OriginProducer::new(), OriginProducer::new()];
    let broadcast = BroadcastProducer::new();
    let mut readers = origins.each_ref().map(OriginProducer::consume);
    let consumer = broadcast.consume();
    let _announcements = origins
        .each_ref()
        .map(|origin| origin.announce("a", &consumer).unwrap());
    for reader in &mut readers {
        assert_eq!(told(reader), came("a"));
    }
    drop(broadcast);
    for reader in &mut readers {
        assert_eq!(told(reader), went("a"));
        assert!(reader.broadcast("a").is_none());
    }
}

#[test]
fn an_announcement_that_outlives_its_broadcast_retracts_no_other() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let before = origin.announce("a", &broadcast.consume()).unwrap();
    drop(broadcast);
    let broadcast = BroadcastProducer::new();
    let _after = origin.announce("a", &broadcast.consume()).unwrap();
    drop(before);
    assert!(origin.consume().broadcast("a").is_some());
}

#[test]
fn a_reader_is_told_of_what_there_is_and_then_of_what_changes() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let announce = |path: &str| origin.announce(path, &broadcast.consume()).unwrap();
    let (a, _b) = (announce("a"), announce("b"));
    let mut reader = origin.consume();
    assert_eq!(
        [told(&mut reader), told(&mut reader)],
        [came("a"), came("b")]
    );
    told_nothing(&mut reader);
    let _c = announce("c");
    drop(a);
    assert_eq!(
        [told(&mut reader), told(&mut reader)],
        [came("c"), went("a")]
    );
    told_nothing(&mut reader);
    let mut anew = reader.clone();
    assert_eq!([told(&mut anew), told(&mut anew)], [came("b"), came("c")]);
}

#[test]
fn a_waiting_reader_is_woken_by_changes_and_by_the_end() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let mut reader = origin.consume();
    let task = Task::new();
    let mut announced = Box::pin(reader.announced());
    assert!(task.poll(&mut announced).is_pending());
    let announcement = origin.announce("a", &broadcast.consume()).unwrap();
    assert_eq!(task.wakes(), 1);
    assert!(now(&mut announced).is_some());
    drop(announced);
    drop(origin);
    told_nothing(&mut reader);
    let mut announced = Box::pin(reader.announced());
    assert!(task.poll(&mut announced).is_pending());
    drop(announcement);
    assert_eq!(task.wakes(), 1);
    assert!(now(&mut announced).is_some_and(|(_, broadcast)| broadcast.is_none()));
    drop(announced);
    assert!(now(reader.announced()).is_none());
}

#[test]
fn a_slow_reader_is_told_the_latest_of_each_path() {
    let (origin, one, two) = (
        OriginProducer::new(),
        BroadcastProducer::new(),
        BroadcastProducer::new(),
    );
    let is = |told: Option<(_, Option<BroadcastConsumer>)>, broadcast: &BroadcastProducer| {
        told.and_then(|(_, told)| told)
            .unwrap()
            .is_clone(&broadcast.consume())
    };
    let mut reader = origin.consume();
    told_nothing(&mut reader);
    for _ in 0..10 {
        drop(origin.announce("unheard", &one.consume()).unwrap());
    }
    told_nothing(&mut reader);
    let heard = origin.announce("heard", &one.consume()).unwrap();
    assert_eq!(told(&mut reader), came("heard"));
    drop(heard);
    assert_eq!(told(&mut reader), went("heard"));
    drop(origin.announce("heard", &one.consume()).unwrap());
    told_nothing(&mut reader);
    drop(origin.announce("a", &one.consume()).unwrap());
    let second = origin.announce("a", &two.consume()).unwrap();
    assert!(is(now(reader.announced()), &two));
    told_nothing(&mut reader);
    drop(second);
    let _third = origin.announce("a", &one.consume()).unwrap();
    assert!(is(now(reader.announced()), &one), "another took its place");
    told_nothing(&mut reader);
}

#[test]
fn a_path_that_changes_again_and_again_does_not_hide_the_others() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let announce = |path: &str| origin.announce(path, &broadcast.consume()).unwrap();
    let mut reader = origin.consume();
    let mut restless = announce("a");
    assert_eq!(told(&mut reader), came("a"));
    let _patient = announce("b");
    drop(restless);
    restless = announce("a");
    assert_eq!(told(&mut reader), came("b"));
    assert_eq!(told(&mut reader), came("a"));
    drop(restless);
}

#[test]
fn a_reader_waits_for_the_broadcast_of_a_path() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let reader = origin.consume();
    let task = Task::new();
    let mut found = Box::pin(reader.announced_broadcast("a"));
    assert!(task.poll(&mut found).is_pending());
    let _b = origin.announce("b", &broadcast.consume()).unwrap();
    assert!(task.poll(&mut found).is_pending());
    let _a = origin.announce("a", &broadcast.consume()).unwrap();
    assert!(now(&mut found).is_some());
    assert!(
        now(reader.announced_broadcast("b")).is_some(),
        "there already"
    );
    drop(origin);
    assert!(
        now(reader.announced_broadcast("b")).is_some(),
        "there still"
    );
    assert!(
        now(reader.announced_broadcast("c")).is_none(),
        "nobody is left to announce it"
    );
}

#[test]
fn a_reader_that_gave_up_is_told_all_the_same() {
    let (origin, broadcast) = (OriginProducer::new(), BroadcastProducer::new());
    let mut reader = origin.consume();
    for n in 0..100 {
        told_nothing(&mut reader);
        assert!(poll_once(reader.announced_broadcast("never")).is_pending());
        let path = n.to_string();
        let announcement = origin.announce(&path, &broadcast.consume()).unwrap();
        drop(reader.announced());
        assert_eq!(told(&mut reader), came(&path));
        drop(announcement);
        assert_eq!(told(&mut reader), went(&path));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_reader_believes_in_the_end_is_what_there_is() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..4_u32 {
        let (origin, broadcast) = (origin.clone(), BroadcastProducer::new());
        writers.spawn(async move {
            let mut last = Vec::new();
            for round in 0..500 {
                let path = format!("{n}/{}", round % 7);
                last.retain(|(other, _)| *other != path);
                let announcement = origin.announce(&path, &broadcast.consume()).unwrap();
                last.push((path, announcement));
                if round % 3 == 0 {
                    drop(last.remove(0));
                }
                tokio::task::yield_now().await;
            }
            (last, broadcast)
        });
    }
    let follow = tokio::spawn(async move {
        let mut believed = std::collections::BTreeSet::new();
        let mut polled = 0;
        loop {
            match poll_once(reader.announced()) {
                Poll::Ready(Some((path, Some(_)))) => drop(believed.insert(path)),
                Poll::Ready(Some((path, None))) => assert!(believed.remove(&path), "{path}"),
                Poll::Ready(None) => break,
                Poll::Pending if polled > 5_000 => break,
                Poll::Pending => polled += 1,
            }
            tokio::task::yield_now().await;
        }
        (believed, reader)
    });
    let ended = writers.join_all().await;
    let (mut believed, mut reader) = follow.await.unwrap();
    while let Poll::Ready(Some((path, broadcast))) = poll_once(reader.announced()) {
        match broadcast {
            Some(_) => drop(believed.insert(path)),
            None => assert!(believed.remove(&path)),
        }
    }
    let live = ended
        .iter()
        .flat_map(|(last, _)| last)
        .map(|(path, _)| path.as_str());
    let live: std::collections::BTreeSet<_> = live.collect();
    assert!(believed.iter().map(|path| &**path).eq(live));
}
