//! The atomics that every shared table is made of, and the lock that guards them.

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
#[cfg(not(loom))]
pub use portable_atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// How rows and cells are counted: 16 bits where memory is dear, which is room for 65,000 of each.
#[cfg(target_pointer_width = "64")]
pub type Id = u32;
/// How rows and cells are counted: 16 bits where memory is dear, which is room for 65,000 of each.
#[cfg(not(target_pointer_width = "64"))]
pub type Id = u16;

#[cfg(target_pointer_width = "64")]
type AtomicId = AtomicU32;
#[cfg(all(not(target_pointer_width = "64"), not(loom)))]
type AtomicId = portable_atomic::AtomicU16;
#[cfg(all(not(target_pointer_width = "64"), loom))]
type AtomicId = loom::sync::atomic::AtomicU16;

/// The most rows or cells that one table has: ids are kept plus one, behind those of 256 lanes, and the
/// last few stand for something else.
pub(crate) const MAX_IDS: usize = Id::MAX as usize - 260;

/// The id as tables keep it.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "no id is above `MAX_IDS`")]
pub(crate) const fn narrow(id: u32) -> Id {
    id as Id
}

/// The id as everybody else names it.
#[inline]
#[allow(clippy::unnecessary_cast, reason = "of another width elsewhere")]
pub(crate) const fn widen(id: Id) -> u32 {
    id as u32
}

/// A mutual exclusion that the adapter brings: a mutex on hosts, a critical section on a
/// microcontroller.
///
/// The tables are atomics, so the lock hands out no data and needs no `unsafe`. It is held for tens
/// of instructions; `f` never blocks, never panics, and never takes the same lock again.
pub trait Lock {
    /// Runs `f` while no other caller of this lock's `with` runs.
    fn with<T>(&self, f: impl FnOnce() -> T) -> T;
}

/// A `const fn`, except under loom, whose atomics cannot be built in a constant.
macro_rules! const_fn {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        #[cfg(not(loom))]
        $(#[$meta])* #[must_use] $vis const fn $name($($arg: $ty),*) -> $ret $body
        #[cfg(loom)]
        $(#[$meta])* #[must_use] $vis fn $name($($arg: $ty),*) -> $ret $body
    };
}
pub(crate) use const_fn;

/// An array of plain words, zero at first.
pub trait PlainWords:
    Copy + core::fmt::Debug + AsRef<[usize]> + AsMut<[usize]> + Send + Sync + 'static
{
    /// All words zero.
    const ZERO: Self;
}

impl<const N: usize> PlainWords for [usize; N] {
    const ZERO: Self = [0; N];
}

/// An array of atomic words, zero at first.
pub trait AtomicWords: Send + Sync + 'static {
    /// How many there are.
    const COUNT: usize;

    /// All words zero.
    #[cfg(not(loom))]
    #[allow(
        clippy::declare_interior_mutable_const,
        reason = "an initialiser, never borrowed"
    )]
    const ZERO: Self;

    /// All words zero.
    #[cfg(loom)]
    fn zero() -> Self;

    /// The words in order.
    fn words(&self) -> &[AtomicUsize];
}

impl<const N: usize> AtomicWords for [AtomicUsize; N] {
    const COUNT: usize = N;

    #[cfg(not(loom))]
    const ZERO: Self = [const { AtomicUsize::new(0) }; N];

    #[cfg(loom)]
    fn zero() -> Self {
        core::array::from_fn(|_| AtomicUsize::new(0))
    }

    #[inline]
    fn words(&self) -> &[AtomicUsize] {
        self
    }
}

/// The zero of an [`AtomicWords`] type, constant where it can be.
macro_rules! zero_words {
    ($ty:ty) => {{
        #[cfg(not(loom))]
        {
            <$ty as $crate::sync::AtomicWords>::ZERO
        }
        #[cfg(loom)]
        {
            <$ty as $crate::sync::AtomicWords>::zero()
        }
    }};
}
pub(crate) use zero_words;

/// A number changed only under a lock. Shared tables are made of atomics so that no `unsafe` is
/// needed; the lock orders the accesses, so every one of them is relaxed.
#[derive(Debug)]
pub(crate) struct Guarded(AtomicU32);

impl Guarded {
    const_fn! {
        pub(crate) fn zero() -> Self {
            Self(AtomicU32::new(0))
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn set(&self, value: u32) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds one and returns the value before.
    #[inline]
    pub(crate) fn increment(&self) -> u32 {
        let before = self.get();
        self.set(before.wrapping_add(1));
        before
    }

    /// Takes one off and returns the value after.
    #[inline]
    pub(crate) fn decrement(&self) -> u32 {
        let after = self.get().wrapping_sub(1);
        self.set(after);
        after
    }

    /// Returns the value and sets it to zero.
    pub(crate) fn take(&self) -> u32 {
        let value = self.get();
        if value != 0 {
            self.set(0);
        }
        value
    }

    /// Sets the value for a reader that holds another lock and calls [`observe`](Self::observe).
    #[inline]
    pub(crate) fn publish(&self, value: u32) {
        self.0.store(value, Ordering::Release);
    }

    /// Reads the value, and with it all that was written before it was published.
    #[inline]
    pub(crate) fn observe(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// The id of a row or a cell, or nothing: zero stands for nothing, so that an all-zero table is an
/// empty one and a static lands in `.bss`.
#[derive(Debug)]
pub(crate) struct Link(AtomicId);

impl Link {
    const_fn! {
        pub(crate) fn none() -> Self {
            Self(AtomicId::new(0))
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<u32> {
        widen(self.0.load(Ordering::Relaxed)).checked_sub(1)
    }

    #[inline]
    pub(crate) fn set(&self, id: Option<u32>) {
        let id = id.map_or(0, |id| narrow(id + 1));
        self.0.store(id, Ordering::Relaxed);
    }

    /// Leads to where `other` leads.
    #[inline]
    pub(crate) fn follow(&self, other: &Self) {
        let id = other.0.load(Ordering::Relaxed);
        self.0.store(id, Ordering::Relaxed);
    }

    /// Sets the id for a reader that holds no lock and calls [`observe`](Self::observe).
    #[inline]
    pub(crate) fn publish(&self, id: u32) {
        self.0.store(narrow(id + 1), Ordering::Release);
    }

    /// Reads the id, and with it all that was written before it was published.
    #[inline]
    pub(crate) fn observe(&self) -> Option<u32> {
        widen(self.0.load(Ordering::Acquire)).checked_sub(1)
    }

    #[inline]
    pub(crate) fn take(&self) -> Option<u32> {
        let id = self.get();
        self.set(None);
        id
    }
}

/// Adds to a word that only the caller writes: a load and a store, never a read-modify-write.
#[inline]
pub(crate) fn add(word: &AtomicUsize, n: usize) {
    let value = word.load(Ordering::Relaxed);
    word.store(value.wrapping_add(n), Ordering::Relaxed);
}

/// Reads a word and sets it to zero; the caller holds the lock that guards it.
pub(crate) fn take(word: &AtomicUsize) -> usize {
    let value = word.load(Ordering::Relaxed);
    if value != 0 {
        word.store(0, Ordering::Relaxed);
    }
    value
}
