//! The fleet as plain lines, for pipes and logs.

use std::fmt;

use super::Size;
use crate::view::{Broadcast, Node, View};

/// A view as lines: one for the fleet, one for each node, and one for each broadcast in a tier and role that
/// moved, or that is watched.
pub struct Plain<'a>(pub &'a View);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.0;
        let rate: f64 = view.broadcasts.iter().map(|row| row.rate).sum();
        let (up, all) = (Node::present(&view.nodes), view.nodes.len());
        let rows = view.broadcasts.len();
        writeln!(
            f,
            "fleet: {up} of {all} nodes up, {rows} broadcasts, {}/s",
            Size(rate)
        )?;
        for source in &view.sources {
            if let Some(error) = &source.error {
                writeln!(f, "source {}: {error}", source.name)?;
            }
        }
        view.nodes.iter().try_for_each(|row| node(f, row))?;
        let rows = view.broadcasts.iter();
        let mut rows = rows.filter(|row| row.rate > 0.0 || row.watching > 0);
        rows.try_for_each(|row| broadcast(f, row))
    }
}

fn node(f: &mut fmt::Formatter<'_>, row: &Node) -> fmt::Result {
    let state = if row.present { "up" } else { "gone" };
    let [into, out] = row.rates.map(Size);
    let (all_in, all_out) = (row.ingress.bytes, row.egress.bytes);
    writeln!(
        f,
        "node {:?}: {state}, {} sessions, in {into}/s ({all_in} bytes), out {out}/s ({all_out} bytes)",
        row.name, row.sessions
    )
}

fn broadcast(f: &mut fmt::Formatter<'_>, row: &Broadcast) -> fmt::Result {
    let Broadcast {
        name, role, total, ..
    } = row;
    let tier = if row.tier.is_empty() {
        "external"
    } else {
        &row.tier
    };
    writeln!(
        f,
        "broadcast {name:?} {tier} {}: {} watching, {}/s ({} bytes, {} frames, {} groups)",
        role.as_str(),
        row.watching,
        Size(row.rate),
        total.bytes,
        total.frames,
        total.groups
    )
}
