//! What is recorded through the facade, by kind: families as any.

use crate::{Counter, family};

family! {
    /// A counter that was recorded through the facade.
    pub struct RecordedCounter: "metrics_counters" by metric as "metrics" kept {
        counter counter: "counters recorded through the metrics facade";
    }
}

family! {
    /// A gauge that was recorded through the facade, in millionths: what is above zero less what is below.
    pub struct RecordedGauge: "metrics_gauges" by metric as "metrics" kept {
        gauge gauge [millionths] as gauge_millionths by sign { above: "+", below: "-" }:
            "gauges recorded through the metrics facade, above and below zero";
    }
}

family! {
    /// A histogram that was recorded through the facade, with values taken for seconds.
    pub struct RecordedHistogram: "metrics_histograms" by metric as "metrics" kept {
        histogram samples_us [seconds] as histogram_seconds:
            "values recorded in histograms through the metrics facade, as seconds";
    }
}

pub(super) const COUNTER: Counter<RecordedCounter> = Counter::named("counter");
