//! Labels besides the series' own name: those of the whole exposition, and those of a lane.

use core::fmt;

use crate::{
    label::{Role, Tier},
    node::Names,
};

/// Labels that every sample carries, such as the node's name.
///
/// Where a family has a label of the same name, the family's own stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a>(&'a [(&'a str, &'a str)]);

impl<'a> Labels<'a> {
    pub(crate) const NONE: Self = Self(&[]);

    /// Takes pairs of name and value. Values may be any text.
    ///
    /// # Errors
    /// When a name is not of `[a-zA-Z][a-zA-Z0-9_]*`, is `le` or `quantile`, or is there twice.
    pub fn new(pairs: &'a [(&'a str, &'a str)]) -> Result<Self, LabelError<'a>> {
        for (place, (name, _)) in pairs.iter().enumerate() {
            let before = pairs.get(..place).unwrap_or_default();
            if !is_name(name) {
                return Err(LabelError::Malformed(name));
            }
            if matches!(*name, "le" | "quantile") {
                return Err(LabelError::Reserved(name));
            }
            if before.iter().any(|(other, _)| other == name) {
                return Err(LabelError::Twice(name));
            }
        }
        Ok(Self(pairs))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.0.iter().copied()
    }
}

/// Names that begin with an underscore are the formats' own.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(plain)
}

/// Why labels were refused; each has the name at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelError<'a> {
    /// The name is not of `[a-zA-Z][a-zA-Z0-9_]*`.
    Malformed(&'a str),
    /// The formats give the name a meaning of its own.
    Reserved(&'a str),
    /// The name was given twice.
    Twice(&'a str),
}

impl fmt::Display for LabelError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(name) => write!(
                f,
                "the label name {name:?} is not a letter followed by letters, digits and underscores"
            ),
            Self::Reserved(name) => write!(
                f,
                "the label name {name:?} has a meaning of its own in metrics; choose another"
            ),
            Self::Twice(name) => write!(f, "the label {name:?} was given twice"),
        }
    }
}

impl core::error::Error for LabelError<'_> {}

/// The labels that tell the lanes of a family apart.
pub trait LaneLabels {
    /// The name and the value, in two pieces that follow each other, of a lane's label at this place,
    /// counted from zero; nothing past its last.
    fn label(&self, lane: usize, place: usize) -> Option<(&str, [&str; 2])>;
}

/// A family with a single lane has none.
impl LaneLabels for () {
    fn label(&self, _lane: usize, _place: usize) -> Option<(&str, [&str; 2])> {
        None
    }
}

/// A lane per tier, as in the presence family: `tier="external"`.
///
/// A tier that was given the name `external` gets one more underscore in front.
#[derive(Debug)]
pub struct ByTier<'a, N: ?Sized>(pub &'a N);

impl<N: Names + ?Sized> LaneLabels for ByTier<'_, N> {
    fn label(&self, lane: usize, place: usize) -> Option<(&str, [&str; 2])> {
        let tier = Tier::from_index(lane)?;
        (place == 0).then(|| ("tier", tier_value(tier, self.0)))
    }
}

/// A lane per tier and role, as in the traffic family: `tier="external",role="publisher"`.
#[derive(Debug)]
pub struct ByTierAndRole<'a, N: ?Sized>(pub &'a N);

impl<N: Names + ?Sized> LaneLabels for ByTierAndRole<'_, N> {
    fn label(&self, lane: usize, place: usize) -> Option<(&str, [&str; 2])> {
        let role = Role::ALL.get(lane % Role::ALL.len())?;
        match place {
            0 => {
                let tier = Tier::from_index(lane / Role::ALL.len())?;
                Some(("tier", tier_value(tier, self.0)))
            }
            1 => Some(("role", ["", role.as_str()])),
            _ => None,
        }
    }
}

/// The external tier has no name in the names of tracks, but an empty label would be none.
const EXTERNAL: &str = "external";

fn tier_value<N: Names + ?Sized>(tier: Tier, names: &N) -> [&str; 2] {
    match names.tier(tier) {
        _ if tier == Tier::External => ["", EXTERNAL],
        name if name.trim_start_matches('_') == EXTERNAL => ["_", name],
        name => ["", name],
    }
}
