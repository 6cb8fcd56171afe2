//! JSON as serde reads it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A value with all of its members in their order, also those whose name was there before.
#[derive(Debug)]
pub(crate) enum Json {
    Null,
    /// Nothing if it is no `u64`.
    Number(Option<u64>),
    /// A text, true or false.
    Other,
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// What serde makes of bytes.
#[derive(Debug)]
pub(crate) enum Reading {
    Is(Json),
    /// It is no JSON.
    IsNone,
    /// Serde refuses numbers too large for a float.
    CannotTell,
}

/// Readers pass no deeper than this.
const MAX_DEPTH: usize = 64;

impl Reading {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match serde_json::from_slice::<Json>(bytes) {
            Ok(json) if json.depth() > MAX_DEPTH => Self::IsNone,
            Ok(json) => Self::Is(json),
            Err(error) if error.to_string().starts_with("number out of range") => Self::CannotTell,
            Err(_) => Self::IsNone,
        }
    }
}

impl Json {
    pub(crate) fn object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => *number,
            _ => None,
        }
    }

    fn depth(&self) -> usize {
        let inner = match self {
            Self::Array(items) => items.iter().map(Self::depth).max(),
            Self::Object(members) => members.iter().map(|(_, value)| value.depth()).max(),
            _ => return 0,
        };
        1 + inner.unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, n: u64) -> Result<Json, E> {
        Ok(Json::Number(Some(n)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}
