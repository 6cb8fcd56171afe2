//! The frames of levels, as JSON: one small object for each level, tier and role.

use super::{
    LevelId, Rollup, RollupBooks, Rollups,
    level::{ANNOUNCED, LevelRow, LevelSum},
};
use crate::{
    encode::{Out, Window, json, number::number},
    feed::Chunk,
    key::KeyWords,
    label::{Role, Tier},
    node::Names,
};

/// A track of a level's broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LevelTrack {
    /// The level.
    pub level: LevelId,
    /// The tier.
    pub tier: Tier,
    /// The role.
    pub role: Role,
}

impl LevelTrack {
    /// The track's place among those of its level's broadcast, as among the node's: its name there is that of
    /// [`TrackId::Traffic`](crate::TrackId::Traffic).
    #[must_use]
    pub const fn lane(&self) -> usize {
        self.tier.index() * Role::ALL.len() + self.role as usize
    }
}

impl<B: RollupBooks> Rollups<B> {
    /// The track whose frame is next: of an announced level, and not yet accepted as it is.
    pub fn poll_track(&mut self) -> Option<LevelTrack> {
        while let Some(place) = self.next_place() {
            if self.owes(place) {
                return self.track(place);
            }
            self.place += 1;
        }
        None
    }

    /// Writes the next piece of the frame of [`poll_track`](Self::poll_track)'s track into `buf`:
    /// `{"v":1,"level":"demo","tier":"external","role":"publisher","node":"sjc/1","ts_ms":2,..}`, the counters,
    /// and `since`, when this life of the level began. A node without a name is left out.
    pub fn poll_frame<N: Names + ?Sized>(
        &mut self,
        names: &N,
        node: &str,
        buf: &mut [u8],
    ) -> Chunk {
        let mut out = Window::new(buf, self.sent);
        if let Some(frame) = self.frame() {
            frame.write(&mut out, names, node);
        }
        let chunk = Chunk {
            len: out.written(),
            end: out.is_complete(),
        };
        self.sent += chunk.len;
        chunk
    }

    /// Notes that the sink accepted the whole frame, and goes on to the next.
    pub fn accept(&mut self) {
        if let Some(sum) = self.books.split().sums.get_mut(self.place) {
            sum.told = true;
        }
        self.advance();
    }

    /// Notes that the sink refused the frame, or part of it, and goes on to the next: the frame comes again
    /// after the next [`take_in`](Self::take_in).
    pub fn refuse(&mut self) {
        self.advance();
    }

    /// Begins the frame again: the next piece is its first.
    pub fn restart(&mut self) {
        self.sent = 0;
    }

    fn advance(&mut self) {
        self.place = self.place.saturating_add(1);
        self.sent = 0;
    }

    /// The place of the next track, if there is one.
    fn next_place(&self) -> Option<usize> {
        (self.place < self.used * self.lanes).then_some(self.place)
    }

    fn owes(&self, place: usize) -> bool {
        let level = place.checked_div(self.lanes);
        let level = level.and_then(|level| self.books.levels().get(level));
        let sum = self.books.sums().get(place);
        level.is_some_and(|level| level.flags & ANNOUNCED != 0) && sum.is_some_and(|sum| !sum.told)
    }

    fn track(&self, place: usize) -> Option<LevelTrack> {
        let level = place.checked_div(self.lanes)?;
        let lane = place - level * self.lanes;
        Some(LevelTrack {
            level: LevelId(level),
            tier: Tier::from_index(lane / Role::ALL.len())?,
            role: *Role::ALL.get(lane % Role::ALL.len())?,
        })
    }

    fn frame(&self) -> Option<Frame<'_, B::Key>> {
        let track = self.track(self.place)?;
        Some(Frame {
            level: self.books.levels().get(track.level.0)?,
            sum: self.books.sums().get(self.place)?,
            track,
            ts_ms: self.stamp,
        })
    }
}

/// What one frame tells.
struct Frame<'a, K: KeyWords> {
    level: &'a LevelRow<K>,
    sum: &'a LevelSum,
    track: LevelTrack,
    ts_ms: u64,
}

impl<K: KeyWords> Frame<'_, K> {
    fn write(&self, out: &mut impl Out, names: &(impl Names + ?Sized), node: &str) {
        const NAMES: [&str; Rollup::COUNT] = [
            ",\"broadcasts\":",
            ",\"broadcasts_closed\":",
            ",\"subscriptions\":",
            ",\"subscriptions_closed\":",
            ",\"bytes\":",
            ",\"frames\":",
            ",\"groups\":",
        ];
        self.write_head(out, names, node);
        for (name, word) in NAMES.iter().zip(&self.sum.words) {
            put_field(out, name, *word);
        }
        put_field(out, ",\"since\":", self.level.since);
        out.put(b"}");
    }

    fn write_head(&self, out: &mut impl Out, names: &(impl Names + ?Sized), node: &str) {
        out.put(b"{\"v\":1,\"level\":\"");
        json::key(out, &self.level.key);
        out.put(b"\",\"tier\":\"");
        json::text(out, tier_name(self.track.tier, names).as_bytes());
        out.put(b"\",\"role\":\"");
        out.put(self.track.role.as_str().as_bytes());
        if !node.is_empty() {
            out.put(b"\",\"node\":\"");
            json::text(out, node.as_bytes());
        }
        put_field(out, "\",\"ts_ms\":", self.ts_ms);
    }
}

fn put_field(out: &mut impl Out, name: &str, value: u64) {
    out.put(name.as_bytes());
    number(out, value);
}

/// A tier's name in frames of levels, where the external tier has one too.
fn tier_name(tier: Tier, names: &(impl Names + ?Sized)) -> &str {
    match tier {
        Tier::External => "external",
        _ => names.tier(tier),
    }
}
