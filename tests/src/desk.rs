//! One family by itself: its meter, its feed, and the newest frame.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use streamgauge_core::{
    Exposition, Family, FamilySection, Feed, Format, Ledger, Linger, Meter, MeterRef, OVERFLOW,
    Usage,
};

use crate::{
    node::{Boxed, Ledgers, meter, pages},
    patched::merge,
};

/// How much a [`Desk`] has room for.
#[derive(Clone, Copy, Debug)]
pub struct DeskRoom {
    /// Series.
    pub series: usize,
    /// Cells.
    pub cells: usize,
    /// Parts of the index.
    pub shards: usize,
}

impl DeskRoom {
    /// Room for `n` series and as many cells, in one part.
    #[must_use]
    pub const fn of(n: usize) -> Self {
        Self {
            series: n,
            cells: n,
            shards: 1,
        }
    }
}

/// Leads to the meter of a [`Desk`]. Cheap to clone.
pub struct Drawer<F: Family>(pub(crate) Arc<Meter<F, Boxed<F>>>);

impl<F: Family> fmt::Debug for Drawer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drawer").field(&F::NAME).finish()
    }
}

impl<F: Family> Clone for Drawer<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Family> MeterRef<F> for Drawer<F> {
    type Storage = Boxed<F>;
    type Hold = ();

    fn meter(&self) -> &Meter<F, Self::Storage> {
        &self.0
    }
}

/// A family's one lane, collected and published.
#[derive(Debug)]
pub struct Desk<F: Family> {
    meter: Drawer<F>,
    feed: Feed<F, Ledgers<F>>,
    /// The frame, as patches have made it, if they are made.
    patched: Value,
    patching: bool,
    /// What the wall clock shows, in milliseconds.
    pub now_ms: u64,
}

impl<F: Family + DeserializeOwned> Desk<F> {
    /// When the ledger's life began.
    pub const EPOCH: u64 = 1_000_000;

    /// Fresh tables, whose series stay as long as they do by default.
    #[must_use]
    pub fn new(room: DeskRoom) -> Self {
        Self::lingering(room, Linger::default())
    }

    /// Fresh tables.
    #[must_use]
    pub fn lingering(room: DeskRoom, linger: Linger) -> Self {
        let books = pages(room.series, 1, (true, true));
        Self {
            meter: Drawer(Arc::new(
                meter(room.series, room.cells, 1, room.shards).with_linger(linger),
            )),
            feed: Feed::new(Ledger::new(books, Self::EPOCH)),
            patched: Value::Object(Map::new()),
            patching: false,
            now_ms: Self::EPOCH,
        }
    }

    /// The same with a reader of patches beside the sink.
    #[must_use]
    pub fn patching(mut self) -> Self {
        self.patching = true;
        self
    }

    /// Leads guards to the meter.
    #[must_use]
    pub fn meter(&self) -> Drawer<F> {
        self.meter.clone()
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger<F, Ledgers<F>> {
        self.feed.ledger()
    }

    /// How full the tables are.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.meter.0.usage()
    }

    /// Collects, a second later.
    pub fn collect(&mut self) {
        self.collect_after(1_000);
    }

    /// Collects so many milliseconds later.
    pub fn collect_after(&mut self, ms: u64) {
        self.now_ms += ms;
        self.feed.collect(&self.meter.0, self.now_ms);
    }

    /// A sink accepts the frame as it is; if patches are made, one that says the same.
    ///
    /// # Panics
    /// When the patches so far do not make the frame.
    pub fn accept(&mut self) {
        if self.patching {
            self.tell();
        }
        self.feed.accept(&self.meter.0, 0);
    }

    /// Tells the reader of patches of the frame as it is.
    ///
    /// # Panics
    /// When the patches so far do not make the frame.
    pub fn tell(&mut self) {
        let mut frame = serde_json::from_str(&self.frame(4096)).expect("JSON");
        without_nulls(&mut frame);
        let patch = self.patch(4096);
        assert!(self.ledger().has_patch(0) || patch == "{}", "{patch}");
        let patch = serde_json::from_str(&patch).expect("JSON");
        merge(&mut self.patched, &patch);
        assert_eq!(self.patched, frame, "after {patch}");
        self.feed.accept_patch(0);
    }

    /// The patch, through a buffer of this many bytes.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn patch(&mut self, room: usize) -> String {
        let (mut patch, mut buf) = (Vec::new(), vec![0; room.max(1)]);
        self.feed.reset();
        loop {
            let chunk = self.feed.encode_patch(&self.meter.0, 0, &mut buf);
            patch.extend_from_slice(&buf[..chunk.len]);
            if chunk.end {
                return String::from_utf8(patch).expect("a patch is text");
            }
            assert_eq!(chunk.len, buf.len(), "an unfinished patch fills the buffer");
        }
    }

    /// There is no reader of patches any more.
    pub fn forget_patches(&mut self) {
        self.patching = false;
        self.patched = Value::Object(Map::new());
        self.feed.forget_patches(0);
    }

    /// Collects a second later, and a sink accepts what there is to tell.
    pub fn tick(&mut self) {
        self.collect();
        if self.ledger().has_moved(0) {
            self.accept();
        }
    }

    /// Encodes the frame into a buffer that is there already, and says how long it is.
    pub fn drain(&mut self, buf: &mut [u8]) -> usize {
        let mut bytes = 0;
        loop {
            let chunk = self.feed.encode(&self.meter.0, 0, &[], buf);
            bytes += chunk.len;
            if chunk.end {
                return bytes;
            }
        }
    }

    /// The frame, through a buffer of this many bytes.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn frame(&mut self, room: usize) -> String {
        self.frame_after("", room)
    }

    /// The frame after this one, from which what did not move is copied.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn frame_after(&mut self, last: &str, room: usize) -> String {
        let (mut frame, mut buf) = (Vec::new(), vec![0; room.max(1)]);
        self.feed.reset();
        loop {
            let last = last.as_bytes();
            let chunk = self.feed.encode(&self.meter.0, 0, last, &mut buf);
            frame.extend_from_slice(&buf[..chunk.len]);
            if chunk.end {
                return String::from_utf8(frame).expect("a frame is text");
            }
            assert_eq!(chunk.len, buf.len(), "an unfinished frame fills the buffer");
        }
    }

    /// All series as text for scrapers, in memory that is there already or grows.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn scrape<'a>(&self, format: Format, room: &'a mut Vec<u8>) -> &'a str {
        let section = FamilySection::new(self.ledger(), &self.meter.0);
        let sections: [&dyn streamgauge_core::Section; 1] = [&section];
        let mut exposition = Exposition::new(format, &sections);
        let mut len = 0;
        loop {
            room.resize(room.len().max(len + 1_024), 0);
            let chunk = exposition.encode(&mut room[len..]);
            len += chunk.len;
            if chunk.end {
                return std::str::from_utf8(&room[..len]).expect("an exposition is text");
            }
        }
    }

    /// The frame, as serde writes it.
    ///
    /// # Panics
    /// When serde does not.
    #[must_use]
    pub fn frame_by_serde(&self) -> String {
        let snapshot = self.ledger().snapshot(&self.meter.0, 0);
        serde_json::to_string(&snapshot).expect("JSON")
    }

    /// The frame, read back.
    ///
    /// # Panics
    /// When it is no JSON.
    #[must_use]
    pub fn shown(&mut self) -> BTreeMap<String, F> {
        let frame = self.frame(4096);
        serde_json::from_str(&frame).expect("a frame is JSON")
    }

    /// Every series that has not retired, by name.
    ///
    /// # Panics
    /// When a name is no text, or is there twice.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, F> {
        let mut all = BTreeMap::new();
        for series in self.ledger().all(&self.meter.0, 0) {
            let name = series.key.bytes().collect();
            let name = String::from_utf8(name).expect("a name is text");
            let before = all.insert(name, series.snapshot());
            assert!(before.is_none(), "a series is there twice");
        }
        all
    }

    /// The series of this name, as last collected; all zero if there is none.
    #[must_use]
    pub fn of(&self, name: &str) -> F {
        self.all().get(name).copied().unwrap_or_default()
    }

    /// The overflow series.
    #[must_use]
    pub fn overflow(&self) -> F {
        self.of(OVERFLOW)
    }

    /// All that was ever collected.
    #[must_use]
    pub fn total(&self) -> F {
        self.ledger().total(0)
    }

    /// Law 1: what is live and what has retired make up what was ever counted.
    ///
    /// # Panics
    /// When they do not.
    pub fn check_parts(&self) {
        let words = F::WORDS.len() + F::HISTOGRAMS.iter().map(buckets_and_sum).sum::<usize>();
        let parts = self.all().into_values().chain([self.ledger().retired(0)]);
        let mut sum = vec![0_u64; words];
        for part in parts {
            for (sum, word) in sum.iter_mut().zip(part.words().as_ref()) {
                *sum += word;
            }
        }
        assert_eq!(sum, self.total().words().as_ref()[..words], "parts differ");
    }

    /// Law 3: no word is below what closes it, in any series.
    ///
    /// # Panics
    /// When one is.
    pub fn check_order(&self) {
        for (name, series) in self.all() {
            let words = series.words();
            for [opened, closed] in F::PAIRS {
                let words = words.as_ref();
                assert!(words[*opened] >= words[*closed], "{name}: {series:?}");
            }
        }
    }
}

/// A gauge that was never set is not there for who applies patches.
fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, value| !value.is_null());
        members.values_mut().for_each(without_nulls);
    }
}

fn buckets_and_sum(histogram: &streamgauge_core::Histogram) -> usize {
    histogram.bounds.len() + 2
}
