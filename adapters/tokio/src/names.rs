//! What the core does not know by name.

use streamgauge_core::{Names, Tier, Usage};

use crate::Config;

/// What the table of levels is called among those of families.
pub(crate) const LEVELS: &str = "levels";

/// A node's tiers and its families besides traffic and presence.
pub(crate) struct NodeNames {
    pub(crate) node: String,
    tiers: Vec<String>,
    /// How full each family's tables were at the last collect, and then those of levels if there are any.
    pub(crate) families: Vec<(&'static str, Usage)>,
    /// How full they were when readers of patches were last told.
    families_told: Vec<Usage>,
}

impl NodeNames {
    pub(crate) fn new(config: Config) -> Self {
        let families = config.families.iter().map(|family| family.name());
        let levels = (config.levels > 0).then_some(LEVELS);
        Self {
            families: families
                .chain(levels)
                .map(|name| (name, Usage::default()))
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
