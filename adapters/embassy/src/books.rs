//! Books that stay in their `static` while the runner writes them.

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, mutex::MutexGuard};
use streamgauge_core::{Account, Books, Family, Id, Lane, Mark, Split};

/// Books on loan: nobody else writes them as long as this lives.
pub struct Lent<B: 'static>(pub(crate) MutexGuard<'static, CriticalSectionRawMutex, B>);

impl<F: Family, B: Books<F>> Books<F> for Lent<B> {
    const MARKS: bool = B::MARKS;

    fn accounts(&self) -> &[Account<F>] {
        self.0.accounts()
    }

    fn split(&mut self) -> Split<'_, F> {
        self.0.split()
    }

    fn flags(&self) -> &[u8] {
        self.0.flags()
    }

    fn order(&self) -> &[Id] {
        self.0.order()
    }

    fn lanes(&self) -> &[Lane<F>] {
        self.0.lanes()
    }

    fn marks(&self) -> &[Mark] {
        self.0.marks()
    }
}
