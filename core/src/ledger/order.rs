//! The order of frames: series come in sorted, and go when they have ended.

use super::{Account, Books, LANE_SHIFT, LIVE, Ledger, MOVED, Split};
use crate::{
    meter::Meter,
    schema::Family,
    storage::Storage,
    sync::{Id, widen},
};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Sorts the rows that were met into the order of frames: the new ones among themselves, then
    /// both merged from the back.
    pub(super) fn sort_in<S: Storage<F>>(&mut self, meter: &Meter<F, S>) {
        let Split {
            flags,
            order,
            fresh,
            lanes,
            ..
        } = self.books.split();
        let fresh = fresh
            .get_mut(..core::mem::take(&mut self.met))
            .unwrap_or_default();
        let compare = |a: Id, b: Id| match (meter.row(widen(a)), meter.row(widen(b))) {
            (Some(a), Some(b)) => a.order(b),
            _ => core::cmp::Ordering::Equal,
        };
        fresh.sort_unstable_by(|a, b| compare(*a, *b));
        for id in &*fresh {
            let lane = flags
                .get(*id as usize)
                .map_or(0, |flags| usize::from(flags >> LANE_SHIFT));
            if let Some(lane) = lanes.get_mut(lane) {
                lane.series += 1;
            }
        }
        let mut old = self.ordered;
        self.ordered = (old + fresh.len()).min(order.len());
        for (left, id) in fresh.iter().enumerate().rev() {
            let sorted = order.get(..old).unwrap_or_default();
            let place = sorted.partition_point(|other| compare(*other, *id).is_lt());
            if place + left < order.len() {
                order.copy_within(place..old, place + left + 1);
                order[place + left] = *id;
            }
            old = place;
        }
    }

    /// Retires what ended in lanes that have no frame to show for it.
    pub(super) fn sweep_idle<S: Storage<F>>(&mut self, meter: &Meter<F, S>) {
        for lane in 0..self.lanes() {
            if self
                .books
                .lanes()
                .get(lane)
                .is_some_and(|lane| lane.ended && lane.told)
            {
                self.sweep(meter, lane);
            }
        }
    }

    /// Retires the series of a lane that have ended and whose end the sink has accepted. What could
    /// not go, because it was reopened meanwhile, is met again in a later collect.
    pub(super) fn sweep<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize) {
        let range = self.lane_range(lane);
        let (start, end) = (range.start, range.end);
        let Split {
            accounts,
            flags,
            order,
            lanes,
            ..
        } = self.books.split();
        let Some(lane) = lanes.get_mut(lane) else {
            return;
        };
        lane.ended = false;
        let mut kept = start;
        for at in start..end.min(order.len()) {
            let id = order[at];
            let row = flags
                .get_mut(id as usize)
                .zip(accounts.get_mut(id as usize));
            if let Some((flags, account)) = row
                && *flags & (LIVE | MOVED) == 0
                && meter.retire(widen(id))
            {
                *account = Account::ZERO;
                *flags = 0;
            } else {
                order[kept] = id;
                kept += 1;
            }
        }
        let gone = end.saturating_sub(kept);
        #[allow(clippy::cast_possible_truncation, reason = "no more than the lane has")]
        let gone_u32 = gone as u32;
        lane.series -= gone_u32;
        if gone > 0 {
            order.copy_within(end..self.ordered, kept);
            self.ordered -= gone;
        }
    }
}
