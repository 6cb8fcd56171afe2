//! What a tick does: collects, and offers frames to the sinks.

use std::sync::Arc;

use bytes::Bytes;
use streamgauge_core::{Chunk, Format, Health, Instant, Told, TrackId};
use tokio::sync::oneshot;

use crate::{
    Config, ConfigError, Form, Frame, Sink, TrackSink,
    board::{Board, Poster},
    clock::Clock,
    config::SnapshotSink,
    deltas::Stream,
    forms::{Forms, published_names},
    groups::Groups,
    host::{self, Host, HostReporter},
    levels::Levels,
    names::NodeNames,
    page::Page,
    published::Published,
    rest::{Rest, RestSink},
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
    /// For each of them, under which names it is published.
    forms: Vec<Forms>,
    /// For each of them, what is said in patches.
    streams: Vec<Stream>,
    /// What readers of patches were told of `node.json`.
    told: Told,
    families: Vec<Box<dyn Published>>,
    outlets: Vec<Outlet>,
    snapshots: Vec<SnapshotSink>,
    levels: Option<Levels>,
    groups: Option<Groups>,
    /// What is in none of them.
    rest: Rest,
    /// The sinks of broadcasts beside the node's own.
    side_outlets: Vec<Outlet>,
    /// For each name, how many different frames there were.
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
        let places = track_names(&config, &tracks);
        let node = tracks.iter().position(|track| *track == TrackId::Node);
        let (names, forms) = published_names(config.deltas, &places, node);
        let (board, poster) = Board::new(config.path(), names);
        let levels = Levels::new(&config);
        let first = levels.as_ref().map_or(0, Levels::tracks);
        let parted = tracks.iter().filter(|track| **track != TrackId::Node);
        let parted = parted.count();
        let groups = Groups::new(&config, &places[..parted], first);
        let side_outlets = std::mem::take(&mut config.side_sinks);
        let (outlets, rest) = outlets(&mut config, &board, &forms[..parted])?;
        let rest = Rest::new(rest, &forms[..parted], &places);
        let snapshots = std::mem::take(&mut config.snapshots);
        let (board, places) = (Arc::new(board), forms.len());
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
            rest,
            side_outlets,
            versions: vec![0; board.names.len()],
            streams: forms.iter().map(|_| Stream::default()).collect(),
            told: Told::NOTHING,
            forms,
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
        self.rest.close();
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
        if self.families[family].owes() && self.publish_place(self.tracks.len() + family) {
            self.families[family].accept();
        }
    }

    fn publish_track(&mut self, track: TrackId) {
        let place = self.tracks.iter().position(|other| *other == track);
        if self.publish_place(place.unwrap_or_default()) {
            let meters = &self.host.shared().meters;
            self.reporter.accept_counted(meters);
        } else {
            self.reporter.refuse_counted();
        }
    }

    /// Offers the frame of a track in each of its forms; of the reporter's, only the one whose turn it is.
    /// Says whether nothing is owed to any sink.
    fn publish_place(&mut self, place: usize) -> bool {
        let Forms { whole, packed } = self.forms[place];
        let whole = whole.map(|track| {
            let payload = self.frame(place, track);
            self.framed(track, Form::Whole, payload)
        });
        // Made before anything is counted: `node.json` is the same in both.
        let packed = packed.map(|track| self.pack(place, track, whole.as_ref()));
        let taken = whole.as_ref().is_none_or(|frame| self.offer(frame));
        let told = packed
            .as_ref()
            .is_none_or(|packed| self.tell(place, packed));
        let parted = self.offer_parts(place, whole.as_ref());
        if let Some(frame) = whole {
            self.reporter.count_beside(frame.payload.len(), taken);
        }
        if let Some(Packed::Frame(frame)) = packed {
            self.reporter.count_beside(frame.payload.len(), told);
        }
        taken && told && parted
    }

    /// Offers the parts of a whole frame to the sinks of those; says whether nothing is owed to any of them.
    fn offer_parts(&mut self, place: usize, whole: Option<&Frame>) -> bool {
        if !self.groups.as_ref().is_some_and(|groups| groups.has(place)) {
            return true;
        }
        let payload = whole.map_or_else(|| self.frame_anew(place), |frame| frame.payload.clone());
        let ts_ms = self.reporter.health().ts_ms;
        self.rest.write(place, ts_ms, &payload);
        let part = (ts_ms, &*payload);
        let groups = self.groups.as_mut();
        groups.is_none_or(|groups| groups.offer(&mut self.side_outlets, place, part))
    }

    /// Encodes a whole frame that is shown under no name of its own.
    fn frame_anew(&mut self, place: usize) -> Bytes {
        self.restart(place);
        Page::default().fill(|room| self.encode(place, &[], room))
    }

    fn framed(&self, track: usize, form: Form, payload: Bytes) -> Frame {
        Frame {
            track,
            name: self.board.names[track].clone(),
            ts_ms: self.reporter.health().ts_ms,
            form,
            payload,
        }
    }

    /// Encodes the next whole frame.
    fn frame(&mut self, place: usize, track: usize) -> Bytes {
        let mut page = std::mem::take(&mut self.pages[place]);
        let last = self.poster.shown(track).map(|frame| frame.payload);
        let last = last.unwrap_or_default();
        page.fill(|room| self.encode(place, &last, room))
    }

    /// Writes the next piece of a frame into `room`.
    fn encode(&mut self, place: usize, last: &[u8], room: &mut [u8]) -> Chunk {
        if let Some(family) = place.checked_sub(self.tracks.len()) {
            return self.families[family].encode(last, room);
        }
        let (meters, names) = (&self.host.shared().meters, &self.names);
        self.reporter.poll_frame_after(meters, names, last, room)
    }

    /// Packs what readers of patches have not been told, or all if they have to begin anew.
    fn pack(&mut self, place: usize, track: usize, whole: Option<&Frame>) -> Packed {
        let form = self.streams[place].course.next();
        let packed = match (form, whole) {
            (Form::Patch, _) if !self.has_patch(place) => return Packed::Nothing,
            (Form::Keyframe, Some(whole)) => self.streams[place].keyframe(&whole.payload),
            _ => self.pack_anew(place, form),
        };
        match packed {
            Some(payload) => Packed::Frame(self.framed(track, form, payload)),
            None => Packed::Failed,
        }
    }

    /// Encodes a keyframe or a patch and packs it.
    fn pack_anew(&mut self, place: usize, form: Form) -> Option<Bytes> {
        self.restart(place);
        // A keyframe is long, and seldom: its memory is not kept.
        let mut page = match form {
            Form::Patch => std::mem::take(&mut self.streams[place].page),
            Form::Whole | Form::Keyframe => Page::default(),
        };
        let plain = page.fill(|room| match form {
            Form::Patch => self.encode_patch(place, room),
            Form::Whole | Form::Keyframe => self.encode(place, &[], room),
        });
        let stream = &mut self.streams[place];
        match form {
            Form::Whole | Form::Keyframe => stream.keyframe(&plain),
            Form::Patch => {
                let packed = stream.patch(&plain);
                stream.page.recycle(plain);
                packed
            }
        }
    }

    fn restart(&mut self, place: usize) {
        match place.checked_sub(self.tracks.len()) {
            Some(family) => self.families[family].restart(),
            None => self.reporter.restart(),
        }
    }

    fn has_patch(&self, place: usize) -> bool {
        match place.checked_sub(self.tracks.len()) {
            Some(family) => self.families[family].has_patch(),
            None => self.reporter.has_patch(),
        }
    }

    fn encode_patch(&mut self, place: usize, room: &mut [u8]) -> Chunk {
        if let Some(family) = place.checked_sub(self.tracks.len()) {
            return self.families[family].encode_patch(room);
        }
        let (meters, names) = (&self.host.shared().meters, &self.names);
        self.reporter.poll_patch(&self.told, meters, names, room)
    }

    /// Offers what was packed to the sinks; says whether nothing is owed to any of them.
    fn tell(&mut self, place: usize, packed: &Packed) -> bool {
        let frame = match packed {
            Packed::Nothing => return true,
            Packed::Frame(frame) => Some(frame),
            Packed::Failed => None,
        };
        let Some(frame) = frame.filter(|frame| self.offer_packed(frame)) else {
            self.streams[place].course.refused();
            return false;
        };
        let bytes = frame.payload.len();
        self.streams[place].course.accepted(frame.form, bytes);
        self.accept_form(place, frame.form);
        true
    }

    fn accept_form(&mut self, place: usize, form: Form) {
        if let Some(family) = place.checked_sub(self.tracks.len()) {
            return self.families[family].accept_form(form);
        }
        match form {
            Form::Patch => self.reporter.accept_patch(&mut self.told),
            Form::Whole | Form::Keyframe => self.reporter.accept_keyframe(&mut self.told),
        }
        if self.tracks[place] == TrackId::Node {
            self.names.tell_families();
        }
    }

    fn offer_packed(&mut self, frame: &Frame) -> bool {
        self.versions[frame.track] += 1;
        let version = self.versions[frame.track];
        let offer = |all, outlet: &mut Outlet| all & outlet.offer(frame, version);
        self.outlets.iter_mut().fold(true, offer)
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
            self.recycle(before);
        }
        all
    }

    fn recycle(&mut self, frame: Frame) {
        let mut forms = self.forms.iter();
        let place = forms.position(|forms| forms.whole == Some(frame.track));
        if let Some(page) = place.and_then(|place| self.pages.get_mut(place)) {
            page.recycle(frame.payload);
        }
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

/// The sinks that were given, and one for each origin; those of origins that are given the rest of what is parted.
fn outlets(
    config: &mut Config,
    board: &Board,
    parted: &[Forms],
) -> Result<(Vec<Outlet>, Vec<RestSink>), ConfigError> {
    let mut outlets = std::mem::take(&mut config.sinks);
    let mut rest = Vec::new();
    for origin in std::mem::take(&mut config.origins) {
        let sink = TrackSink::announce(&origin, &board.path, &board.names);
        let sink = sink.map_err(ConfigError::Announce)?;
        let sink: Box<dyn Sink> = if config.depth > 0 {
            let sink = RestSink::new(sink, parted);
            rest.push(sink.clone());
            Box::new(sink)
        } else {
            Box::new(sink)
        };
        outlets.push(Outlet::new(sink));
    }
    Ok((outlets, rest))
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

/// What there is to say in patches.
enum Packed {
    Nothing,
    Frame(Frame),
    /// The compressor failed.
    Failed,
}

/// The names of all tracks in the order of their places.
fn track_names(config: &Config, tracks: &[TrackId]) -> Vec<String> {
    let tiers = config.tiers.as_slice();
    let tracks = tracks.iter().map(|track| track.name(tiers).concat());
    let families = config.families.iter();
    let families = families.map(|family| format!("{}.json", family.name()));
    tracks.chain(families).collect()
}
