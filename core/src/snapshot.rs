//! Plain snapshots and serde: any format that serde has is one line for a user.

use core::{fmt, marker::PhantomData, ops::Range};

use serde::{
    Serialize,
    de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeStruct, SerializeTuple, Serializer},
};

use crate::{
    key::{Key, KeyWords},
    ledger::{Books, Ledger},
    meter::Meter,
    schema::{Distribution, Family, Histogram, Reading, Totals, encoded},
    storage::Storage,
};

/// The series of one lane's frame as plain data, read from a ledger; see [`Ledger::snapshot`].
///
/// Serializes as a map from name to words, gauges, histograms and `since`: as JSON it is the lane's
/// frame, byte for byte.
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
            let row = Row::<F> {
                words: series.words,
                since: series.since,
                family: PhantomData,
            };
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

/// A series as frames show it.
struct Row<'a, F> {
    words: &'a [u64],
    since: u64,
    family: PhantomData<F>,
}

impl<F: Family> Serialize for Row<'_, F> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut row = to.serialize_struct(F::NAME, fields::<F>() + 1)?;
        put_fields::<F, _>(&mut row, self.words)?;
        row.serialize_field("since", &self.since)?;
        row.end()
    }
}

/// Writes a family's plain snapshot.
#[doc(hidden)]
pub fn write<F: Family, T: Serializer>(family: &F, to: T) -> Result<T::Ok, T::Error> {
    let mut row = to.serialize_struct(F::NAME, fields::<F>())?;
    put_fields::<F, _>(&mut row, family.words().as_ref())?;
    row.end()
}

const fn fields<F: Family>() -> usize {
    F::WORDS.len() + F::GAUGES.len() + F::HISTOGRAMS.len()
}

fn put_fields<F: Family, T: SerializeStruct>(row: &mut T, words: &[u64]) -> Result<(), T::Error> {
    for (word, value) in F::WORDS.iter().zip(words) {
        row.serialize_field(word.name, value)?;
    }
    for gauge in F::GAUGES {
        let value = gauge.read(words);
        match gauge.reading {
            Reading::Set { .. } => row.serialize_field(gauge.name, &value)?,
            Reading::Difference { .. } => row.serialize_field(gauge.name, &value.unwrap_or(0))?,
        }
    }
    for histogram in F::HISTOGRAMS {
        row.serialize_field(histogram.name, &histogram.read(words))?;
    }
    Ok(())
}

impl Serialize for Distribution<'_> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut histogram = to.serialize_struct("histogram", HISTOGRAM.len())?;
        let [buckets, sum] = HISTOGRAM;
        histogram.serialize_field(buckets, &Array(self.buckets))?;
        histogram.serialize_field(sum, &self.sum)?;
        histogram.end()
    }
}

/// Words whose number is known to who reads them.
struct Array<'a>(&'a [u64]);

impl Serialize for Array<'_> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut words = to.serialize_tuple(self.0.len())?;
        for word in self.0 {
            words.serialize_element(word)?;
        }
        words.end()
    }
}

/// The fields of a histogram.
const HISTOGRAM: [&str; 2] = ["buckets", "sum"];

/// Reads a family's plain snapshot by name, or in order from formats without names.
#[doc(hidden)]
pub fn read<'de, F: Family, D: Deserializer<'de>>(
    from: D,
    fields: &'static [&'static str],
) -> Result<F, D::Error> {
    let blank = Blank::<F>(F::Totals::ZERO);
    let read = from.deserialize_struct(F::NAME, fields, blank)?;
    Ok(F::from_words(read.0.as_ref()))
}

/// A snapshot that is being read.
struct Blank<F: Family>(F::Totals);

/// Which field of a snapshot, by its place among those of its kind.
enum Field {
    Word(usize),
    Gauge(usize),
    Histogram(usize),
}

impl Field {
    /// The field at this place among all.
    fn at<F: Family>(place: usize) -> Option<Self> {
        let (words, gauges) = (F::WORDS.len(), F::GAUGES.len());
        match place {
            _ if place < words => Some(Self::Word(place)),
            _ if place < words + gauges => Some(Self::Gauge(place - words)),
            _ if place < fields::<F>() => Some(Self::Histogram(place - words - gauges)),
            _ => None,
        }
    }

    fn named<F: Family>(name: &str) -> Option<Self> {
        let words = F::WORDS.iter().map(|word| word.name);
        let gauges = F::GAUGES.iter().map(|gauge| gauge.name);
        let histograms = F::HISTOGRAMS.iter().map(|histogram| histogram.name);
        let mut names = words.chain(gauges).chain(histograms);
        Self::at::<F>(names.position(|other| other == name)?)
    }
}

impl<F: Family> Blank<F> {
    fn set_word(&mut self, place: usize, value: u64) {
        if let Some(word) = self.0.as_mut().get_mut(place) {
            *word = value;
        }
    }

    /// Notes the value of a gauge that is set.
    fn set_gauge(&mut self, word: usize, value: Option<u64>) {
        self.set_word(word, value.map_or(0, encoded));
    }

    fn histogram(&mut self, place: usize) -> Spread<'_> {
        let range = F::HISTOGRAMS.get(place).map_or(0..0, Histogram::words);
        Spread(self.0.as_mut().get_mut(range).unwrap_or_default())
    }
}

impl<'de, F: Family> Visitor<'de> for Blank<F> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the counters of family {}", F::NAME)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self, A::Error> {
        for place in 0..F::WORDS.len() {
            self.set_word(place, seq.next_element()?.unwrap_or(0));
        }
        for gauge in F::GAUGES {
            match gauge.reading {
                Reading::Set { word, .. } => self.set_gauge(word, seq.next_element()?.flatten()),
                Reading::Difference { .. } => drop(seq.next_element::<u64>()?),
            }
        }
        for place in 0..F::HISTOGRAMS.len() {
            seq.next_element_seed(self.histogram(place))?;
        }
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(field) = map.next_key_seed(Name::<F>(PhantomData))? {
            match field {
                Some(Field::Word(place)) => self.set_word(place, map.next_value()?),
                Some(Field::Gauge(place)) => match F::GAUGES.get(place).map(|g| g.reading) {
                    Some(Reading::Set { word, .. }) => self.set_gauge(word, map.next_value()?),
                    _ => drop(map.next_value::<IgnoredAny>()?),
                },
                Some(Field::Histogram(place)) => map.next_value_seed(self.histogram(place))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(self)
    }
}

/// The words of a histogram that is being read: the buckets, and the sum.
struct Spread<'a>(&'a mut [u64]);

impl Spread<'_> {
    fn buckets(&self) -> Range<usize> {
        0..self.0.len().saturating_sub(1)
    }

    fn slice(&mut self, range: Range<usize>) -> Spread<'_> {
        Spread(self.0.get_mut(range).unwrap_or_default())
    }
}

impl<'de> DeserializeSeed<'de> for Spread<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_struct("histogram", &HISTOGRAM, self)
    }
}

impl<'de> Visitor<'de> for Spread<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a histogram's buckets and sum")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let buckets = self.buckets();
        seq.next_element_seed(Words(self.slice(buckets).0))?;
        if let Some(sum) = self.0.last_mut() {
            *sum = seq.next_element()?.unwrap_or(0);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let [buckets, sum] = HISTOGRAM;
        let range = self.buckets();
        while let Some(place) = map.next_key_seed(OneOf([buckets, sum]))? {
            match place {
                Some(0) => map.next_value_seed(Words(self.slice(range.clone()).0))?,
                Some(_) => {
                    let value = map.next_value()?;
                    self.0.last_mut().into_iter().for_each(|sum| *sum = value);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// An array of words that is being read.
struct Words<'a>(&'a mut [u64]);

impl<'de> DeserializeSeed<'de> for Words<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_tuple(self.0.len(), self)
    }
}

impl<'de> Visitor<'de> for Words<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} buckets", self.0.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let buckets = self.0.len();
        for (place, word) in self.0.iter_mut().enumerate() {
            let short = || A::Error::invalid_length(place, &Words(&mut []));
            *word = seq.next_element()?.ok_or_else(short)?;
        }
        match seq.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::invalid_length(buckets + 1, &Words(self.0))),
            None => Ok(()),
        }
    }
}

/// One of these names, read as its place; nothing for any other.
struct OneOf<const N: usize>([&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for OneOf<N> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl<const N: usize> Visitor<'_> for OneOf<N> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|other| *other == name))
    }
}

/// A field's name; nothing for one that the family does not have.
struct Name<F>(PhantomData<F>);

impl<'de, F: Family> DeserializeSeed<'de> for Name<F> {
    type Value = Option<Field>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Field>, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl<F: Family> Visitor<'_> for Name<F> {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a counter")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<Field>, E> {
        Ok(Field::named::<F>(name))
    }

    fn visit_u64<E>(self, index: u64) -> Result<Option<Field>, E> {
        Ok(usize::try_from(index).ok().and_then(Field::at::<F>))
    }
}
