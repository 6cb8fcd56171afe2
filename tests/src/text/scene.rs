//! Series of all families, by a script: what an oracle is shown.

use std::fmt::Debug;

use streamgauge_core::{
    Announce, ByTier, ByTierAndRole, Cache, CacheStats, CallOutcome, ChannelStats, Duration,
    Exposition, FamilySection, Format, Health, Key, Labels, Lease, Presence, Replication, Rpc,
    Scrapes, Section, SelfSection, ServiceStats, Traffic, Usage,
    track::{Amount, TrackEvent},
};

use super::{
    Book, LabelSet, Metric, Probe, meant,
    probe::{COUNTERS, LAG, LEVELS, RUNS, SIZE, TIMES},
};

/// One thing that happens in a [`Scene`].
#[derive(Clone, Debug)]
pub struct Step {
    /// The family that counts, modulo their number.
    pub family: usize,
    /// The lane, modulo those of the family.
    pub lane: usize,
    /// The name of the series.
    pub name: String,
    /// What is counted, recorded and set.
    pub amounts: [u64; 10],
    /// Whether gauges are set.
    pub set: bool,
    /// Whether what was opened stays open.
    pub held: bool,
    /// Whether it is collected after that, and whether the frames are accepted.
    pub tick: (bool, bool),
}

/// All families, with series of theirs.
#[derive(Debug)]
pub struct Scene {
    probe: Book<Probe>,
    traffic: Book<Traffic>,
    presence: Book<Presence>,
    replication: Book<Replication>,
    rpc: Book<Rpc>,
    cache: Book<Cache>,
    held: Vec<Box<dyn Debug>>,
    health: Health,
    now: u64,
    labels: Vec<(String, String)>,
}

/// How many families there are.
const FAMILIES: usize = 6;

/// The tiers besides the two built in.
const TIERS: [&str; 2] = ["external", "qu\"o\\te\nd"];

/// What they are shown as.
const SHOWN: [&str; 4] = ["external", "internal", "_external", TIERS[1]];

impl Scene {
    /// When its life begins, in milliseconds since the Unix epoch.
    pub const SINCE: u64 = 1_700_000_000_123;

    /// A scene with room for this many series in each family, and with these labels on all samples.
    #[must_use]
    pub fn new(series: usize, labels: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
        Self {
            probe: Book::new(series, 1, Self::SINCE),
            traffic: Book::new(series, 2 * SHOWN.len(), Self::SINCE),
            presence: Book::new(series, SHOWN.len(), Self::SINCE),
            replication: Book::new(series, 1, Self::SINCE),
            rpc: Book::new(series, 1, Self::SINCE),
            cache: Book::new(series, 1, Self::SINCE),
            held: Vec::new(),
            health: Health {
                since: Self::SINCE,
                ..Health::default()
            },
            now: Self::SINCE,
            labels: labels.iter().map(owned).collect(),
        }
    }

    /// Lets one thing happen.
    pub fn play(&mut self, step: &Step) {
        let held: Box<dyn Debug> = match step.family % FAMILIES {
            0 => self.play_probe(step),
            1 => self.play_traffic(step),
            2 => self.play_presence(step),
            3 => self.play_replication(step),
            4 => self.play_rpc(step),
            _ => self.play_cache(step),
        };
        if step.held {
            self.held.push(held);
        }
        let (collected, accepted) = step.tick;
        if collected {
            self.tick(accepted);
        }
    }

    /// Ends all that is open.
    pub fn close(&mut self) {
        self.held.clear();
    }

    /// Collects, and lets the sink accept what there is to tell.
    pub fn tick(&mut self, accepted: bool) {
        self.now += 1_001;
        self.health.ticks += 1;
        self.health.ts_ms = self.now;
        let (now, accept) = (self.now, accepted);
        tick(&mut self.probe, now, accept);
        tick(&mut self.traffic, now, accept);
        tick(&mut self.presence, now, accept);
        tick(&mut self.replication, now, accept);
        tick(&mut self.rpc, now, accept);
        tick(&mut self.cache, now, accept);
        self.health.traffic = self.traffic.meter().usage();
        self.health.presence = self.presence.meter().usage();
    }

    /// What is to be said of the families, in order; the node's own metrics follow.
    #[must_use]
    pub fn meant(&self, format: Format) -> Vec<Metric> {
        let pairs = self.labels.iter().cloned();
        let labels: LabelSet = pairs.collect();
        let one = [LabelSet::new()];
        let tiers = SHOWN.map(|tier| LabelSet::from([("tier".into(), tier.into())]));
        let roles: Vec<_> = (0..2 * SHOWN.len())
            .map(|lane| {
                let role = ["publisher", "subscriber"][lane % 2];
                let mut set = tiers[lane / 2].clone();
                set.insert("role".into(), role.into());
                set
            })
            .collect();
        let since = Self::SINCE;
        let mut all = meant(&self.probe, &one, format, &labels, since);
        all.extend(meant(&self.traffic, &roles, format, &labels, since));
        all.extend(meant(&self.presence, &tiers, format, &labels, since));
        all.extend(meant(&self.replication, &one, format, &labels, since));
        all.extend(meant(&self.rpc, &one, format, &labels, since));
        all.extend(meant(&self.cache, &one, format, &labels, since));
        all
    }

    /// The exposition, written through a buffer of this many bytes.
    ///
    /// # Panics
    /// When a label's name is none, or the exposition is no UTF-8.
    #[must_use]
    pub fn write(&self, format: Format, room: usize) -> String {
        let pairs: Vec<_> = self.pairs().collect();
        let labels = Labels::new(&pairs).expect("names of labels");
        let tables = [("probe", self.probe.meter().usage())];
        self.with_sections(&tables, |sections| {
            let exposition = Exposition::new(format, sections);
            drain(exposition.with_labels(labels), room)
        })
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn with_sections<T>(
        &self,
        tables: &[(&str, Usage)],
        f: impl FnOnce(&[&dyn Section]) -> T,
    ) -> T {
        let names = &TIERS[..];
        let (probe, rpc, cache) = (&self.probe, &self.rpc, &self.cache);
        let (traffic, presence) = (&self.traffic, &self.presence);
        let replication = &self.replication;
        let scrapes = Scrapes {
            count: 3,
            bytes: u64::MAX,
        };
        f(&[
            &FamilySection::new(&probe.ledger, probe.meter()),
            &FamilySection::with_lanes(&traffic.ledger, traffic.meter(), ByTierAndRole(names)),
            &FamilySection::with_lanes(&presence.ledger, presence.meter(), ByTier(names)),
            &FamilySection::new(&replication.ledger, replication.meter()),
            &FamilySection::new(&rpc.ledger, rpc.meter()),
            &FamilySection::new(&cache.ledger, cache.meter()),
            &SelfSection::new(&self.health)
                .with_tables(tables)
                .with_scrapes(scrapes),
        ])
    }

    fn play_probe(&self, step: &Step) -> Box<dyn Debug> {
        let key = Key::new(&step.name).ok();
        let announced = Announce::open(self.probe.drawer(), 0, key.as_ref());
        let mut track = announced.track("track");
        for (counter, n) in COUNTERS.iter().zip(step.amounts) {
            track.add(*counter, word(n));
        }
        let [.., size, first, second, third, lag] = step.amounts;
        track.record(SIZE, word(size));
        for (times, n) in TIMES.iter().zip([first, second, third]) {
            track.record(*times, Duration::from_micros(n));
        }
        if step.set {
            track.set(LAG, Duration::from_micros(lag));
            track.set(LEVELS[step.lane % 2], word(size));
        }
        let run = Lease::open(self.probe.drawer(), 0, key.as_ref()).begin(RUNS);
        Box::new((track, run, announced))
    }

    fn play_traffic(&self, step: &Step) -> Box<dyn Debug> {
        let key = Key::path(&step.name).ok();
        let lane = step.lane % (2 * SHOWN.len());
        let announced = Announce::open(self.traffic.drawer(), lane, key.as_ref());
        let mut track = announced.track("track");
        track.group();
        track.whole_frame(word(step.amounts[0]));
        Box::new((track, announced))
    }

    fn play_presence(&self, step: &Step) -> Box<dyn Debug> {
        let key = Key::path(&step.name).ok();
        let lane = step.lane % SHOWN.len();
        Box::new(Announce::open(self.presence.drawer(), lane, key.as_ref()))
    }

    fn play_replication(&self, step: &Step) -> Box<dyn Debug> {
        let mut channel = ChannelStats::open(self.replication.drawer(), &step.name);
        channel.sync_bytes(word(step.amounts[0]));
        channel.skip_ahead();
        if step.set {
            channel.set_leader_lag(Duration::from_micros(step.amounts[1]));
        }
        Box::new(channel)
    }

    fn play_rpc(&self, step: &Step) -> Box<dyn Debug> {
        const OUTCOMES: [CallOutcome; 5] = [
            CallOutcome::Ok,
            CallOutcome::NoRoute,
            CallOutcome::Timeout,
            CallOutcome::Server,
            CallOutcome::Transport,
        ];
        let service = ServiceStats::open(self.rpc.drawer(), &step.name);
        let mut call = service.call();
        call.record(
            OUTCOMES[step.lane % 5],
            Duration::from_micros(step.amounts[0]),
        );
        let mut handler = service.handler();
        handler.returned(Duration::from_micros(step.amounts[1]));
        Box::new((call, handler, service))
    }

    fn play_cache(&self, step: &Step) -> Box<dyn Debug> {
        let mut cache = CacheStats::open(self.cache.drawer(), &step.name);
        let [groups, frames, bytes, ..] = step.amounts;
        cache.count(TrackEvent::Written(Amount {
            groups,
            frames,
            bytes,
        }));
        cache.count(TrackEvent::Hit(1));
        Box::new(cache)
    }
}

fn tick<F: streamgauge_core::Family>(book: &mut Book<F>, now: u64, accepted: bool) {
    book.collect(now);
    if accepted {
        book.accept();
    }
}

fn drain(mut exposition: Exposition<'_>, room: usize) -> String {
    let (mut text, mut buf) = (Vec::new(), vec![0; room]);
    loop {
        let chunk = exposition.encode(&mut buf);
        text.extend_from_slice(&buf[..chunk.len]);
        if chunk.end {
            return String::from_utf8(text).expect("an exposition is text");
        }
    }
}

fn word(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// Numbers of a kind from a seed.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or(0)
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Text with all that a label might stumble over.
    pub fn text(&mut self) -> String {
        const PIECES: [&str; 22] = [
            "a",
            "demo/bbb",
            "\"",
            "\\",
            "\n",
            "\r",
            "\0",
            "\t",
            "\u{7f}",
            "🎈",
            "é",
            "€",
            "\\n",
            "{",
            "}",
            ",",
            "=",
            " ",
            "#",
            "streamgauge_node_",
            "__overflow__",
            "\u{2028}",
        ];
        (0..self.below(5)).map(|_| self.pick(&PIECES)).collect()
    }

    /// Anything that may happen.
    pub fn step(&mut self) -> Step {
        Step {
            family: self.below(FAMILIES),
            lane: self.below(64),
            name: self.text(),
            amounts: std::array::from_fn(|_| self.amount()),
            set: self.below(2) == 0,
            held: self.below(2) == 0,
            tick: (self.below(3) == 0, self.below(2) == 0),
        }
    }

    fn amount(&mut self) -> u64 {
        let shift = self.below(64);
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            _ => self.next() >> shift,
        }
    }

    /// The next of a sequence in which all bits are well mixed.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }
}
