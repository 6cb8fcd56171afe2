//! A whole exposition, piece by piece.

use super::{Format, Labels};
use crate::{
    encode::{Out, Whole, Window},
    feed::Chunk,
};

/// One scrape's text on its way out.
///
/// It borrows the ledgers that it shows: all of it is one snapshot, that of the last collect. Cost: a
/// pass over all series for each metric; no allocation, no lock.
///
/// ```
/// # use streamgauge_core::*;
/// # struct NoLock;
/// # impl Lock for NoLock { fn with<T>(&self, f: impl FnOnce() -> T) -> T { f() } }
/// static METER: Meter<Traffic, Inline<Traffic, NoLock, 4, 12, 8, 4>> =
///     Meter::new(Inline::inline(NoLock, NoLock));
/// let mut ledger = Ledger::new(InlineBooks::<Traffic, 12, 4>::inline(), 1_700_000_000_000);
/// let mut track = Track::<Traffic, _>::open(&METER, 0, Key::path("demo/bbb").ok().as_ref());
/// track.whole_frame(1200);
/// ledger.collect(&METER, 1_700_000_001_000);
///
/// let tiers: &[&str] = &[];
/// let traffic = FamilySection::with_lanes(&ledger, &METER, ByTierAndRole(tiers));
/// let labels = Labels::new(&[("node", "sjc/1")])?;
/// let format = negotiate("application/openmetrics-text, text/plain;q=0.5");
/// let sections: [&dyn Section; 1] = [&traffic];
/// let mut exposition = Exposition::new(format, &sections).with_labels(labels);
/// let (mut buf, mut text) = ([0; 256], Vec::new());
/// loop {
///     let chunk = exposition.encode(&mut buf);
///     text.extend_from_slice(&buf[..chunk.len]);
///     if chunk.end {
///         break;
///     }
/// }
/// let text = String::from_utf8(text)?;
/// assert!(text.contains("streamgauge_traffic_bytes_total{node=\"sjc/1\",tier=\"external\",role=\"publisher\",broadcast=\"demo/bbb\"} 1200\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Exposition<'a> {
    sections: &'a [&'a dyn Section],
    style: Style<'a>,
    section: usize,
    cursor: Cursor,
}

/// What the lines of all sections have in common.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    pub(crate) format: Format,
    pub(crate) labels: Labels<'a>,
}

impl<'a> Exposition<'a> {
    /// The text of these sections, in this order. No two may have a metric in common, nor metrics that
    /// differ in nothing but `streamgauge_` in front.
    pub const fn new(format: Format, sections: &'a [&'a dyn Section]) -> Self {
        Self {
            sections,
            style: Style {
                format,
                labels: Labels::NONE,
            },
            section: 0,
            cursor: Cursor::START,
        }
    }

    /// The same with these labels on every sample.
    #[must_use]
    pub const fn with_labels(mut self, labels: Labels<'a>) -> Self {
        self.style.labels = labels;
        self
    }

    /// Writes the next piece into `buf`. Any buffer will do; one that holds a whole line spares writing
    /// lines twice. Once a piece has ended the exposition there are no more: they are empty.
    pub fn encode(&mut self, buf: &mut [u8]) -> Chunk {
        let mut page = Page { buf, len: 0 };
        while let Some(section) = self.sections.get(self.section) {
            if !section.write(&self.style, &mut self.cursor, &mut page) {
                return page.chunk(false);
            }
            self.cursor = Cursor::START;
            self.section += 1;
        }
        if self.section == self.sections.len() {
            if self.style.format.is_open() && !page.put(&mut self.cursor, &End) {
                return page.chunk(false);
            }
            self.section += 1;
        }
        page.chunk(true)
    }
}

/// Some metric families of an exposition, each whole and of one ledger.
pub trait Section: sealed::Section {}

pub(crate) mod sealed {
    use super::{super::Visitor, Cursor, Page, Style};

    pub trait Section: core::fmt::Debug {
        /// Writes what is left of the section, and says whether that was all of it.
        fn write(&self, style: &Style<'_>, at: &mut Cursor, page: &mut Page<'_>) -> bool;

        /// Shows the section to a visitor.
        fn visit(&self, visitor: &mut dyn Visitor);
    }
}

/// How far a section has gone out.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    /// The next word, gauge or histogram.
    pub(crate) entry: usize,
    /// Whether the lines that open its metric family have gone out.
    pub(crate) opened: bool,
    pub(crate) lane: usize,
    /// The next row, among the lane's rows.
    pub(crate) row: usize,
    /// The next item of the row.
    pub(crate) item: usize,
    /// What the items of the row before this one have added up to.
    pub(crate) below: u64,
    /// Bytes of the next item that have gone out.
    skip: usize,
}

impl Cursor {
    const START: Self = Self::entry(0);

    pub(crate) const fn entry(entry: usize) -> Self {
        Self {
            entry,
            opened: false,
            lane: 0,
            row: 0,
            item: 0,
            below: 0,
            skip: 0,
        }
    }
}

/// The caller's buffer.
#[derive(Debug)]
pub struct Page<'a> {
    buf: &'a mut [u8],
    len: usize,
}

/// Something that goes out as one, and can be written again to skip what has gone out.
pub(crate) trait Item {
    /// Writes it where there is room for it.
    ///
    /// All that this calls with `out` should be inlined: then the place in the buffer stays in a register
    /// from one part to the next, which is most of the speed.
    fn write(&self, out: &mut impl Out);

    /// No more than this is written, the rest of a padded copy included. What takes more than copying is
    /// longer than any buffer: it is written with more care.
    fn longest(&self) -> usize {
        usize::MAX
    }
}

impl Page<'_> {
    /// Writes an item, or what is left of it, and says whether that was all of it.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    pub(crate) fn put(&mut self, at: &mut Cursor, item: &impl Item) -> bool {
        let room = self.buf.get_mut(self.len..).unwrap_or_default();
        if at.skip > 0 || room.len() < item.longest() {
            return self.put_piece(at, item);
        }
        let mut out = Whole::new(room);
        item.write(&mut out);
        self.len += out.written();
        true
    }

    /// Lets several items be written at once, no more than `longest` in all, and says whether it did: not
    /// where the room may be too small, or a piece of the first has gone out.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    pub(crate) fn put_whole(
        &mut self,
        at: &Cursor,
        longest: usize,
        write: impl FnOnce(&mut Whole<'_>),
    ) -> bool {
        let room = self.buf.get_mut(self.len..).unwrap_or_default();
        if at.skip > 0 || room.len() < longest {
            return false;
        }
        let mut out = Whole::new(room);
        write(&mut out);
        self.len += out.written();
        true
    }

    #[cold]
    #[inline(never)]
    fn put_piece(&mut self, at: &mut Cursor, item: &impl Item) -> bool {
        let room = self.buf.get_mut(self.len..).unwrap_or_default();
        let mut out = Window::new(room, at.skip);
        item.write(&mut out);
        let (written, whole) = (out.written(), out.is_complete());
        self.len += written;
        at.skip = if whole { 0 } else { at.skip + written };
        whole
    }

    const fn chunk(&self, end: bool) -> Chunk {
        Chunk { len: self.len, end }
    }
}

/// The last line of `OpenMetrics`.
struct End;

impl Item for End {
    fn write(&self, out: &mut impl Out) {
        out.put(b"# EOF\n");
    }
}
