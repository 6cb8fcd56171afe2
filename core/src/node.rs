//! `node.json`: the reporter's own state, and totals that never fall.

mod patch;

pub use patch::Told;
pub(crate) use patch::encode_patch;

use crate::{
    encode::{Out, Window, json, number::number},
    families::{Presence, Traffic},
    feed::Chunk,
    key::segments,
    label::{Role, Tier},
    ledger::{Books, Ledger},
    pool::Usage,
    schema::Family,
};

/// What a reporter tells about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Tells one life of a reporter from the next.
    pub epoch: u64,
    /// When this life began, in milliseconds since the Unix epoch.
    pub since: u64,
    /// When the last tick was, in milliseconds since the Unix epoch.
    pub ts_ms: u64,
    /// The interval between ticks, in milliseconds.
    pub interval_ms: u64,
    /// Ticks so far.
    pub ticks: u64,
    /// Ticks that came a whole interval late or more.
    pub late_ticks: u64,
    /// Ticks that never came: each a whole interval in which the reporter was not called, mostly
    /// because a slow sink had not yet taken the frames of the tick before.
    pub skipped_ticks: u64,
    /// Ticks that came early because the tables ran low.
    pub early_ticks: u64,
    /// Frames that the sink accepted.
    pub frames: u64,
    /// Bytes of the frames that the sink accepted.
    pub frame_bytes: u64,
    /// Frames that the sink refused; each was tried again.
    pub refused_frames: u64,
    /// Boots that were counted, this one included; zero where nothing outlives a reset.
    pub boots: u64,
    /// Boots that counted on from what was saved, in this life.
    pub restored_boots: u64,
    /// Boots that refused what was saved, and began this life.
    pub refused_boots: u64,
    /// How full the tables of traffic are.
    pub traffic: Usage,
    /// How full the tables of presence are.
    pub presence: Usage,
}

impl Health {
    /// The times that outlive a reset, and the epoch.
    pub(crate) fn lasting_times(&mut self) -> [&mut u64; 3] {
        [&mut self.epoch, &mut self.since, &mut self.ts_ms]
    }

    /// The counts that outlive a reset.
    pub(crate) fn lasting_counts(&mut self) -> [&mut u64; 9] {
        [
            &mut self.ticks,
            &mut self.late_ticks,
            &mut self.skipped_ticks,
            &mut self.early_ticks,
            &mut self.frames,
            &mut self.frame_bytes,
            &mut self.refused_frames,
            &mut self.restored_boots,
            &mut self.refused_boots,
        ]
    }
}

/// Writes the part of `node.json` after `skip` bytes that fits into `buf`.
pub(crate) fn encode<N: Names + ?Sized, T: Books<Traffic>, P: Books<Presence>>(
    health: &Health,
    names: &N,
    traffic: &Ledger<Traffic, T>,
    presence: &Ledger<Presence, P>,
    skip: usize,
    buf: &mut [u8],
) -> Chunk {
    let mut out = Window::new(buf, skip);
    numbers(&mut out, health);
    path(&mut out, names);
    tiers(&mut out, names, presence.lanes());
    usage(&mut out, ",\"traffic\":", &health.traffic);
    usage(&mut out, ",\"presence\":", &health.presence);
    families(&mut out, names.families());
    totals(&mut out, names, traffic, presence);
    out.put(b"}");
    Chunk {
        len: out.written(),
        end: out.is_complete(),
    }
}

/// The names of the numbers in front.
const NUMBERS: [&str; 15] = [
    "{\"epoch\":",
    ",\"since\":",
    ",\"ts_ms\":",
    ",\"uptime_ms\":",
    ",\"interval_ms\":",
    ",\"ticks\":",
    ",\"late_ticks\":",
    ",\"skipped_ticks\":",
    ",\"early_ticks\":",
    ",\"frames\":",
    ",\"frame_bytes\":",
    ",\"refused_frames\":",
    ",\"boots\":",
    ",\"restored_boots\":",
    ",\"refused_boots\":",
];

/// What `node.json` begins with.
fn numbers(out: &mut impl Out, health: &Health) {
    put_fields(out, &NUMBERS, &front(health));
}

fn front(health: &Health) -> [u64; NUMBERS.len()] {
    [
        health.epoch,
        health.since,
        health.ts_ms,
        health.ts_ms.saturating_sub(health.since),
        health.interval_ms,
        health.ticks,
        health.late_ticks,
        health.skipped_ticks,
        health.early_ticks,
        health.frames,
        health.frame_bytes,
        health.refused_frames,
        health.boots,
        health.restored_boots,
        health.refused_boots,
    ]
}

/// Where the node's stats are published, if the names tell.
fn path(out: &mut impl Out, names: &(impl Names + ?Sized)) {
    let [prefix, node] = names.path();
    if prefix.is_empty() {
        return;
    }
    out.put(b",\"path\":\"");
    for segment in segments(prefix) {
        json::text(out, segment);
        out.put(b"/");
    }
    out.put(b"node");
    for segment in segments(node) {
        out.put(b"/");
        json::text(out, segment);
    }
    out.put(b"\"");
}

/// The names of the tiers in order, so that their places are enough elsewhere.
fn tiers(out: &mut impl Out, names: &(impl Names + ?Sized), tiers: usize) {
    out.put(b",\"tiers\":[");
    for (place, tier) in (0..tiers).filter_map(Tier::from_index).enumerate() {
        out.put(if place == 0 { b"\"" } else { b",\"" });
        json::text(out, names.tier(tier).as_bytes());
        out.put(b"\"");
    }
    out.put(b"]");
}

/// The names of the numbers about a table.
const USAGE: [&str; 7] = [
    "{\"series\":",
    ",\"series_capacity\":",
    ",\"cells\":",
    ",\"cells_capacity\":",
    ",\"folded_keys\":",
    ",\"folded_guards\":",
    ",\"folded_events\":",
];

fn usage(out: &mut impl Out, name: &str, usage: &Usage) {
    out.put(name.as_bytes());
    put_fields(out, &USAGE, &of_usage(usage));
    out.put(b"}");
}

fn of_usage(usage: &Usage) -> [u64; USAGE.len()] {
    let values = [
        usage.series,
        usage.series_capacity,
        usage.cells,
        usage.cells_capacity,
        usage.folded_keys,
        usage.folded_guards,
        usage.folded_events,
    ];
    values.map(|value| value as u64)
}

/// How full the tables of the other families are, if there are any.
fn families(out: &mut impl Out, families: &[(&str, Usage)]) {
    for (place, (name, of)) in families.iter().enumerate() {
        out.put(if place == 0 {
            b",\"families\":{\""
        } else {
            b",\""
        });
        json::text(out, name.as_bytes());
        usage(out, "\":", of);
    }
    if !families.is_empty() {
        out.put(b"}");
    }
}

fn put_fields(out: &mut impl Out, names: &[&str], values: &[u64]) {
    for (name, value) in names.iter().zip(values) {
        out.put(name.as_bytes());
        number(out, *value);
    }
}

/// All that was ever counted in each lane, under the name of its track without `.json`.
fn totals<N: Names + ?Sized, T: Books<Traffic>, P: Books<Presence>>(
    out: &mut impl Out,
    names: &N,
    traffic: &Ledger<Traffic, T>,
    presence: &Ledger<Presence, P>,
) {
    out.put(b",\"totals\":{");
    for lane in 0..traffic.lanes() {
        let role = Role::ALL
            .get(lane % Role::ALL.len())
            .map_or("", |role| role.as_str());
        let place = (lane, lane / Role::ALL.len());
        lane_total::<Traffic>(out, names, place, role, traffic.lane_words(lane));
    }
    for lane in 0..presence.lanes() {
        let place = (lane + 1, lane);
        lane_total::<Presence>(out, names, place, "sessions", presence.lane_words(lane));
    }
    out.put(b"}");
}

fn lane_total<F: Family>(
    out: &mut impl Out,
    names: &(impl Names + ?Sized),
    (place, tier): (usize, usize),
    track: &str,
    total: &[u64],
) {
    lane_name(out, names, place == 0, tier, track);
    json::words::<F>(out, total);
    out.put(b"}");
}

/// Writes `"tier/track":`, after a comma unless it is the first.
fn lane_name(
    out: &mut impl Out,
    names: &(impl Names + ?Sized),
    first: bool,
    tier: usize,
    track: &str,
) {
    out.put(if first { b"\"" } else { b",\"" });
    let tier = Tier::from_index(tier).map_or("", |tier| names.tier(tier));
    if !tier.is_empty() {
        json::text(out, tier.as_bytes());
        out.put(b"/");
    }
    out.put(track.as_bytes());
    out.put(b"\":");
}

/// The names of a node's tiers, and its own.
pub trait Names {
    /// The tier's name, which is its tracks' prefix; empty for the external tier.
    fn tier(&self, tier: Tier) -> &str;

    /// The path of the node's stats, as the prefix that all nodes share and the node's own name, which
    /// `<prefix>/node/<name>` is made of. Both empty where `node.json` is not to tell.
    fn path(&self) -> [&str; 2] {
        [""; 2]
    }

    /// The families that the node publishes beside traffic and presence, each with how full its tables
    /// are.
    fn families(&self) -> &[(&str, Usage)] {
        &[]
    }

    /// How full their tables were when the reader of patches was last told; for merge patches alone. A family
    /// that is missing here is told in full.
    fn families_told(&self) -> &[Usage] {
        &[]
    }
}

/// The names of the tiers that a node was given besides the two built in.
impl<T: AsRef<str>> Names for [T] {
    fn tier(&self, tier: Tier) -> &str {
        match tier {
            Tier::External => "",
            Tier::Internal => "internal",
            Tier::Named(place) => self.get(usize::from(place)).map_or("", AsRef::as_ref),
        }
    }
}
