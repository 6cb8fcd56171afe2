//! What the core does not know by name.

use streamgauge_core::{Names, Tier, Usage};

use crate::Config;

/// A node's tiers and its families besides traffic and presence.
pub(crate) struct NodeNames {
    pub(crate) node: String,
    tiers: Vec<String>,
    /// How full each family's tables were at the last collect.
    pub(crate) families: Vec<(&'static str, Usage)>,
}

impl NodeNames {
    pub(crate) fn new(config: Config) -> Self {
        let families = config.families.iter();
        Self {
            families: families
                .map(|family| (family.name(), Usage::default()))
                .collect(),
            node: config.node,
            tiers: config.tiers,
        }
    }
}

impl Names for NodeNames {
    fn tier(&self, tier: Tier) -> &str {
        self.tiers.as_slice().tier(tier)
    }

    fn families(&self) -> &[(&str, Usage)] {
        &self.families
    }
}
