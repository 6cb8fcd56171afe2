//! What the core does not know by name.

use streamgauge_core::{Names, Tier, Usage};

use crate::Config;

/// A node's tiers and its families besides traffic and presence.
pub(crate) struct NodeNames {
    pub(crate) node: String,
    tiers: Vec<String>,
    /// How full each family's tables were at the last collect.
    pub(crate) families: Vec<(&'static str, Usage)>,
    /// How full they were when readers of patches were last told.
    families_told: Vec<Usage>,
}

impl NodeNames {
    pub(crate) fn new(config: Config) -> Self {
        let families = config.families.iter();
        Self {
            families: families
                .map(|family| (family.name(), Usage::default()))
                .collect(),
            families_told: Vec::new(),
            node: config.node,
            tiers: config.tiers,
        }
    }

    /// Notes that readers of patches were told of the families as they are.
    pub(crate) fn tell_families(&mut self) {
        self.families_told.clear();
        let usages = self.families.iter().map(|(_, usage)| *usage);
        self.families_told.extend(usages);
    }
}

impl Names for NodeNames {
    fn tier(&self, tier: Tier) -> &str {
        self.tiers.as_slice().tier(tier)
    }

    fn families(&self) -> &[(&str, Usage)] {
        &self.families
    }

    fn families_told(&self) -> &[Usage] {
        &self.families_told
    }
}
