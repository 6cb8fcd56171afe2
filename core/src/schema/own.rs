//! The names of metrics that no family may take.

use super::{same, starts_with};

/// What the names of the project's own metrics begin with.
const OWN: &str = "streamgauge_";

/// What the names of the metrics of a node begin with: a family's metric in all of its series together, those
/// that have ended too.
pub(crate) const NODE: &str = "streamgauge_node_";

/// What the names of metrics that are no family's begin with.
const RESERVED: [&str; 4] = [
    NODE,
    "streamgauge_reporter_",
    "streamgauge_scrape",
    "streamgauge_table_",
];

/// What a family's metric is called among those of the node, behind `streamgauge_node_`.
#[doc(hidden)]
#[must_use]
pub const fn of_node(metric: &str) -> &str {
    if starts_with(metric, OWN) {
        metric.split_at(OWN.len()).1
    } else {
        metric
    }
}

/// Whether the name may be a metric of the node's, or of what it tells about its own counting.
pub(super) const fn is_reserved(metric: &str) -> bool {
    let mut i = 0;
    while i < RESERVED.len() {
        if starts_with(metric, RESERVED[i]) {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether two metrics would be one among those of the node.
pub(super) const fn are_one(a: &str, b: &str) -> bool {
    same(of_node(a), of_node(b))
}
