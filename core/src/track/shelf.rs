//! The groups and frames that are cached: slots, the order of arrival, and the index by sequence.

use super::{
    event::Amount,
    gone::GoneSpan,
    room::TrackRoom,
    slot::{FrameSlot, GroupId, GroupSlot, GroupState, Link},
};
use crate::{sync::MAX_IDS, time::Instant};

/// What spreads sequences over the buckets as long as no seed is given: 2^64 by the golden ratio, which
/// puts consecutive ones far apart.
pub(super) const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The free slots of one kind: those handed back, then those never used.
#[derive(Debug)]
struct Free {
    head: Link,
    fresh: usize,
    used: usize,
}

impl Free {
    const ALL: Self = Self {
        head: Link::NONE,
        fresh: 0,
        used: 0,
    };

    #[inline]
    fn has_room(&self, slots: usize) -> bool {
        self.head != Link::NONE || self.fresh < slots.min(MAX_IDS)
    }

    /// Takes a slot; `next` is the link of a free one.
    #[inline]
    fn take(&mut self, slots: usize, next: impl FnOnce(usize) -> Option<Link>) -> Option<usize> {
        let slot = match self.head.slot() {
            Some(slot) => {
                self.head = next(slot)?;
                slot
            }
            None if self.has_room(slots) => {
                self.fresh += 1;
                self.fresh - 1
            }
            None => return None,
        };
        self.used += 1;
        Some(slot)
    }

    /// Puts a slot back; returns what its link is to be.
    #[inline]
    fn put(&mut self, slot: usize) -> Link {
        self.used -= 1;
        core::mem::replace(&mut self.head, Link::to(slot))
    }
}

/// Groups in the order of arrival, their frames, and an index by sequence.
///
/// Who evicts takes the oldest arrival, or the next if that is the newest group: so but for one group at
/// the front the order has no holes, and a reader finds its place in a step or two.
#[derive(Debug)]
pub(super) struct Shelf<P, R> {
    room: R,
    free_groups: Free,
    free_frames: Free,
    head: Link,
    tail: Link,
    /// The group with the highest sequence.
    newest: Link,
    /// The groups that changed since that was last told.
    changed: Link,
    arrivals: u64,
    /// An odd number, or zero as long as there is no group.
    spread: u64,
    payload: core::marker::PhantomData<fn(P)>,
}

impl<P, R> Shelf<P, R> {
    /// Free room, with an index to be [seeded](Self::seed).
    pub(super) const fn new(room: R, spread: u64) -> Self {
        Self {
            room,
            free_groups: Free::ALL,
            free_frames: Free::ALL,
            head: Link::NONE,
            tail: Link::NONE,
            newest: Link::NONE,
            changed: Link::NONE,
            arrivals: 0,
            spread,
            payload: core::marker::PhantomData,
        }
    }

    /// Spreads sequences somehow, if no seed was given.
    pub(super) fn seed_somehow(&mut self) {
        if self.spread == 0 {
            self.spread = SPREAD;
        }
    }

    pub(super) const fn groups(&self) -> usize {
        self.free_groups.used
    }

    pub(super) const fn frames(&self) -> usize {
        self.free_frames.used
    }
}

impl<P, R: TrackRoom<P>> Shelf<P, R> {
    /// Spreads sequences in another way, which is no worse for a small seed. O(groups).
    pub(super) fn seed(&mut self, seed: u64) {
        self.spread = SPREAD.wrapping_mul(seed | 1);
        self.index_anew();
    }

    pub(super) fn gone(&self) -> &[GoneSpan] {
        self.room.slots().gone
    }

    pub(super) fn gone_mut(&mut self) -> &mut [GoneSpan] {
        self.room.slots_mut().gone
    }

    /// Whether a group can be added now. Makes the room larger if it can be.
    pub(super) fn has_room_for_group(&mut self) -> bool {
        if self.has_slot_for_group() {
            return true;
        }
        let slots = self.room.slots();
        let useful = !slots.gone.is_empty() && slots.groups.len() < MAX_IDS;
        if useful && self.room.more_groups() {
            self.index_anew();
        }
        self.has_slot_for_group()
    }

    /// Whether a frame can be added now. Makes the room larger if it can be.
    pub(super) fn has_room_for_frame(&mut self) -> bool {
        let slots = self.room.slots().frames.len();
        if self.free_frames.has_room(slots) {
            return true;
        }
        let more = slots < MAX_IDS && self.room.more_frames();
        more && self.free_frames.has_room(self.room.slots().frames.len())
    }

    pub(super) fn most_frames(&self) -> usize {
        self.room.most_frames().min(MAX_IDS)
    }

    fn has_slot_for_group(&self) -> bool {
        let slots = self.room.slots();
        let indexed = !slots.buckets.is_empty() && !slots.gone.is_empty();
        indexed && self.free_groups.has_room(slots.groups.len())
    }

    /// Adds a group at the end of the order.
    pub(super) fn insert(
        &mut self,
        sequence: u64,
        created: Instant,
        newest: bool,
    ) -> Option<GroupId> {
        let bucket = self.bucket(sequence);
        let slots = self.room.slots_mut();
        let groups = slots.groups;
        let next = |slot: usize| groups.get(slot).map(|group| group.next);
        let slot = self.free_groups.take(groups.len(), next)?;
        self.arrivals += 1;
        let bucket = slots.buckets.get_mut(bucket)?;
        let group = groups.get_mut(slot)?;
        *group = GroupSlot {
            sequence,
            arrival: self.arrivals,
            created,
            chain: core::mem::replace(bucket, Link::to(slot)),
            // Who waits for what had the slot before may still have to be told.
            changed: group.changed,
            ..GroupSlot::FREE
        };
        let link = Link::to(slot);
        match self.tail.slot().and_then(|tail| groups.get_mut(tail)) {
            Some(tail) => tail.next = link,
            None => self.head = link,
        }
        self.tail = link;
        if newest {
            self.newest = link;
        }
        GroupId::of(link, groups.get(slot)?)
    }

    /// Removes a group, its frames with it. It is the oldest, or the next after the oldest.
    pub(super) fn remove(&mut self, slot: usize) -> Option<(u64, Amount)> {
        self.unlink(slot)?;
        self.unindex(slot);
        self.note_changed(slot);
        let slots = self.room.slots_mut();
        let group = slots.groups.get_mut(slot)?;
        let removed = Amount {
            groups: 1,
            frames: u64::from(group.frames),
            bytes: group.bytes as u64,
        };
        let mut at = group.first;
        group.arrival = 0;
        group.next = self.free_groups.put(slot);
        while let Some(slot) = at.slot() {
            let Some(frame) = slots.frames.get_mut(slot) else {
                break;
            };
            at = frame.next;
            frame.payload = None;
            frame.next = self.free_frames.put(slot);
        }
        Some((group.sequence, removed))
    }

    /// Adds a frame to a group.
    #[inline]
    pub(super) fn push(&mut self, slot: usize, payload: P, bytes: usize) -> Option<()> {
        let slots = self.room.slots_mut();
        let frames = slots.frames;
        let next = |slot: usize| frames.get(slot).map(|frame| frame.next);
        let taken = self.free_frames.take(frames.len(), next)?;
        let group = slots.groups.get_mut(slot)?;
        *frames.get_mut(taken)? = FrameSlot {
            payload: Some(payload),
            next: Link::NONE,
        };
        let link = Link::to(taken);
        match group.last.slot().and_then(|last| frames.get_mut(last)) {
            Some(last) => last.next = link,
            None => group.first = link,
        }
        group.last = link;
        group.frames += 1;
        group.bytes += bytes;
        Some(())
    }

    /// The group with this sequence.
    pub(super) fn find(&self, sequence: u64) -> Option<GroupId> {
        let slots = self.room.slots();
        let mut at = *slots.buckets.get(self.bucket(sequence))?;
        loop {
            let group = slots.groups.get(at.slot()?)?;
            if group.sequence == sequence {
                return GroupId::of(at, group);
            }
            at = group.chain;
        }
    }

    /// The group, if it is still there.
    #[inline]
    pub(super) fn group(&self, id: GroupId) -> Option<&GroupSlot> {
        let group = self.room.slots().groups.get(id.slot())?;
        (group.arrival == id.arrival).then_some(group)
    }

    /// The group, if it is still there.
    #[inline]
    pub(super) fn group_mut(&mut self, id: GroupId) -> Option<&mut GroupSlot> {
        let group = self.room.slots_mut().groups.get_mut(id.slot())?;
        (group.arrival == id.arrival).then_some(group)
    }

    #[inline]
    pub(super) fn frame(&self, link: Link) -> Option<&FrameSlot<P>> {
        self.room.slots().frames.get(link.slot()?)
    }

    /// The first group that arrived as `arrival` or later; `last`, if it is still there, holds the one
    /// that arrived before.
    #[inline]
    pub(super) fn next_from(&self, arrival: u64, last: Link) -> Option<(Link, &GroupSlot)> {
        let groups = self.room.slots().groups;
        let known = last.slot().and_then(|last| groups.get(last));
        let mut at = match known {
            Some(known) if known.arrival != 0 && known.arrival + 1 == arrival => known.next,
            _ => self.head,
        };
        loop {
            let group = groups.get(at.slot()?)?;
            if group.arrival >= arrival {
                return Some((at, group));
            }
            at = group.next;
        }
    }

    /// The oldest arrival.
    pub(super) fn oldest(&self) -> Option<usize> {
        self.head.slot()
    }

    /// The oldest arrival but for the newest group.
    #[inline]
    pub(super) fn oldest_but_newest(&self) -> Option<(usize, &GroupSlot)> {
        let groups = self.room.slots().groups;
        let mut slot = self.head.slot()?;
        if self.head == self.newest {
            slot = groups.get(slot)?.next.slot()?;
        }
        Some((slot, groups.get(slot)?))
    }

    /// The group with the highest sequence.
    pub(super) fn newest(&self) -> Option<(usize, &GroupSlot)> {
        let slot = self.newest.slot()?;
        Some((slot, self.room.slots().groups.get(slot)?))
    }

    /// Notes that who reads this group is to look again.
    #[inline]
    pub(super) fn note_changed(&mut self, slot: usize) {
        let Some(group) = self.room.slots_mut().groups.get_mut(slot) else {
            return;
        };
        if group.changed == Link::NONE {
            let link = Link::to(slot);
            let rest = core::mem::replace(&mut self.changed, link);
            group.changed = if rest == Link::NONE { link } else { rest };
        }
    }

    /// Notes it of every group that is not finished.
    pub(super) fn note_open_changed(&mut self) {
        let mut at = self.head;
        while let Some(slot) = at.slot() {
            let Some(group) = self.room.slots().groups.get(slot) else {
                break;
            };
            at = group.next;
            if group.state == GroupState::Open {
                self.note_changed(slot);
            }
        }
    }

    /// The next of the groups that changed.
    #[inline]
    pub(super) fn take_changed(&mut self) -> Option<usize> {
        let slot = self.changed.slot()?;
        let group = self.room.slots_mut().groups.get_mut(slot)?;
        let next = core::mem::take(&mut group.changed);
        self.changed = if next == self.changed {
            Link::NONE
        } else {
            next
        };
        Some(slot)
    }

    /// A multiplication by an odd number that others do not know spreads any sequences.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "below the number of buckets"
    )]
    #[inline]
    fn bucket(&self, sequence: u64) -> usize {
        let buckets = self.room.slots().buckets.len() as u64;
        let hash = sequence.wrapping_mul(self.spread) >> 32;
        (hash.wrapping_mul(buckets) >> 32) as usize
    }

    /// Takes a group out of the order.
    fn unlink(&mut self, slot: usize) -> Option<()> {
        let groups = self.room.slots_mut().groups;
        let link = Link::to(slot);
        let next = groups.get(slot)?.next;
        let before = if self.head == link {
            self.head = next;
            Link::NONE
        } else {
            groups.get_mut(self.head.slot()?)?.next = next;
            self.head
        };
        if self.tail == link {
            self.tail = before;
        }
        if self.newest == link {
            self.newest = Link::NONE;
        }
        Some(())
    }

    /// Takes a group out of the index.
    fn unindex(&mut self, slot: usize) -> Option<()> {
        let sequence = self.room.slots().groups.get(slot)?.sequence;
        let bucket = self.bucket(sequence);
        let slots = self.room.slots_mut();
        let (link, chain) = (Link::to(slot), slots.groups.get(slot)?.chain);
        let head = slots.buckets.get_mut(bucket)?;
        if *head == link {
            *head = chain;
            return Some(());
        }
        let mut at = *head;
        loop {
            let group = slots.groups.get_mut(at.slot()?)?;
            if group.chain == link {
                group.chain = chain;
                return Some(());
            }
            at = group.chain;
        }
    }

    /// Puts every group into the index, whose number of buckets has changed.
    fn index_anew(&mut self) {
        self.room.slots_mut().buckets.fill(Link::NONE);
        let mut at = self.head;
        while let Some(slot) = at.slot() {
            let Some(group) = self.room.slots().groups.get(slot) else {
                break;
            };
            at = group.next;
            let bucket = self.bucket(group.sequence);
            let slots = self.room.slots_mut();
            if let (Some(group), Some(bucket)) =
                (slots.groups.get_mut(slot), slots.buckets.get_mut(bucket))
            {
                group.chain = core::mem::replace(bucket, Link::to(slot));
            }
        }
    }
}
