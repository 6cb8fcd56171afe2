//! Which series have been idle for long enough, in families that keep theirs.

use super::{Books, IDLE, LIVE, Ledger, MOVED, Split};
use crate::{meter::Meter, schema::Family, storage::Storage};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Releases the series that were idle when this was last looked at and still are, if that was long
    /// enough ago, and notes which are idle now.
    pub(super) fn release_idle<S: Storage<F>>(&mut self, meter: &Meter<F, S>) {
        let Some(span) = meter.idle_span() else {
            return;
        };
        if self.stamp.saturating_sub(self.looked) < span.as_millis() {
            return;
        }
        self.looked = self.stamp;
        for lane in 0..self.lanes() {
            self.sweep(meter, lane, IDLE);
        }
        let Split { flags, order, .. } = self.books.split();
        for id in order.get(..self.ordered).unwrap_or_default() {
            if let Some(flags) = flags.get_mut(*id as usize)
                && *flags & (LIVE | MOVED) == 0
            {
                *flags |= IDLE;
            }
        }
    }
}
