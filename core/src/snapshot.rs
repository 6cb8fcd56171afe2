//! Reading plain snapshots back through serde, whatever the format.

use core::{fmt, marker::PhantomData};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::schema::{Family, Totals};

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
