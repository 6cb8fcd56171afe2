//! How fast a total grows, over a window of time.

/// Moments kept.
const MOMENTS: usize = 6;

/// The time that they span, at least, in milliseconds.
const WINDOW: u64 = 5_000;

/// A total at some moments of the last seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    /// When, and how much; the newest first.
    moments: [(u64, u64); MOMENTS],
    len: usize,
}

impl Rate {
    /// Notes a total at a moment, in milliseconds; no more than a few times a second are kept.
    pub(super) fn note(&mut self, ms: u64, total: u64) {
        let newest = self.moments.first().map_or(0, |moment| moment.0);
        if self.len > 0 && ms < newest {
            // The clock was set back.
            self.len = 0;
        }
        let early = self.len > 1 && ms - newest < WINDOW / MOMENTS as u64;
        if !early {
            self.moments.rotate_right(1);
            self.len = (self.len + 1).min(MOMENTS);
        }
        if let Some(first) = self.moments.first_mut() {
            *first = (ms, total);
        }
        self.len = self.len.max(1);
    }

    /// Per second, between the newest moment and the oldest of the window.
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
    pub(super) fn per_second(&self) -> f64 {
        let known = self.moments.get(..self.len).unwrap_or_default();
        let Some(((now, total), older)) = known.split_first() else {
            return 0.0;
        };
        let full = older.iter().find(|(then, _)| now - then >= WINDOW);
        match full.or(older.last()) {
            Some((then, before)) if now > then => {
                total.saturating_sub(*before) as f64 * 1000.0 / (now - then) as f64
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(moments: &[(u64, u64)]) -> f64 {
        let mut rate = Rate::default();
        for (ms, total) in moments {
            rate.note(*ms, *total);
        }
        rate.per_second()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn rates_are_over_the_time_that_has_passed_whatever_it_was_meant_to_be() {
        assert_eq!(rate(&[]), 0.0);
        assert_eq!(rate(&[(1_000, 500)]), 0.0);
        assert_eq!(rate(&[(1_000, 500), (3_000, 2_500)]), 1_000.0);
        let steady: Vec<_> = (0..100).map(|n| (n * 1_000, n * 70)).collect();
        assert_eq!(rate(&steady), 70.0);
        let quick: Vec<_> = (0..1_000).map(|n| (n * 10, n * 5)).collect();
        assert!((499.0..501.0).contains(&rate(&quick)));
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn what_has_stopped_has_no_rate_after_the_window() {
        let stopped: Vec<_> = (0..20).map(|n| (n * 1_000, n.min(9) * 100)).collect();
        assert_eq!(rate(&stopped), 0.0);
        // A clock that was set back begins a window.
        assert_eq!(
            rate(&[(5_000, 10), (9_000, 50), (1_000, 60), (2_000, 70)]),
            10.0
        );
    }
}
