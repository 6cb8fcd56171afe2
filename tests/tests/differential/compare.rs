//! Holds our frames against the model's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::script::TRACKS;

/// The model's counters, in its order.
const FIELDS: [&str; 9] = [
    "announced",
    "announced_closed",
    "broadcasts",
    "broadcasts_closed",
    "subscriptions",
    "subscriptions_closed",
    "bytes",
    "frames",
    "groups",
];
const BROADCASTS: usize = 2;
const BROADCASTS_CLOSED: usize = 3;

/// What we add, in our order.
const ADDED: [&str; 3] = ["viewers", "viewers_closed", "since"];

type Counters = [u64; FIELDS.len()];
type Object = Map<String, Value>;

/// One series in both systems, since its present life in ours began.
#[derive(Clone, Default)]
struct Series {
    /// What the model counted in lives before.
    base: Counters,
    /// What each showed last, less the base.
    model: Counters,
    ours: Counters,
    since: Option<u64>,
    /// The `since` of the life before.
    before: Option<u64>,
}

/// What both systems show on one track.
#[derive(Default)]
struct Shown {
    model: Object,
    ours: Object,
    series: BTreeMap<String, Series>,
}

#[derive(Default)]
pub(crate) struct Comparison {
    tracks: [Shown; TRACKS.len()],
}

impl Comparison {
    /// Compares what both systems wrote to one track at one tick.
    pub(crate) fn tick(&mut self, track: usize, model: &[Vec<u8>], ours: &[Vec<u8>]) {
        let name = TRACKS[track];
        let shown = &mut self.tracks[track];
        assert!(
            model.len() <= 1 && ours.len() <= 1,
            "{name}: one frame a tick"
        );
        let before = shown.ours.clone();
        replace(&mut shown.model, model);
        replace(&mut shown.ours, ours);
        if model.len() != ours.len() {
            let renewed = without_added(&before) == without_added(&shown.ours);
            assert!(
                ours.len() == 1 && renewed,
                "{name}: only one system wrote: {shown:?}"
            );
        }
        assert!(
            shown.model.keys().eq(shown.ours.keys()),
            "{name}: {shown:?}"
        );
        for (path, value) in &shown.ours {
            let series = shown.series.entry(path.clone()).or_default();
            check(series, &shown.model[path], value);
        }
    }

    /// Notes which series have ended: nothing of them is open on their track. The model forgets a path
    /// when nothing of it is open on any.
    pub(crate) fn ended(&mut self, open: &BTreeSet<(usize, String)>) {
        let open_paths: BTreeSet<_> = open.iter().map(|(_, path)| path.clone()).collect();
        for (track, shown) in self.tracks.iter_mut().enumerate() {
            for (path, series) in &mut shown.series {
                if open.contains(&(track, path.clone())) {
                    continue;
                }
                let total = std::array::from_fn(|i| series.base[i] + series.model[i]);
                *series = Series {
                    base: if open_paths.contains(path) {
                        total
                    } else {
                        [0; 9]
                    },
                    before: series.since.or(series.before),
                    ..Series::default()
                };
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let empty = |shown: &Shown| shown.ours.is_empty() && shown.model.is_empty();
        self.tracks.iter().all(empty)
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |object: &Object| serde_json::to_string(object).unwrap_or_default();
        write!(
            f,
            "\nmodel {}\nours  {}",
            text(&self.model),
            text(&self.ours)
        )
    }
}

fn replace(shown: &mut Object, frames: &[Vec<u8>]) {
    if let Some(frame) = frames.last() {
        *shown = serde_json::from_slice(frame).unwrap();
    }
}

fn check(series: &mut Series, model: &Value, ours: &Value) {
    check_shape(model, ours);
    let total = counters(model);
    let model = std::array::from_fn(|i| total[i] - series.base[i]);
    let ours = counters(ours_checked(series, ours));
    for (i, field) in FIELDS.iter().enumerate() {
        if i != BROADCASTS && i != BROADCASTS_CLOSED {
            assert_eq!(ours[i], model[i], "{field}");
        }
    }
    let expected = transitions(series, &ours);
    let grown = |i: usize| model[i] - series.model[i];
    assert_eq!((grown(BROADCASTS), grown(BROADCASTS_CLOSED)), expected);
    (series.model, series.ours) = (model, ours);
}

/// The model has its nine counters; ours are the same in the same order, and the additions last.
fn check_shape(model: &Value, ours: &Value) {
    let names = |value: &Value| value.as_object().unwrap().len();
    assert_eq!(names(model), FIELDS.len());
    assert_eq!(names(ours), FIELDS.len() + ADDED.len());
    for added in ADDED {
        assert!(ours[added].is_u64(), "{added}");
    }
}

/// Our series, its `since` that of its present life.
fn ours_checked<'a>(series: &mut Series, ours: &'a Value) -> &'a Value {
    let since = ours["since"].as_u64();
    if series.since.is_none() {
        assert!(since > series.before, "another life has a later since");
        series.since = since;
    }
    assert_eq!(series.since, since, "since stays while a series lives");
    ours
}

/// What the model makes of the transitions that we counted since the last frame: at most one each way,
/// and none between two frames in which the series is active.
fn transitions(series: &Series, ours: &Counters) -> (u64, u64) {
    let active = |counters: &Counters| counters[BROADCASTS] > counters[BROADCASTS_CLOSED];
    let grew = |i: usize| ours[i] > series.ours[i];
    let opened = !active(&series.ours) && grew(BROADCASTS);
    let closed = !active(ours) && grew(BROADCASTS_CLOSED);
    (opened.into(), closed.into())
}

fn counters(series: &Value) -> Counters {
    FIELDS.map(|field| series[field].as_u64().expect(field))
}

fn without_added(object: &Object) -> Object {
    let mut object = object.clone();
    for series in object.values_mut() {
        let series = series.as_object_mut().unwrap();
        series.retain(|field, _| !ADDED.contains(&field.as_str()));
    }
    object
}
