//! The parts that lines are made of.

use super::{Format, Labels, LaneLabels, decimal::decimal, escape, exposition::Item};
use crate::{
    encode::{Out, Whole, Window, number::digit},
    key::KeyWords,
    row::{BLOCK, Row},
    schema::{Family, NODE, of_node},
};

/// Room for the beginning of a line.
const START: usize = 256;

/// Beginnings up to this length are copied as one of this length, which is faster.
const SHORT: usize = 128;

/// What lines have in common, from the metric's name to that of the series.
pub(crate) struct Stem<'a> {
    /// The metric's name, in two pieces.
    pub(crate) name: [&'a str; 2],
    pub(crate) labels: Labels<'a>,
    pub(crate) lanes: &'a dyn LaneLabels,
    pub(crate) lane: usize,
    /// A label that is the metric's own.
    pub(crate) fixed: Option<(&'a str, &'a str)>,
    /// The name of the label whose value is the series' name.
    pub(crate) key: &'a str,
    /// Whether that label is there: what is of the node is of no series.
    pub(crate) has_key: bool,
}

impl<'a> Stem<'a> {
    /// Whether there is no label at all.
    pub(crate) fn is_bare(&self) -> bool {
        !self.has_key && self.pairs().next().is_none()
    }

    /// Whether all labels of the lane have a value: a lane that nobody named has never counted anything.
    pub(crate) fn is_named(&self) -> bool {
        self.lane_labels().all(|(_, value)| value != ["", ""])
    }

    /// Writes all up to the value of the last label, and of that, where it is the series' name, nothing. The name of
    /// the sample is the metric's and this suffix.
    pub(crate) fn write(&self, suffix: &str, out: &mut impl Out) {
        let [begin, end] = self.name;
        put_parts(out, [begin, end, suffix]);
        let mut is_first = true;
        self.pairs().for_each(|(name, value)| {
            begin_label(out, name, is_first);
            let parts = value.into_iter().filter(|part| !part.is_empty());
            parts.for_each(|part| escape::label_text(out, part));
            is_first = false;
        });
        if self.has_key {
            begin_label(out, self.key, is_first);
        }
    }

    /// No more than this is written, the suffix apart: each byte of a value may need two.
    pub(crate) fn longest(&self) -> usize {
        const AROUND: usize = 4;
        let key = AROUND + self.key.len();
        let label = |(name, value): (&str, [&str; 2])| AROUND + name.len() + 2 * len(value);
        len(self.name) + key + self.pairs().map(label).sum::<usize>()
    }

    /// The labels before the series' own.
    fn pairs(&self) -> impl Iterator<Item = (&'a str, [&'a str; 2])> {
        let shared = self.labels.iter().filter(|(name, _)| !self.has_own(name));
        let shared = shared.map(|(name, value)| (name, ["", value]));
        let fixed = self.fixed.map(|(name, value)| (name, ["", value]));
        shared.chain(self.lane_labels()).chain(fixed)
    }

    fn has_own(&self, name: &str) -> bool {
        let fixed = self.fixed.is_some_and(|(fixed, _)| fixed == name);
        fixed || self.key == name || self.lane_labels().any(|(own, _)| own == name)
    }

    fn lane_labels(&self) -> impl Iterator<Item = (&'a str, [&'a str; 2])> + use<'a> {
        let (lanes, lane) = (self.lanes, self.lane);
        (0..).map_while(move |place| lanes.label(lane, place))
    }
}

fn begin_label(out: &mut impl Out, name: &str, is_first: bool) {
    if is_first {
        out.put(b"{");
    } else {
        out.put(b"\",");
    }
    out.put(name.as_bytes());
    out.put(b"=\"");
}

/// Writes a name that is in pieces.
fn put_parts<const N: usize>(out: &mut impl Out, parts: [&str; N]) {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.for_each(|part| out.put(part.as_bytes()));
}

/// The length of what is in pieces.
fn len<const N: usize>(parts: [&str; N]) -> usize {
    parts.into_iter().map(str::len).sum()
}

/// What ends the labels of a line, before its value.
pub(crate) const fn end_of_labels(bare: bool) -> &'static [u8] {
    if bare { b" " } else { b"\"} " }
}

/// A [`Stem`], written once and copied for each line.
pub(crate) struct Start<'a> {
    stem: &'a Stem<'a>,
    suffix: &'a str,
    text: [u8; START],
    len: usize,
}

impl<'a> Start<'a> {
    /// That of samples whose name adds this to the metric's.
    pub(crate) fn new(stem: &'a Stem<'a>, suffix: &'a str) -> Self {
        let mut start = Self {
            stem,
            suffix,
            text: [0; START],
            len: 0,
        };
        start.len = if stem.longest() + suffix.len() <= START {
            let mut out = Whole::new(&mut start.text);
            stem.write(suffix, &mut out);
            out.written()
        } else {
            let mut out = Window::new(&mut start.text, 0);
            stem.write(suffix, &mut out);
            out.total()
        };
        start
    }

    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    pub(crate) fn put<O: Out>(&self, out: &mut O) {
        match self.text.first_chunk::<SHORT>() {
            Some(short) if self.len <= SHORT => out.put_padded(short, self.len),
            _ if O::IS_PART && self.len > START => self.stem.write(self.suffix, out),
            _ => out.put(self.text.get(..self.len).unwrap_or_default()),
        }
    }

    /// Writes a series' name behind it, and what follows the name; the length of all, if that is short.
    pub(crate) fn set_name<F: Family, K: KeyWords>(
        &mut self,
        name: &Name<'_, F, K>,
        after: &[u8],
    ) -> Option<usize> {
        let room = self.text.get_mut(self.len..)?;
        if room.len() < name.longest() + after.len() {
            return None;
        }
        let mut out = Whole::new(room);
        name.put(&mut out);
        out.put(after);
        Some(self.len + out.written()).filter(|len| *len <= SHORT)
    }

    /// Puts it with the [name](Self::set_name) behind it, `len` bytes in all.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    pub(crate) fn put_named(&self, out: &mut impl Out, len: usize) {
        if let Some(short) = self.text.first_chunk::<SHORT>() {
            out.put_padded(short, len);
        }
    }

    /// No more than this is written, the rest of a padded copy included.
    pub(crate) const fn longest(&self) -> usize {
        match self.len {
            SHORT.. if self.len > START => TOO_LONG,
            SHORT.. => START,
            _ => SHORT,
        }
    }
}

/// What no buffer has room for, so that it is written with care, even if some are added up.
pub(crate) const TOO_LONG: usize = usize::MAX >> 4;

/// Whose line it is.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a, F: Family, K: KeyWords> {
    /// Where the name is; nothing for a line that is of no series.
    row: Option<&'a Row<F, K>>,
    len: usize,
    /// Whether it needs more than copying.
    odd: bool,
}

impl<'a, F: Family, K: KeyWords> Name<'a, F, K> {
    /// That of no series.
    pub(crate) const NONE: Self = Self {
        row: None,
        len: 0,
        odd: false,
    };

    /// A series'.
    #[inline]
    pub(crate) fn of(row: &'a Row<F, K>) -> Self {
        Self {
            row: Some(row),
            len: row.name_len(),
            odd: row.needs_escape(),
        }
    }

    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    pub(crate) fn put<O: Out>(&self, out: &mut O) {
        let Some(row) = self.row else { return };
        if O::IS_PART && self.odd {
            escape::label(out, row.key().bytes());
        } else {
            row.name_blocks(|block, len| out.put_padded(block, len));
        }
    }

    /// No more than this is written, the rest of a padded copy included.
    #[inline]
    pub(crate) const fn longest(&self) -> usize {
        if self.odd { TOO_LONG } else { self.len + BLOCK }
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
    /// Whether it follows no label.
    bare: bool,
    ms: u64,
    text: [u8; MOMENT],
    len: usize,
}

/// Bytes of the longest moment.
pub(crate) const MOMENT: usize = 32;

impl Moment {
    pub(crate) const fn new(tail: Tail, bare: bool) -> Self {
        Self {
            tail,
            bare,
            ms: 0,
            text: [0; MOMENT],
            len: 0,
        }
    }

    /// Makes this another moment, if it is not, and if it is to be shown.
    #[inline]
    pub(crate) fn become_moment(&mut self, ms: u64) {
        if self.tail != Tail::None && (self.len == 0 || self.ms != ms) {
            self.write(ms);
        }
    }

    #[cold]
    fn write(&mut self, ms: u64) {
        let mut out = Window::new(&mut self.text, 0);
        out.put(match self.tail {
            Tail::None => b"",
            Tail::Created => end_of_labels(self.bare),
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
    /// The name of the metric as it was declared, without the `_total` of counters.
    pub(crate) metric: &'a str,
    pub(crate) kind: Kind,
    pub(crate) unit: &'a str,
    help: &'a str,
    /// Whether it tells of all series together.
    pub(crate) is_of_node: bool,
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

/// Room for what stands around a metric family's name in a line that opens it, and for its kind.
const AROUND_NAME: usize = 32;

/// A [`Head`] in a format.
pub(crate) struct Opening<'a> {
    head: &'a Head<'a>,
    format: Format,
}

impl Item for Opening<'_> {
    fn write(&self, out: &mut impl Out) {
        self.head.write(out, self.format);
    }

    fn longest(&self) -> usize {
        self.head.longest()
    }
}

impl<'a> Head<'a> {
    pub(crate) const fn new(metric: &'a str, kind: Kind, unit: &'a str, help: &'a str) -> Self {
        Self {
            metric,
            kind,
            unit,
            help,
            is_of_node: false,
        }
    }

    /// The same of all series together.
    pub(crate) const fn of_node(mut self) -> Self {
        self.is_of_node = true;
        self
    }

    /// The metric family's name, in two pieces.
    pub(crate) const fn name(&self) -> [&'a str; 2] {
        if self.is_of_node {
            [NODE, of_node(self.metric)]
        } else {
            ["", self.metric]
        }
    }

    /// One line for a human, in two pieces.
    pub(crate) const fn help(&self) -> [&'a str; 2] {
        let all = " (all series, those that have ended too)";
        [self.help, if self.is_of_node { all } else { "" }]
    }

    pub(crate) const fn with(&'a self, format: Format) -> Opening<'a> {
        Opening { head: self, format }
    }

    /// No more than this is written: three lines, and a text in which each byte may need two.
    fn longest(&self) -> usize {
        3 * (len(self.name()) + AROUND_NAME) + self.unit.len() + 2 * len(self.help())
    }

    fn write(&self, out: &mut impl Out, format: Format) {
        if format == Format::Prometheus {
            self.put_help(out, format);
            self.kind(out, format);
            return;
        }
        self.kind(out, format);
        if !self.unit.is_empty() {
            self.begin(out, b"# UNIT ", format);
            out.put(self.unit.as_bytes());
            out.put(b"\n");
        }
        self.put_help(out, format);
    }

    fn kind(&self, out: &mut impl Out, format: Format) {
        self.begin(out, b"# TYPE ", format);
        out.put(self.kind.as_str().as_bytes());
        out.put(b"\n");
    }

    fn put_help(&self, out: &mut impl Out, format: Format) {
        self.begin(out, b"# HELP ", format);
        let parts = self.help().into_iter().filter(|part| !part.is_empty());
        parts.for_each(|part| escape::help(out, part, format));
        out.put(b"\n");
    }

    /// Only `OpenMetrics` 1.0 has a name for the family that is not its samples'.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn begin(&self, out: &mut impl Out, what: &[u8], format: Format) {
        out.put(what);
        put_parts(out, self.name());
        if format != Format::OpenMetrics1 {
            out.put(self.kind.suffix().as_bytes());
        }
        out.put(b" ");
    }
}

/// Writes the value of a plain sample, after the series' name, and a byte more.
#[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
#[inline(always)]
pub(crate) fn value(out: &mut impl Out, n: u64, places: u8, end: u8) {
    if places == 0 && n < 10 {
        out.put_padded(&[b'"', b'}', b' ', digit(n), end, 0, 0, 0], 5);
        return;
    }
    out.put(b"\"} ");
    decimal(out, n, places);
    out.put(&[end]);
}
