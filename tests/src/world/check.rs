//! The laws, as they must hold after every operation, after every tick, and in the end.

use std::collections::BTreeMap;

use streamgauge_core::{Family, Key, KeyWords, MeterRef, Presence, Series, TrackId, Traffic};

use super::World;
use crate::{Name, Words, minus, plus, track_name, words::is_open};

/// What the ledger knows of each series: the time its life began, and its words.
type Known = BTreeMap<Name, (u64, Words)>;

impl World {
    /// Law 5: never more in use than there is room for.
    pub(super) fn check_bounds(&self) {
        let presence = MeterRef::<Presence>::meter(&self.gauge.node).usage();
        for usage in [self.traffic(), presence] {
            assert!(usage.series <= usage.series_capacity, "{usage:?}");
            assert!(usage.cells <= usage.cells_capacity, "{usage:?}");
        }
    }

    /// Law 1, after every tick.
    pub(super) fn check_collected(&self) {
        let known = self.known();
        for (lane, track) in self.tracks().iter().enumerate() {
            self.check_lane(lane, track, &known);
        }
        for name in self.model.names() {
            self.check_truth(name, &self.collected(name, &known));
        }
    }

    /// What an accepting sink knows after a tick: every truth, and every series that is open.
    pub(super) fn check_told(&self) {
        for name in self.model.names() {
            self.check_truth(name, &self.gauge.reader.seen(&name.0, &name.1));
            let open = is_open(&name.0, &self.model.words(name));
            let shown = self.gauge.reader.shown(&name.0).contains(&name.1);
            assert!(!open || shown, "{name:?} is open and does not show");
        }
    }

    /// Laws 1 and 2 in the end: each series was told in full, and all room is free again.
    pub(super) fn check_quiet(&self) {
        for name in self.model.names() {
            let seen = self.gauge.reader.seen(&name.0, &name.1);
            assert_eq!(seen, self.model.words(name), "{name:?}");
        }
        for track in self.tracks() {
            for name in self.gauge.reader.names(&track) {
                let name = (track.clone(), name.clone());
                let real = self.model.names().any(|other| *other == name);
                assert!(real, "{name:?} never was");
            }
            assert!(self.gauge.reader.shown(&track).is_empty(), "{track}");
        }
        let presence = MeterRef::<Presence>::meter(&self.gauge.node).usage();
        let used = |usage: streamgauge_core::Usage| (usage.series, usage.cells);
        assert_eq!(used(self.traffic()), (0, 0), "not all room was given back");
        assert_eq!(used(presence), (0, 0), "not all room was given back");
    }

    /// A series' own truth: all that was counted, but for what its guards may keep in themselves.
    fn check_truth(&self, name: &Name, observed: &[u64]) {
        let (least, most) = self.truth(|other| other == name, self.model.words(name));
        let words = least.iter().zip(&most).enumerate();
        for (at, (least, most)) in words {
            let word = observed.get(at).copied().unwrap_or(0);
            assert!(
                (*least..=*most).contains(&word),
                "{name:?}: word {at} is {word}, not {least} to {most}"
            );
        }
    }

    /// A lane's total is the sum of its parts, and true.
    fn check_lane(&self, lane: usize, track: &str, known: &Known) {
        let (total, retired) = self.total(lane);
        let ours = known.iter().filter(|((other, _), _)| other == track);
        let live = ours.fold(Words::new(), |sum, (_, (_, words))| plus(&sum, words));
        assert_eq!(total, plus(&retired, &live), "{track}: parts differ");
        let (least, most) = self.truth(|other| other.0 == track, self.model.total(track));
        for ((total, least), most) in total.iter().zip(&least).zip(&most) {
            assert!((least..=most).contains(&total), "{track}: {total:?}");
        }
    }

    /// The least and the most that can have been collected of the truth.
    fn truth(&self, ours: impl Fn(&Name) -> bool, truth: Words) -> (Words, Words) {
        let writers = self.writers.iter();
        let ours = writers.filter(|writer| writer.name.as_ref().is_some_and(&ours));
        let held = ours.fold(Words::new(), |sum, writer| plus(&sum, &writer.held));
        (minus(&truth, &held), truth)
    }

    /// All that was collected of a series, over all its lives.
    fn collected(&self, name: &Name, known: &Known) -> Words {
        let reader = &self.gauge.reader;
        match known.get(name) {
            Some((since, words)) => plus(&reader.seen_before(&name.0, &name.1, *since), words),
            None => reader.seen(&name.0, &name.1),
        }
    }

    /// The names of all tracks of series.
    fn tracks(&self) -> Vec<String> {
        let tracks = self.gauge.reporter.all_tracks();
        let series = tracks.filter(|track| *track != TrackId::Node);
        series.map(track_name).collect()
    }

    /// Total and retired account of a track, by its place.
    fn total(&self, place: usize) -> (Words, Words) {
        let (traffic, presence) = (
            self.gauge.reporter.traffic(),
            self.gauge.reporter.presence(),
        );
        match place.checked_sub(traffic.lanes()) {
            None => (
                Traffic::words(&traffic.total(place)).into(),
                Traffic::words(&traffic.retired(place)).into(),
            ),
            Some(lane) => (
                Presence::words(&presence.total(lane)).into(),
                Presence::words(&presence.retired(lane)).into(),
            ),
        }
    }

    fn known(&self) -> Known {
        let mut known = Known::new();
        let (traffic, presence) = (
            self.gauge.reporter.traffic(),
            self.gauge.reporter.presence(),
        );
        let meters = self.gauge.node.meters();
        for (place, track) in self.tracks().into_iter().enumerate() {
            match place.checked_sub(traffic.lanes()) {
                None => note(&mut known, &track, traffic.all(meters.traffic(), place)),
                Some(lane) => note(&mut known, &track, presence.all(meters.presence(), lane)),
            }
        }
        known
    }
}

fn note<'a, K: KeyWords>(
    known: &mut Known,
    track: &str,
    series: impl Iterator<Item = Series<'a, K>>,
) {
    for series in series {
        let name = (track.to_owned(), text(&series.key));
        let before = known.insert(name, (series.since, series.words.into()));
        assert!(before.is_none(), "a series is there twice");
    }
}

fn text<K: KeyWords>(key: &Key<K>) -> String {
    String::from_utf8(key.bytes().collect()).expect("a name is text")
}
