//! The parts that lines are made of.

use super::{Format, Labels, LaneLabels, decimal::decimal, escape, exposition::Item};
use crate::{
    encode::{Out, Window, json::framed_number},
    key::KeyWords,
    row::{BLOCK, Row},
    schema::Family,
};

/// The name under which a lane shows what its series that have ended brought.
pub const RETIRED: &str = "__retired__";

/// What is left of that name without its leading underscores.
const RETIRED_TAIL: &[u8] = b"retired__";

/// Room for the beginning of a line.
const START: usize = 256;

/// Beginnings up to this length are copied as one of this length, which is faster.
const SHORT: usize = 128;

/// What the lines of a lane have in common, from the metric's name to the series'.
#[derive(Clone, Copy)]
pub(crate) struct Stem<'a> {
    /// The metric's name, and what the sample's name adds to it.
    pub(crate) name: [&'a str; 2],
    pub(crate) labels: Labels<'a>,
    pub(crate) lanes: &'a dyn LaneLabels,
    pub(crate) lane: usize,
    /// A label that is the metric's own.
    pub(crate) fixed: Option<(&'a str, &'a str)>,
    /// The name of the label whose value is the series' name.
    pub(crate) key: &'a str,
}

impl<'a> Stem<'a> {
    /// The same for samples whose name adds this.
    pub(crate) const fn with(mut self, suffix: &'a str) -> Self {
        self.name = [self.name[0], suffix];
        self
    }

    fn write(&self, out: &mut impl Out) {
        self.name.iter().for_each(|part| out.put(part.as_bytes()));
        out.put(b"{");
        for (name, value) in self.labels.iter().filter(|(name, _)| !self.has_own(name)) {
            pair(out, name, ["", value]);
            out.put(b",");
        }
        for (name, value) in self.lane_labels() {
            pair(out, name, value);
            out.put(b",");
        }
        if let Some((name, value)) = self.fixed {
            pair(out, name, ["", value]);
            out.put(b",");
        }
        out.put(self.key.as_bytes());
        out.put(b"=\"");
    }

    fn has_own(&self, name: &str) -> bool {
        let fixed = self.fixed.is_some_and(|(fixed, _)| fixed == name);
        fixed || self.key == name || self.lane_labels().any(|(own, _)| own == name)
    }

    fn lane_labels(&self) -> impl Iterator<Item = (&'a str, [&'a str; 2])> {
        let (lanes, lane) = (self.lanes, self.lane);
        (0..).map_while(move |place| lanes.label(lane, place))
    }
}

/// Writes `name="value"`, the value in pieces.
pub(crate) fn pair(out: &mut impl Out, name: &str, value: [&str; 2]) {
    out.put(name.as_bytes());
    out.put(b"=\"");
    escape::label(out, value.iter().flat_map(|part| part.bytes()));
    out.put(b"\"");
}

/// A [`Stem`], written once and copied for each line.
pub(crate) struct Start<'a> {
    stem: Stem<'a>,
    text: [u8; START],
    len: usize,
}

impl<'a> Start<'a> {
    pub(crate) fn new(stem: Stem<'a>) -> Self {
        let mut text = [0; START];
        let mut out = Window::new(&mut text, 0);
        stem.write(&mut out);
        let len = out.total();
        Self { stem, text, len }
    }

    #[inline]
    pub(crate) fn put(&self, out: &mut impl Out) {
        if let Some(short) = self
            .text
            .first_chunk::<SHORT>()
            .filter(|_| self.len <= SHORT)
        {
            out.put_padded(short, self.len);
        } else {
            self.put_long(out);
        }
    }

    #[cold]
    fn put_long(&self, out: &mut impl Out) {
        match self.text.get(..self.len) {
            Some(text) => out.put(text),
            None => self.stem.write(out),
        }
    }

    /// No more than this is written, the rest of a padded copy included.
    pub(crate) fn longest(&self) -> usize {
        self.len.max(SHORT)
    }
}

/// Whose line it is.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a, F: Family, K: KeyWords> {
    /// Where the name is; nothing for a lane's series that have ended.
    row: Option<&'a Row<F, K>>,
    len: usize,
    /// Whether it is a block at most that needs no more than copying.
    short: bool,
}

impl<'a, F: Family, K: KeyWords> Name<'a, F, K> {
    /// That of a lane's series that have ended.
    pub(crate) const RETIRED: Self = Self {
        row: None,
        len: RETIRED.len(),
        short: false,
    };

    /// A series'.
    #[inline]
    pub(crate) fn of(row: &'a Row<F, K>) -> Self {
        let len = row.name_len();
        Self {
            row: Some(row),
            len,
            short: len <= BLOCK && !row.needs_escape() && !row.begins_with(b'_'),
        }
    }

    #[inline]
    pub(crate) fn put(&self, out: &mut impl Out) {
        match self.row {
            Some(row) if self.short => out.put_padded(&row.name_block(), self.len),
            Some(row) => put_long(out, row),
            None => out.put(RETIRED.as_bytes()),
        }
    }

    /// No more than this is written, the rest of a padded copy included.
    #[inline]
    pub(crate) const fn longest(&self) -> usize {
        2 * self.len + BLOCK
    }
}

/// Writes a name that is long, or must be escaped, or must not be taken for that of the series that
/// have ended.
#[inline(never)]
fn put_long<F: Family, K: KeyWords>(out: &mut impl Out, row: &Row<F, K>) {
    let key = row.key();
    let tail = key.bytes().skip_while(|byte| *byte == b'_');
    if key.len() >= RETIRED.len() && tail.eq(RETIRED_TAIL.iter().copied()) {
        out.put(b"_");
    }
    if row.needs_escape() {
        escape::label(out, key.bytes());
    } else {
        key.put(out);
    }
}

/// How a format tells when a sample began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    None,
    /// With a line of its own.
    Created,
    /// At the end of the line.
    Start,
}

impl Tail {
    /// What follows the value.
    #[inline]
    pub(crate) const fn after_value(self) -> u8 {
        match self {
            Self::Start => b' ',
            Self::None | Self::Created => b'\n',
        }
    }

    pub(crate) const fn of(kind: Kind, format: Format) -> Self {
        match (kind, format) {
            (Kind::Gauge, _) | (_, Format::Prometheus) => Self::None,
            (_, Format::OpenMetrics1) => Self::Created,
            (_, Format::OpenMetrics2) => Self::Start,
        }
    }
}

/// A moment in milliseconds since the Unix epoch, written as seconds, once for all the series that
/// have it in common, with what stands around it at the end of a line.
pub(crate) struct Moment {
    tail: Tail,
    ms: u64,
    text: [u8; MOMENT],
    len: usize,
}

/// Bytes of the longest moment.
pub(crate) const MOMENT: usize = 32;

impl Moment {
    pub(crate) const fn new(tail: Tail) -> Self {
        Self {
            tail,
            ms: 0,
            text: [0; MOMENT],
            len: 0,
        }
    }

    /// Makes this another moment, if it is not.
    #[inline]
    pub(crate) fn become_moment(&mut self, ms: u64) {
        if self.len == 0 || self.ms != ms {
            self.write(ms);
        }
    }

    #[cold]
    fn write(&mut self, ms: u64) {
        let mut out = Window::new(&mut self.text, 0);
        out.put(match self.tail {
            Tail::None => b"",
            Tail::Created => b"\"} ",
            Tail::Start => b"st@",
        });
        decimal(&mut out, ms, 3);
        out.put(b"\n");
        self.len = out.written();
        self.ms = ms;
    }

    #[inline]
    pub(crate) fn put(&self, out: &mut impl Out) {
        out.put_padded(&self.text, self.len);
    }
}

/// The lines that open a metric family.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    /// The metric family's name, without the `_total` of counters.
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) unit: &'a str,
    help: &'a str,
}

/// What kind of a metric family it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// What the names of its samples end with, at least.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Gauge | Self::Histogram => "",
        }
    }
}

/// A [`Head`] in a format.
pub(crate) struct Opening<'a> {
    head: &'a Head<'a>,
    format: Format,
}

impl Item for Opening<'_> {
    fn write(&self, out: &mut impl Out) {
        self.head.write(out, self.format);
    }
}

impl<'a> Head<'a> {
    pub(crate) const fn new(name: &'a str, kind: Kind, unit: &'a str, help: &'a str) -> Self {
        Self {
            name,
            kind,
            unit,
            help,
        }
    }

    pub(crate) const fn with(&'a self, format: Format) -> Opening<'a> {
        Opening { head: self, format }
    }

    fn write(&self, out: &mut impl Out, format: Format) {
        if format == Format::Prometheus {
            self.help(out, format);
            self.kind(out, format);
            return;
        }
        self.kind(out, format);
        if !self.unit.is_empty() {
            self.begin(out, b"# UNIT ", format);
            out.put(self.unit.as_bytes());
            out.put(b"\n");
        }
        self.help(out, format);
    }

    fn kind(&self, out: &mut impl Out, format: Format) {
        self.begin(out, b"# TYPE ", format);
        out.put(self.kind.as_str().as_bytes());
        out.put(b"\n");
    }

    fn help(&self, out: &mut impl Out, format: Format) {
        self.begin(out, b"# HELP ", format);
        escape::help(out, self.help, format);
        out.put(b"\n");
    }

    /// Only `OpenMetrics` 1.0 has a name for the family that is not its samples'.
    fn begin(&self, out: &mut impl Out, what: &[u8], format: Format) {
        out.put(what);
        out.put(self.name.as_bytes());
        if format != Format::OpenMetrics1 {
            out.put(self.kind.suffix().as_bytes());
        }
        out.put(b" ");
    }
}

/// Writes the value of a plain sample, after the series' name, and a byte more.
#[inline]
pub(crate) fn value(out: &mut impl Out, n: u64, places: u8, end: u8) {
    if places == 0 {
        framed_number(out, *b"\"} ", n, end);
    } else {
        out.put(b"\"} ");
        decimal(out, n, places);
        out.put(&[end]);
    }
}
