//! What an origin tells at once.

use std::{
    collections::BTreeSet,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use serde_json::Value;
use streamgauge_tokio::{BroadcastConsumer, Config, OriginConsumer, Stats};

/// What a future is ready with now, if it is.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// The paths that came and those that went since the last call; those of the node itself are left out.
pub(crate) fn news(origin: &mut OriginConsumer) -> [BTreeSet<String>; 2] {
    let mut news = [BTreeSet::new(), BTreeSet::new()];
    while let Some(Some((path, broadcast))) = now(origin.announced()) {
        if !path.starts_with(".stats/node") {
            news[usize::from(broadcast.is_none())].insert(path.to_string());
        }
    }
    news
}

pub(crate) fn set<const N: usize>(paths: [&str; N]) -> BTreeSet<String> {
    paths.map(String::from).into()
}

/// The newest frame of a track.
pub(crate) fn newest(broadcast: &BroadcastConsumer, track: &str) -> Value {
    let mut track = broadcast.open_track(track).expect("the track");
    let frame = now(track.read_frame()).expect("a frame is there");
    let frame = frame.expect("it is whole").expect("there is one");
    serde_json::from_slice(&frame).expect("JSON")
}

/// A node that ticks when it is told to.
pub(crate) fn spawn(config: Config) -> Stats {
    Stats::spawn(config.with_node("sjc/1")).expect("a node")
}
