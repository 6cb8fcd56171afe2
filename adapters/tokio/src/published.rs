//! Families in the hands of a driver.

use std::sync::Arc;

use streamgauge_core::{Chunk, Family, FamilySection, Section, Usage};
use tokio::sync::{Notify, OwnedMutexGuard};

use crate::{
    Form,
    family::{FamilyMeter, HostFeed, LANE, Shared},
};

/// A family as the driver that publishes it sees it, whichever it is.
pub(crate) trait Published: Send {
    /// Whether the tables run low, so that a tick should come early.
    fn is_pressed(&self) -> bool;
    /// How full the tables are.
    fn usage(&self) -> Usage;
    /// Takes in what guards counted.
    fn collect(&mut self, now_ms: u64);
    /// Whether the frame differs from the one that was last accepted.
    fn owes(&self) -> bool;
    /// Writes the next piece of the frame; `last` is the frame before.
    fn encode(&mut self, last: &[u8], buf: &mut [u8]) -> Chunk;
    /// Gives up the frame on its way out: the next piece is a frame's or a patch's first.
    fn restart(&mut self);
    /// Whether the frame differs from what readers of patches were told.
    fn has_patch(&self) -> bool;
    /// Writes the next piece of a patch.
    fn encode_patch(&mut self, buf: &mut [u8]) -> Chunk;
    /// Notes that readers of patches were told of the frame, by a patch or by a keyframe.
    fn accept_form(&mut self, form: Form);
    /// Notes that every sink accepted the frame.
    fn accept(&mut self);
    /// The family's part of an exposition.
    fn section(&self) -> Box<dyn Section + '_>;
}

/// A family that a configuration names.
pub(crate) trait Offered: Send {
    /// The family's name.
    fn name(&self) -> &'static str;
    /// The names of its metrics in text.
    fn metrics(&self) -> Vec<&'static str>;
    /// Takes hold of it for one driver; nothing while another has it.
    fn take(&self, wake: &Arc<Notify>) -> Option<Box<dyn Published>>;
}

impl<F: Family> Offered for FamilyMeter<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn metrics(&self) -> Vec<&'static str> {
        metrics::<F>()
    }

    fn take(&self, wake: &Arc<Notify>) -> Option<Box<dyn Published>> {
        let shared = self.share();
        let feed = shared.take(wake)?;
        Some(Box::new(Held {
            shared,
            feed,
            new: true,
        }))
    }
}

/// The names of a family's metrics, each once.
pub(crate) fn metrics<F: Family>() -> Vec<&'static str> {
    let words = F::WORDS.iter().map(|word| word.metric);
    let gauges = F::GAUGES.iter().map(|gauge| gauge.metric);
    let histograms = F::HISTOGRAMS.iter().map(|histogram| histogram.metric);
    let mut metrics: Vec<_> = words.chain(gauges).chain(histograms).collect();
    // Words of one metric follow each other.
    metrics.dedup();
    metrics
}

/// A family that this driver has until it drops.
struct Held<F: Family> {
    shared: Arc<Shared<F>>,
    feed: OwnedMutexGuard<HostFeed<F>>,
    /// Whether this driver's sinks have accepted no frame yet; another driver's may have.
    new: bool,
}

impl<F: Family> Published for Held<F> {
    fn is_pressed(&self) -> bool {
        self.shared.is_pressed()
    }

    fn usage(&self) -> Usage {
        self.feed.ledger().usage(&self.shared.meter)
    }

    fn collect(&mut self, now_ms: u64) {
        self.feed.collect(&self.shared.meter, now_ms);
    }

    fn owes(&self) -> bool {
        self.new || self.feed.ledger().has_moved(LANE)
    }

    fn encode(&mut self, last: &[u8], buf: &mut [u8]) -> Chunk {
        self.feed.encode(&self.shared.meter, LANE, last, buf)
    }

    fn restart(&mut self) {
        self.feed.reset();
    }

    fn has_patch(&self) -> bool {
        self.feed.ledger().has_patch(LANE)
    }

    fn encode_patch(&mut self, buf: &mut [u8]) -> Chunk {
        self.feed.encode_patch(&self.shared.meter, LANE, buf)
    }

    fn accept_form(&mut self, form: Form) {
        match form {
            Form::Patch => self.feed.accept_patch(LANE),
            Form::Whole | Form::Keyframe => self.feed.accept_keyframe(LANE),
        }
    }

    fn accept(&mut self) {
        self.feed.accept(&self.shared.meter, LANE);
        self.new = false;
    }

    fn section(&self) -> Box<dyn Section + '_> {
        let (ledger, meter) = (self.feed.ledger(), &self.shared.meter);
        Box::new(FamilySection::new(ledger, meter))
    }
}

impl<F: Family> Drop for Held<F> {
    fn drop(&mut self) {
        self.shared.wake(None);
    }
}
