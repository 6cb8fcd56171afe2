//! Plain snapshots and serde: any format that serde has is one line for a user.

use core::{fmt, marker::PhantomData};

use serde::{
    Serialize,
    de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeStruct, Serializer},
};

use crate::{
    key::{Key, KeyWords},
    ledger::{Books, Ledger},
    meter::Meter,
    schema::{Family, Totals},
    storage::Storage,
};

/// The series of one lane's frame as plain data, read from a ledger; see [`Ledger::snapshot`].
///
/// Serializes as a map from name to words and `since`: as JSON it is the lane's frame, byte for byte.
#[derive(Debug)]
pub struct Snapshot<'a, F, B, S> {
    ledger: &'a Ledger<F, B>,
    meter: &'a Meter<F, S>,
    lane: usize,
}

impl<'a, F, B, S> Snapshot<'a, F, B, S> {
    pub(crate) fn new(ledger: &'a Ledger<F, B>, meter: &'a Meter<F, S>, lane: usize) -> Self {
        Self {
            ledger,
            meter,
            lane,
        }
    }
}

impl<F: Family, B: Books<F>, S: Storage<F>> Serialize for Snapshot<'_, F, B, S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let series = || self.ledger.frame(self.meter, self.lane);
        let mut map = to.serialize_map(Some(series().count()))?;
        for series in series() {
            let row = Row::<F>(series.words, series.since, PhantomData);
            map.serialize_entry(&series.key, &row)?;
        }
        map.end()
    }
}

impl<K: KeyWords> Serialize for Key<K> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        to.collect_str(self)
    }
}

/// A series' words and its start.
struct Row<'a, F>(&'a [u64], u64, PhantomData<F>);

impl<F: Family> Serialize for Row<'_, F> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut row = to.serialize_struct(F::NAME, F::WORDS.len() + 1)?;
        for (word, value) in F::WORDS.iter().zip(self.0) {
            row.serialize_field(word.name, value)?;
        }
        row.serialize_field("since", &self.1)?;
        row.end()
    }
}

/// Reads a family's words by name, or in order from formats without names.
#[doc(hidden)]
pub fn read_words<'de, F: Family, D: Deserializer<'de>>(
    from: D,
    name: &'static str,
    fields: &'static [&'static str],
) -> Result<F::Totals, D::Error> {
    from.deserialize_struct(name, fields, Words::<F>(PhantomData))
}

struct Words<F>(PhantomData<F>);

impl<'de, F: Family> Visitor<'de> for Words<F> {
    type Value = F::Totals;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the counters of family {}", F::NAME)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<F::Totals, A::Error> {
        let mut words = F::Totals::ZERO;
        for word in words.as_mut() {
            *word = seq.next_element()?.unwrap_or(0);
        }
        Ok(words)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<F::Totals, A::Error> {
        let mut words = F::Totals::ZERO;
        while let Some(index) = map.next_key_seed(Name::<F>(PhantomData))? {
            match index.and_then(|index| words.as_mut().get_mut(index)) {
                Some(word) => *word = map.next_value()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(words)
    }
}

/// A word's name, read as its index; nothing for a name that the family does not have.
struct Name<F>(PhantomData<F>);

impl<'de, F: Family> DeserializeSeed<'de> for Name<F> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl<F: Family> Visitor<'_> for Name<F> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a counter")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(F::WORDS.iter().position(|word| word.name == name))
    }

    fn visit_u64<E>(self, index: u64) -> Result<Option<usize>, E> {
        Ok(usize::try_from(index).ok())
    }
}
