//! One series on one node, through all its lives.

use serde::{Deserialize, Serialize};
use streamgauge_core::Family;

use super::words;

/// What tells one life of a series from the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Birth {
    /// When the series says that it began, in milliseconds since the Unix epoch.
    pub(super) since: Option<u64>,
    /// The life of the node, as links carry it whose nodes may have no clock.
    pub(super) life: Option<u16>,
}

/// A series' life, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life<F> {
    /// Which life.
    pub(super) birth: Birth,
    /// All that was counted in it.
    pub(super) last: F,
    /// What is open was counted as closed, as its end was lost, or its node has been away for long.
    pub(super) shut: bool,
    /// The frame that told it, and in which stay of the node.
    pub(super) told: (u64, u64),
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Of an old frame.
    Old,
    /// Of this life.
    Same,
    /// Of the next life.
    Reborn,
}

/// Numbers of frames from here on come from a clock that counts microseconds, and rise in all lives of a
/// node.
pub(super) const CLOCKED: u64 = 1_000_000_000_000;

/// So many frames at most come again when a reader connects anew.
const REPEATED: u64 = 1_000;

impl<F: Family> Life<F> {
    /// A series that is seen for the first time, and has counted nothing yet.
    pub(super) fn new(birth: Birth) -> Self {
        Self {
            birth,
            last: F::default(),
            shut: false,
            told: (0, 0),
        }
    }

    /// Takes in what a frame says of the series, and says what that adds to sums; nothing if it is old. `told` is the node's stay and the
    /// frame's place among those of its track.
    pub(super) fn update(&mut self, birth: Birth, row: F, told: (u64, u64)) -> Option<F> {
        let mut growth = F::default();
        match self.judge(birth, row, told) {
            Verdict::Old => return None,
            Verdict::Same if self.shut && self.is_late(told) => return Some(self.late(row)),
            Verdict::Same if self.shut => growth = words::open(self.last),
            Verdict::Same => {}
            Verdict::Reborn => {
                growth = self.end();
                self.birth = birth;
                self.last = F::default();
            }
        }
        self.shut = false;
        self.told = self.told.max(told);
        let grown = words::minus(row, self.last);
        self.last = row;
        Some(words::plus(growth, grown))
    }

    /// Whether the frame is one before those that are known. In a new stay numbers may begin anew, unless
    /// they come from a clock.
    fn is_late(&self, told: (u64, u64)) -> bool {
        told.1 <= self.told.1 && (told.0 == self.told.0 || self.told.1 >= CLOCKED)
    }

    /// Takes in what a frame tells that comes after the series was known to have ended: what it has of
    /// openings has closed since.
    fn late(&mut self, row: F) -> F {
        let grown = words::minus(row, self.last);
        self.last = row;
        words::all_closed(grown)
    }

    /// The series has ended before this frame, which does not have it; what that adds to sums.
    pub(super) fn end_before(&mut self, told: (u64, u64)) -> F {
        self.told = self.told.max(told);
        self.end()
    }

    /// Whether the row is of this life or of a later one, and not of an old frame that comes late, or again
    /// since its reader connected anew.
    fn judge(&self, birth: Birth, row: F, told: (u64, u64)) -> Verdict {
        let later = told.1 > self.told.1;
        let same = birth == self.birth;
        match (birth.since, self.birth.since) {
            (Some(_), Some(_)) if same && words::fell(self.last, row) => Verdict::Old,
            (Some(_), Some(_)) if same => Verdict::Same,
            (Some(now), Some(before)) if later || now > before => Verdict::Reborn,
            (Some(_), Some(_)) => Verdict::Old,
            _ if self.is_repeated(told) => Verdict::Old,
            _ if same && !words::fell(self.last, row) => Verdict::Same,
            _ => Verdict::Reborn,
        }
    }

    /// Whether a frame was taken in before, or a later one: for series that do not say when they began.
    fn is_repeated(&self, told: (u64, u64)) -> bool {
        let recent = told.0 == self.told.0 || self.told.1.saturating_sub(told.1) < REPEATED;
        self.is_late(told) && recent
    }

    /// Counts what is open as closed: nobody knows of it any more. What that adds to sums.
    pub(super) fn end(&mut self) -> F {
        if std::mem::replace(&mut self.shut, true) {
            F::default()
        } else {
            words::closing(self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamgauge_core::Traffic;

    const FIRST: Birth = Birth {
        since: Some(1),
        life: None,
    };
    const SECOND: Birth = Birth {
        since: Some(2),
        life: None,
    };

    fn row(bytes: u64, viewers: u64, viewers_closed: u64) -> Traffic {
        Traffic {
            bytes,
            viewers,
            viewers_closed,
            ..Traffic::default()
        }
    }

    fn run(rows: &[(Birth, Traffic, (u64, u64))]) -> (Traffic, Life<Traffic>) {
        let mut life = Life::new(rows[0].0);
        let mut total = Traffic::default();
        for (birth, row, told) in rows {
            if let Some(growth) = life.update(*birth, *row, *told) {
                total = words::plus(total, growth);
            }
        }
        (total, life)
    }

    #[test]
    fn lives_add_up() {
        let (total, _) = run(&[
            (FIRST, row(10, 1, 0), (1, 1)),
            (FIRST, row(30, 2, 1), (1, 2)),
            (SECOND, row(40, 3, 0), (1, 3)),
        ]);
        // What was open in the first life is closed.
        assert_eq!(total, row(70, 5, 2));
    }

    #[test]
    fn a_series_that_does_not_say_when_it_began_has_a_new_life_when_it_falls() {
        let unsaid = Birth::default();
        let (total, _) = run(&[
            (unsaid, row(30, 0, 0), (1, 1)),
            (unsaid, row(20, 0, 0), (1, 2)),
            (unsaid, row(25, 0, 0), (1, 3)),
        ]);
        assert_eq!(total.bytes, 55);
    }

    #[test]
    fn frames_that_come_twice_or_late_count_once() {
        let (total, _) = run(&[
            (FIRST, row(10, 0, 0), (1, 1)),
            (SECOND, row(5, 0, 0), (1, 3)),
            (FIRST, row(12, 0, 0), (1, 2)),
            (SECOND, row(5, 0, 0), (1, 3)),
            // In another stay as well.
            (FIRST, row(9, 0, 0), (2, 1)),
            (SECOND, row(4, 0, 0), (2, 3)),
            (SECOND, row(6, 0, 0), (2, 4)),
        ]);
        assert_eq!(total.bytes, 16);
        let unsaid = Birth::default();
        let (total, _) = run(&[
            (unsaid, row(10, 0, 0), (1, CLOCKED + 1)),
            (unsaid, row(20, 0, 0), (1, CLOCKED + 2)),
            (unsaid, row(10, 0, 0), (2, CLOCKED + 1)),
            (unsaid, row(20, 0, 0), (2, CLOCKED + 2)),
            (unsaid, row(21, 0, 0), (2, CLOCKED + 3)),
        ]);
        assert_eq!(total.bytes, 21);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_hide_a_new_life() {
        let (total, _) = run(&[
            (SECOND, row(10, 0, 0), (1, 5)),
            (FIRST, row(3, 0, 0), (2, 6)),
        ]);
        assert_eq!(total.bytes, 13);
    }

    #[test]
    fn numbers_that_begin_anew_with_a_node_are_no_repetition() {
        let unsaid = Birth::default();
        let (total, _) = run(&[
            (unsaid, row(10, 0, 0), (1, 50)),
            (unsaid, row(4, 0, 0), (2, 1)),
            (unsaid, row(5, 0, 0), (2, 2)),
        ]);
        assert_eq!(total.bytes, 15);
    }

    #[test]
    fn what_a_node_had_open_when_it_left_for_long_opens_again_when_it_is_back() {
        let (mut total, mut life) = run(&[(FIRST, row(10, 2, 1), (1, 1))]);
        total = words::plus(total, life.end());
        assert_eq!((total, life.end()), (row(10, 2, 2), Traffic::default()));
        let back = life.update(FIRST, row(11, 2, 1), (2, 1)).unwrap();
        total = words::plus(total, back);
        assert_eq!(total, row(11, 3, 2));
    }
}
