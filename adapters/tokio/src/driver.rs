//! What a tick does: collects, and offers frames to the sinks.

use std::sync::Arc;

use bytes::Bytes;
use streamgauge_core::{Chunk, Format, Health, Instant, TrackId};
use tokio::sync::oneshot;

use crate::{
    Config, ConfigError, Frame, Sink, TrackSink,
    board::{Board, Poster},
    clock::Clock,
    config::SnapshotSink,
    groups::Groups,
    host::{self, Host, HostReporter},
    levels::Levels,
    names::NodeNames,
    page::Page,
    published::Published,
    rest::RestSink,
    scrape::{Books, Scraper},
    sink::Outlet,
    snapshot::Snapshot,
};

/// What the owners of a node ask of its driver.
#[derive(Debug)]
pub(crate) enum Request {
    /// A tick at once; answered when its frames were offered.
    Flush(oneshot::Sender<()>),
    /// All that was counted until now, as text.
    Scrape(Format, oneshot::Sender<Bytes>),
}

/// Drives the reporter of one node.
pub(crate) struct Driver {
    host: Host,
    reporter: HostReporter,
    clock: Clock,
    names: NodeNames,
    board: Arc<Board>,
    poster: Poster,
    /// The reporter's tracks; those of the families follow.
    tracks: Vec<TrackId>,
    families: Vec<Box<dyn Published>>,
    outlets: Vec<Outlet>,
    snapshots: Vec<SnapshotSink>,
    levels: Option<Levels>,
    groups: Option<Groups>,
    /// The sinks of broadcasts beside the node's own.
    side_outlets: Vec<Outlet>,
    /// For each track, how many different frames there were.
    versions: Vec<u64>,
    /// For each track, memory for the next frame.
    pages: Vec<Page>,
    scraper: Scraper,
    /// Whether tables ran low before a scrape took in what they held.
    pressed: bool,
    folded: usize,
}

impl Driver {
    pub(crate) fn new(
        mut config: Config,
        host: &Host,
        clock: Clock,
    ) -> Result<(Self, Arc<Board>), ConfigError> {
        let families = take_families(&config, host)?;
        let reporter = host::reporter(&config, clock.schedule);
        let tracks: Vec<_> = reporter.all_tracks().collect();
        let (board, poster) = Board::new(config.path(), track_names(&config, &tracks));
        let levels = Levels::new(&config);
        let first = levels.as_ref().map_or(0, Levels::tracks);
        let parted = tracks.iter().filter(|track| **track != TrackId::Node);
        let parted = parted.count();
        let groups = Groups::new(&config, &board.names[..parted], first);
        let side_outlets = std::mem::take(&mut config.side_sinks);
        let outlets = outlets(&mut config, &board, parted)?;
        let snapshots = std::mem::take(&mut config.snapshots);
        let (board, places) = (Arc::new(board), tracks.len() + families.len());
        let driver = Self {
            host: host.clone(),
            reporter,
            clock,
            names: NodeNames::new(config),
            board: board.clone(),
            poster,
            tracks,
            families,
            outlets,
            snapshots,
            levels,
            groups,
            side_outlets,
            versions: vec![0; places],
            pages: (0..places).map(|_| Page::default()).collect(),
            scraper: Scraper::default(),
            pressed: false,
            folded: 0,
        };
        Ok((driver, board))
    }

    /// The path of the node's stats.
    pub(crate) fn path(&self) -> &str {
        &self.board.path
    }

    /// The sinks, which get no more frames.
    pub(crate) fn take_sinks(&mut self) -> Vec<Outlet> {
        let mut sinks = std::mem::take(&mut self.outlets);
        sinks.append(&mut self.side_outlets);
        sinks
    }

    /// When to tick.
    pub(crate) fn due(&self) -> Instant {
        if self.pressed {
            self.early()
        } else {
            self.reporter.poll_timeout()
        }
    }

    /// When to tick if the tables run low.
    pub(crate) fn early(&self) -> Instant {
        self.reporter.poll_early_timeout()
    }

    pub(crate) fn tick_if_due(&mut self) {
        let (now, pressed) = (self.clock.now(), self.is_pressed());
        let meters = &self.host.shared().meters;
        if self.reporter.handle_timeout_beside(meters, pressed, now) {
            self.publish();
        }
    }

    pub(crate) fn tick_now(&mut self) {
        let now = self.clock.now();
        self.reporter.tick(&self.host.shared().meters, now);
        self.publish();
    }

    /// Answers requests: with one tick, and one text in each format, however many ask at once.
    pub(crate) fn answer(&mut self, requests: &mut Vec<Request>) {
        if requests
            .iter()
            .any(|request| matches!(request, Request::Flush(_)))
        {
            self.tick_now();
        }
        let mut texts = Format::ALL.map(|format| (format, None));
        for request in requests.drain(..) {
            self.answer_from(&mut texts, request);
        }
    }

    /// Answers one request. Whoever asked may have left.
    fn answer_from(&mut self, texts: &mut [(Format, Option<Bytes>)], request: Request) {
        match request {
            Request::Flush(done) => {
                let _ = done.send(());
            }
            Request::Scrape(format, asked) => {
                let mut texts = texts.iter_mut();
                let text = texts.find(|(other, _)| *other == format);
                if let Some((_, text)) = text.filter(|_| !asked.is_closed()) {
                    let text = text.get_or_insert_with(|| self.scrape(format));
                    let _ = asked.send(text.clone());
                }
            }
        }
    }

    /// Writes what was counted until now.
    fn scrape(&mut self, format: Format) -> Bytes {
        self.collect();
        let books = Books {
            meters: &self.host.shared().meters,
            reporter: &self.reporter,
            families: &self.families,
            names: &self.names,
        };
        self.scraper.write(&books, format)
    }

    /// Copies what was counted until now.
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        self.collect();
        self.copy()
    }

    /// Copies what was collected last.
    fn copy(&self) -> Snapshot {
        let books = Books {
            meters: &self.host.shared().meters,
            reporter: &self.reporter,
            families: &self.families,
            names: &self.names,
        };
        self.scraper.copy(&books)
    }

    /// Takes in what was counted until now. The frames of the next tick are the same as without.
    fn collect(&mut self) {
        self.pressed = self.is_pressed();
        let now = self.clock.now();
        self.reporter.collect(&self.host.shared().meters, now);
        self.collect_families();
    }

    /// Whether any tables run low, or did before the last scrape.
    fn is_pressed(&self) -> bool {
        let meters = &self.host.shared().meters;
        self.pressed
            || meters.traffic().is_pressed()
            || meters.presence().is_pressed()
            || self.families.iter().any(|family| family.is_pressed())
    }

    /// Offers what changed. `node.json` goes last, as it tells of the other frames.
    fn publish(&mut self) {
        self.pressed = false;
        self.collect_families();
        self.publish_levels();
        self.hand_out();
        for family in 0..self.families.len() {
            self.publish_family(family);
        }
        while let Some(track) = self.reporter.poll_track() {
            self.publish_track(track);
        }
        if let Some(groups) = &mut self.groups {
            groups.settle(self.clock.now());
        }
        self.outlets.retain(Outlet::is_open);
        self.side_outlets.retain(Outlet::is_open);
        self.note();
    }

    /// Hands snapshots to those who want them: before frames are accepted, which ends series.
    fn hand_out(&mut self) {
        let mut sinks = std::mem::take(&mut self.snapshots);
        for sink in &mut sinks {
            sink(self.copy());
        }
        self.snapshots = sinks;
    }

    /// Adds up what the tick has collected, and publishes it by prefix.
    fn publish_levels(&mut self) {
        let Some(levels) = &mut self.levels else {
            return;
        };
        levels.take_in(&self.host.shared().meters, &self.reporter, self.clock.now());
        if let Some((_, usage)) = self.names.families.last_mut() {
            *usage = levels.usage();
        }
        let ts_ms = self.reporter.health().ts_ms;
        let reporter = &mut self.reporter;
        levels.publish(
            &mut self.side_outlets,
            &self.names,
            ts_ms,
            |len, accepted| {
                reporter.count_beside(len, accepted);
            },
        );
    }

    fn collect_families(&mut self) {
        let now_ms = self.reporter.traffic().stamp();
        for (family, (_, usage)) in self.families.iter_mut().zip(&mut self.names.families) {
            family.collect(now_ms);
            *usage = family.usage();
        }
    }

    fn publish_family(&mut self, family: usize) {
        if !self.families[family].owes() {
            return;
        }
        let frame = self.frame(self.tracks.len() + family);
        let accepted = self.offer(&frame);
        if accepted {
            self.families[family].accept();
        }
        self.reporter.count_beside(frame.payload.len(), accepted);
    }

    fn publish_track(&mut self, track: TrackId) {
        let places = self.tracks.iter().position(|other| *other == track);
        let frame = self.frame(places.unwrap_or_default());
        if self.offer_parts(&frame) & self.offer(&frame) {
            self.reporter.accept(&self.host.shared().meters);
        } else {
            self.reporter.refuse();
        }
    }

    /// Offers the parts of a frame to the sinks of those; says whether nothing is owed to any of them.
    fn offer_parts(&mut self, frame: &Frame) -> bool {
        let Some(groups) = &mut self.groups else {
            return true;
        };
        let part = (frame.ts_ms, &*frame.payload);
        groups.offer(&mut self.side_outlets, frame.track, part)
    }

    /// Encodes the next frame of a track; of the reporter's, only the one whose turn it is.
    fn frame(&mut self, track: usize) -> Frame {
        let mut page = std::mem::take(&mut self.pages[track]);
        let last = self.poster.shown(track).map(|frame| frame.payload);
        let last = last.unwrap_or_default();
        Frame {
            track,
            name: self.board.names[track].clone(),
            ts_ms: self.reporter.health().ts_ms,
            payload: page.fill(|room| self.encode(track, &last, room)),
        }
    }

    /// Writes the next piece of a frame into `room`.
    fn encode(&mut self, track: usize, last: &[u8], room: &mut [u8]) -> Chunk {
        if let Some(family) = track.checked_sub(self.tracks.len()) {
            return self.families[family].encode(last, room);
        }
        let (meters, names) = (&self.host.shared().meters, &self.names);
        self.reporter.poll_frame_after(meters, names, last, room)
    }

    /// Shows a frame and offers it to the sinks; says whether nothing is owed to any of them.
    fn offer(&mut self, frame: &Frame) -> bool {
        let mut before = self.poster.shown(frame.track);
        let changed = before.as_ref().map(|before| &before.payload) != Some(&frame.payload);
        if changed {
            self.versions[frame.track] += 1;
            before = self.poster.show(frame.clone());
        }
        let version = self.versions[frame.track];
        let mut all = true;
        for outlet in &mut self.outlets {
            all &= outlet.offer(frame, version);
        }
        // Not before the sinks have the next: until then they may hold this one.
        if let Some(before) = before.filter(|_| changed) {
            self.pages[frame.track].recycle(before.payload);
        }
        all
    }

    /// Tells the operator how the tick went.
    fn note(&mut self) {
        let Health {
            ticks,
            late_ticks,
            refused_frames,
            traffic,
            presence,
            ..
        } = *self.reporter.health();
        let folded = traffic.folded_keys.wrapping_add(presence.folded_keys);
        if folded != self.folded {
            let folds = folded.wrapping_sub(self.folded);
            tracing::warn!(
                folds,
                series = traffic.series,
                "guards were counted in an overflow series"
            );
            self.folded = folded;
        }
        tracing::debug!(
            ticks,
            late_ticks,
            refused_frames,
            series = traffic.series,
            cells = traffic.cells,
            "stats tick"
        );
    }
}

/// The sinks that were given, and one for each origin.
fn outlets(config: &mut Config, board: &Board, parted: usize) -> Result<Vec<Outlet>, ConfigError> {
    let mut outlets = std::mem::take(&mut config.sinks);
    for origin in std::mem::take(&mut config.origins) {
        let sink = TrackSink::announce(&origin, &board.path, &board.names);
        let sink = sink.map_err(ConfigError::Announce)?;
        let sink: Box<dyn Sink> = if config.depth > 0 {
            Box::new(RestSink::new(sink, parted))
        } else {
            Box::new(sink)
        };
        outlets.push(Outlet::new(sink));
    }
    Ok(outlets)
}

/// Takes hold of all families, or of none.
fn take_families(config: &Config, host: &Host) -> Result<Vec<Box<dyn Published>>, ConfigError> {
    let wake = &host.shared().wake;
    let families = config.families.iter();
    families
        .map(|family| {
            let taken = || ConfigError::FamilyTaken {
                family: family.name(),
            };
            family.take(wake).ok_or_else(taken)
        })
        .collect()
}

/// The names of all tracks in the order of their places.
fn track_names(config: &Config, tracks: &[TrackId]) -> Vec<Arc<str>> {
    let tiers = config.tiers.as_slice();
    let tracks = tracks.iter().map(|track| track.name(tiers).concat());
    let families = config.families.iter();
    let families = families.map(|family| format!("{}.json", family.name()));
    tracks.chain(families).map(Arc::from).collect()
}
