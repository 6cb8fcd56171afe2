//! One gateway at the other end of a link: whose frames these are, and on which tracks.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use streamgauge_core::{Tier, TrackId};
use streamgauge_embassy::wire::Received;

use super::{Numbers, What, Wire};
use crate::track::Track;

/// Frames kept until a gateway has said its name.
const NAMELESS: usize = 64;

/// A frame as long as this is put together; longer ones are counted by the reader, and left out.
pub(super) const FRAME: usize = 1 << 20;

/// A gateway's name and the names of its tiers, from its `node.json`.
pub(super) struct Gateway {
    /// What it is called if it does not say.
    fallback: String,
    name: Option<Arc<str>>,
    tiers: Vec<Arc<str>>,
    waiting: VecDeque<Waiting>,
    numbers: Numbers,
}

/// A frame whose node is not known yet.
struct Waiting {
    track: TrackId,
    payload: Bytes,
}

/// What matters here of `node.json`.
#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    path: String,
    #[serde(default)]
    tiers: Vec<Arc<str>>,
}

impl Gateway {
    pub(super) fn new(fallback: impl Into<String>) -> Self {
        Self {
            fallback: fallback.into(),
            name: None,
            tiers: vec!["".into(), "internal".into()],
            waiting: VecDeque::new(),
            numbers: Numbers::new(),
        }
    }

    /// Takes a frame in; what is to be told of it, and of those that waited for the gateway's name.
    pub(super) fn take(&mut self, frame: &Received<'_>) -> Vec<What> {
        let mut told = Vec::new();
        if frame.track == TrackId::Node {
            self.introduce(frame.payload, &mut told);
        }
        let frame = Waiting {
            track: frame.track,
            payload: Bytes::copy_from_slice(frame.payload),
        };
        match self.name.clone() {
            Some(name) => told.extend(self.frame(&name, frame)),
            None => self.wait(frame),
        }
        told
    }

    /// It is gone, for now.
    pub(super) fn left(&mut self) -> Option<What> {
        self.waiting.clear();
        self.name.take().map(What::Left)
    }

    fn introduce(&mut self, payload: &[u8], told: &mut Vec<What>) {
        let Ok(node) = serde_json::from_slice::<Node>(payload) else {
            return;
        };
        let named = node.path.split_once("/node/").map(|(_, name)| name);
        let name: Arc<str> = named.unwrap_or(&self.fallback).into();
        self.tiers = node.tiers;
        if self.name.as_ref() == Some(&name) {
            return;
        }
        told.extend(self.name.replace(name.clone()).map(What::Left));
        told.push(What::Came(name.clone()));
        for frame in std::mem::take(&mut self.waiting) {
            told.extend(self.frame(&name, frame));
        }
    }

    fn wait(&mut self, frame: Waiting) {
        if self.waiting.len() == NAMELESS {
            self.waiting.pop_front();
        }
        self.waiting.push_back(frame);
    }

    fn frame(&mut self, node: &Arc<str>, frame: Waiting) -> Option<What> {
        Some(What::Frame {
            node: node.clone(),
            track: self.track(frame.track)?,
            deflated: false,
            at: self.numbers.next(),
            payload: frame.payload,
        })
    }

    fn track(&self, track: TrackId) -> Option<Track> {
        let tier = |tier: Tier| self.tiers.get(tier.index()).cloned();
        Some(match track {
            TrackId::Node => Track::Node,
            TrackId::Traffic(of, role) => Track::Traffic(tier(of)?, role),
            TrackId::Sessions(of) => Track::Sessions(tier(of)?),
        })
    }
}

/// Tells all of it; says whether anybody is still interested.
pub(super) async fn tell(wire: &Wire, told: impl IntoIterator<Item = What>) -> bool {
    for what in told {
        if !wire.tell(what).await {
            return false;
        }
    }
    true
}
