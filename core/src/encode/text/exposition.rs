//! A whole exposition, piece by piece.

use super::{Format, Labels};
use crate::{
    encode::{Out, Whole, Window},
    feed::Chunk,
};

/// One scrape's text on its way out.
///
/// ```text
/// collect ─> Exposition::new ─> encode until end
/// ```
///
/// It borrows the ledgers that it shows: all of it is one snapshot, that of the last collect. Cost: a
/// pass over all series for each metric; no allocation, no lock.
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
    /// When the ledgers' life began, in milliseconds since the Unix epoch.
    pub(crate) since: u64,
}

impl<'a> Exposition<'a> {
    /// The text of these sections, in this order. No two may have a metric in common.
    ///
    /// `since` is when the ledgers' life began, in milliseconds since the Unix epoch, as in
    /// [`Health::since`](crate::Health::since).
    pub const fn new(format: Format, sections: &'a [&'a dyn Section], since: u64) -> Self {
        Self {
            sections,
            style: Style {
                format,
                labels: Labels::NONE,
                since,
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
        let mut page = Page(Whole::new(buf));
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
    use super::{Cursor, Page, Style};

    pub trait Section: core::fmt::Debug {
        /// Writes what is left of the section, and says whether that was all of it.
        fn write(&self, style: &Style<'_>, at: &mut Cursor, page: &mut Page<'_>) -> bool;
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
    /// The next row, among the lane's rows; behind the last, the series that have ended.
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
pub struct Page<'a>(Whole<'a>);

/// Something that goes out as one, and can be written again to skip what has gone out.
pub(crate) trait Item {
    fn write(&self, out: &mut impl Out);

    /// No more than this is written, the rest of a padded copy included.
    fn longest(&self) -> usize {
        usize::MAX
    }
}

impl Page<'_> {
    /// Writes an item, or what is left of it, and says whether that was all of it.
    #[inline]
    pub(crate) fn put(&mut self, at: &mut Cursor, item: &impl Item) -> bool {
        if at.skip == 0 && self.0.left() >= item.longest() {
            item.write(&mut self.0);
            return true;
        }
        self.put_piece(at, item)
    }

    #[cold]
    fn put_piece(&mut self, at: &mut Cursor, item: &impl Item) -> bool {
        let mut out = Window::new(self.0.rest(), at.skip);
        item.write(&mut out);
        let (written, whole) = (out.written(), out.is_complete());
        self.0.take(written);
        at.skip = if whole { 0 } else { at.skip + written };
        whole
    }

    fn chunk(self, end: bool) -> Chunk {
        Chunk {
            len: self.0.written(),
            end,
        }
    }
}

/// The last line of `OpenMetrics`.
struct End;

impl Item for End {
    fn write(&self, out: &mut impl Out) {
        out.put(b"# EOF\n");
    }
}
