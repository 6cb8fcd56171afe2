//! All that a node has counted, as text for scrapers or as plain data.

use bytes::Bytes;
use streamgauge_core::{
    ByTier, ByTierAndRole, Exposition, FamilySection, Format, Health, Labels, Scrapes, Section,
    SelfSection, visit,
};

use crate::{
    host::{HostMeters, HostReporter},
    names::NodeNames,
    page::Page,
    published::Published,
    snapshot::{NODE, Snapshot},
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
    scrapes: Scrapes,
}

impl Scraper {
    pub(crate) fn write(&mut self, books: &Books<'_>, format: Format) -> Bytes {
        self.page.recycle(std::mem::take(&mut self.last));
        self.last = books.write(format, self.scrapes, &mut self.page);
        self.scrapes.count += 1;
        self.scrapes.bytes += self.last.len() as u64;
        self.last.clone()
    }

    /// Copies the numbers instead.
    pub(crate) fn copy(&self, books: &Books<'_>) -> Snapshot {
        let mut snapshot = Snapshot::of(&books.names.node);
        books.show(self.scrapes, |sections| {
            visit(sections, &mut snapshot);
        });
        snapshot
    }
}

impl Books<'_> {
    fn write(&self, format: Format, scrapes: Scrapes, page: &mut Page) -> Bytes {
        self.show(scrapes, |sections| self.text(format, sections, page))
    }

    /// Hands over all that there is to show.
    fn show<T>(&self, scrapes: Scrapes, f: impl FnOnce(&[&dyn Section]) -> T) -> T {
        let (traffic, presence) = (self.meters.traffic(), self.meters.presence());
        let health = Health {
            traffic: self.reporter.traffic().usage(traffic),
            presence: self.reporter.presence().usage(presence),
            ..*self.reporter.health()
        };
        let (lanes, tiers) = (ByTierAndRole(self.names), ByTier(self.names));
        let traffic = FamilySection::with_lanes(self.reporter.traffic(), traffic, lanes);
        let presence = FamilySection::with_lanes(self.reporter.presence(), presence, tiers);
        let own = SelfSection::new(&health)
            .with_tables(&self.names.families)
            .with_scrapes(scrapes);
        let families: Vec<_> = self
            .families
            .iter()
            .map(|family| family.section())
            .collect();
        let sections: Vec<&dyn Section> = [&traffic as &dyn Section, &presence]
            .into_iter()
            .chain(families.iter().map(|section| &**section))
            .chain([&own as &dyn Section])
            .collect();
        f(&sections)
    }

    fn text(&self, format: Format, sections: &[&dyn Section], page: &mut Page) -> Bytes {
        let node = [(NODE, self.names.node.as_str())];
        let labels = if self.names.node.is_empty() {
            Labels::default()
        } else {
            Labels::new(&node).unwrap_or_default()
        };
        let mut exposition = Exposition::new(format, sections).with_labels(labels);
        page.fill(|room| exposition.encode(room))
    }
}
