//! How long series stay that nobody holds any more, in families that keep theirs.

use super::{Books, IDLE, LIVE, Ledger, MOVED, Split};
use crate::{meter::Meter, schema::Family, storage::Storage, time::Duration};

/// How long a series stays in the tables after its last handle went and the sink accepted what it told
/// last. Applies to families whose series are [kept](Family::KEPT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linger {
    /// As long as the ledger: names come from a known set, and text formats go on showing them.
    #[default]
    Forever,
    /// Until nothing was counted or set in it, and no handle was opened or dropped, for as long as this,
    /// and for twice as long at most: it costs one bit per series.
    Idle(Duration),
    /// Not at all.
    AtOnce,
}

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Whether a series that neither lives nor moved is to go, when it is not looked at which are idle.
    #[inline]
    pub(super) fn goes_at_once(&self) -> bool {
        !F::KEPT || self.linger == Linger::AtOnce
    }

    /// Releases the series that were idle when this was last looked at and still are, if that was long
    /// enough ago, and notes which are idle now.
    pub(super) fn release_idle<S: Storage<F>>(&mut self, meter: &Meter<F, S>) {
        let Linger::Idle(span) = self.linger else {
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
