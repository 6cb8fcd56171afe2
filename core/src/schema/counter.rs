//! What guards count with: a family's words as constants.

use core::marker::PhantomData;

use super::{Family, Source, same};

/// A word of family `F` that guards bump, by its slot in the cell.
#[derive(Debug)]
pub struct Counter<F> {
    slot: usize,
    family: PhantomData<fn(F)>,
}

impl<F> Clone for Counter<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Counter<F> {}

impl<F: Family> Counter<F> {
    /// The counter called `name`. Meant for constants, where a wrong name fails to compile.
    ///
    /// # Panics
    /// When the family has no such counter.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let mut i = 0;
        while i < F::WORDS.len() {
            let word = &F::WORDS[i];
            if let Source::Bump(slot) = word.source
                && same(word.name, name)
            {
                return Self {
                    slot,
                    family: PhantomData,
                };
            }
            i += 1;
        }
        panic!("the family has no counter of this name");
    }

    #[inline]
    pub(crate) const fn slot(self) -> usize {
        self.slot
    }
}

/// A pair of family `F` that counts activities, by its slots in the row.
#[derive(Debug)]
pub struct Pair<F> {
    begun: usize,
    ended: usize,
    family: PhantomData<fn(F)>,
}

impl<F> Clone for Pair<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Pair<F> {}

impl<F: Family> Pair<F> {
    /// The pair whose opening word is called `name`. Meant for constants, where a wrong name fails to
    /// compile.
    ///
    /// # Panics
    /// When the family has no such pair, or it counts an event.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let mut i = 0;
        while i + 1 < F::WORDS.len() {
            let (word, next) = (&F::WORDS[i], &F::WORDS[i + 1]);
            if let (Source::Begun(begun), Source::Ended(ended)) = (word.source, next.source)
                && same(word.name, name)
            {
                return Self {
                    begun,
                    ended,
                    family: PhantomData,
                };
            }
            i += 1;
        }
        panic!("the family has no pair of activities of this name");
    }

    pub(crate) const fn begun(self) -> usize {
        self.begun
    }

    pub(crate) const fn ended(self) -> usize {
        self.ended
    }
}
