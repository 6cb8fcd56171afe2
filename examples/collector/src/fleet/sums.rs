//! The fleet as it is shown.

use streamgauge_core::{Presence, Role, Traffic};

use super::Fleet;
use super::words;
use crate::view::{Broadcast, Node, Sessions, Sum, View};

impl Fleet {
    /// A snapshot. O(series).
    pub fn view(&self, now_ms: u64) -> View {
        View {
            ts_ms: now_ms,
            epoch: self.epoch,
            broadcasts: self.broadcasts(),
            traffic: self.traffic_sums(),
            roots: self.roots(),
            sessions: self.session_sums(),
            nodes: self.node_rows(now_ms),
            sources: self.sources.clone(),
            tally: self.tally,
        }
    }

    fn broadcasts(&self) -> Vec<Broadcast> {
        let lanes = self.traffic.iter();
        let rows = lanes.flat_map(|((tier, role), lane)| {
            lane.series.iter().map(|(name, sum)| Broadcast {
                name: name.clone(),
                tier: tier.clone(),
                role: *role,
                total: sum.total,
                watching: sum.live("viewers_closed"),
                open: !words::is_zero(words::closing(sum.total)),
                rate: sum.rate.per_second(),
                since: sum.since,
                moved_ms: sum.moved_ms,
            })
        });
        rows.collect()
    }

    fn traffic_sums(&self) -> Vec<Sum<Traffic>> {
        let lanes = self.traffic.iter();
        let sums = lanes.map(|((tier, role), lane)| Sum {
            tier: tier.clone(),
            role: Some(*role),
            total: lane.total,
        });
        sums.collect()
    }

    fn roots(&self) -> Vec<Sessions> {
        let lanes = self.sessions.iter();
        let rows = lanes.flat_map(|(tier, lane)| {
            lane.series.iter().map(|(root, sum)| Sessions {
                root: root.clone(),
                tier: tier.clone(),
                total: sum.total,
                live: sum.live("sessions_closed"),
                open: !words::is_zero(words::closing(sum.total)),
                since: sum.since,
                moved_ms: sum.moved_ms,
            })
        });
        rows.collect()
    }

    fn session_sums(&self) -> Vec<Sum<Presence>> {
        let lanes = self.sessions.iter();
        let sums = lanes.map(|(tier, lane)| Sum {
            tier: tier.clone(),
            role: None,
            total: lane.total,
        });
        sums.collect()
    }

    fn node_rows(&self, now_ms: u64) -> Vec<Node> {
        let rows = self.nodes.iter().map(|(name, node)| {
            let (ingress, rate_in) = node.flow(Role::Subscriber);
            let (egress, rate_out) = node.flow(Role::Publisher);
            Node {
                name: name.clone(),
                present: node.is_present(),
                since: node.since,
                silent_ms: now_ms.saturating_sub(node.heard_ms),
                ingress,
                egress,
                rates: [rate_in, rate_out],
                sessions: node.open_sessions(),
            }
        });
        rows.collect()
    }
}
