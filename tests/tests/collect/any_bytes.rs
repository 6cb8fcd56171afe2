//! Any bytes, in any pieces: nothing panics, and it makes no difference where the pieces end.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Number, Value};
use streamgauge_core::{
    Family, Rpc, Traffic,
    collect::{NodeReader, ParseError},
};

use crate::parser::{Frame, read};

/// JSON of any shape, with the names that mean something among its members.
fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<u64>().prop_map(Number::from),
        any::<i64>().prop_map(Number::from),
        any::<f64>().prop_map(|n| Number::from_f64(n).unwrap_or_else(|| 0.into())),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(Value::Number),
        ".{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((any_name(), inner), 0..6).prop_map(object),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    let known = [
        "bytes",
        "frames",
        "since",
        "announced",
        "announces_started",
        "totals",
        "epoch",
        "traffic",
        "series",
        "call_latency_us",
        "buckets",
        "sum",
    ];
    prop_oneof![
        proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        ".{0,12}",
    ]
}

fn object(members: Vec<(String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

/// A frame as a publisher might write it, valid but for its numbers perhaps.
fn any_frame() -> impl Strategy<Value = Value> {
    let row = vec(
        (
            any_name(),
            prop_oneof![any::<u64>().prop_map(Value::from), any_json()],
        ),
        0..6,
    );
    vec(
        (
            ".{0,12}",
            prop_oneof![4 => row.prop_map(object), 1 => Just(Value::Null)],
        ),
        0..6,
    )
    .prop_map(|rows| object(rows.into_iter().collect()))
}

/// Bytes: noise, or JSON, whole or damaged.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let damaged = (
        any_frame(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        any::<bool>(),
    );
    let damaged = damaged.prop_map(|(frame, at, byte, cut)| {
        let mut bytes = serde_json::to_vec(&frame).unwrap();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![
        vec(any::<u8>(), 0..64),
        "[\\[\\]{}\",:0-9eE+.\\\\untrfalsb -]{0,64}".prop_map(String::into_bytes),
        any_json().prop_map(|json| serde_json::to_vec(&json).unwrap()),
        any_frame().prop_map(|json| serde_json::to_vec_pretty(&json).unwrap()),
        damaged,
    ]
}

/// A frame of two families, and a report of a node.
type Readings = (
    Result<Frame<Traffic>, ParseError>,
    Result<Frame<Rpc>, ParseError>,
    (Vec<String>, Result<u64, ParseError>),
);

/// What readers make of pieces.
fn both<'a>(pieces: impl IntoIterator<Item = &'a [u8]> + Clone) -> Readings {
    let node = read_node(pieces.clone());
    (read::<Traffic>(pieces.clone()), read::<Rpc>(pieces), node)
}

fn read_node<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<String>, Result<u64, ParseError>) {
    let (mut reader, mut seen) = (NodeReader::<Traffic, 32>::new(), Vec::new());
    for piece in pieces {
        let read = reader.push(piece, |entry| seen.push(format!("{:?}", entry.key)));
        if let Err(error) = read {
            return (seen, Err(error));
        }
    }
    (seen, reader.finish().map(|health| health.epoch))
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.push(bytes.len());
    let mut from = 0;
    let piece = |to: usize| &bytes[std::mem::replace(&mut from, to)..to];
    cuts.into_iter().map(piece).collect()
}

/// Whether serde refuses JSON for a number that it cannot hold, in a member that we pass over perhaps.
fn is_beyond_serde(bytes: &[u8]) -> bool {
    let read = serde_json::from_slice::<Value>(bytes);
    read.is_err_and(|error| error.to_string().starts_with("number out of range"))
}

/// The frame as serde reads it: nothing if it is no JSON, or a member that we know is no number.
fn reference(bytes: &[u8]) -> Option<Frame<Traffic>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let rows = value.as_object()?.iter();
    rows.map(|(name, row)| {
        let name = (name.len() <= 32).then(|| name.clone());
        match row {
            Value::Null => Some((name, None)),
            row => Some((name, Some(reference_row(row.as_object()?)?))),
        }
    })
    .collect()
}

fn reference_row(row: &Map<String, Value>) -> Option<(Traffic, Option<u64>)> {
    let number = |name: &str| match row.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_u64().map(Some),
    };
    let alias = BTreeMap::from([
        ("announced", "announces_started"),
        ("announced_closed", "announces_ended"),
        ("broadcasts", "broadcasts_started"),
        ("broadcasts_closed", "broadcasts_ended"),
        ("subscriptions", "subscriptions_started"),
        ("subscriptions_closed", "subscriptions_ended"),
    ]);
    let mut words = Traffic::default().words();
    for (word, ours) in words.iter_mut().zip(Traffic::WORDS) {
        let theirs = alias.get(ours.name);
        let theirs = theirs.map_or(Some(None), |name| number(name))?;
        let own = number(ours.name)?;
        let value = if row.contains_key(ours.name) {
            own
        } else {
            theirs
        };
        *word = value.unwrap_or(0);
    }
    Some((Traffic::from_words(&words), number("since")?))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn pieces_make_no_difference(bytes in any_bytes(), cuts in vec(any::<prop::sample::Index>(), 0..5)) {
        let whole = both([&bytes[..]]);
        prop_assert_eq!(&whole, &both(pieces(&bytes, &cuts).iter().copied()));
        prop_assert_eq!(&whole, &both(bytes.chunks(1)));
    }

    #[test]
    fn frames_are_read_as_serde_reads_them(bytes in any_bytes()) {
        prop_assume!(!is_beyond_serde(&bytes));
        prop_assert_eq!(read::<Traffic>([&bytes[..]]).ok(), reference(&bytes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200_000))]

    #[test]
    #[ignore = "takes long"]
    fn more_frames_are_read_as_serde_reads_them(bytes in any_bytes()) {
        prop_assume!(!is_beyond_serde(&bytes));
        prop_assert_eq!(read::<Traffic>([&bytes[..]]).ok(), reference(&bytes));
        prop_assert_eq!(both([&bytes[..]]), both(bytes.chunks(1)));
    }
}
