//! A sample that is of no series.

use super::{
    decimal::decimal,
    exposition::Item,
    line::{Kind, Stem, Tail, end_of_labels},
};
use crate::encode::Out;

/// One sample, told by its labels alone.
pub(crate) struct Lone<'a> {
    pub(crate) stem: Stem<'a>,
    pub(crate) kind: Kind,
    pub(crate) tail: Tail,
    pub(crate) n: u64,
    /// Decimals of its number.
    pub(crate) places: u8,
    /// When it began, in milliseconds since the Unix epoch.
    pub(crate) since: u64,
}

impl Item for Lone<'_> {
    fn write(&self, out: &mut impl Out) {
        let end = end_of_labels(self.stem.is_bare());
        self.stem.write(self.kind.suffix(), out);
        out.put(end);
        decimal(out, self.n, self.places);
        match self.tail {
            Tail::None => {}
            Tail::Created => {
                out.put(b"\n");
                self.stem.write("_created", out);
                out.put(end);
                decimal(out, self.since, 3);
            }
            Tail::Start => {
                out.put(b" st@");
                decimal(out, self.since, 3);
            }
        }
        out.put(b"\n");
    }

    fn longest(&self) -> usize {
        2 * (self.stem.longest() + SLACK)
    }
}

/// Room for a name's ending, a number and a moment, with what stands around them.
const SLACK: usize = 96;
