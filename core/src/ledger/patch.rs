//! What changed since a reader of merge patches was last told, and that it was told now.

use super::{
    Books, LIVE, Ledger, MOVED, Split,
    marks::{Change, Fields, Mark, Marks},
};
use crate::{meter::Meter, schema::Family, storage::Storage, sync::widen};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Whether the books have [`Mark`]s for all rows and lanes, so that patches can be made.
    pub fn keeps_marks(&self) -> bool {
        B::MARKS
            && self.books.marks().len() >= self.books.accounts().len() + self.books.lanes().len()
    }

    /// Whether a lane's frame differs from what its reader of patches was told.
    ///
    /// Cost: O(1) if it does; otherwise as many steps as series moved since a frame was accepted.
    pub fn has_patch(&self, lane: usize) -> bool {
        let mut next = self.first_change(lane);
        while let Some(id) = next {
            if self.change(id).is_some() {
                return true;
            }
            next = self.change_after(id);
        }
        false
    }

    /// Notes that the reader of patches was told all that the lane's frame now shows, by a patch.
    ///
    /// Call it before [`ack`](Self::ack). Cost: O(series that changed).
    pub fn ack_patch(&mut self, lane: usize) {
        let Split {
            flags,
            marks,
            accounts,
            lanes,
            ..
        } = self.books.split();
        let Some(mut marks) = Marks::new(marks, accounts.len(), lanes.len()) else {
            return;
        };
        let mut next = marks.take_list(lane);
        while let Some(id) = next {
            next = marks.unlist(id);
            let flags = flags.get(id as usize).copied().unwrap_or(0);
            marks.tell(id, flags & (LIVE | MOVED) != 0);
            // What moved has to be found when the frame is accepted, and so has what ended.
            if flags & MOVED != 0 || flags & LIVE == 0 {
                marks.list(lane, id);
            }
        }
    }

    /// The same, by a whole frame. Cost: O(series).
    pub fn ack_keyframe(&mut self, lane: usize) {
        self.tell_all(lane, |flags| flags & (LIVE | MOVED) != 0);
    }

    /// Notes that there is no reader of patches any more, or another: what ended need not be told to one
    /// that had it. Cost: O(series).
    pub fn forget_patches(&mut self, lane: usize) {
        self.tell_all(lane, |_| false);
    }

    /// Notes that the reader was told of all lanes' totals.
    pub(crate) fn ack_totals(&mut self) {
        let Split {
            marks,
            accounts,
            lanes,
            ..
        } = self.books.split();
        if let Some(mut marks) = Marks::new(marks, accounts.len(), lanes.len()) {
            marks.tell_totals();
        }
    }

    /// The words of a lane's totals that changed since the reader was told of them.
    pub(crate) fn total_changes(&self, lane: usize) -> Fields {
        self.lane_mark(lane).fields()
    }

    /// The first series of those among which are all that changed.
    pub(crate) fn first_change(&self, lane: usize) -> Option<u32> {
        self.lane_mark(lane).follow()
    }

    /// The series after this one.
    #[inline]
    pub(crate) fn change_after(&self, id: u32) -> Option<u32> {
        self.mark(id as usize).follow()
    }

    /// What there is to say about a series.
    #[inline]
    pub(crate) fn change(&self, id: u32) -> Option<Change> {
        self.mark(id as usize).change(self.is_shown(id))
    }

    fn lane_mark(&self, lane: usize) -> Mark {
        self.mark(self.books.accounts().len() + lane)
    }

    #[inline]
    fn mark(&self, at: usize) -> Mark {
        self.books.marks().get(at).copied().unwrap_or_default()
    }

    fn tell_all(&mut self, lane: usize, told: impl Fn(u8) -> bool) {
        let range = self.lane_range(lane);
        let Split {
            accounts,
            flags,
            marks,
            order,
            lanes,
            ..
        } = self.books.split();
        let Some(mut marks) = Marks::new(marks, accounts.len(), lanes.len()) else {
            return;
        };
        for id in order.get(range).unwrap_or_default() {
            let flags = flags.get(*id as usize).copied().unwrap_or(0);
            marks.tell(widen(*id), told(flags));
        }
        if let Some(lane) = lanes.get_mut(lane) {
            lane.ended = true;
        }
    }

    /// [`ack`](Self::ack) for books with marks: touches the series that moved, and no others unless some
    /// have ended.
    pub(super) fn ack_listed<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize) {
        let Split {
            accounts,
            flags,
            marks,
            lanes,
            ..
        } = self.books.split();
        let Some(mut marks) = Marks::new(marks, accounts.len(), lanes.len()) else {
            return;
        };
        let (mut leaving, mut ended) = (false, false);
        let mut next = marks.take_list(lane);
        while let Some(id) = next {
            next = marks.unlist(id);
            let Some(flags) = flags.get_mut(id as usize) else {
                continue;
            };
            let (moved, live) = (*flags & MOVED != 0, *flags & LIVE != 0);
            *flags &= !MOVED;
            leaving |= moved && !live;
            let mark = marks.row(id);
            if mark.change(live).is_some() {
                marks.list(lane, id);
            }
            ended |= !live && !mark.is_told();
        }
        let Some(of) = lanes.get_mut(lane) else {
            return;
        };
        of.told = !leaving;
        if ended || of.ended {
            self.sweep(meter, lane, 0);
        }
    }
}
