//! Gauges that are set, which stand behind the words of a series.

use super::{Books, LANE_SHIFT, Ledger, MOVED, Marks, Split, field_of};
use crate::{
    meter::Meter,
    schema::{Family, Totals},
    storage::Storage,
    sync::{AtomicWords, widen},
};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Takes in the gauges that are set, of every series: they are set without a lock and leave no mark.
    pub(super) fn read_levels<S: Storage<F>>(&mut self, meter: &Meter<F, S>) {
        let Split {
            accounts,
            flags,
            order,
            lanes,
            marks,
            ..
        } = self.books.split();
        let rows = accounts.len();
        for id in order.get(..self.ordered).unwrap_or_default() {
            let at = *id as usize;
            let known = accounts.get_mut(at).zip(flags.get_mut(at));
            let Some(((account, flags), row)) = known.zip(meter.row(widen(*id))) else {
                continue;
            };
            let place = usize::from(*flags >> LANE_SHIFT);
            let levels = account.totals.as_mut().iter_mut().enumerate();
            let moved = take_levels(levels.skip(summed::<F>()), row.levels(), |word| {
                if B::MARKS
                    && let Some(mut marks) = Marks::new(marks, rows, lanes.len())
                {
                    marks.note(place, widen(*id), Some(field_of::<F>(word)));
                }
            });
            if moved {
                *flags |= MOVED;
                if let Some(lane) = lanes.get_mut(place) {
                    lane.told = false;
                }
            }
        }
    }
}

/// How many words are sums of what was counted; the others are gauges that are set.
pub(crate) const fn summed<F: Family>() -> usize {
    F::Totals::LEN - F::Set::COUNT
}

/// Takes levels over, tells `note` of those that differ, and says whether any does.
fn take_levels<'a>(
    ours: impl Iterator<Item = (usize, &'a mut u64)>,
    now: impl Iterator<Item = u64>,
    mut note: impl FnMut(usize),
) -> bool {
    let mut moved = false;
    for ((word, ours), now) in ours.zip(now) {
        if *ours != now {
            note(word);
            moved = true;
        }
        *ours = now;
    }
    moved
}
