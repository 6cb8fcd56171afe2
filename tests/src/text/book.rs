//! A meter of any family with its ledger.

use std::{fmt, sync::Arc};

use streamgauge_core::{Family, Ledger, Meter, MeterRef};

use crate::node::{Boxed, Ledgers, meter, pages};

/// A meter in vectors that guards share, and its ledger.
pub struct Book<F: Family> {
    /// The meter.
    pub meter: Shared<F>,
    /// The ledger.
    pub ledger: Ledger<F, Ledgers<F>>,
}

/// Leads guards to the meter of a [`Book`].
pub struct Shared<F: Family>(Arc<Meter<F, Boxed<F>>>);

impl<F: Family> Book<F> {
    /// Room for this many series in each of these lanes; the ledger's life begins at `since`, in
    /// milliseconds since the Unix epoch.
    #[must_use]
    pub fn new(series: usize, lanes: usize, since: u64) -> Self {
        Self {
            meter: Shared(Arc::new(meter(series, 4 * series, lanes, 1))),
            ledger: Ledger::new(pages(series, lanes, false), since),
        }
    }

    /// Collects at this moment.
    pub fn collect(&mut self, now_ms: u64) {
        self.ledger.collect(self.meter.meter(), now_ms);
    }

    /// Accepts all frames as they are: series that have ended retire.
    pub fn accept(&mut self) {
        for lane in 0..self.ledger.lanes() {
            self.ledger.ack(self.meter.meter(), lane);
        }
    }
}

impl<F: Family> fmt::Debug for Book<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a book of {}", F::NAME)
    }
}

impl<F: Family> fmt::Debug for Shared<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a meter of {}", F::NAME)
    }
}

impl<F: Family> Clone for Shared<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Family> MeterRef<F> for Shared<F> {
    type Storage = Boxed<F>;
    type Hold = ();

    fn meter(&self) -> &Meter<F, Boxed<F>> {
        &self.0
    }
}
