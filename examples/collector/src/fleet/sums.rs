//! The fleet as it is shown.

use std::collections::HashMap;
use std::sync::Arc;

use streamgauge_core::{Presence, Role, Traffic};
use streamgauge_tokio::KEY_BYTES;
use streamgauge_tokio::collect::Collected;

use super::{Fleet, words};
use crate::view::{Broadcast, Node, Sessions, Sum, Tier, View};

impl Fleet {
    /// A snapshot. O(series).
    pub(super) fn view(&mut self, collected: &Collected, now_ms: u64) -> View {
        let tiers: Vec<Tier> = collected
            .tiers()
            .iter()
            .map(|tier| tier.as_str().into())
            .collect();
        View {
            ts_ms: now_ms,
            epoch: self.epoch,
            broadcasts: self.broadcasts(collected, &tiers, now_ms),
            traffic: traffic(collected, &tiers),
            roots: self.roots(collected, &tiers, now_ms),
            sessions: sessions(collected, &tiers),
            nodes: self.node_rows(collected, now_ms),
            sources: self.sources.clone(),
            tally: self.tally,
        }
    }

    fn broadcasts(&mut self, collected: &Collected, tiers: &[Tier], now_ms: u64) -> Vec<Broadcast> {
        let sides = &mut self.broadcasts;
        sides.begin();
        let mut buf = [0; KEY_BYTES];
        let mut rows = Vec::new();
        for row in collected.traffic().rows() {
            let Ok(name) = row.key().to_str(&mut buf) else {
                continue;
            };
            let (total, live, lane) = (row.totals(), row.live(), row.lane());
            let (name, side) = sides.row((lane, name), total, live, now_ms);
            let (tier, role) = of_lane(tiers, lane);
            rows.push(Broadcast {
                name,
                tier,
                role,
                total,
                told: side.told,
                watching: live.viewers.saturating_sub(live.viewers_closed),
                open: !words::is_closed(side.told),
                rate: per_second(row.growth(collected.now()).per_second(|row| row.bytes)),
                since: side.since,
                moved_ms: side.moved_ms,
            });
        }
        sides.end();
        rows.sort_unstable_by(|a, b| (&a.tier, a.role, &a.name).cmp(&(&b.tier, b.role, &b.name)));
        rows
    }

    fn roots(&mut self, collected: &Collected, tiers: &[Tier], now_ms: u64) -> Vec<Sessions> {
        let sides = &mut self.roots;
        sides.begin();
        let mut buf = [0; KEY_BYTES];
        let mut rows = Vec::new();
        for row in collected.presence().rows() {
            let Ok(root) = row.key().to_str(&mut buf) else {
                continue;
            };
            let (total, live, lane) = (row.totals(), row.live(), row.lane());
            let (root, side) = sides.row((lane, root), total, live, now_ms);
            rows.push(Sessions {
                root,
                tier: tiers.get(lane).cloned().unwrap_or_default(),
                total,
                told: side.told,
                live: live.sessions.saturating_sub(live.sessions_closed),
                open: !words::is_closed(side.told),
                since: side.since,
                moved_ms: side.moved_ms,
            });
        }
        sides.end();
        rows.sort_unstable_by(|a, b| (&a.tier, &a.root).cmp(&(&b.tier, &b.root)));
        rows
    }

    fn node_rows(&mut self, collected: &Collected, now_ms: u64) -> Vec<Node> {
        let sessions = open_sessions(collected);
        let since: HashMap<&str, u64> = collected
            .nodes()
            .filter_map(|(name, node)| Some((name, node.health?.since)))
            .collect();
        let mut buf = [0; KEY_BYTES];
        let mut rows = Vec::new();
        for source in collected.traffic().sources() {
            let Some((name, node)) = source
                .name
                .to_str(&mut buf)
                .ok()
                .and_then(|name| {
                    self.nodes
                        .get_key_value(name)
                        .map(|(name, _)| Arc::clone(name))
                })
                .and_then(|name| Some((name.clone(), self.nodes.get_mut(&name)?)))
            else {
                continue;
            };
            let flow = |role: Role| {
                let lanes = (0..collected.tiers().len()).map(|tier| lane(tier, role));
                let totals = lanes.filter_map(|at| collected.traffic().source_total(source.id, at));
                totals.fold(Traffic::default(), words::plus)
            };
            let (ingress, egress) = (flow(Role::Subscriber), flow(Role::Publisher));
            let [into, out] = &mut node.rates;
            into.note(now_ms, ingress.bytes);
            out.note(now_ms, egress.bytes);
            let rates = [into.per_second(), out.per_second()];
            rows.push(Node {
                present: node.is_present(),
                since: since.get(&*name).copied(),
                silent_ms: now_ms.saturating_sub(node.heard_ms),
                ingress,
                egress,
                rates,
                sessions: sessions.get(&*name).copied().unwrap_or_default(),
                name,
            });
        }
        rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        rows
    }
}

/// By node, how many sessions are open on those that are there.
fn open_sessions(collected: &Collected) -> HashMap<String, u64> {
    let fleet = collected.presence();
    let mut buf = [0; KEY_BYTES];
    let mut open = HashMap::new();
    for source in fleet.sources().filter(|source| source.is_here) {
        let totals =
            (0..collected.tiers().len()).filter_map(|at| fleet.source_total(source.id, at));
        let total = totals.fold(Presence::default(), words::plus);
        if let Ok(name) = source.name.to_str(&mut buf) {
            let sessions = total.sessions.saturating_sub(total.sessions_closed);
            open.insert(name.to_owned(), sessions);
        }
    }
    open
}

fn traffic(collected: &Collected, tiers: &[Tier]) -> Vec<Sum<Traffic>> {
    let lanes = 0..tiers.len() * Role::ALL.len();
    let sums = lanes.filter_map(|at| {
        let total = collected.traffic().lane(at, collected.now())?.total;
        let (tier, role) = of_lane(tiers, at);
        Some(Sum {
            tier,
            role: Some(role),
            total,
        })
    });
    sums.collect()
}

fn sessions(collected: &Collected, tiers: &[Tier]) -> Vec<Sum<Presence>> {
    let sums = tiers.iter().enumerate().filter_map(|(at, tier)| {
        Some(Sum {
            tier: tier.clone(),
            role: None,
            total: collected.presence().lane(at, collected.now())?.total,
        })
    });
    sums.collect()
}

/// The lane of a tier's traffic.
fn lane(tier: usize, role: Role) -> usize {
    tier * Role::ALL.len() + usize::from(role == Role::Subscriber)
}

/// The tier and role of a lane.
fn of_lane(tiers: &[Tier], at: usize) -> (Tier, Role) {
    let tier = tiers.get(at / Role::ALL.len()).cloned().unwrap_or_default();
    let is_second = at % Role::ALL.len() == 1;
    let role = if is_second {
        Role::Subscriber
    } else {
        Role::Publisher
    };
    (tier, role)
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
const fn per_second(bytes: u64) -> f64 {
    bytes as f64
}
