//! One gateway at the other end of a link: whose frames these are, and on which tracks.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use streamgauge_core::{Tier, TrackId};
use streamgauge_embassy::wire::Received;
use streamgauge_tokio::collect::FrameAt;

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
    /// The last frame on the link: the life of the node, and its place in that.
    last: Option<(u16, u16)>,
    /// By track, the last frame that the next patch is of.
    known: Vec<(TrackId, FrameAt)>,
}

/// A frame whose node is not known yet.
struct Waiting {
    track: TrackId,
    at: FrameAt,
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
            last: None,
            known: Vec::new(),
        }
    }

    /// Takes a frame in; what is to be told of it, and of those that waited for the gateway's name.
    pub(super) fn take(&mut self, frame: &Received<'_>) -> Vec<What> {
        let mut told = Vec::new();
        let Some(at) = self.place(frame) else {
            return told;
        };
        if frame.track == TrackId::Node && !frame.is_patch {
            self.introduce(frame.payload, &mut told);
        }
        let frame = Waiting {
            track: frame.track,
            at,
            payload: Bytes::copy_from_slice(frame.payload),
        };
        match self.name.clone() {
            Some(name) => told.extend(self.frame(&name, frame)),
            None => self.wait(frame),
        }
        told
    }

    /// The place of a frame among those of its track; nothing if it is a patch of one that is missing. Where a
    /// frame of any track is missing, it may be of this one.
    fn place(&mut self, frame: &Received<'_>) -> Option<FrameAt> {
        let next = (frame.life, frame.sequence);
        let before = self.last.replace(next);
        if before.is_none_or(|(life, last)| (life, last.wrapping_add(1)) != next) {
            self.known.clear();
        }
        let known = self
            .known
            .iter_mut()
            .find(|(track, _)| *track == frame.track);
        match known {
            Some((_, at)) if frame.is_patch => {
                at.frame += 1;
                Some(*at)
            }
            _ if frame.is_patch => None,
            known => {
                let at = self.numbers.next();
                match known {
                    Some((_, before)) => *before = at,
                    None => self.known.push((frame.track, at)),
                }
                Some(at)
            }
        }
    }

    /// It is gone, for now.
    pub(super) fn left(&mut self) -> Option<What> {
        self.waiting.clear();
        self.known.clear();
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
            group: None,
            track: self.track(frame.track)?,
            deflated: false,
            at: frame.at,
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
