//! What is evicted, and when.

use crate::time::Duration;

/// When a track evicts groups: the oldest arrival first, the newest group (the one with the highest
/// sequence) never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    age: Duration,
    groups: usize,
    bytes: usize,
}

impl Policy {
    /// Groups stay for 30 seconds, and as many of them as there is room for.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            age: Duration::from_secs(30),
            groups: usize::MAX,
            bytes: usize::MAX,
        }
    }

    /// No group stays.
    pub(super) const NOTHING: Self = Self {
        age: Duration::from_micros(0),
        groups: 0,
        bytes: 0,
    };

    /// How long a group stays after it was created.
    #[must_use]
    pub const fn with_max_age(mut self, max_age: Duration) -> Self {
        self.age = max_age;
        self
    }

    /// How many groups stay; none can be created if it is zero.
    #[must_use]
    pub const fn with_max_groups(mut self, max_groups: usize) -> Self {
        self.groups = max_groups;
        self
    }

    /// How many bytes of payload are cached, at the most and at any time: a write evicts what it needs,
    /// and is refused if the newest group and its own leave too little.
    #[must_use]
    pub const fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.bytes = max_bytes;
        self
    }

    /// How long a group stays after it was created.
    #[must_use]
    pub const fn max_age(&self) -> Duration {
        self.age
    }

    /// How many groups stay.
    #[must_use]
    pub const fn max_groups(&self) -> usize {
        self.groups
    }

    /// How many bytes of payload are cached at the most.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.bytes
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
