//! Interleaved rounds, medians, and one line a comparison.

use std::{
    sync::Barrier,
    time::{Duration, Instant},
};

use stats_alloc::Region;

/// Rounds of a comparison; each runs every contender once.
pub(crate) const ROUNDS: usize = 15;

/// What one round of one contender took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) nanos: f64,
    pub(crate) allocations: f64,
}

impl Sample {
    /// The same for an operation that was so many.
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(crate) fn over(self, ops: usize) -> Self {
        Self {
            nanos: self.nanos / ops as f64,
            allocations: self.allocations / ops as f64,
        }
    }
}

/// Runs `op` `ops` times, and says what one took.
pub(crate) fn sample(ops: usize, mut op: impl FnMut(usize)) -> Sample {
    let region = Region::new(crate::ALLOCATOR);
    let begin = Instant::now();
    for i in 0..ops {
        op(i);
    }
    per_op(begin.elapsed(), region.change().allocations, ops)
}

/// Runs `op` `batch` times, `batches` times over, with `before` ahead of each batch; says what one
/// operation took, `before` aside.
pub(crate) fn sample_batches<C>(
    context: &mut C,
    (batches, batch): (usize, usize),
    mut before: impl FnMut(&mut C),
    mut op: impl FnMut(&mut C),
) -> Sample {
    let (mut time, mut allocations) = (Duration::ZERO, 0);
    for _ in 0..batches {
        before(context);
        let region = Region::new(crate::ALLOCATOR);
        let begin = Instant::now();
        (0..batch).for_each(|_| op(context));
        time += begin.elapsed();
        allocations += region.change().allocations;
    }
    per_op(time, allocations, batches * batch)
}

/// Runs `op` `ops` times on each of the contexts, a thread and a core each, at the same time; says what one
/// operation took in the thread that was slowest. Left to themselves, such short threads now and then share a
/// core, where they wait for each other and never meet.
pub(crate) fn sample_threads<C: Send>(
    contexts: &mut [C],
    ops: usize,
    op: impl Fn(&mut C, usize) + Sync,
) -> Sample {
    let barrier = Barrier::new(contexts.len());
    let mut cores = core_affinity::get_core_ids()
        .unwrap_or_default()
        .into_iter();
    let region = Region::new(crate::ALLOCATOR);
    let slowest = std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(contexts.len());
        for context in contexts {
            let (barrier, op, core) = (&barrier, &op, cores.next());
            threads.push(scope.spawn(move || {
                core.map(core_affinity::set_for_current);
                barrier.wait();
                let begin = Instant::now();
                (0..ops).for_each(|i| op(context, i));
                begin.elapsed()
            }));
        }
        let times = threads.into_iter().filter_map(|thread| thread.join().ok());
        times.max().unwrap_or_default()
    });
    per_op(slowest, region.change().allocations, ops)
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_op(time: Duration, allocations: usize, ops: usize) -> Sample {
    Sample {
        nanos: time.as_nanos() as f64 / ops as f64,
        allocations: allocations as f64 / ops as f64,
    }
}

/// Prints the lines.
pub(crate) struct Report {
    case: &'static str,
    /// No comparison has more rounds.
    most: usize,
}

impl Report {
    pub(crate) fn new(most: usize) -> Self {
        println!(
            "{:<24} {:<18} {:>14} {:>14} {:>8}  allocations per op",
            "case", "peer", "peer_ns", "ours_ns", "ratio"
        );
        Self {
            case: "",
            most: most.max(1),
        }
    }

    pub(crate) fn begin(&mut self, case: &'static str) {
        self.case = case;
    }

    /// How many rounds a comparison has that would have so many.
    pub(crate) fn rounds(&self, rounds: usize) -> usize {
        rounds.min(self.most)
    }

    /// Compares a peer and ours over interleaved rounds.
    pub(crate) fn compare(
        &self,
        peer_name: &str,
        mut peer: impl FnMut() -> Sample,
        mut ours: impl FnMut() -> Sample,
    ) {
        self.compare_rounds(ROUNDS, peer_name, &mut peer, &mut ours);
    }

    /// The same over fewer rounds, for operations that take long.
    pub(crate) fn compare_rounds(
        &self,
        rounds: usize,
        peer_name: &str,
        peer: &mut dyn FnMut() -> Sample,
        ours: &mut dyn FnMut() -> Sample,
    ) {
        peer();
        ours();
        let rounds = self.rounds(rounds);
        let (peers, ours): (Vec<_>, Vec<_>) = (0..rounds).map(|_| (peer(), ours())).unzip();
        let (peer, ours) = (median(peers), median(ours));
        println!(
            "{:<24} {peer_name:<18} {:>14.1} {:>14.1} {:>7.1}x  {:.2} -> {:.2}",
            self.case,
            peer.nanos,
            ours.nanos,
            peer.nanos / ours.nanos,
            peer.allocations,
            ours.allocations
        );
    }

    /// Prints a figure that is no time.
    pub(crate) fn figure(&self, what: &str, value: f64, unit: &str) {
        println!("{:<24} {what:<18} {value:>14.1} {unit}", self.case);
    }
}

fn median(mut samples: Vec<Sample>) -> Sample {
    samples.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    let allocations = samples
        .iter()
        .map(|sample| sample.allocations)
        .fold(f64::MAX, f64::min);
    let nanos = samples
        .get(samples.len() / 2)
        .map_or(f64::NAN, |sample| sample.nanos);
    Sample { nanos, allocations }
}
