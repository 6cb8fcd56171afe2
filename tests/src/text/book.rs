//! A family with lanes of its own choice: its meter and its ledger.

use std::{fmt, sync::Arc};

use streamgauge_core::{Family, Ledger, Meter, MeterRef};

use crate::{
    desk::Drawer,
    node::{Boxed, Ledgers, meter, pages},
};

/// A meter in vectors that guards share, and its ledger.
pub struct Book<F: Family> {
    drawer: Drawer<F>,
    /// The ledger.
    pub ledger: Ledger<F, Ledgers<F>>,
}

impl<F: Family> Book<F> {
    /// Room for this many series in so many lanes together; the ledger's life begins at `since`, in
    /// milliseconds since the Unix epoch.
    #[must_use]
    pub fn new(series: usize, lanes: usize, since: u64) -> Self {
        Self {
            drawer: Drawer(Arc::new(meter(series, 4 * series, lanes, 1))),
            ledger: Ledger::new(pages(series, lanes, (false, false)), since),
        }
    }

    /// The meter.
    #[must_use]
    pub fn meter(&self) -> &Meter<F, Boxed<F>> {
        self.drawer.meter()
    }

    /// Leads guards to the meter.
    #[must_use]
    pub fn drawer(&self) -> Drawer<F> {
        self.drawer.clone()
    }

    /// Collects at this moment.
    pub fn collect(&mut self, now_ms: u64) {
        self.ledger.collect(self.drawer.meter(), now_ms);
    }

    /// Accepts all frames as they are: series that have ended retire.
    pub fn accept(&mut self) {
        for lane in 0..self.ledger.lanes() {
            self.ledger.ack(self.drawer.meter(), lane);
        }
    }
}

impl<F: Family> fmt::Debug for Book<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Book").field(&F::NAME).finish()
    }
}
