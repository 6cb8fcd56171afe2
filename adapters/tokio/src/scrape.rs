//! All that a node has counted, as text for scrapers.

use bytes::Bytes;
use streamgauge_core::{ByTier, ByTierAndRole, Exposition, FamilySection, Format, Labels, Section};

use crate::{
    host::{HostMeters, HostReporter},
    names::NodeNames,
    page::Page,
    published::Published,
};

/// What an exposition shows, as it was collected last.
pub(crate) struct Books<'a> {
    pub(crate) meters: &'a HostMeters,
    pub(crate) reporter: &'a HostReporter,
    pub(crate) families: &'a [Box<dyn Published>],
    pub(crate) names: &'a NodeNames,
}

/// Writes expositions, each into the memory of the one before if that is free again.
#[derive(Debug, Default)]
pub(crate) struct Scraper {
    page: Page,
    last: Bytes,
}

impl Scraper {
    pub(crate) fn write(&mut self, books: &Books<'_>, format: Format) -> Bytes {
        self.page.recycle(std::mem::take(&mut self.last));
        self.last = books.write(format, &mut self.page);
        self.last.clone()
    }
}

impl Books<'_> {
    fn write(&self, format: Format, page: &mut Page) -> Bytes {
        let (traffic, presence) = (self.meters.traffic(), self.meters.presence());
        let (tiers, names) = (ByTier(self.names), ByTierAndRole(self.names));
        let traffic = FamilySection::with_lanes(self.reporter.traffic(), traffic, names);
        let presence = FamilySection::with_lanes(self.reporter.presence(), presence, tiers);
        let families = self.families.iter().map(|family| family.section());
        let families: Vec<_> = families.collect();
        let families = families.iter().map(|section| &**section as &dyn Section);
        let sections: Vec<_> = [&traffic as &dyn Section, &presence]
            .into_iter()
            .chain(families)
            .collect();
        let labels = [("node", self.names.node.as_str())];
        let labels = if self.names.node.is_empty() {
            &[]
        } else {
            &labels[..]
        };
        let mut exposition = Exposition::new(format, &sections, self.reporter.health().since)
            .with_labels(Labels::new(labels).unwrap_or_default());
        page.fill(|room| exposition.encode(room))
    }
}
