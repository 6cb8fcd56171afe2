//! Frames read by a parser that did not write them.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Words, words_of};

/// One series in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its words, in the family's order.
    pub words: Words,
    /// When its life began.
    pub since: u64,
}

/// The rows of a frame, in its order.
///
/// # Panics
/// When the frame is not a JSON object of rows with the family's words, all of them and no others.
#[must_use]
pub fn rows(track: &str, frame: &[u8]) -> Vec<Row> {
    let fields: Fields = serde_json::from_slice(frame).unwrap_or_else(|error| {
        panic!("{track}: {error} in {}", String::from_utf8_lossy(frame));
    });
    let row = |(name, value)| row(track, name, &value);
    fields.0.into_iter().map(row).collect()
}

fn row(track: &str, name: String, value: &Map<String, Value>) -> Row {
    let number = |word: &str| {
        let number = value.get(word).and_then(Value::as_u64);
        number.unwrap_or_else(|| panic!("{track}: {name:?} has no number {word}"))
    };
    let words: Words = words_of(track).iter().map(|w| number(w.name)).collect();
    assert_eq!(value.len(), words.len() + 1, "{track}: {value:?}");
    let since = number("since");
    Row { name, words, since }
}

/// The fields of an object in their order, equal names included, which a map would hide.
struct Fields(Vec<(String, Map<String, Value>)>);

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of objects")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}
