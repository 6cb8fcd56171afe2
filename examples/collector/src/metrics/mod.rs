//! The fleet as metrics, the same for scrapers and for remote write.
//!
//! | metric | labels | tells |
//! |---|---|---|
//! | `streamgauge_fleet_<word>_total` | `broadcast`, `tier`, `role` | all that was counted of one broadcast, on all nodes; the busiest ones only |
//! | `streamgauge_fleet_watching` | `broadcast`, `tier`, `role` | who watch now, on nodes that are there |
//! | `streamgauge_fleet_rest_<word>_total` | `tier`, `role` | what came while it was not shown under its broadcast |
//! | `streamgauge_fleet_all_<word>_total` | `tier`, `role` | all that was ever counted; never falls |
//! | `streamgauge_fleet_sessions_total`, `.._closed_total` | `tier` | sessions, on all nodes |
//! | `streamgauge_fleet_node_up` | `node` | 1 while the node is there |
//! | `streamgauge_fleet_node_{bytes,frames}_{in,out}_total` | `node` | all that flowed through one node |
//! | `streamgauge_collector_..` | | how the collector itself does |
//!
//! The words are those of the nodes' frames, such as `bytes` and `viewers_closed`. Rates of all add up at
//! every moment: those of the broadcasts shown and of the rest are that of the whole. A broadcast that is
//! shown tells all that was ever counted of it.

mod pick;
mod text;

use std::sync::Arc;

use streamgauge_core::{Family as _, Presence, Role, Traffic};

use crate::remote_write;
use crate::view::{Node, Sum, View};

pub use pick::{Picked, Picker};
pub use text::write;

/// What is shown: the fleet, and which of its broadcasts have metrics of their own.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The fleet.
    pub view: View,
    /// The broadcasts.
    pub picked: Picked,
}

/// A metric, and all its samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name, with the `_total` of a counter.
    pub name: String,
    /// A line for people.
    pub help: String,
    /// Whether it only rises.
    pub counter: bool,
    /// The samples.
    pub samples: Vec<Sample>,
}

/// A value and what tells it from the others of its metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Names and values, in the order of names.
    pub labels: Vec<(&'static str, Arc<str>)>,
    /// The value.
    pub value: u64,
}

/// All metrics of the fleet and of the collector.
pub fn metrics(shown: &Shown, writer: Option<&remote_write::Tally>) -> Vec<Metric> {
    let mut all = Vec::new();
    broadcasts(&mut all, shown);
    watching(&mut all, shown);
    sums(
        &mut all,
        "rest",
        "of what has no row of its own",
        &shown.picked.rest,
    );
    sums(
        &mut all,
        "all",
        "of all that was ever counted",
        &shown.view.traffic,
    );
    sessions(&mut all, &shown.view.sessions);
    nodes(&mut all, &shown.view.nodes);
    own(&mut all, shown);
    if let Some(tally) = writer {
        writing(&mut all, tally);
    }
    all
}

fn broadcasts(all: &mut Vec<Metric>, shown: &Shown) {
    for (place, word) in Traffic::WORDS.iter().enumerate() {
        let rows = shown.picked.rows.iter();
        let rows = rows.filter_map(|row| shown.view.broadcasts.get(*row));
        let samples = rows.map(|row| Sample {
            labels: vec![
                ("broadcast", row.name.clone()),
                ("role", row.role.as_str().into()),
                ("tier", tier(&row.tier)),
            ],
            value: at(&row.total.words(), place),
        });
        all.push(counter(word.name, word.help, samples.collect()));
    }
}

fn watching(all: &mut Vec<Metric>, shown: &Shown) {
    let rows = shown.picked.rows.iter();
    let rows = rows.filter_map(|row| shown.view.broadcasts.get(*row));
    let samples = rows.map(|row| Sample {
        labels: vec![
            ("broadcast", row.name.clone()),
            ("role", row.role.as_str().into()),
            ("tier", tier(&row.tier)),
        ],
        value: row.watching,
    });
    all.push(Metric {
        name: "streamgauge_fleet_watching".into(),
        help: "who watch now, on nodes that are there".into(),
        counter: false,
        samples: samples.collect(),
    });
}

fn sums(all: &mut Vec<Metric>, what: &str, help: &str, sums: &[Sum<Traffic>]) {
    for (place, word) in Traffic::WORDS.iter().enumerate() {
        let samples = sums.iter().map(|sum| Sample {
            labels: vec![
                ("role", sum.role.map_or("", Role::as_str).into()),
                ("tier", tier(&sum.tier)),
            ],
            value: at(&sum.total.words(), place),
        });
        let (name, help) = (
            format!("{what}_{}", word.name),
            format!("{}, {help}", word.help),
        );
        all.push(counter(&name, &help, samples.collect()));
    }
}

fn sessions(all: &mut Vec<Metric>, sums: &[Sum<Presence>]) {
    for (place, word) in Presence::WORDS.iter().enumerate() {
        let samples = sums.iter().map(|sum| Sample {
            labels: vec![("tier", tier(&sum.tier))],
            value: at(&sum.total.words(), place),
        });
        all.push(counter(word.name, word.help, samples.collect()));
    }
}

fn nodes(all: &mut Vec<Metric>, nodes: &[Node]) {
    let by_node = |value: fn(&Node) -> u64| {
        let samples = nodes.iter().map(|node| Sample {
            labels: vec![("node", node.name.clone())],
            value: value(node),
        });
        samples.collect::<Vec<_>>()
    };
    all.push(Metric {
        name: "streamgauge_fleet_node_up".into(),
        help: "whether the node is there".into(),
        counter: false,
        samples: by_node(|node| u64::from(node.present)),
    });
    let flows = [
        (
            "node_bytes_in",
            "payload bytes that came in",
            by_node(|node| node.ingress.bytes),
        ),
        (
            "node_bytes_out",
            "payload bytes that went out",
            by_node(|node| node.egress.bytes),
        ),
        (
            "node_frames_in",
            "frames that came in",
            by_node(|node| node.ingress.frames),
        ),
        (
            "node_frames_out",
            "frames that went out",
            by_node(|node| node.egress.frames),
        ),
    ];
    all.extend(flows.map(|(name, help, samples)| counter(name, help, samples)));
}

fn own(all: &mut Vec<Metric>, shown: &Shown) {
    let (view, tally) = (&shown.view, &shown.view.tally);
    let up = view.sources.iter().map(|source| Sample {
        labels: vec![("source", source.name.as_str().into())],
        value: u64::from(source.error.is_none()),
    });
    all.push(Metric {
        name: "streamgauge_collector_source_up".into(),
        help: "whether the source can be read".into(),
        counter: false,
        samples: up.collect(),
    });
    let numbers = [
        ("frames", "frames read", tally.frames),
        ("frame_bytes", "bytes of the frames read", tally.bytes),
        (
            "bad_frames",
            "frames that could not be read",
            tally.bad_frames,
        ),
        (
            "refused_nodes",
            "news of nodes that found no room",
            tally.refused,
        ),
    ];
    all.extend(numbers.map(|(name, help, value)| single(name, help, true, value)));
    let rows = view.broadcasts.len() as u64;
    all.push(single(
        "broadcasts",
        "broadcasts by tier and role",
        false,
        rows,
    ));
}

fn writing(all: &mut Vec<Metric>, tally: &remote_write::Tally) {
    let numbers = [
        (
            "remote_write_requests",
            "requests that the store has taken",
            tally.sent,
        ),
        (
            "remote_write_refused",
            "requests that the store refused for good",
            tally.refused,
        ),
        (
            "remote_write_dropped",
            "requests that found no room in the queue",
            tally.dropped,
        ),
        (
            "remote_write_retries",
            "attempts that failed and were repeated",
            tally.retries,
        ),
    ];
    all.extend(numbers.map(|(name, help, value)| single(name, help, true, value)));
    let waiting = tally.waiting as u64;
    all.push(single(
        "remote_write_waiting",
        "requests in the queue",
        false,
        waiting,
    ));
}

fn counter(name: &str, help: &str, samples: Vec<Sample>) -> Metric {
    Metric {
        name: format!("streamgauge_fleet_{name}_total"),
        help: help.into(),
        counter: true,
        samples,
    }
}

fn single(name: &str, help: &str, counter: bool, value: u64) -> Metric {
    let tail = if counter { "_total" } else { "" };
    Metric {
        name: format!("streamgauge_collector_{name}{tail}"),
        help: help.into(),
        counter,
        samples: vec![Sample {
            labels: Vec::new(),
            value,
        }],
    }
}

fn at(words: &impl AsRef<[u64]>, place: usize) -> u64 {
    words.as_ref().get(place).copied().unwrap_or_default()
}

/// The external tier has no name of its own, but an empty label would be none. A tier that was given its
/// name gets an underscore in front, as on a node.
fn tier(name: &Arc<str>) -> Arc<str> {
    match &**name {
        "" => "external".into(),
        named if named.trim_start_matches('_') == "external" => format!("_{named}").into(),
        _ => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::pick::tests::row;
    use super::*;

    #[test]
    fn labels_are_in_the_order_of_their_names() {
        let view = View {
            broadcasts: vec![row("cam", 7, 0.0)],
            ..View::default()
        };
        let picked = Picker::new(10).pick(&view);
        for metric in metrics(&Shown { view, picked }, None) {
            for sample in metric.samples {
                assert!(
                    sample.labels.is_sorted_by_key(|(name, _)| *name),
                    "{sample:?}"
                );
            }
        }
    }

    #[test]
    fn tiers_are_never_taken_for_each_other() {
        let shown = ["", "external", "_external", "internal"].map(|name| tier(&name.into()));
        let shown = shown.each_ref().map(|name| &**name);
        assert_eq!(shown, ["external", "_external", "__external", "internal"]);
    }
}
