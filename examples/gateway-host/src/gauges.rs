//! What the counters are, from the frames of stats; and whether the frames keep the laws.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use streamgauge_core::{Family, OVERFLOW, Role, Source, Tier, TrackId, Traffic};
use streamgauge_relay::table::Board;
use streamgauge_relay::totals;

use crate::model::{Model, Series, plus};

/// The newest frames of a gateway's tracks.
#[derive(Default)]
pub struct Gauges {
    egress: Flow,
    ingress: Flow,
    node: Option<Node>,
    board: Board,
}

/// One track of traffic.
#[derive(Default)]
struct Flow {
    since: BTreeMap<String, u64>,
    /// What each series counted when it was last seen, in the life that it was last seen in.
    last: Series,
}

/// What `node.json` tells.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Ticks of this life.
    pub ticks: u64,
    /// How full the tables are.
    pub traffic: Usage,
    /// All that was ever counted, by track.
    pub totals: BTreeMap<String, serde_json::Value>,
}

/// How full the tables of traffic are.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Usage {
    /// Series in use.
    pub series: u64,
    /// Series that there is room for.
    pub series_capacity: u64,
    /// Guards that were counted in an overflow series.
    pub folded_keys: u64,
    /// Events that were counted in overflow series.
    pub folded_events: u64,
}

#[derive(Deserialize)]
struct Since {
    since: u64,
}

impl Gauges {
    /// Takes in a frame.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or breaks a law: a word fell within a series' life, or more was closed
    /// than opened.
    pub fn update(&mut self, track: TrackId, payload: &[u8]) -> Result<()> {
        let text = || String::from_utf8_lossy(payload).into_owned();
        match track {
            TrackId::Traffic(Tier::External, role) => {
                self.board.update(role, totals::rows(payload)?);
                let flow = match role {
                    Role::Publisher => &mut self.egress,
                    Role::Subscriber => &mut self.ingress,
                };
                flow.update(payload).with_context(text)
            }
            TrackId::Node => {
                self.node = Some(serde_json::from_slice(payload).with_context(text)?);
                Ok(())
            }
            TrackId::Traffic(..) | TrackId::Sessions(_) => {
                ensure!(payload == b"{}", "a track that nobody uses: {}", text());
                Ok(())
            }
        }
    }

    /// The newest `node.json`.
    #[must_use]
    pub const fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// As a table.
    #[must_use]
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// The names that a track has ever shown.
    #[must_use]
    pub fn names(&self, role: Role) -> BTreeSet<String> {
        self.flow(role).last.keys().cloned().collect()
    }

    /// In what the counters differ from what they must be.
    #[must_use]
    pub fn differences(&self, model: &Model) -> Vec<String> {
        let mut found = Vec::new();
        for role in Role::ALL {
            let names = self.names(role);
            let flow = self.flow(role);
            let expected = model.series(role, |path| names.contains(path));
            for (name, expected) in &expected {
                let counted = flow.last.get(name).copied().unwrap_or_default();
                compare(&mut found, role, name, expected, &counted);
            }
            let unknown = names.iter().filter(|name| !expected.contains_key(*name));
            found.extend(unknown.map(|name| format!("{} {name}: unknown", role.as_str())));
            let total = expected.values().fold(Traffic::default(), plus);
            let counted = self.total(role).unwrap_or_default();
            compare(&mut found, role, "in all", &total, &counted);
        }
        found
    }

    /// How many events the overflow series of a track counted: neither what has a unit nor what closes.
    #[must_use]
    pub fn overflowed(&self, role: Role) -> u64 {
        let counted = self.flow(role).last.get(OVERFLOW).copied();
        let words = counted.unwrap_or_default().words();
        let events = Traffic::WORDS
            .iter()
            .zip(words)
            .filter(|(word, _)| word.unit.is_empty() && !matches!(word.source, Source::Closed(_)));
        events.map(|(_, n)| n).sum()
    }

    fn total(&self, role: Role) -> Option<Traffic> {
        let total = self.node.as_ref()?.totals.get(role.as_str())?;
        Traffic::deserialize(total).ok()
    }

    const fn flow(&self, role: Role) -> &Flow {
        match role {
            Role::Publisher => &self.egress,
            Role::Subscriber => &self.ingress,
        }
    }
}

fn compare(found: &mut Vec<String>, role: Role, name: &str, expected: &Traffic, counted: &Traffic) {
    let words = Traffic::WORDS.iter().zip(expected.words());
    for ((word, expected), counted) in words.zip(counted.words()) {
        if expected != counted {
            let (role, word) = (role.as_str(), word.name);
            found.push(format!("{role} {name}: {counted} {word}, not {expected}"));
        }
    }
}

impl Flow {
    fn update(&mut self, payload: &[u8]) -> Result<()> {
        let rows: Series = serde_json::from_slice(payload)?;
        let since: BTreeMap<String, Since> = serde_json::from_slice(payload)?;
        for (name, words) in &rows {
            let began = since.get(name).map_or(0, |row| row.since);
            let same_life = self.since.insert(name.clone(), began) == Some(began);
            let before = self.last.get(name).filter(|_| same_life);
            check(name, words, before.copied().unwrap_or_default())?;
        }
        self.last.extend(rows);
        Ok(())
    }
}

/// Checks the laws of order and of monotony.
fn check(name: &str, words: &Traffic, before: Traffic) -> Result<()> {
    let all = words.words();
    for (word, (now, before)) in Traffic::WORDS.iter().zip(all.iter().zip(before.words())) {
        let word_name = word.name;
        ensure!(
            *now >= before,
            "{name}: {word_name} fell from {before} to {now}"
        );
        if let Source::Closed(event) = word.source {
            let opened = Traffic::WORDS
                .iter()
                .position(|word| word.source == Source::Opened(event));
            let opened = opened.and_then(|at| all.get(at)).copied().unwrap_or(0);
            ensure!(opened >= *now, "{name}: {now} {word_name} of {opened}");
        }
    }
    Ok(())
}
