//! Lists and chains that are threaded through tables.

use crate::track::Link;

/// A place in a list, in both directions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hook {
    before: Link,
    pub(super) after: Link,
}

impl Hook {
    pub(super) const NONE: Self = Self {
        before: Link::NONE,
        after: Link::NONE,
    };
}

/// Both ends of a list of slots. A slot is in a list once, by the hook that the caller names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    first: Link,
    last: Link,
}

impl Ends {
    pub(super) const NONE: Self = Self {
        first: Link::NONE,
        last: Link::NONE,
    };

    #[inline]
    pub(super) const fn first(self) -> Option<usize> {
        self.first.slot()
    }

    /// Appends a slot. O(1).
    #[inline]
    pub(super) fn push<T>(
        &mut self,
        slots: &mut [T],
        at: usize,
        hook: impl Fn(&mut T) -> &mut Hook,
    ) {
        let before = core::mem::replace(&mut self.last, Link::to(at));
        if let Some(slot) = slots.get_mut(at) {
            *hook(slot) = Hook {
                before,
                after: Link::NONE,
            };
        }
        match before.slot().and_then(|before| slots.get_mut(before)) {
            Some(before) => hook(before).after = Link::to(at),
            None => self.first = Link::to(at),
        }
    }

    /// Takes out a slot that is in the list. O(1).
    #[inline]
    pub(super) fn remove<T>(
        &mut self,
        slots: &mut [T],
        at: usize,
        hook: impl Fn(&mut T) -> &mut Hook,
    ) {
        let Some(slot) = slots.get_mut(at) else {
            return;
        };
        let Hook { before, after } = core::mem::take(hook(slot));
        match before.slot().and_then(|before| slots.get_mut(before)) {
            Some(before) => hook(before).after = after,
            None => self.first = after,
        }
        match after.slot().and_then(|after| slots.get_mut(after)) {
            Some(after) => hook(after).before = before,
            None => self.last = before,
        }
    }
}

/// A place in a list of what changed: leads to the next, and the last one to itself, so that it is nowhere
/// if the slot is not in the list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changed(Link);

impl Changed {
    pub(super) const NOT: Self = Self(Link::NONE);
}

/// The slots of a table that changed, in no order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changes {
    first: Link,
}

impl Changes {
    pub(super) const NONE: Self = Self { first: Link::NONE };

    pub(super) const fn is_empty(self) -> bool {
        self.first.slot().is_none()
    }

    /// Notes that a slot changed. O(1).
    #[inline]
    pub(super) fn note<T>(
        &mut self,
        slots: &mut [T],
        at: usize,
        hook: impl Fn(&mut T) -> &mut Changed,
    ) {
        let Some(hook) = slots.get_mut(at).map(hook) else {
            return;
        };
        if hook.0 == Link::NONE {
            let first = core::mem::replace(&mut self.first, Link::to(at));
            hook.0 = if first == Link::NONE {
                self.first
            } else {
                first
            };
        }
    }

    /// The slots that changed.
    pub(super) fn iter<'a, T>(
        self,
        slots: &'a [T],
        hook: impl Fn(&T) -> Changed + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        let after = move |at: &usize| {
            let next = hook(slots.get(*at)?).0.slot()?;
            (next != *at).then_some(next)
        };
        core::iter::successors(self.first.slot(), after)
    }

    /// Nothing changed.
    pub(super) fn clear<T>(&mut self, slots: &mut [T], hook: impl Fn(&mut T) -> &mut Changed) {
        let mut next = core::mem::take(&mut self.first).slot();
        while let Some((at, slot)) = next.and_then(|at| Some((at, slots.get_mut(at)?))) {
            let after = core::mem::take(hook(slot)).0.slot();
            next = after.filter(|after| *after != at);
        }
    }
}

/// The bucket of a hash.
#[allow(
    clippy::cast_possible_truncation,
    reason = "below the number of buckets"
)]
#[inline]
fn bucket(hash: u32, buckets: usize) -> usize {
    ((u64::from(hash) * buckets as u64) >> u32::BITS) as usize
}

/// The slot in the hash's chain that is the one; `next` leads along the chain.
#[inline]
pub(super) fn find<T>(
    buckets: &[Link],
    slots: &[T],
    hash: u32,
    next: impl Fn(&T) -> Link,
    is: impl Fn(&T) -> bool,
) -> Option<usize> {
    let mut link = *buckets.get(bucket(hash, buckets.len()))?;
    while let Some(at) = link.slot() {
        let slot = slots.get(at)?;
        if is(slot) {
            return Some(at);
        }
        link = next(slot);
    }
    None
}

/// Puts a slot at the head of the hash's chain.
pub(super) fn index<T>(
    buckets: &mut [Link],
    slots: &mut [T],
    hash: u32,
    at: usize,
    chain: impl Fn(&mut T) -> &mut Link,
) {
    let bucket = bucket(hash, buckets.len());
    if let Some((head, slot)) = buckets.get_mut(bucket).zip(slots.get_mut(at)) {
        *chain(slot) = core::mem::replace(head, Link::to(at));
    }
}

/// Takes a slot out of the hash's chain.
pub(super) fn unindex<T>(
    buckets: &mut [Link],
    slots: &mut [T],
    hash: u32,
    at: usize,
    chain: impl Fn(&mut T) -> &mut Link,
) {
    let bucket = bucket(hash, buckets.len());
    let Some((head, slot)) = buckets.get_mut(bucket).zip(slots.get_mut(at)) else {
        return;
    };
    let after = core::mem::take(chain(slot));
    if *head == Link::to(at) {
        *head = after;
        return;
    }
    let mut link = *head;
    while let Some(slot) = link.slot().and_then(|at| slots.get_mut(at)) {
        if *chain(slot) == Link::to(at) {
            *chain(slot) = after;
            return;
        }
        link = *chain(slot);
    }
}

/// The slots of a table that are free: those handed back, by their chains, and those never used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Free {
    head: Link,
    fresh: usize,
    pub(super) used: usize,
}

impl Free {
    pub(super) const ALL: Self = Self {
        head: Link::NONE,
        fresh: 0,
        used: 0,
    };

    /// Takes a slot.
    pub(super) fn take<T>(
        &mut self,
        slots: &mut [T],
        chain: impl Fn(&mut T) -> &mut Link,
    ) -> Option<usize> {
        let at = match self.head.slot() {
            Some(at) => {
                self.head = core::mem::take(chain(slots.get_mut(at)?));
                at
            }
            None if self.fresh < slots.len().min(crate::sync::MAX_IDS) => {
                self.fresh += 1;
                self.fresh - 1
            }
            None => return None,
        };
        self.used += 1;
        Some(at)
    }

    /// Puts a slot back that is in no chain.
    pub(super) fn put<T>(
        &mut self,
        slots: &mut [T],
        at: usize,
        chain: impl Fn(&mut T) -> &mut Link,
    ) {
        if let Some(slot) = slots.get_mut(at) {
            *chain(slot) = core::mem::replace(&mut self.head, Link::to(at));
            self.used -= 1;
        }
    }
}
