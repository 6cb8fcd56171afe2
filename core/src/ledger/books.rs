//! The memory of a ledger: an element for each row of the meter, in boxes or arrays.

use super::Mark;
use crate::{
    schema::{Family, Gauge, Totals},
    sync::Id,
};

/// What one series has added up to.
#[derive(Clone, Copy, Debug)]
pub struct Account<F: Family> {
    pub(super) totals: F::Totals,
    pub(super) since: u64,
}

impl<F: Family> Account<F> {
    /// Nothing yet.
    pub const ZERO: Self = Self {
        totals: F::Totals::ZERO,
        since: 0,
    };

    /// Its words; those of histograms follow the others.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        self.totals.as_ref()
    }

    /// The value of one of the family's gauges; nothing if it was never set.
    #[inline]
    pub(crate) fn gauge(&self, gauge: &Gauge) -> Option<u64> {
        gauge.read(self.totals.as_ref())
    }

    /// When this life of the series began at the earliest, in milliseconds since the Unix epoch.
    #[inline]
    pub(crate) const fn since(&self) -> u64 {
        self.since
    }
}

/// What one lane has added up to.
#[derive(Clone, Copy, Debug)]
pub struct Lane<F: Family> {
    /// All that was ever collected: never falls.
    pub(super) total: F::Totals,
    /// The lane's series, which stand together in the order of frames.
    pub(super) series: u32,
    /// The frame is still the one that the sink last accepted.
    pub(super) told: bool,
    /// A series may have ended without anything to show.
    pub(super) ended: bool,
}

impl<F: Family> Lane<F> {
    /// A lane that has counted nothing; its first frame is owed, and empty. All zero, so that a static
    /// of books lies in `.bss`.
    pub const ZERO: Self = Self {
        total: F::Totals::ZERO,
        series: 0,
        told: false,
        ended: false,
    };
}

/// Where a series stands in the last frame of its lane, in bytes; all zero when it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// The memory of a ledger, an element for each row of the meter (the overflow series included), in
/// boxes or arrays.
pub trait Books<F: Family> {
    /// Whether there is memory for [`Mark`]s, so that merge patches can be made. Where there is none, no
    /// code is made for them either.
    const MARKS: bool = false;

    /// The accounts, by row.
    fn accounts(&self) -> &[Account<F>];
    /// The accounts, the flags, the order of frames, and room to sort new series in, each with an
    /// element per row; and the lanes.
    fn split(&mut self) -> Split<'_, F>;
    /// The flags, by row.
    fn flags(&self) -> &[u8];
    /// The order of frames.
    fn order(&self) -> &[Id];
    /// The lanes.
    fn lanes(&self) -> &[Lane<F>];
    /// The marks by row, then by lane; or none.
    fn marks(&self) -> &[Mark] {
        &[]
    }
}

/// A ledger's memory, all of it at once.
#[derive(Debug)]
pub struct Split<'a, F: Family> {
    /// By row.
    pub accounts: &'a mut [Account<F>],
    /// By row.
    pub flags: &'a mut [u8],
    /// Rows in the order of frames.
    pub order: &'a mut [Id],
    /// Rows that were met in this collect.
    pub fresh: &'a mut [Id],
    /// By lane.
    pub lanes: &'a mut [Lane<F>],
    /// By row, or empty.
    pub spans: &'a mut [Span],
    /// By row, then by lane; or empty.
    pub marks: &'a mut [Mark],
}

/// A ledger's memory as slices of any kind.
#[derive(Debug)]
pub struct Pages<Accounts, Flags, Order, Lanes, Spans = [Span; 0], Marks = [Mark; 0]> {
    /// An [`Account`] per row.
    pub accounts: Accounts,
    /// A zero per row.
    pub flags: Flags,
    /// A zero per row.
    pub order: Order,
    /// A zero per row.
    pub fresh: Order,
    /// A [`Lane`] per lane.
    pub lanes: Lanes,
    /// A [`Span`] per row, so that what did not move can be copied from the last frame; or nothing,
    /// where memory is dear.
    pub spans: Spans,
    /// A [`Mark`] per row, and then one per lane, so that merge patches can be made; or nothing.
    pub marks: Marks,
}

impl<F, Accounts, Flags, Order, Lanes, Spans, Marks> Books<F>
    for Pages<Accounts, Flags, Order, Lanes, Spans, Marks>
where
    F: Family,
    Accounts: AsRef<[Account<F>]> + AsMut<[Account<F>]>,
    Flags: AsRef<[u8]> + AsMut<[u8]>,
    Order: AsRef<[Id]> + AsMut<[Id]>,
    Lanes: AsRef<[Lane<F>]> + AsMut<[Lane<F>]>,
    Spans: AsMut<[Span]>,
    Marks: AsRef<[Mark]> + AsMut<[Mark]>,
{
    const MARKS: bool = size_of::<Marks>() > 0;

    fn accounts(&self) -> &[Account<F>] {
        self.accounts.as_ref()
    }

    fn split(&mut self) -> Split<'_, F> {
        Split {
            accounts: self.accounts.as_mut(),
            flags: self.flags.as_mut(),
            order: self.order.as_mut(),
            fresh: self.fresh.as_mut(),
            lanes: self.lanes.as_mut(),
            spans: self.spans.as_mut(),
            marks: self.marks.as_mut(),
        }
    }

    fn flags(&self) -> &[u8] {
        self.flags.as_ref()
    }

    fn order(&self) -> &[Id] {
        self.order.as_ref()
    }

    fn lanes(&self) -> &[Lane<F>] {
        self.lanes.as_ref()
    }

    fn marks(&self) -> &[Mark] {
        self.marks.as_ref()
    }
}

/// A ledger's memory in arrays: `ROWS` is the meter's series plus its lanes. `MARKS` is `ROWS + LANES` for a
/// ledger of which merge patches are made; other ledgers have none.
pub type InlineBooks<F, const ROWS: usize, const LANES: usize, const MARKS: usize = 0> =
    Pages<[Account<F>; ROWS], [u8; ROWS], [Id; ROWS], [Lane<F>; LANES], [Span; 0], [Mark; MARKS]>;

impl<F: Family, const ROWS: usize, const LANES: usize, const MARKS: usize>
    InlineBooks<F, ROWS, LANES, MARKS>
{
    /// Empty books.
    #[must_use]
    pub const fn inline() -> Self {
        Self {
            accounts: [Account::ZERO; ROWS],
            flags: [0; ROWS],
            order: [0; ROWS],
            fresh: [0; ROWS],
            lanes: [Lane::ZERO; LANES],
            spans: [],
            marks: [Mark::NONE; MARKS],
        }
    }
}
