//! What was counted, by whoever counted it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, AddAssign};

use moq_net::stats::{Registry, Role as TheirRole};
use serde::Deserialize;
use streamgauge_core::Role;

/// Payload that passed somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Groups.
    pub groups: u64,
    /// Frames.
    pub frames: u64,
    /// Bytes of payload.
    pub bytes: u64,
}

impl Volume {
    /// Counts a frame of so many bytes.
    pub fn frame(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u64;
    }
}

impl Add for Volume {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            groups: self.groups + other.groups,
            frames: self.frames + other.frames,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl AddAssign for Volume {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            groups,
            frames,
            bytes,
        } = self;
        write!(f, "{bytes} bytes, {frames} frames, {groups} groups")
    }
}

/// One broadcast in one frame of a stats track.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Row {
    /// Times it was announced.
    pub announced: u64,
    /// Times an announcement ended.
    pub announced_closed: u64,
    /// Sessions that began to watch.
    pub viewers: u64,
    /// Sessions that no longer do.
    pub viewers_closed: u64,
    /// Subscriptions opened.
    pub subscriptions: u64,
    /// Subscriptions ended.
    pub subscriptions_closed: u64,
    /// Groups carried.
    pub groups: u64,
    /// Frames carried.
    pub frames: u64,
    /// Bytes of payload carried.
    pub bytes: u64,
}

impl Row {
    /// Sessions that watch now.
    pub const fn watching(&self) -> u64 {
        self.viewers.saturating_sub(self.viewers_closed)
    }

    /// The payload alone.
    pub const fn volume(&self) -> Volume {
        Volume {
            groups: self.groups,
            frames: self.frames,
            bytes: self.bytes,
        }
    }
}

/// One frame of a stats track, by broadcast path.
pub type Rows = BTreeMap<String, Row>;

/// Reads a frame of a stats track.
///
/// # Errors
///
/// When it is not what streamgauge publishes.
pub fn rows(payload: &[u8]) -> Result<Rows, serde_json::Error> {
    serde_json::from_slice(payload)
}

/// The name of the track with the external tier's traffic in this role.
pub const fn track(role: Role) -> &'static str {
    match role {
        Role::Publisher => "publisher.json",
        Role::Subscriber => "subscriber.json",
    }
}

/// What moq-net's registry counted in this role, over all broadcasts.
pub fn registry(registry: &Registry, role: Role) -> Volume {
    let wanted = match role {
        Role::Publisher => TheirRole::Publisher,
        Role::Subscriber => TheirRole::Subscriber,
    };
    let traffic = registry.snapshot().traffic();
    let of_role = traffic.into_iter().filter(|(_, role, _)| *role == wanted);
    of_role.fold(Volume::default(), |sum, (_, _, traffic)| {
        sum + Volume {
            groups: traffic.groups,
            frames: traffic.frames,
            bytes: traffic.bytes,
        }
    })
}
