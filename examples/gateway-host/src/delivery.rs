//! What subscribers are to get, and whether they get it.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;

/// What was sent and has not arrived, by subscription.
#[derive(Debug, Default)]
pub struct Delivery {
    due: BTreeMap<u8, VecDeque<Item>>,
    frames: u64,
    bytes: u64,
}

#[derive(Debug)]
enum Item {
    Group(u32),
    Frame(Bytes),
}

impl Delivery {
    /// A subscriber is to get a group.
    pub fn expect_group(&mut self, subscription: u8, sequence: u32) {
        self.expect(subscription, Item::Group(sequence));
    }

    /// A subscriber is to get a frame.
    pub fn expect_frame(&mut self, subscription: u8, payload: Bytes) {
        self.expect(subscription, Item::Frame(payload));
    }

    fn expect(&mut self, subscription: u8, item: Item) {
        self.due.entry(subscription).or_default().push_back(item);
    }

    /// A subscriber got a group.
    ///
    /// # Errors
    ///
    /// When it is not the next thing that it was to get.
    pub fn group(&mut self, subscription: u8, sequence: u32) -> Result<()> {
        let due = self.next(subscription)?;
        let right = matches!(due, Item::Group(due) if due == sequence);
        ensure!(
            right,
            "subscription {subscription}: group {sequence} came instead of {due:?}"
        );
        Ok(())
    }

    /// A subscriber got a frame.
    ///
    /// # Errors
    ///
    /// When it is not the next thing that it was to get, byte for byte.
    pub fn frame(&mut self, subscription: u8, payload: &[u8]) -> Result<()> {
        let due = self.next(subscription)?;
        let right = matches!(&due, Item::Frame(due) if due == payload);
        ensure!(
            right,
            "subscription {subscription}: {payload:?} came instead of {due:?}"
        );
        self.frames += 1;
        self.bytes += payload.len() as u64;
        Ok(())
    }

    fn next(&mut self, subscription: u8) -> Result<Item> {
        let due = self.due.get_mut(&subscription);
        due.and_then(VecDeque::pop_front)
            .with_context(|| format!("subscription {subscription} got something that nobody sent"))
    }

    /// Things that have not arrived.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.due.values().map(VecDeque::len).sum()
    }

    /// Frames that arrived, and their bytes.
    #[must_use]
    pub const fn arrived(&self) -> (u64, u64) {
        (self.frames, self.bytes)
    }
}
