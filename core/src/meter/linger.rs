//! How long series stay that nobody holds any more, in families that keep theirs.

use super::Meter;
use crate::{key::KeyWords, row::Row, schema::Family, storage::Storage, time::Duration};

/// How long a series stays in the tables after its last handle went and the sink accepted what it told
/// last. Applies to families whose series are [kept](Family::KEPT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linger {
    /// As long as the meter: names come from a known set, and frames and text go on showing them. Nobody
    /// has to keep count of who holds such a series, so one is found by its name without a lock.
    #[default]
    Forever,
    /// Until nothing was counted or set in it, and no handle was opened or dropped, for as long as this,
    /// and for twice as long at most: it costs one bit per series.
    Idle(Duration),
    /// Not at all.
    AtOnce,
}

impl<F: Family, S: Storage<F>> Meter<F, S> {
    /// Whether a series that was made is never released.
    #[inline]
    pub(crate) const fn lasts(&self) -> bool {
        F::KEPT && matches!(self.linger, Linger::Forever)
    }

    /// Whether a series that neither lives nor moved is to go, when it is not looked at which are idle.
    #[inline]
    pub(crate) fn goes_at_once(&self) -> bool {
        !F::KEPT || self.linger == Linger::AtOnce
    }

    /// How long series must have been idle to go, where it is looked at which are.
    #[inline]
    pub(crate) const fn idle_span(&self) -> Option<Duration> {
        match self.linger {
            Linger::Idle(span) if F::KEPT => Some(span),
            _ => None,
        }
    }

    /// Whether the series of this row is not to go now; the caller holds its lock.
    #[inline]
    pub(crate) fn is_held<K: KeyWords>(&self, row: &Row<F, K>) -> bool {
        self.lasts() || row.is_held()
    }
}
