//! Capacities in a user's own terms.

/// Tiers that a [`Stats`](crate::Stats) counts apart unless it is told otherwise: external and
/// internal.
pub const TIERS: usize = 2;

/// Rows for so many series of traffic in two tiers, for the `ROWS` of [`Stats`](crate::Stats): a
/// broadcast is a series for each tier and role that it flows in, and each of them has an overflow
/// series.
#[must_use]
pub const fn rows(series: usize) -> usize {
    rows_of(series, TIERS)
}

/// The same for another number of tiers.
#[must_use]
pub const fn rows_of(series: usize, tiers: usize) -> usize {
    series + lanes(tiers)
}

/// The lanes of so many tiers, for the `LANES` of [`Stats`](crate::Stats): one for each role.
#[must_use]
pub const fn lanes(tiers: usize) -> usize {
    tiers * streamgauge_core::Role::ALL.len()
}

/// Rows for so many roots of sessions in two tiers, for the `ROOTS` of [`Stats`](crate::Stats).
/// `roots(0)` is for a node without sessions.
#[must_use]
pub const fn roots(roots: usize) -> usize {
    roots_of(roots, TIERS)
}

/// The same for another number of tiers.
#[must_use]
pub const fn roots_of(roots: usize, tiers: usize) -> usize {
    roots + tiers
}

/// What patches say of so many rows in so many lanes, for the `MARKS` and `ROOT_MARKS` of
/// [`Stats`](crate::Stats): 8 bytes each.
#[must_use]
pub const fn marks(rows: usize, lanes: usize) -> usize {
    rows + lanes
}

/// Words of a key for names of so many bytes, for the `KEY` of [`Stats`](crate::Stats). A longer name
/// is counted in the overflow series. At least 12 bytes.
#[must_use]
pub const fn key(bytes: usize) -> usize {
    bytes.div_ceil(size_of::<usize>())
}

/// The tracks of so many tiers, for the `TRACKS` of [`Latest`](crate::Latest).
#[must_use]
pub const fn tracks(tiers: usize) -> usize {
    1 + crate::wire::PER_TIER * tiers
}
