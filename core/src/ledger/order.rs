//! The order of frames: series come in sorted, and go when they have ended.

use core::cmp::Ordering as Order;

use super::{Account, Books, LANE_SHIFT, LIVE, Ledger, MOVED, Marks, Split};
use crate::{
    meter::Meter,
    schema::Family,
    storage::Storage,
    sync::{Id, widen},
};

/// Whether code is dear and tables are small: then they are kept in order in a simpler way, with a
/// tenth of the code.
const SMALL: bool = cfg!(not(target_pointer_width = "64"));

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Sorts the rows that were met into the order of frames.
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
            _ => Order::Equal,
        };
        for id in &*fresh {
            let lane = flags
                .get(*id as usize)
                .map_or(0, |flags| usize::from(flags >> LANE_SHIFT));
            if let Some(lane) = lanes.get_mut(lane) {
                lane.series += 1;
            }
        }
        let old = self.ordered;
        self.ordered = (old + fresh.len()).min(order.len());
        if SMALL {
            insert(order, old, fresh, compare);
        } else {
            merge(order, old, fresh, compare);
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
                self.sweep(meter, lane, 0);
            }
        }
    }

    /// Retires the series of a lane that have ended and whose end the sink has accepted. What could
    /// not go, because it was reopened meanwhile, is met again in a later collect. Where series are kept,
    /// only those go that are marked so.
    pub(super) fn sweep<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize, marked: u8) {
        if marked == 0 && !meter.goes_at_once() {
            return;
        }
        let range = self.lane_range(lane);
        let (start, end) = (range.start, range.end);
        let Split {
            accounts,
            flags,
            order,
            lanes,
            marks,
            ..
        } = self.books.split();
        let (rows, count) = (accounts.len(), lanes.len());
        let mut marks = if B::MARKS {
            Marks::new(marks, rows, count)
        } else {
            None
        };
        let Some(lane) = lanes.get_mut(lane) else {
            return;
        };
        lane.ended = false;
        let mut kept = start;
        let walked = if SMALL { self.ordered } else { end };
        for at in start..walked.min(order.len()) {
            let id = order[at];
            let row = flags
                .get_mut(id as usize)
                .zip(accounts.get_mut(id as usize));
            if let Some((flags, account)) = row
                && at < end
                && *flags & (LIVE | MOVED) == 0
                && (!F::KEPT || *flags & marked == marked)
                && marks
                    .as_ref()
                    .is_none_or(|marks| marks.row(widen(id)).is_free())
                && meter.retire(widen(id))
            {
                *account = Account::ZERO;
                *flags = 0;
                if let Some(marks) = &mut marks {
                    marks.tell(widen(id), false);
                }
            } else {
                order[kept] = id;
                kept += 1;
            }
        }
        let gone = walked.saturating_sub(kept);
        #[allow(clippy::cast_possible_truncation, reason = "no more than the lane has")]
        let gone_u32 = gone as u32;
        lane.series -= gone_u32;
        if gone > 0 {
            if !SMALL {
                order.copy_within(end..self.ordered, kept);
            }
            self.ordered -= gone;
        }
    }
}

/// Sorts `fresh` among themselves, then merges them from the back into the `old` that are sorted: for
/// tables of any size.
fn merge(order: &mut [Id], mut old: usize, fresh: &mut [Id], compare: impl Fn(Id, Id) -> Order) {
    fresh.sort_unstable_by(|a, b| compare(*a, *b));
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

/// Inserts one after the other: for small tables.
fn insert(order: &mut [Id], mut old: usize, fresh: &[Id], compare: impl Fn(Id, Id) -> Order) {
    for id in fresh {
        let Some(sorted) = order.get_mut(..=old) else {
            return;
        };
        let mut place = old;
        while let Some([before, here]) = place
            .checked_sub(1)
            .and_then(|at| sorted.get_mut(at..=place))
        {
            if compare(*before, *id).is_lt() {
                break;
            }
            *here = *before;
            place -= 1;
        }
        if let Some(here) = sorted.get_mut(place) {
            *here = *id;
        }
        old += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::narrow;

    #[test]
    fn both_ways_to_sort_agree() {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 24
        };
        let ranks: [u32; 64] = core::array::from_fn(|_| random() << 8 | random());
        let compare = |a: Id, b: Id| ranks[widen(a) as usize].cmp(&ranks[widen(b) as usize]);
        for old in 0..=40 {
            let mut order: [Id; 64] =
                core::array::from_fn(|id| narrow(u32::try_from(id).unwrap_or(0)));
            let mut fresh = order;
            order[..old].sort_unstable_by(|a, b| compare(*a, *b));
            let mut other = order;
            merge(&mut order, old, &mut fresh[old..], compare);
            insert(&mut other, old, &fresh[old..], compare);
            assert!(order.is_sorted_by(|a, b| compare(*a, *b).is_le()));
            let ranked = |order: [Id; 64]| order.map(|id| ranks[widen(id) as usize]);
            assert_eq!(ranked(order), ranked(other));
        }
    }
}
