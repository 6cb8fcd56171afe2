//! Frames of one track, in order and each once, however often its reader connects anew.
//!
//! A relay gives a new reader what it has kept: groups from before, or all of a group of patches of which a
//! part was read. Rows in there may be of lives that are over and were counted, and must not count again.

use std::borrow::Cow;

use serde_json::Value;
use streamgauge_tokio::collect::FrameAt;

/// Numbers of groups from here on come from a clock that counts microseconds, and rise in all lives of a
/// node.
const CLOCKED: u64 = 1_000_000_000_000;

/// So many groups at most come again to a reader that connects anew.
const REPEATED: u64 = 1_000;

/// How far a track was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// The newest frame that was read, whenever that was: its group, and its place in that.
    pub(super) newest: Option<(u64, u64)>,
    /// The same as it is told, with numbers of its own.
    told: Option<FrameAt>,
    /// Patches can follow: the frame before was told in this stay.
    is_chained: bool,
    /// Anything was read in this stay.
    is_begun: bool,
    /// What frames that were read before come to, one after the other.
    again: Option<Value>,
}

impl Order {
    /// One that was read so far.
    pub(super) const fn after(newest: (u64, u64)) -> Self {
        Self {
            newest: Some(newest),
            told: None,
            is_chained: false,
            is_begun: false,
            again: None,
        }
    }

    /// The reader connects anew.
    pub(super) fn reconnect(&mut self) {
        self.is_chained = false;
        self.is_begun = false;
        self.again = None;
    }

    /// What is to be told of a frame, and at which place; nothing if nothing is new in it.
    pub(super) fn take<'a>(
        &mut self,
        at: FrameAt,
        payload: &'a [u8],
    ) -> Option<(FrameAt, Cow<'a, [u8]>)> {
        let (group, frame) = self
            .newest
            .filter(|newest| self.compares(*newest, at))
            .unwrap_or((0, 0));
        self.is_begun = true;
        if at.group < group {
            return None;
        }
        if at.group == group && at.frame <= frame {
            return self.repeated(at, payload);
        }
        let follows = at.group == group && at.frame == frame + 1 && self.is_chained;
        self.is_chained = follows || at.frame == 0;
        if !self.is_chained {
            return None;
        }
        self.newest = Some((at.group, at.frame));
        let told = if follows {
            self.next_patch()
        } else {
            self.next_whole(at.group)
        };
        Some((told, Cow::Borrowed(payload)))
    }

    /// Whether numbers are those of the ones before: a node may begin them anew, unless they come from a
    /// clock.
    const fn compares(&self, newest: (u64, u64), at: FrameAt) -> bool {
        let clocked = newest.0 >= CLOCKED && at.group.saturating_add(REPEATED) > newest.0;
        self.is_begun || clocked
    }

    /// A frame that was read before: the newest of them is told again, as what all of them come to.
    fn repeated<'a>(&mut self, at: FrameAt, payload: &'a [u8]) -> Option<(FrameAt, Cow<'a, [u8]>)> {
        if self.is_chained {
            return None;
        }
        let read = serde_json::from_slice(payload).ok();
        self.again = match (at.frame, self.again.take(), read) {
            (0, _, whole) => whole,
            (_, Some(mut state), Some(patch)) => {
                merge(&mut state, patch);
                Some(state)
            }
            _ => None,
        };
        if self.newest != Some((at.group, at.frame)) {
            return None;
        }
        let whole = serde_json::to_vec(&self.again.take()?).ok()?;
        self.is_chained = true;
        Some((self.next_whole(at.group), Cow::Owned(whole)))
    }

    fn next_whole(&mut self, group: u64) -> FrameAt {
        let after = self.told.map_or(0, |told| told.group.saturating_add(1));
        let told = FrameAt::first(group.max(after));
        self.told = Some(told);
        told
    }

    fn next_patch(&mut self) -> FrameAt {
        let mut told = self.told.unwrap_or(FrameAt::first(0));
        told.frame += 1;
        self.told = Some(told);
        told
    }
}

/// A merge patch (RFC 7396).
fn merge(state: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *state = patch;
        return;
    };
    if !state.is_object() {
        *state = Value::Object(serde_json::Map::new());
    }
    let Value::Object(state) = state else { return };
    for (name, value) in patch {
        if value.is_null() {
            state.remove(&name);
        } else {
            // No deeper than the parser went.
            merge(state.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: u64 = CLOCKED;

    fn take(order: &mut Order, group: u64, frame: u64, payload: &str) -> Option<(u64, String)> {
        let at = FrameAt {
            group: FROM + group,
            frame,
        };
        let (told, payload) = order.take(at, payload.as_bytes())?;
        Some((told.frame, String::from_utf8_lossy(&payload).into_owned()))
    }

    #[test]
    fn frames_go_through_in_order_and_each_once() {
        let mut order = Order::default();
        assert_eq!(take(&mut order, 5, 0, "{}"), Some((0, "{}".into())));
        assert_eq!(take(&mut order, 5, 1, "1"), Some((1, "1".into())));
        assert_eq!(take(&mut order, 5, 1, "1"), None);
        assert_eq!(take(&mut order, 4, 0, "{}"), None);
        assert_eq!(take(&mut order, 5, 3, "3"), None, "one is missing");
        assert_eq!(take(&mut order, 5, 4, "4"), None);
        assert_eq!(take(&mut order, 6, 0, "{}"), Some((0, "{}".into())));
    }

    #[test]
    fn what_was_read_comes_again_as_what_it_comes_to() {
        let mut order = Order::default();
        let frames = [
            r#"{"a":{"b":1},"c":{},"d":{}}"#,
            r#"{"c":null}"#,
            r#"{"a":{"b":2}}"#,
        ];
        for (frame, payload) in (0..).zip(frames) {
            assert_eq!(
                take(&mut order, 5, frame, payload),
                Some((frame, payload.into()))
            );
        }
        for again in [order.clone(), Order::after((FROM + 5, 2))] {
            let mut order = again;
            order.reconnect();
            assert_eq!(take(&mut order, 4, 0, "{}"), None);
            assert_eq!(take(&mut order, 5, 0, frames[0]), None);
            assert_eq!(take(&mut order, 5, 1, frames[1]), None);
            assert_eq!(
                take(&mut order, 5, 2, frames[2]),
                Some((0, r#"{"a":{"b":2},"d":{}}"#.into()))
            );
            assert_eq!(take(&mut order, 5, 3, "{}"), Some((1, "{}".into())));
        }
    }

    #[test]
    fn numbers_that_begin_anew_with_a_node_are_news() {
        let mut order = Order::default();
        let at = |group| FrameAt::first(group);
        assert!(order.take(at(50), b"{}").is_some());
        assert!(order.take(at(40), b"{}").is_none());
        order.reconnect();
        assert!(order.take(at(3), b"{}").is_some());
        assert!(order.take(at(2), b"{}").is_none());
    }
}
