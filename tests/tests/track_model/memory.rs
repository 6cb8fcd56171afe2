//! Which sequences were evicted: all of them, and what a cache with room for a few stretches takes for
//! evicted besides.

use std::collections::BTreeSet;

/// The sequences that cannot come (again).
#[derive(Debug)]
pub(crate) struct Memory {
    /// The truth.
    evicted: BTreeSet<u64>,
    /// What is taken for evicted: stretches, first and last.
    stretches: Vec<(u64, u64)>,
    /// How many stretches there is room for.
    most: usize,
}

impl Memory {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            evicted: BTreeSet::new(),
            stretches: Vec::new(),
            most,
        }
    }

    pub(crate) fn contains(&self, sequence: u64) -> bool {
        let taken = self
            .stretches
            .iter()
            .any(|&(first, last)| first <= sequence && sequence <= last);
        assert!(taken || !self.evicted.contains(&sequence));
        taken
    }

    /// Notes an eviction. Where there are too many stretches, the lowest two become one; says whether
    /// they did.
    pub(crate) fn insert(&mut self, sequence: u64) -> bool {
        assert!(self.evicted.insert(sequence), "{sequence} evicted twice");
        self.stretches.push((sequence, sequence));
        self.stretches.sort_unstable();
        while let Some(at) = self.touching() {
            self.join(at);
        }
        let too_many = self.stretches.len() > self.most;
        if too_many {
            self.join(0);
        }
        too_many
    }

    /// The first stretch with nothing between it and the next.
    fn touching(&self) -> Option<usize> {
        let touches = |pair: &[(u64, u64)]| pair[0].1 >= pair[1].0.saturating_sub(1);
        self.stretches.windows(2).position(touches)
    }

    fn join(&mut self, at: usize) {
        let (_, last) = self.stretches.remove(at + 1);
        self.stretches[at].1 = self.stretches[at].1.max(last);
    }
}
