//! What the facade hands out: shared by any threads, and counted under a short lock.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use ::metrics::{CounterFn, GaugeFn, HistogramFn};
use streamgauge_core::{Buckets, Duration, Lease, Level};

use super::families::{COUNTER, RecordedCounter, RecordedGauge, RecordedHistogram};
use crate::{FamilyMeter, desk::lock};

/// So many values are recorded under one lock.
const BATCH: usize = 64;

/// A counter of one name.
pub(super) struct CounterHandle {
    lease: Lease<RecordedCounter, FamilyMeter<RecordedCounter>>,
    /// All that was counted here: as much as was handed on.
    total: AtomicU64,
}

impl CounterHandle {
    pub(super) fn open(meter: &FamilyMeter<RecordedCounter>, name: &str) -> (Self, bool) {
        let lease = meter.handle(name);
        let folded = lease.is_folded();
        let total = AtomicU64::new(0);
        (Self { lease, total }, folded)
    }

    fn add(&self, n: u64) {
        self.lease
            .add(COUNTER, usize::try_from(n).unwrap_or(usize::MAX));
    }
}

impl CounterFn for CounterHandle {
    fn increment(&self, n: u64) {
        self.total.fetch_add(n, Ordering::Relaxed);
        self.add(n);
    }

    /// In the overflow series, which many share, it means nothing.
    fn absolute(&self, n: u64) {
        if !self.lease.is_folded() {
            let before = self.total.fetch_max(n, Ordering::Relaxed);
            self.add(n.saturating_sub(before));
        }
    }
}

/// A gauge of one name.
pub(super) struct GaugeHandle {
    lease: Lease<RecordedGauge, FamilyMeter<RecordedGauge>>,
    value: Mutex<f64>,
}

const ABOVE: Level<RecordedGauge, usize> = Level::named("above");
const BELOW: Level<RecordedGauge, usize> = Level::named("below");

impl GaugeHandle {
    pub(super) fn open(meter: &FamilyMeter<RecordedGauge>, name: &str) -> (Self, bool) {
        let lease = meter.handle(name);
        let folded = lease.is_folded();
        let value = Mutex::new(0.0);
        (Self { lease, value }, folded)
    }

    fn change(&self, f: impl FnOnce(f64) -> f64) {
        let mut value = lock(&self.value);
        let next = f(*value);
        if next.is_nan() {
            return;
        }
        *value = next;
        self.lease.set(ABOVE, millionths(next));
        self.lease.set(BELOW, millionths(-next));
    }
}

impl GaugeFn for GaugeHandle {
    fn increment(&self, by: f64) {
        self.change(|value| value + by);
    }

    fn decrement(&self, by: f64) {
        self.change(|value| value - by);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

/// A histogram of one name.
pub(super) struct HistogramHandle {
    lease: Lease<RecordedHistogram, FamilyMeter<RecordedHistogram>>,
}

const SAMPLES: Buckets<RecordedHistogram, Duration> = Buckets::named("samples_us");

impl HistogramHandle {
    pub(super) fn open(meter: &FamilyMeter<RecordedHistogram>, name: &str) -> (Self, bool) {
        let lease = meter.handle(name);
        let folded = lease.is_folded();
        (Self { lease }, folded)
    }
}

impl HistogramFn for HistogramHandle {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        if value.is_nan() {
            return;
        }
        let value = Duration::from_micros(millionths(value) as u64);
        let mut left = count;
        while left > 0 {
            let batch = left.min(BATCH);
            self.lease
                .tell(|tally| (0..batch).for_each(|_| tally.record(SAMPLES, value)));
            left -= batch;
        }
    }
}

/// A number in millionths, rounded; what is below zero as zero.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats end at the ends"
)]
fn millionths(value: f64) -> usize {
    (value * 1e6).round() as usize
}
