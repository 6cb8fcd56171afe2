//! What a fleet keeps, as bytes: records, one after the other, in [postcard](https://docs.rs/postcard). A later
//! one takes the place of one before that is of the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use streamgauge_core::{Family, Key, KeyWords, Presence, Traffic};
use streamgauge_tokio::KEY_BYTES;
use streamgauge_tokio::collect::{Kept, KeptAt, KeptChange};

use super::sides::Side;

/// One thing that is kept; nothing in the place of what is gone.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub(super) enum Record<N> {
    /// The fleet's epoch, and its tiers.
    Fleet(u64, Vec<String>),
    Traffic(KeptAt, Option<Kept<Traffic, N>>),
    Presence(KeptAt, Option<Kept<Presence, N>>),
    Broadcast(SideAt, Option<SavedSide<Traffic>>),
    Root(SideAt, Option<SavedSide<Presence>>),
}

/// A row, by its lane and name.
pub(super) type SideAt = (usize, Arc<str>);

/// What is known of a row beside its totals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedSide<F> {
    since: u64,
    moved_ms: u64,
    total: F,
    told: F,
}

impl<F: Family> SavedSide<F> {
    pub(super) const fn of(side: &Side<F>) -> Self {
        Self {
            since: side.since,
            moved_ms: side.moved_ms,
            total: side.total,
            told: side.told,
        }
    }

    pub(super) fn restored(&self) -> Side<F> {
        let mut side = Side::new(self.since);
        side.moved_ms = self.moved_ms;
        side.total = self.total;
        side.told = self.told;
        side
    }
}

/// A name, written as text.
pub(super) struct Text<'a, K>(&'a Key<K>);

impl<K: KeyWords> Serialize for Text<'_, K> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut buf = [0; KEY_BYTES];
        to.serialize_str(self.0.to_str(&mut buf).unwrap_or_default())
    }
}

/// Records on their way to a file.
#[derive(Debug, Default)]
pub(super) struct Records(Vec<u8>);

impl Records {
    pub(super) fn fleet(&mut self, epoch: u64, tiers: &[String]) {
        self.push(&Record::<&str>::Fleet(epoch, tiers.to_vec()));
    }

    pub(super) fn traffic<'a, K: KeyWords + 'a>(
        &mut self,
        all: impl Iterator<Item = KeptChange<Traffic, &'a Key<K>>>,
    ) {
        for (at, kept) in all {
            self.push(&Record::Traffic(at, kept.map(text)));
        }
    }

    pub(super) fn presence<'a, K: KeyWords + 'a>(
        &mut self,
        all: impl Iterator<Item = KeptChange<Presence, &'a Key<K>>>,
    ) {
        for (at, kept) in all {
            self.push(&Record::Presence(at, kept.map(text)));
        }
    }

    pub(super) fn broadcasts<'a>(&mut self, all: impl Iterator<Item = SideOf<'a, Traffic>>) {
        for (lane, name, side) in all {
            let at = (lane, Arc::clone(name));
            self.push(&Record::<&str>::Broadcast(at, side.map(SavedSide::of)));
        }
    }

    pub(super) fn roots<'a>(&mut self, all: impl Iterator<Item = SideOf<'a, Presence>>) {
        for (lane, name, side) in all {
            let at = (lane, Arc::clone(name));
            self.push(&Record::<&str>::Root(at, side.map(SavedSide::of)));
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn push<N: Serialize>(&mut self, record: &Record<N>) {
        let bytes = std::mem::take(&mut self.0);
        // Nothing in it fails to be written to a vector.
        self.0 = postcard::to_extend(record, bytes).unwrap_or_default();
    }
}

/// What is known of a row beside its totals, and which row it is.
type SideOf<'a, F> = (usize, &'a Arc<str>, Option<&'a Side<F>>);

fn text<F: Family, K: KeyWords>(kept: Kept<F, &Key<K>>) -> Kept<F, Text<'_, K>> {
    kept.map_names(|name| Text(name))
}

/// Reads records; an error ends them.
pub(super) fn records(mut bytes: &[u8]) -> impl Iterator<Item = postcard::Result<Record<String>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let (record, rest) = match postcard::take_from_bytes(bytes) {
            Ok((record, rest)) => (Ok(record), rest),
            Err(error) => (Err(error), &[][..]),
        };
        bytes = rest;
        Some(record)
    })
}
