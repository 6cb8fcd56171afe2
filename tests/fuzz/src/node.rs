//! `node.json`: read whole, in pieces, as a patch, and beside serde.

use streamgauge_core::{
    Health, Traffic, Usage,
    collect::{NodeReader, ParseError},
};

use crate::{
    Json, KEY,
    frames::{Row, of_entry, rows},
    json::Reading,
    pieces::pieces,
};

type Reader = NodeReader<Traffic, KEY>;
type Rows = Vec<Row<Traffic>>;

/// Reads bytes, of which the first says into which pieces the others are cut.
///
/// # Panics
/// When the reader is wrong.
pub fn check(input: &[u8]) {
    let Some((seed, bytes)) = input.split_first() else {
        return;
    };
    let json = Reading::of(bytes);
    let first = check_reader(&Health::default(), bytes, *seed, &json);
    // The same again as a patch of another report.
    let mut before = first.unwrap_or_default();
    before.boots = before.boots.wrapping_add(7);
    before.presence.cells = 11;
    check_reader(&before, bytes, *seed, &json);
}

fn check_reader(before: &Health, bytes: &[u8], seed: u8, json: &Reading) -> Option<Health> {
    let reader = || Reader::after(before);
    let whole = read(reader(), [bytes]);
    assert_eq!(whole, read(reader(), pieces(bytes, seed)), "in pieces");
    assert_eq!(whole, read(reader(), bytes.chunks(1)), "in bytes");
    let (rows, health) = whole;
    let read = health.ok().map(|health| (health, rows));
    match json {
        Reading::Is(json) => assert_eq!(read, expected(before, json)),
        Reading::IsNone => assert_eq!(read, None),
        Reading::CannotTell => {}
    }
    health.ok()
}

fn read<'a>(
    mut reader: Reader,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Rows, Result<Health, ParseError>) {
    let mut rows = Vec::new();
    for piece in pieces {
        if let Err(error) = reader.push(piece, |entry| rows.push(of_entry(&entry))) {
            return (rows, Err(error));
        }
    }
    let health = reader.finish();
    (rows, health)
}

/// What a report says, after what was known; nothing if it is none.
fn expected(before: &Health, json: &Json) -> Option<(Health, Rows)> {
    let (mut health, mut totals) = (*before, Rows::new());
    for (name, value) in json.object()? {
        match name.as_str() {
            "traffic" => usage(&mut health.traffic, value)?,
            "presence" => usage(&mut health.presence, value)?,
            "totals" => totals.extend(rows(value.object()?)?),
            name => {
                if let Some(number) = number(&mut health, name) {
                    *number = value.number()?;
                }
            }
        }
    }
    Some((health, totals))
}

fn number<'a>(health: &'a mut Health, name: &str) -> Option<&'a mut u64> {
    Some(match name {
        "epoch" => &mut health.epoch,
        "since" => &mut health.since,
        "ts_ms" => &mut health.ts_ms,
        "interval_ms" => &mut health.interval_ms,
        "ticks" => &mut health.ticks,
        "late_ticks" => &mut health.late_ticks,
        "skipped_ticks" => &mut health.skipped_ticks,
        "early_ticks" => &mut health.early_ticks,
        "frames" => &mut health.frames,
        "frame_bytes" => &mut health.frame_bytes,
        "refused_frames" => &mut health.refused_frames,
        "boots" => &mut health.boots,
        "restored_boots" => &mut health.restored_boots,
        "refused_boots" => &mut health.refused_boots,
        _ => return None,
    })
}

fn usage(usage: &mut Usage, json: &Json) -> Option<()> {
    for (name, value) in json.object()? {
        let figure = match name.as_str() {
            "series" => &mut usage.series,
            "series_capacity" => &mut usage.series_capacity,
            "cells" => &mut usage.cells,
            "cells_capacity" => &mut usage.cells_capacity,
            "folded_keys" => &mut usage.folded_keys,
            "folded_guards" => &mut usage.folded_guards,
            "folded_events" => &mut usage.folded_events,
            _ => continue,
        };
        *figure = usize::try_from(value.number()?).unwrap_or(usize::MAX);
    }
    Some(())
}
