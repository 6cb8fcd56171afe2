//! Opening guards, and seeing where they were placed.

use streamgauge_core::{
    MeterRef, OVERFLOW, Presence, PublisherTrack, Role, Tier, TrackId, Traffic, Usage,
};

use super::{Announced, World, Writer};
use crate::{Name, Node, Viewing, shown_name, track_name, words_of};

impl World {
    pub(super) fn announce(&mut self, tier: Tier, role: Role, path: &str) {
        let broadcast = self.gauge.node.tier(tier).broadcast(path);
        let before = self.traffic();
        let guard = match role {
            Role::Publisher => broadcast.publisher(),
            Role::Subscriber => broadcast.subscriber(),
        };
        let name = self.placed(TrackId::Traffic(tier, role), path, before, self.traffic());
        assert_eq!(broadcast.is_empty(), name.is_none(), "{path:?}");
        if let Some(name) = &name {
            self.model.add(name, "announced", 1);
        }
        let id = self.announced;
        self.announced += 1;
        self.announces.push(Announced { guard, name, id });
    }

    pub(super) fn subscribe(&mut self, tier: Tier, role: Role, path: &str) {
        let broadcast = self.gauge.node.tier(tier).broadcast(path);
        let before = self.traffic();
        let guard = match role {
            Role::Publisher => broadcast.publisher_track("video"),
            Role::Subscriber => broadcast.subscriber_track("video"),
        };
        let name = self.placed(TrackId::Traffic(tier, role), path, before, self.traffic());
        if let Some(name) = &name {
            self.model.subscribe(name);
        }
        self.seat(guard, name, Some((usize::MAX, Viewing::Alone)), before);
    }

    pub(super) fn view(&mut self, pick: usize) {
        let before = self.traffic();
        let Some(Announced { guard, name, id }) = pick_of(&self.announces, pick) else {
            return;
        };
        let (guard, name, id) = (guard.track("audio"), name.clone(), *id);
        let viewing = self.viewing(id, name.as_ref(), before);
        self.seat(guard, name, Some((id, viewing)), before);
    }

    pub(super) fn write(&mut self, pick: usize) {
        let before = self.traffic();
        if let Some(writer) = pick_of(&self.writers, pick) {
            let (guard, name) = (writer.guard.writer(), writer.name.clone());
            self.seat(guard, name, None, before);
        }
    }

    pub(super) fn connect(&mut self, tier: Tier, root: &str) {
        let usage = |node: &Node| MeterRef::<Presence>::meter(node).usage();
        let before = usage(&self.gauge.node);
        let guard = self.gauge.node.tier(tier).session(root);
        let after = usage(&self.gauge.node);
        let name = self.named(TrackId::Sessions(tier), root, before, after);
        self.model.add(&name, "sessions", 1);
        self.sessions.push((guard, name));
    }

    pub(super) fn traffic(&self) -> Usage {
        MeterRef::<Traffic>::meter(&self.gauge.node).usage()
    }

    /// How a new subscription stands to its announce guard; counts it.
    fn viewing(&mut self, id: usize, name: Option<&Name>, before: Usage) -> Viewing {
        let Some(name) = name else {
            return Viewing::Alone;
        };
        self.model.subscribe(name);
        let together = self.together.entry(id).or_default();
        if *together > 0 {
            *together += 1;
            return Viewing::Together;
        }
        self.model.add(name, "viewers", 1);
        if self.traffic().folded_guards == before.folded_guards {
            self.together.insert(id, 1);
            Viewing::Together
        } else {
            Viewing::Apart
        }
    }

    /// Takes in a new writer; it goes without a cell only when there is none for its series.
    fn seat(
        &mut self,
        guard: PublisherTrack<Node>,
        name: Option<Name>,
        subscription: Option<(usize, Viewing)>,
        before: Usage,
    ) {
        let folded = self.traffic().folded_guards != before.folded_guards;
        if let Some((_, series)) = &name {
            let full = before.cells == before.cells_capacity;
            assert!(!folded || full || series == OVERFLOW, "folded: {before:?}");
            assert!(
                folded || series != OVERFLOW,
                "the overflow series has no cells"
            );
        }
        let held = name.as_ref().map_or(0, |(track, _)| words_of(track).len());
        self.writers.push(Writer {
            guard,
            name,
            subscription,
            held: vec![0; held],
            unflushed: folded.then_some(0),
        });
    }

    /// Where a guard of this path must have been placed; nothing if it counts nothing.
    fn placed(&self, track: TrackId, path: &str, before: Usage, after: Usage) -> Option<Name> {
        let mut segments = path.split('/').filter(|part| !part.is_empty());
        let own = segments.next() == Some(Node::PREFIX);
        (!own).then(|| self.named(track, path, before, after))
    }

    /// The series of a guard of this path, which is folded only when there is no room.
    fn named(&self, track: TrackId, path: &str, before: Usage, after: Usage) -> Name {
        let (track, declared) = self.declared(track);
        let name = shown_name(path).filter(|_| declared);
        let folded = after.folded_keys != before.folded_keys;
        let full = before.series == before.series_capacity;
        assert!(!folded || full || name.is_none(), "{path:?} was folded");
        assert!(folded || name.is_some(), "{path:?} was not folded");
        let name = name.filter(|_| !folded);
        (track_name(track), name.unwrap_or_else(|| OVERFLOW.into()))
    }

    /// The track of a tier, or the external tier's if the node does not have it.
    fn declared(&self, track: TrackId) -> (TrackId, bool) {
        let tiers = self.gauge.node.room().tiers();
        match track {
            TrackId::Traffic(tier, role) if tier.index() >= tiers => {
                (TrackId::Traffic(Tier::External, role), false)
            }
            TrackId::Sessions(tier) if tier.index() >= tiers => {
                (TrackId::Sessions(Tier::External), false)
            }
            track => (track, true),
        }
    }
}

/// The element that a number picks.
pub(super) fn pick_of<T>(all: &[T], pick: usize) -> Option<&T> {
    all.get(pick.checked_rem(all.len())?)
}
