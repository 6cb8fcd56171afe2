//! A reader as an adapter has it: told to wait, it looks again only when it is woken.

use std::collections::BTreeSet;

use streamgauge_core::track::{
    Fetch, GroupCursor, GroupId, TrackCache, TrackCursor, TrackRoom, Wake,
};

use crate::{
    answer::{Answer, Payload},
    reference::{Place, Reading, Reference},
};

/// A cache, and what it is to do.
#[derive(Debug)]
pub(crate) struct Both<R> {
    pub(crate) cache: TrackCache<Payload, R>,
    pub(crate) reference: Reference,
    /// The groups that ever were, in the order of arrival.
    pub(crate) ids: Vec<GroupId>,
}

/// What a reader reads, here and in the reference.
#[derive(Clone, Debug)]
pub(crate) enum Reads {
    /// Groups in the order of arrival.
    Groups(TrackCursor, Place),
    /// One group, and whether it asked for it yet.
    One(Fetch, u64, bool),
    Frames(GroupCursor, Reading),
    End,
    GroupEnd(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) reads: Reads,
    /// It was told to wait, and not woken since.
    pub(crate) waits: bool,
    /// The sequences that it got since the track began.
    pub(crate) got: BTreeSet<u64>,
}

/// What any reader is told.
type Told = Answer<Thing>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Group(GroupId),
    Frame(u64),
    Count(u64),
}

impl Reader {
    pub(crate) fn new(reads: Reads) -> Self {
        Self {
            reads,
            waits: false,
            got: BTreeSet::new(),
        }
    }

    /// Looks, and is told the same as by the reference.
    pub(crate) fn poll<R: TrackRoom<Payload>>(&mut self, both: &mut Both<R>) -> Told {
        let told = self.look(both);
        self.waits = told == Answer::Wait;
        if let (Reads::Groups(..), Answer::Next(Thing::Group(id))) = (&self.reads, told) {
            assert!(self.got.insert(id.sequence()), "delivered twice: {id:?}");
        }
        told
    }

    /// What it would be told now, without a trace in it or in the cache.
    pub(crate) fn peek<R: TrackRoom<Payload>>(&self, both: &mut Both<R>) -> Option<Told> {
        let traceless = !matches!(self.reads, Reads::One(_, _, false));
        traceless.then(|| self.clone().look(both))
    }

    /// Whether this wakes it.
    pub(crate) fn waits_for<R>(&self, wake: Wake, both: &Both<R>) -> bool {
        let group = match &self.reads {
            Reads::Groups(..) | Reads::One(..) | Reads::End => return wake == Wake::Track,
            Reads::Frames(cursor, _) => cursor.group(),
            Reads::GroupEnd(group) => both.ids[*group],
        };
        wake == Wake::Group { slot: group.slot() }
    }

    fn look<R: TrackRoom<Payload>>(&mut self, both: &mut Both<R>) -> Told {
        let Both {
            cache,
            reference,
            ids,
        } = both;
        let group = |at: usize| Thing::Group(ids[at]);
        let (told, expected) = match &mut self.reads {
            Reads::Groups(cursor, place) => (
                Answer::of(cache.poll_next_group(cursor)).map(Thing::Group),
                reference.next_group(place).map(group),
            ),
            Reads::One(fetch, sequence, asked) => {
                if !std::mem::replace(asked, true) {
                    reference.asked(*sequence);
                }
                (
                    Answer::of(cache.poll_get_group(fetch)).map(Thing::Group),
                    reference.get(*sequence).map(group),
                )
            }
            Reads::Frames(cursor, reading) => {
                let frame = cache.poll_frame(cursor).map_ok(|frame| frame.map(|n| **n));
                let expected = reference.frame(reading);
                assert_eq!(cursor.frames_read(), reading.read as u64);
                (
                    Answer::of(frame).map(Thing::Frame),
                    expected.map(Thing::Frame),
                )
            }
            Reads::End => {
                let expected = reference.finished();
                let closed = Answer::of_one(cache.poll_closed()).map(|()| 0);
                assert_eq!(closed, expected.map(|_| 0));
                (
                    Answer::of_one(cache.poll_finished()).map(Thing::Count),
                    expected.map(Thing::Count),
                )
            }
            Reads::GroupEnd(group) => (
                Answer::of_one(cache.poll_group_finished(ids[*group])).map(Thing::Count),
                reference.group_finished(*group).map(Thing::Count),
            ),
        };
        assert_eq!(told, expected, "{:?}", self.reads);
        told
    }
}
