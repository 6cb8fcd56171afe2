//! Where the shared tables lie: in a static, in boxes, or in memory that the caller brings.

use core::marker::PhantomData;

use crate::{
    cell::Cell,
    key::{KeyWords, OVERFLOW},
    pool::Pool,
    row::Row,
    schema::Family,
    sync::{Guarded, Link, Lock, const_fn},
};

/// One part of the index: a lock, and the rows under it that changed since the last collect.
#[derive(Debug)]
pub struct Shard<L> {
    pub(crate) lock: L,
    pub(crate) touched: Link,
    /// Announce guards opened so far, as their ids.
    pub(crate) announced: Guarded,
}

impl<L> Shard<L> {
    const_fn! {
        /// A shard under this lock.
        pub fn new(lock: L) -> Self {
            Self { lock, touched: Link::none(), announced: Guarded::zero() }
        }
    }
}

/// The head of one chain of the index.
#[derive(Debug)]
pub struct Bucket(pub(crate) Link);

impl Bucket {
    const_fn! {
        /// An empty chain.
        pub fn new() -> Self {
            Self(Link::none())
        }
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self::new()
    }
}

/// The shared tables of one meter. Their lengths never change.
pub trait Storage<F: Family> {
    /// The room for a series' name.
    type Key: KeyWords;
    /// What keeps writers of the tables apart.
    type Lock: Lock;

    /// The free rows and cells.
    fn pool(&self) -> &Pool<Self::Lock>;
    /// The parts of the index; at least one, or nothing can be counted.
    fn shards(&self) -> &[Shard<Self::Lock>];
    /// The chains of the index; about one per row, and at least one if there is a row.
    fn buckets(&self) -> &[Bucket];
    /// The lanes, each with an overflow series; without a row for it, with that of another lane.
    fn lanes(&self) -> usize;
    /// The overflow series, one per lane, and then the others.
    fn rows(&self) -> &[Row<F, Self::Key>];
    /// The cells.
    fn cells(&self) -> &[Cell<F>];
}

/// The tables in any memory that is a slice: arrays ([`Inline`]), boxes, or `&mut [T]` of the caller.
#[derive(Debug)]
pub struct Tables<F, K, L, Lanes, Shards, Buckets, Rows, Cells> {
    pool: Pool<L>,
    lanes: Lanes,
    shards: Shards,
    buckets: Buckets,
    rows: Rows,
    cells: Cells,
    types: PhantomData<fn(F, K)>,
}

/// The tables in arrays, for a `static`: one shard; a row for the overflow series of each lane and
/// for each series; `KEY` words of `usize` for each name, 12 bytes or more. Without rows they count
/// nothing, and take next to no room.
pub type Inline<F, L, const LANES: usize, const ROWS: usize, const CELLS: usize, const KEY: usize> =
    Tables<
        F,
        [usize; KEY],
        L,
        [(); LANES],
        [Shard<L>; 1],
        [Bucket; ROWS],
        [Row<F, [usize; KEY]>; ROWS],
        [Cell<F>; CELLS],
    >;

#[cfg(not(loom))]
impl<F, L, const LANES: usize, const ROWS: usize, const CELLS: usize, const KEY: usize>
    Inline<F, L, LANES, ROWS, CELLS, KEY>
where
    F: Family,
{
    /// Empty tables. All zero apart from the locks, so that a static of them lies in `.bss`.
    #[must_use]
    pub const fn inline(pool: L, shard: L) -> Self {
        const { assert_room_for_overflow::<[usize; KEY]>() };
        Self {
            pool: Pool::new(pool),
            lanes: [(); LANES],
            shards: [Shard::new(shard)],
            buckets: [const { Bucket::new() }; ROWS],
            rows: [const { Row::new() }; ROWS],
            cells: [const { Cell::new() }; CELLS],
            types: PhantomData,
        }
    }
}

impl<F, K, L, Lanes, Shards, Buckets, Rows, Cells>
    Tables<F, K, L, Lanes, Shards, Buckets, Rows, Cells>
where
    F: Family,
    K: KeyWords,
    L: Lock,
    Lanes: AsRef<[()]>,
    Shards: AsRef<[Shard<L>]>,
    Buckets: AsRef<[Bucket]>,
    Rows: AsRef<[Row<F, K>]>,
    Cells: AsRef<[Cell<F>]>,
{
    /// Tables in memory that the caller brings, all of it fresh; `lanes` has an element per lane, and
    /// the first rows are the lanes' overflow series.
    pub fn new(
        pool: L,
        lanes: Lanes,
        shards: Shards,
        buckets: Buckets,
        rows: Rows,
        cells: Cells,
    ) -> Self {
        const { assert_room_for_overflow::<K>() };
        Self {
            pool: Pool::new(pool),
            lanes,
            shards,
            buckets,
            rows,
            cells,
            types: PhantomData,
        }
    }
}

/// A name cut short would be some real series' name.
const fn assert_room_for_overflow<K>() {
    assert!(
        size_of::<K>() >= OVERFLOW.len(),
        "a key has room for the name of the overflow series"
    );
}

impl<F, K, L, Lanes, Shards, Buckets, Rows, Cells> Storage<F>
    for Tables<F, K, L, Lanes, Shards, Buckets, Rows, Cells>
where
    F: Family,
    K: KeyWords,
    L: Lock,
    Lanes: AsRef<[()]>,
    Shards: AsRef<[Shard<L>]>,
    Buckets: AsRef<[Bucket]>,
    Rows: AsRef<[Row<F, K>]>,
    Cells: AsRef<[Cell<F>]>,
{
    type Key = K;
    type Lock = L;

    #[inline]
    fn pool(&self) -> &Pool<L> {
        &self.pool
    }

    #[inline]
    fn shards(&self) -> &[Shard<L>] {
        self.shards.as_ref()
    }

    #[inline]
    fn buckets(&self) -> &[Bucket] {
        self.buckets.as_ref()
    }

    #[inline]
    fn lanes(&self) -> usize {
        self.lanes.as_ref().len()
    }

    #[inline]
    fn rows(&self) -> &[Row<F, K>] {
        self.rows.as_ref()
    }

    #[inline]
    fn cells(&self) -> &[Cell<F>] {
        self.cells.as_ref()
    }
}
