//! Frames as merge patches, for sinks that keep what they were told.

use super::{Part, Reporter};
use crate::{
    families::{Presence, Traffic},
    feed::Chunk,
    handle::Meters,
    ledger::Books,
    node::{self, Names, Told},
    storage::Storage,
};

/// For books with [`Mark`](crate::Mark)s.
///
/// A reader of patches has a track's whole frame, a *keyframe*, and makes each patch's changes to it (RFC
/// 7396). After [`poll_track`](Self::poll_track) the sink is offered either [`poll_frame`](Self::poll_frame)'s
/// bytes as a keyframe or, if it has one, [`poll_patch`](Self::poll_patch)'s. When it took them,
/// [`accept_keyframe`](Self::accept_keyframe) or [`accept_patch`](Self::accept_patch) comes before
/// [`accept`](Self::accept). What it refused was never said: the next patch says it too. Where a refused
/// patch may have arrived in part, offer a keyframe.
///
/// A series that has ended is `null` in the patch after the one with its last words; until then it keeps its
/// room.
impl<T: Books<Traffic>, P: Books<Presence>> Reporter<T, P> {
    /// Whether the track's frame differs from what its reader of patches was told.
    pub fn has_patch(&self) -> bool {
        match self.split(self.place) {
            Part::Traffic(lane) => self.traffic.ledger().has_patch(lane),
            Part::Presence(lane) => self.presence.ledger().has_patch(lane),
            Part::Node => true,
        }
    }

    /// Writes the next piece of a patch of [`poll_track`](Self::poll_track)'s track into `buf`. Call
    /// [`restart`](Self::restart) between a frame and a patch of one track.
    pub fn poll_patch<S, Q, N>(
        &mut self,
        told: &Told,
        meters: &Meters<S, Q>,
        names: &N,
        buf: &mut [u8],
    ) -> Chunk
    where
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        let chunk = match self.split(self.place) {
            Part::Traffic(lane) => self.traffic.encode_patch(meters.traffic(), lane, buf),
            Part::Presence(lane) => self.presence.encode_patch(meters.presence(), lane, buf),
            Part::Node => {
                let ledgers = (self.traffic.ledger(), self.presence.ledger());
                node::encode_patch(told, &self.health, names, ledgers, self.sent, buf)
            }
        };
        self.sent += chunk.len;
        chunk
    }

    /// Notes that the reader was told of the track by a patch.
    pub fn accept_patch(&mut self, told: &mut Told) {
        match self.split(self.place) {
            Part::Traffic(lane) => self.traffic.accept_patch(lane),
            Part::Presence(lane) => self.presence.accept_patch(lane),
            Part::Node => self.tell_node(told),
        }
    }

    /// Notes that the reader was told of the track by a whole frame.
    pub fn accept_keyframe(&mut self, told: &mut Told) {
        match self.split(self.place) {
            Part::Traffic(lane) => self.traffic.accept_keyframe(lane),
            Part::Presence(lane) => self.presence.accept_keyframe(lane),
            Part::Node => self.tell_node(told),
        }
    }

    fn tell_node(&mut self, told: &mut Told) {
        told.tell(&self.health);
        self.traffic.ledger_mut().ack_totals();
        self.presence.ledger_mut().ack_totals();
    }
}
