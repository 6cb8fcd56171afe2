//! What was measured, and what follows for fleets of many sizes.

use crate::measure::{BROADCASTS, Costs, MOVES};

/// Of a collector's memory, as its configuration says: for each series of a node, and for each name.
const SERIES_BYTES: f64 = 170.0;
const NAME_BYTES: f64 = 600.0;

/// Nodes beneath one collector at the most: it reads on one core, of which half is to be free, and has
/// 32 GiB and half a gigabit a second.
const CORE: f64 = 0.5;
const MEMORY: f64 = 32.0 * 1024.0 * 1024.0 * 1024.0;
const LINK: f64 = 62.5e6;

/// Prints both, ticks being a second apart.
pub(crate) fn print(costs: &Costs) {
    let (node, packed, whole) = (
        costs.node.as_secs_f64(),
        costs.packed.as_secs_f64(),
        costs.whole.as_secs_f64(),
    );
    println!(
        "{BROADCASTS} live broadcasts a node, 1 in {MOVES} moved in a tick; all nodes have the same names"
    );
    println!(
        "a node sends     {:>10.0} bytes a tick in patches (whole: {:.0})",
        costs.packed_bytes, costs.whole_bytes
    );
    println!("a node's tick    {:>10.0} us", node * 1e6);
    println!("reading patches  {:>10.0} us a node and tick", packed * 1e6);
    println!("reading a whole  {:>10.0} us", whole * 1e6);
    let limits = [
        ("its core", CORE / packed),
        ("its link", LINK / costs.packed_bytes),
        ("its memory", MEMORY / series_bytes()),
    ];
    let (by, most) = limits
        .into_iter()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or(("", 1.0));
    println!("nodes beneath one collector, by {by}: {most:.0}");
    let above = (CORE / whole).min(LINK / costs.whole_bytes);
    println!("collectors beneath one that reads their whole frames: {above:.0}");
    println!();
    println!(
        "{:>8} {:>12} {:>10} {:>10} {:>12}  collectors a level",
        "nodes", "bytes/s", "cores", "GiB", "upper bytes/s"
    );
    for nodes in [10.0, 100.0, 1_000.0, 10_000.0, 100_000.0] {
        let levels = levels(nodes, most, above);
        let upper = levels.first().filter(|first| **first > 1.0);
        println!(
            "{nodes:>8} {:>12.0} {:>10.2} {:>10.2} {:>12.0}  {}",
            nodes * costs.packed_bytes,
            nodes * packed,
            memory(nodes) / MEMORY * 32.0,
            upper.map_or(0.0, |first| first * costs.whole_bytes),
            levels
                .iter()
                .map(f64::to_string)
                .collect::<Vec<_>>()
                .join(" > "),
        );
    }
}

#[allow(clippy::cast_precision_loss, reason = "a small number")]
fn series_bytes() -> f64 {
    BROADCASTS as f64 * SERIES_BYTES
}

#[allow(clippy::cast_precision_loss, reason = "a small number")]
fn memory(nodes: f64) -> f64 {
    nodes * series_bytes() + BROADCASTS as f64 * NAME_BYTES
}

/// How many collectors there are on each level, up to the one that has all.
fn levels(nodes: f64, most: f64, above: f64) -> Vec<f64> {
    let mut levels = vec![(nodes / most).ceil()];
    while let Some(last) = levels.last().copied().filter(|last| *last > 1.0) {
        levels.push((last / above.max(2.0)).ceil());
    }
    levels
}
