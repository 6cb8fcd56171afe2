//! What a lane's frame shows, and whether it differs from the one that a sink last accepted.

use super::{Books, LIVE, Ledger, MOVED, Series, Split};
use crate::{meter::Meter, schema::Family, snapshot::Snapshot, storage::Storage, sync::widen};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// The series of a lane's frame, in its order: those that are live, and those that moved since
    /// the sink last accepted the lane.
    pub fn frame<'a, S: Storage<F>>(
        &'a self,
        meter: &'a Meter<F, S>,
        lane: usize,
    ) -> impl Iterator<Item = Series<'a, S::Key>> + 'a {
        let rows = self.lane_rows(lane).iter();
        rows.filter_map(|id| {
            let id = widen(*id);
            if self.is_shown(id) {
                self.series(meter, id)
            } else {
                None
            }
        })
    }

    /// The same as a value that serde can write in any format.
    pub fn snapshot<'a, S: Storage<F>>(
        &'a self,
        meter: &'a Meter<F, S>,
        lane: usize,
    ) -> Snapshot<'a, F, B, S> {
        Snapshot::new(self, meter, lane)
    }

    /// Whether a lane's frame differs from the one that the sink last accepted.
    pub fn has_moved(&self, lane: usize) -> bool {
        self.books.lanes().get(lane).is_some_and(|lane| !lane.told)
    }

    /// Notes that the sink accepted a lane's frame as it now is; series that have ended retire.
    pub fn ack<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize) {
        if B::MARKS && self.keeps_marks() {
            return self.ack_listed(meter, lane);
        }
        let mut leaving = false;
        let range = self.lane_range(lane);
        let Split {
            flags,
            order,
            lanes,
            ..
        } = self.books.split();
        for id in order.get(range).unwrap_or_default() {
            if let Some(flags) = flags.get_mut(*id as usize) {
                leaving |= *flags & MOVED != 0 && *flags & LIVE == 0;
                *flags &= !MOVED;
            }
        }
        if let Some(lane) = lanes.get_mut(lane) {
            lane.told = !leaving;
        }
        self.sweep(meter, lane, 0);
    }

    #[inline]
    pub(crate) fn is_shown(&self, id: u32) -> bool {
        self.books
            .flags()
            .get(id as usize)
            .is_some_and(|flags| flags & (LIVE | MOVED) != 0)
    }
}
