//! Frames: read whole, in pieces, and beside serde.

use streamgauge_core::{
    Family, Reading as GaugeReading, Replication, Rpc, Traffic,
    collect::{Entry, FrameReader, ParseError},
};

use crate::{Json, KEY, json::Reading, pieces::pieces};

/// What a frame has of one series: its name, and the row and `since` unless a patch removes it.
pub(crate) type Row<F> = (Option<String>, Option<(F, Option<u64>)>);

/// Rows as far as they were read, and whether that was to the end.
type Frame<F> = (Vec<Row<F>>, Result<(), ParseError>);

/// Reads bytes, of which the first says into which pieces the others are cut.
///
/// # Panics
/// When the reader is wrong.
pub fn check(input: &[u8]) {
    let Some((seed, bytes)) = input.split_first() else {
        return;
    };
    let json = Reading::of(bytes);
    check_family::<Traffic>(bytes, *seed, &json);
    check_family::<Rpc>(bytes, *seed, &json);
    check_family::<Replication>(bytes, *seed, &json);
}

fn check_family<F: Family>(bytes: &[u8], seed: u8, json: &Reading) {
    let rows = |json: &Json| rows::<F>(json.object()?);
    check_reader(FrameReader::<F, KEY>::new, bytes, seed, json, rows);
    let row = |json: &Json| Some(vec![(Some("root".into()), row(json)?)]);
    check_reader(
        || FrameReader::<F, KEY>::of_row("root"),
        bytes,
        seed,
        json,
        row,
    );
}

fn check_reader<F: Family>(
    reader: impl Fn() -> FrameReader<F, KEY>,
    bytes: &[u8],
    seed: u8,
    json: &Reading,
    expected: impl Fn(&Json) -> Option<Vec<Row<F>>>,
) {
    let whole = read(reader(), [bytes]);
    assert_eq!(whole, read(reader(), pieces(bytes, seed)), "in pieces");
    assert_eq!(whole, read(reader(), bytes.chunks(1)), "in bytes");
    let (rows, ended) = whole;
    let read = ended.is_ok().then_some(rows);
    match json {
        Reading::Is(json) => assert_eq!(read, expected(json)),
        Reading::IsNone => assert_eq!(read, None),
        Reading::CannotTell => {}
    }
}

fn read<'a, F: Family>(
    mut reader: FrameReader<F, KEY>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Frame<F> {
    let mut rows = Vec::new();
    for piece in pieces {
        if let Err(error) = reader.push(piece, |entry| rows.push(of_entry(&entry))) {
            return (rows, Err(error));
        }
    }
    let ended = reader.finish();
    (rows, ended)
}

pub(crate) fn of_entry<F: Family>(entry: &Entry<'_, F>) -> Row<F> {
    let row = entry.row.map(|row| (row.words(), row.since));
    (entry.key.map(str::to_owned), row)
}

/// The rows of a frame; nothing if it is none.
pub(crate) fn rows<F: Family>(members: &[(String, Json)]) -> Option<Vec<Row<F>>> {
    let row = |(name, json): &(String, Json)| Some((fits(name), row(json)?));
    members.iter().map(row).collect()
}

fn fits(name: &str) -> Option<String> {
    (name.len() <= KEY).then(|| name.to_owned())
}

#[allow(
    clippy::option_option,
    reason = "no row, and a row that a patch removes"
)]
fn row<F: Family>(json: &Json) -> Option<Option<(F, Option<u64>)>> {
    let Json::Object(members) = json else {
        return matches!(json, Json::Null).then_some(None);
    };
    let mut row = Fields::default();
    for (name, value) in members {
        row.take::<F>(name, value)?;
    }
    let mut words = F::default().words();
    for (word, (own, alias)) in words.as_mut().iter_mut().zip(&row.words) {
        *word = own.or(*alias).unwrap_or(0);
    }
    Some(Some((F::from_words(words.as_ref()), row.since)))
}

/// The numbers of a row: by word, under its own name and under another's.
#[derive(Default)]
struct Fields {
    words: Vec<(Option<u64>, Option<u64>)>,
    since: Option<u64>,
}

impl Fields {
    /// Takes a member in: of several with one name the last stands. Nothing if its value is not what it should be.
    fn take<F: Family>(&mut self, name: &str, value: &Json) -> Option<()> {
        if let Some(at) = word::<F>(name) {
            self.slot(at).0 = Some(number_or_null(value)?.unwrap_or(0));
        } else if name == "since" {
            self.since = number_or_null(value)?;
        } else if let Some(at) = gauge::<F>(name) {
            // As tables keep it: one more than it is.
            let level = number_or_null(value)?.map_or(0, |level| level.saturating_add(1));
            self.slot(at).0 = Some(level);
        } else if let Some(histogram) = F::HISTOGRAMS.iter().find(|h| h.name == name) {
            self.histogram(histogram.word, histogram.bounds.len() + 1, value)?;
        } else if let Some(at) = alias(name).and_then(word::<F>) {
            self.slot(at).1 = Some(number_or_null(value)?.unwrap_or(0));
        }
        Some(())
    }

    fn histogram(&mut self, first: usize, buckets: usize, value: &Json) -> Option<()> {
        if matches!(value, Json::Null) {
            (first..=first + buckets).for_each(|at| self.slot(at).0 = Some(0));
            return Some(());
        }
        for (name, value) in value.object()? {
            match name.as_str() {
                "buckets" => {
                    (first..first + buckets).for_each(|at| self.slot(at).0 = Some(0));
                    for (place, bucket) in value.array()?.iter().enumerate() {
                        let n = bucket.number()?;
                        if place < buckets {
                            self.slot(first + place).0 = Some(n);
                        }
                    }
                }
                "sum" => self.slot(first + buckets).0 = Some(value.number()?),
                _ => {}
            }
        }
        Some(())
    }

    fn slot(&mut self, at: usize) -> &mut (Option<u64>, Option<u64>) {
        if self.words.len() <= at {
            self.words.resize(at + 1, (None, None));
        }
        &mut self.words[at]
    }
}

#[allow(clippy::option_option, reason = "neither, and null")]
fn number_or_null(value: &Json) -> Option<Option<u64>> {
    match value {
        Json::Null => Some(None),
        value => value.number().map(Some),
    }
}

fn word<F: Family>(name: &str) -> Option<usize> {
    F::WORDS.iter().position(|word| word.name == name)
}

fn gauge<F: Family>(name: &str) -> Option<usize> {
    let gauge = F::GAUGES.iter().find(|gauge| gauge.name == name)?;
    match gauge.reading {
        GaugeReading::Set { word, .. } => Some(word),
        GaugeReading::Difference { .. } => None,
    }
}

fn alias(name: &str) -> Option<&'static str> {
    Some(match name {
        "announces_started" => "announced",
        "announces_ended" => "announced_closed",
        "broadcasts_started" => "broadcasts",
        "broadcasts_ended" => "broadcasts_closed",
        "subscriptions_started" => "subscriptions",
        "subscriptions_ended" => "subscriptions_closed",
        "sessions_started" => "sessions",
        "sessions_ended" => "sessions_closed",
        _ => return None,
    })
}
