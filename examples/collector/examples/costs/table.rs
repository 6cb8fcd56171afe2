//! What was measured, and what follows for fleets of many sizes.

use crate::measure::{BROADCASTS, Costs, MOVES};

/// Of a collector's memory, as its help says: for each broadcast of a node, and for each broadcast by name.
const SERIES_BYTES: f64 = 256.0;
const NAME_BYTES: f64 = 864.0;
const GIB: f64 = 1_073_741_824.0;

/// What a collector has of its machine: half of a core for its fleet, 32 GiB, half a gigabit a second, and a
/// disk that is written at 100 MB a second.
const CORE: f64 = 0.5;
const MEMORY: f64 = 32.0 * GIB;
const LINK: f64 = 62.5e6;
const DISK: f64 = 100e6;

/// Prints both, ticks being a second apart.
pub(crate) fn print(costs: &Costs) {
    units(costs);
    let unkept = most(costs, false);
    let kept = most(costs, true);
    let above = (CORE / reading(costs))
        .min(LINK / costs.whole_bytes)
        .floor();
    println!();
    println!(
        "nodes beneath one collector:          {:>6.0} by its {}",
        unkept.0, unkept.1
    );
    println!(
        "the same, with --state:               {:>6.0} by its {}",
        kept.0, kept.1
    );
    println!("collectors beneath one that reads them: {above:>4.0}");
    println!();
    println!("   nodes        bytes/s    cores      GiB  collectors on each level  with --state");
    for nodes in [10.0, 100.0, 1_000.0, 10_000.0, 100_000.0] {
        println!(
            "{nodes:>8} {:>14.0} {:>8.2} {:>8.2}  {:<24}  {}",
            nodes * costs.packed_bytes,
            nodes * following(costs),
            (nodes * bytes(SERIES_BYTES) + bytes(NAME_BYTES)) / GIB,
            levels(nodes, unkept.0, above),
            levels(nodes, kept.0, above),
        );
    }
}

fn units(costs: &Costs) {
    let whole = &costs.whole;
    let us = |took: std::time::Duration| took.as_secs_f64() * 1e6;
    println!("A node with {BROADCASTS} live broadcasts, 1 in {MOVES} moved in a tick; each tick:");
    println!(
        "sent in patches            {:>9.0} bytes",
        costs.packed_bytes
    );
    println!(
        "the whole frame            {:>9.0} bytes",
        costs.whole_bytes
    );
    println!("the node                   {:>9.0} us", us(costs.node));
    println!(
        "collector: patches read    {:>9.0} us",
        us(costs.packed.read)
    );
    println!("collector: whole read      {:>9.0} us", us(whole.read));
    println!("collector: shown           {:>9.0} us", us(whole.show));
    for (what, kept) in [
        ("changes", &costs.packed.changes),
        ("all", &costs.packed.all),
    ] {
        let took = us(kept.took);
        println!("--state: {what:<18}{took:>9.0} us");
        println!("--state: {what:<18}{:>9.0} bytes", kept.bytes);
    }
}

/// Seconds of a core that a collector has to spend on a node each second.
fn following(costs: &Costs) -> f64 {
    (costs.packed.read + costs.whole.show).as_secs_f64()
}

/// The same for a collector beneath it, which tells whole frames.
fn reading(costs: &Costs) -> f64 {
    (costs.whole.read + costs.whole.show).as_secs_f64()
}

/// The same for keeping what changed; and all of it, whenever as many bytes have changed.
fn keeping(costs: &Costs) -> f64 {
    let (changes, all) = (&costs.packed.changes, &costs.packed.all);
    changes.took.as_secs_f64() + all.took.as_secs_f64() * changes.bytes / all.bytes
}

/// How many nodes one collector has room for, and what would be too small for more.
fn most(costs: &Costs, is_kept: bool) -> (f64, &'static str) {
    let kept = f64::from(u8::from(is_kept));
    let core = following(costs) + kept * keeping(costs);
    let limits = [
        (CORE / core, "core"),
        (LINK / costs.packed_bytes, "link"),
        (MEMORY / bytes(SERIES_BYTES), "memory"),
        (DISK / (kept * 2.0 * costs.packed.changes.bytes), "disk"),
    ];
    let least = limits.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    least.map_or((0.0, ""), |(most, by)| (most.floor(), by))
}

/// For all broadcasts of a node.
#[allow(clippy::cast_precision_loss, reason = "a small number")]
fn bytes(each: f64) -> f64 {
    BROADCASTS as f64 * each
}

/// How many collectors there are on each level, up to the one that has all.
fn levels(nodes: f64, most: f64, above: f64) -> String {
    let mut levels = vec![(nodes / most).ceil()];
    while let Some(last) = levels.last().copied().filter(|last| *last > 1.0) {
        levels.push((last / above.max(2.0)).ceil());
    }
    let levels: Vec<_> = levels.iter().map(f64::to_string).collect();
    levels.join(" > ")
}
