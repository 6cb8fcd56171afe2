//! What a node tells about its own counting.

use core::fmt;

use super::{
    Point, PointLabels, PointValue, Visitor,
    exposition::{Cursor, Page, Section, Style, sealed},
    line::{Head, Kind, Stem, Tail},
    lone::Lone,
};
use crate::{
    families::{Presence, Traffic},
    node::Health,
    pool::Usage,
    schema::Family,
};

/// How full the tables are and how the reporter fares: `streamgauge_table_*`, by family, and
/// `streamgauge_reporter_*`; and `streamgauge_scrape*_total`, what expositions came before.
#[derive(Debug)]
pub struct SelfSection<'a> {
    health: &'a Health,
    tables: &'a [(&'a str, Usage)],
    scrapes: Scrapes,
}

/// The expositions that went out before, as their sender counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrapes {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl<'a> SelfSection<'a> {
    /// Shows what a reporter tells about itself and about the tables of traffic and presence.
    #[must_use]
    pub const fn new(health: &'a Health) -> Self {
        Self {
            health,
            tables: &[],
            scrapes: Scrapes { count: 0, bytes: 0 },
        }
    }

    /// The same with the tables of more families, under these names; no two may be the same.
    #[must_use]
    pub const fn with_tables(mut self, tables: &'a [(&'a str, Usage)]) -> Self {
        self.tables = tables;
        self
    }

    /// The same with the expositions that came before.
    #[must_use]
    pub const fn with_scrapes(mut self, scrapes: Scrapes) -> Self {
        self.scrapes = scrapes;
        self
    }

    /// The table at this place, with the name of its family.
    fn table(&self, place: usize) -> Option<(&'a str, &Usage)> {
        match place {
            0 => Some((Traffic::NAME, &self.health.traffic)),
            1 => Some((Presence::NAME, &self.health.presence)),
            _ => self
                .tables
                .get(place - 2)
                .map(|(name, usage)| (*name, usage)),
        }
    }

    /// The sample at this place of a metric.
    fn sample<'s>(
        &'s self,
        style: &'s Style<'_>,
        metric: &'s Metric,
        place: usize,
    ) -> Option<Lone<'s>> {
        let (family, n) = self.number(metric, place)?;
        let Head {
            metric: name, kind, ..
        } = metric.head;
        let stem = Stem {
            name: ["", name],
            labels: style.labels,
            lanes: &(),
            lane: 0,
            fixed: family.map(|family| (FAMILY, family)),
            key: "",
            has_key: false,
        };
        Some(Lone {
            stem,
            kind,
            tail: Tail::of(kind, style.format),
            n,
            places: metric.places,
            since: self.health.since,
        })
    }

    /// The family and the number at this place of a metric.
    fn number(&self, metric: &Metric, place: usize) -> Option<(Option<&'a str>, u64)> {
        match metric.number {
            Number::Table(read) => {
                let (family, usage) = self.table(place)?;
                Some((Some(family), read(usage) as u64))
            }
            _ if place > 0 => None,
            Number::Reporter(read) => Some((None, read(self.health))),
            Number::Scrapes(read) => Some((None, read(&self.scrapes))),
        }
    }
}

impl sealed::Section for SelfSection<'_> {
    fn write(&self, style: &Style<'_>, at: &mut Cursor, page: &mut Page<'_>) -> bool {
        while let Some(metric) = METRICS.get(at.entry) {
            if !at.opened && !page.put(at, &metric.head.with(style.format)) {
                return false;
            }
            at.opened = true;
            while let Some(sample) = self.sample(style, metric, at.row) {
                if !page.put(at, &sample) {
                    return false;
                }
                at.row += 1;
            }
            *at = Cursor::entry(at.entry + 1);
        }
        true
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        let since = self.health.since;
        for metric in &METRICS {
            visitor.metric(metric.head.shown(metric.places));
            for (family, n) in (0..).map_while(|place| self.number(metric, place)) {
                let value = PointValue::Number(n);
                visitor.point(&OfFamily(family), Point { value, since });
            }
        }
    }
}

/// The label of a table's numbers; none of others.
struct OfFamily<'a>(Option<&'a str>);

impl PointLabels for OfFamily<'_> {
    fn each(&self, label: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        self.0.iter().for_each(|family| label(FAMILY, family));
    }
}

impl Section for SelfSection<'_> {}

/// One of the node's own metrics.
struct Metric {
    head: Head<'static>,
    /// Decimals of its number.
    places: u8,
    number: Number,
}

/// Where a metric's number comes from.
enum Number {
    Table(fn(&Usage) -> usize),
    Reporter(fn(&Health) -> u64),
    Scrapes(fn(&Scrapes) -> u64),
}

const fn counter(name: &'static str, help: &'static str, number: Number) -> Metric {
    Metric {
        head: Head::new(name, Kind::Counter, "", help),
        places: 0,
        number,
    }
}

const fn gauge(name: &'static str, help: &'static str, number: Number) -> Metric {
    Metric {
        head: Head::new(name, Kind::Gauge, "", help),
        places: 0,
        number,
    }
}

impl Metric {
    const fn in_bytes(mut self) -> Self {
        self.head.unit = "bytes";
        self
    }

    /// What is kept in milliseconds is shown in seconds.
    const fn in_seconds(mut self) -> Self {
        self.head.unit = "seconds";
        self.places = 3;
        self
    }
}

const METRICS: [Metric; 18] = [
    gauge(
        "streamgauge_table_series",
        "series in use, the overflow series apart",
        Number::Table(|usage| usage.series),
    ),
    gauge(
        "streamgauge_table_series_capacity",
        "series that there is room for",
        Number::Table(|usage| usage.series_capacity),
    ),
    gauge(
        "streamgauge_table_cells",
        "cells in use",
        Number::Table(|usage| usage.cells),
    ),
    gauge(
        "streamgauge_table_cells_capacity",
        "cells that there is room for",
        Number::Table(|usage| usage.cells_capacity),
    ),
    counter(
        "streamgauge_table_folded_keys",
        "guards counted in an overflow series, for want of a series or because of a long name",
        Number::Table(|usage| usage.folded_keys),
    ),
    counter(
        "streamgauge_table_folded_guards",
        "guards that kept their words in themselves, for want of a cell",
        Number::Table(|usage| usage.folded_guards),
    ),
    counter(
        "streamgauge_table_folded_events",
        "events counted in an overflow series: the sum of its counters that have no unit and close nothing",
        Number::Table(|usage| usage.folded_events),
    ),
    counter(
        "streamgauge_reporter_ticks",
        "ticks",
        Number::Reporter(|health| health.ticks),
    ),
    counter(
        "streamgauge_reporter_late_ticks",
        "ticks that came a whole interval late or more",
        Number::Reporter(|health| health.late_ticks),
    ),
    counter(
        "streamgauge_reporter_skipped_ticks",
        "ticks that never came",
        Number::Reporter(|health| health.skipped_ticks),
    ),
    counter(
        "streamgauge_reporter_early_ticks",
        "ticks that came early because the tables ran low",
        Number::Reporter(|health| health.early_ticks),
    ),
    counter(
        "streamgauge_reporter_frames",
        "frames that the sinks accepted",
        Number::Reporter(|health| health.frames),
    ),
    counter(
        "streamgauge_reporter_frame_bytes",
        "bytes of the frames that the sinks accepted",
        Number::Reporter(|health| health.frame_bytes),
    )
    .in_bytes(),
    counter(
        "streamgauge_reporter_refused_frames",
        "frames that a sink refused; each was tried again",
        Number::Reporter(|health| health.refused_frames),
    ),
    gauge(
        "streamgauge_reporter_interval_seconds",
        "time between two ticks",
        Number::Reporter(|health| health.interval_ms),
    )
    .in_seconds(),
    gauge(
        "streamgauge_reporter_last_tick_timestamp_seconds",
        "when the last tick was, since the Unix epoch",
        Number::Reporter(|health| health.ts_ms),
    )
    .in_seconds(),
    counter(
        "streamgauge_scrapes",
        "expositions before this one",
        Number::Scrapes(|scrapes| scrapes.count),
    ),
    counter(
        "streamgauge_scrape_bytes",
        "bytes of the expositions before this one",
        Number::Scrapes(|scrapes| scrapes.bytes),
    )
    .in_bytes(),
];

/// The label that tells tables apart.
const FAMILY: &str = "family";
