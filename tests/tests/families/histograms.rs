//! Buckets, their sums, and what can be told from them.

use proptest::prelude::*;
use streamgauge_core::{
    Buckets, Counter, Distribution, Duration, FLUSH_EVERY, Family, Histogram, Key, Samples, Scale,
    Track,
};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

streamgauge_core::family! {
    /// Histograms of every kind.
    pub struct Spread: "spread" {
        counter values: "values, of whatever kind";
        histogram latency_us [seconds] as latency_seconds: "with the usual bounds";
        histogram few: "with one bound" in Scale::integers(&[10]);
        histogram zero: "with the least bound there is" in Scale::integers(&[0, 1, u64::MAX]);
        histogram fine: "log-linear, exact at first" in Scale::log_integers(1, 100_000);
        histogram wide: "log-linear, over all there is" in Scale::log_integers(16, (1 << 60) - 1);
        histogram coarse_us [seconds] as coarse_seconds: "log-linear"
            in Scale::log_durations(Duration::from_millis(1), Duration::from_secs(60));
    }
}

const VALUES: Counter<Spread> = Counter::named("values");
const LATENCY: Buckets<Spread, Duration> = Buckets::named("latency_us");
const FEW: Buckets<Spread, usize> = Buckets::named("few");
const ZERO: Buckets<Spread, usize> = Buckets::named("zero");
const FINE: Buckets<Spread, usize> = Buckets::named("fine");
const WIDE: Buckets<Spread, usize> = Buckets::named("wide");
const COARSE: Buckets<Spread, Duration> = Buckets::named("coarse_us");

type Guard = Track<Spread, Drawer<Spread>>;

fn desk(cells: usize) -> Desk<Spread> {
    Desk::new(DeskRoom {
        cells,
        ..DeskRoom::of(2)
    })
}

fn open(desk: &Desk<Spread>, name: &str) -> Guard {
    Track::join(desk.meter(), 0, Key::new(name).ok().as_ref())
}

/// What is recorded when these values are, in one of the histograms.
fn recorded(values: &[usize], record: impl Fn(&mut Guard, usize)) -> Spread {
    let mut desk = desk(1);
    let mut guard = open(&desk, "a");
    for value in values {
        record(&mut guard, *value);
    }
    desk.collect();
    desk.of("a")
}

/// The bucket that a value belongs into, found the plain way.
fn place(bounds: &[u64], value: u64) -> usize {
    let place = bounds.iter().position(|bound| value <= *bound);
    place.unwrap_or(bounds.len())
}

fn expected<const N: usize>(bounds: &[u64], values: &[usize]) -> Samples<N> {
    let mut samples = Samples::default();
    let mut sum = 0_usize;
    for value in values {
        samples.buckets[place(bounds, *value as u64)] += 1;
        // Within a tick a sum is a word of the machine.
        sum = sum.wrapping_add(*value);
    }
    samples.sum = sum as u64;
    samples
}

#[test]
fn the_least_and_the_largest_values_have_their_buckets() {
    let values = [0, 1, 2, usize::MAX - 1, usize::MAX];
    let spread = recorded(&values, |guard, value| guard.record(ZERO, value));
    assert_eq!(spread.zero.buckets, [1, 1, 3, 0]);
    let spread = recorded(&[10, 11, 0], |guard, value| guard.record(FEW, value));
    assert_eq!(spread.few.buckets, [2, 1]);
}

#[test]
fn log_linear_bounds_are_an_eighth_apart_at_most() {
    for histogram in &Spread::HISTOGRAMS[3..] {
        let bounds = histogram.bounds;
        let first = bounds[0];
        for pair in bounds.windows(2) {
            let (low, high) = (pair[0], pair[1]);
            // A value in the bucket is above `low`: told as `high`, it is off by an eighth at most.
            let apart = high - low;
            assert!(apart == first || apart * 8 <= low, "{low} to {high}");
        }
        let fine_from = bounds.iter().position(|bound| first * 8 <= *bound);
        assert!(fine_from.is_some());
    }
}

#[test]
fn a_log_linear_scale_is_fine_from_where_it_says() {
    for (histogram, least, most) in [
        (3, 1, 100_000),
        (4, 16, (1 << 60) - 1),
        (5, 1_000, 60_000_000),
    ] {
        let bounds = Spread::HISTOGRAMS[histogram].bounds;
        assert!(bounds[bounds.len() - 1] >= most);
        assert!(bounds[bounds.len() - 2] < most, "no bucket for nothing");
        for value in [
            least,
            least + 1,
            least * 3 / 2 + 1,
            u64::midpoint(least, most),
            most,
        ] {
            let at = place(bounds, value);
            let low = at.checked_sub(1).map_or(0, |at| bounds[at]);
            assert!(
                (bounds[at] - low) * 8 <= value.max(8),
                "{value}: {low}..{}",
                bounds[at]
            );
        }
    }
}

#[test]
fn memory_is_as_stated() {
    let scale = Scale::log_durations(Duration::from_micros(100), Duration::from_secs(60));
    assert_eq!(scale.buckets() + 1, 169);
    assert_eq!(Scale::LATENCY.buckets() + 1, 13);
}

#[test]
fn a_guard_without_a_cell_records_as_one_that_has_it() {
    let mut desk = desk(1);
    let first = open(&desk, "a");
    let mut second = open(&desk, "a");
    // Past the flush at which it is given the cell that the first left.
    let values: Vec<_> = (0..usize::try_from(FLUSH_EVERY).expect("small")).collect();
    // It hands over after so many bumps, which then is between the two of a value.
    second.add(VALUES, 1);
    for value in &values[..10] {
        second.record(FEW, *value);
    }
    drop(first);
    for value in &values[10..] {
        second.record(FEW, *value);
    }
    drop(second);
    desk.collect();
    assert_eq!(desk.of("a").few, expected(&[10], &values));
    assert_eq!(desk.usage().folded_guards, 1);
}

#[test]
fn what_a_lease_records_is_there_with_the_next_collect() {
    let mut desk = desk(0);
    let key = Key::new("a").ok();
    let lease = streamgauge_core::Lease::open(desk.meter(), 0, key.as_ref());
    lease.record(FEW, 7);
    lease.tell(|tally| {
        tally.record(FEW, 8);
        tally.record(LATENCY, Duration::from_secs(1));
    });
    desk.collect();
    let spread = desk.of("a");
    assert_eq!((spread.few.buckets, spread.few.sum), ([2, 0], 15));
    assert_eq!(spread.latency_us.sum, 1_000_000);
}

#[test]
fn samples_of_two_series_add_up_to_one() {
    let mut desk = desk(2);
    let (mut a, mut b) = (open(&desk, "a"), open(&desk, "b"));
    for value in 0..100 {
        a.record(FINE, value);
        b.record(FINE, value * value);
    }
    desk.collect();
    let mut merged = desk.of("a").fine;
    merged.merge(&desk.of("b").fine);
    assert_eq!(merged, desk.total().fine);
}

/// Samples of this histogram's bounds.
fn of<const N: usize>(buckets: [u64; N]) -> Samples<N> {
    Samples { buckets, sum: 0 }
}

fn quantiles(distribution: Distribution<'_>) -> [Option<u64>; 5] {
    [0, 250_000, 500_000, 990_000, 1_000_000].map(|q| distribution.quantile(q))
}

const LADDER: &[u64] = &[100, 200, 400];

#[test]
fn a_quantile_lies_evenly_within_its_bucket() {
    let none = of([0, 0, 0, 0]);
    assert_eq!(quantiles(none.between(LADDER)), [None; 5]);
    let even = of([10, 0, 10, 0]);
    let expected = [0, 50, 100, 396, 400].map(Some);
    assert_eq!(quantiles(even.between(LADDER)), expected);
    let past = of([0, 1, 0, 3]);
    let expected = [100, 200, 400, 400, 400].map(Some);
    assert_eq!(quantiles(past.between(LADDER)), expected);
    assert_eq!(past.between(LADDER).quantile(u32::MAX), Some(400));
}

#[test]
fn a_quantile_of_the_largest_numbers_is_no_overflow() {
    const FAR: &[u64] = &[u64::MAX - 1, u64::MAX];
    let most = of([u64::MAX, u64::MAX, u64::MAX]);
    for q in [0, 1, 499_999, 999_999, 1_000_000] {
        assert!(most.between(FAR).quantile(q).is_some());
    }
    assert_eq!(
        of([1, 0, 0]).between(FAR).quantile(1_000_000),
        Some(u64::MAX - 1)
    );
}

#[test]
fn a_log_linear_quantile_is_off_by_an_eighth_at_most() {
    let values: Vec<_> = (1..=2_000).map(|n| n * n % 60_013 + 20).collect();
    let spread = recorded(&values, |guard, value| guard.record(WIDE, value));
    let mut sorted = values.clone();
    sorted.sort_unstable();
    for q in [1_u32, 10, 250, 500, 900, 990, 999] {
        let rank = (values.len() * q as usize).div_ceil(1_000).max(1);
        let truth = sorted[rank - 1] as u64;
        let told = spread.wide().quantile(q * 1_000).expect("values");
        assert!(
            told.abs_diff(truth) * 8 <= truth + 8,
            "p{q}: {told}, not {truth}"
        );
    }
}

proptest! {
    #[test]
    fn values_fall_where_a_plain_search_puts_them(
        values in prop::collection::vec(prop_oneof![0..30_usize, 0..200_000_usize, any::<usize>()], 0..40),
    ) {
        let bounds = |place: usize| Spread::HISTOGRAMS[place].bounds;
        let spread = recorded(&values, |guard, value| guard.record(FINE, value));
        prop_assert_eq!(spread.fine, expected(bounds(3), &values));
        let spread = recorded(&values, |guard, value| guard.record(WIDE, value));
        prop_assert_eq!(spread.wide, expected(bounds(4), &values));
        let spread = recorded(&values, |guard, value| guard.record(ZERO, value));
        prop_assert_eq!(spread.zero, expected(bounds(2), &values));
        let micros = |value: usize| Duration::from_micros(value as u64);
        let spread = recorded(&values, |guard, value| guard.record(COARSE, micros(value)));
        prop_assert_eq!(spread.coarse_us, expected(bounds(5), &values));
        let spread = recorded(&values, |guard, value| guard.record(LATENCY, micros(value)));
        prop_assert_eq!(spread.latency_us, expected(bounds(0), &values));
        prop_assert_eq!(spread.latency_us().count(), values.len() as u64);
    }

    /// Whatever the value, its bucket tells it with an error of an eighth of it at most; what lies past the
    /// scale is past its last bound.
    #[test]
    fn a_log_linear_bucket_is_an_eighth_off_at_most(
        value in prop_oneof![any::<u64>(), any::<u64>().prop_perturb(|n, mut rng| n >> (rng.next_u32() % 64))],
    ) {
        let word = usize::try_from(value).expect("64 bits");
        let cases = [(3, 1, 100_000), (4, 16, (1 << 60) - 1), (5, 1_000, 60_000_000)];
        for (histogram, least, most) in cases {
            let bounds = Spread::HISTOGRAMS[histogram].bounds;
            let spread = recorded(&[word], |guard, value| match histogram {
                3 => guard.record(FINE, value),
                4 => guard.record(WIDE, value),
                _ => guard.record(COARSE, Duration::from_micros(value as u64)),
            });
            let buckets = [&spread.fine.buckets[..], &spread.wide.buckets, &spread.coarse_us.buckets];
            let at = buckets[histogram - 3].iter().position(|n| *n == 1).expect("it was recorded");
            let low = at.checked_sub(1).map_or(0, |at| bounds[at]);
            prop_assert!(at == 0 || value > low, "{value} in the bucket past {low}");
            let Some(high) = bounds.get(at) else {
                prop_assert!(value > most, "{value} is past the last bound");
                continue;
            };
            prop_assert!(value <= *high);
            // All that the bucket holds is told as something between its bounds.
            let apart = u128::from(high - low - 1);
            prop_assert!(apart * 8 <= u128::from(value.max(least)), "{value}: {low} to {high}");
        }
    }

    /// An estimate lies in the bucket of the value that it estimates, and so is an eighth off at most where
    /// buckets are log-linear.
    #[test]
    fn a_quantile_is_in_the_bucket_of_the_value_it_stands_for(
        values in prop::collection::vec(
            prop_oneof![20..400_usize, 20..2_000_000_usize, 20..(1_usize << 59)], 1..60),
        millionths in 1..=1_000_000_u32,
    ) {
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let rank = (values.len() * millionths as usize).div_ceil(1_000_000);
        let truth = sorted[rank - 1] as u64;
        let spread = recorded(&values, |guard, value| guard.record(WIDE, value));
        let told = spread.wide().quantile(millionths).expect("values");
        prop_assert!(u128::from(told.abs_diff(truth)) * 8 <= u128::from(truth) + 8, "{told}, not {truth}");
        let spread = recorded(&values, |guard, value| {
            guard.record(LATENCY, Duration::from_micros(value as u64));
        });
        let latency = spread.latency_us();
        let told = latency.quantile(millionths).expect("values");
        let at = place(latency.bounds, truth);
        let low = at.checked_sub(1).map_or(0, |at| latency.bounds[at]);
        let high = latency.bounds.get(at).copied().unwrap_or(low);
        prop_assert!((low..=high).contains(&told), "{told} is not between {low} and {high}");
    }

    /// The bounds of any range rise, and hold it.
    #[test]
    fn log_linear_scales_hold_their_range(least in 1..1_u64 << 40, more in 1..1_u64 << 50) {
        let scale = Scale::log_integers(least, least + more);
        prop_assert!(scale.buckets() <= 8 * 64);
    }
}

#[test]
fn histograms_lie_one_after_the_other() {
    let mut next = Spread::WORDS.len();
    for histogram in Spread::HISTOGRAMS {
        let Histogram { word, bounds, .. } = histogram;
        assert_eq!(*word, next, "{}", histogram.name);
        next += bounds.len() + 2;
    }
}
