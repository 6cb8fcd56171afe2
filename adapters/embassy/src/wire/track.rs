//! Tracks as numbers that mean the same at both ends, whatever tiers a node has.

use streamgauge_core::{Role, Tier, TrackId};

/// Tracks of one tier.
pub(crate) const PER_TIER: usize = 3;

/// The number of a track in packets; see the [module](crate::wire).
#[must_use]
pub fn track_number(track: TrackId) -> u8 {
    let number = match track {
        TrackId::Node => 0,
        TrackId::Traffic(tier, Role::Publisher) => 1 + PER_TIER * tier.index(),
        TrackId::Traffic(tier, Role::Subscriber) => 2 + PER_TIER * tier.index(),
        TrackId::Sessions(tier) => 3 + PER_TIER * tier.index(),
    };
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// The track of a number in packets; nothing if there is no such track.
#[must_use]
pub fn track_id(number: u8) -> Option<TrackId> {
    let Some(place) = usize::from(number).checked_sub(1) else {
        return Some(TrackId::Node);
    };
    let tier = Tier::from_index(place / PER_TIER)?;
    Some(match place % PER_TIER {
        0 => TrackId::Traffic(tier, Role::Publisher),
        1 => TrackId::Traffic(tier, Role::Subscriber),
        _ => TrackId::Sessions(tier),
    })
}
