//! What all nodes together told of one lane.

use super::{live::Live, rate::Marks};
use crate::{
    schema::{Family, Totals},
    time::Instant,
};

/// The room for one lane.
#[derive(Clone, Copy, Debug)]
pub struct LaneSlot<F: Family> {
    /// All that was ever counted, by the totals of nodes or the sum of their series, whichever tells more.
    pub(super) total: F::Totals,
    /// What of it was counted under a name.
    pub(super) named: F::Totals,
    /// What of that was counted under a name that is forgotten.
    pub(super) forgotten: F::Totals,
    /// The words of all series that are present.
    pub(super) live: Live<F>,
    pub(super) marks: Marks<F>,
}

impl<F: Family> LaneSlot<F> {
    /// Room for a lane.
    pub const FREE: Self = Self {
        total: F::Totals::ZERO,
        named: F::Totals::ZERO,
        forgotten: F::Totals::ZERO,
        live: Live::NONE,
        marks: Marks::since(Instant::from_micros(0)),
    };
}

impl<F: Family> Default for LaneSlot<F> {
    fn default() -> Self {
        Self::FREE
    }
}
