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
    /// What is open was counted as closed, since its node has been away for so long.
    pub(super) shut: bool,
    /// The frame that told it, and in which stay of the node.
    pub(super) told: (u64, u64),
}

/// What a row adds to sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Growth<F> {
    /// So much more was counted.
    pub(super) words: F,
    /// The life before has ended.
    pub(super) reborn: bool,
}

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

    /// Takes in what a frame says of the series; nothing if a later frame was taken in already. `told` is
    /// the node's stay and the frame's place in it.
    pub(super) fn update(&mut self, birth: Birth, row: F, told: (u64, u64)) -> Option<Growth<F>> {
        if told <= self.told {
            return None;
        }
        self.told = told;
        let reborn = birth != self.birth || words::fell(self.last, row);
        let mut growth = F::default();
        if reborn {
            growth = self.end();
            *self = Self {
                told,
                ..Self::new(birth)
            };
        } else if std::mem::take(&mut self.shut) {
            growth = words::open(self.last);
        }
        let grown = words::minus(row, self.last);
        self.last = row;
        Some(Growth {
            words: words::plus(growth, grown),
            reborn,
        })
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
                total = words::plus(total, growth.words);
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
        ]);
        assert_eq!(total.bytes, 15);
    }

    #[test]
    fn what_a_node_had_open_when_it_left_for_long_opens_again_when_it_is_back() {
        let (mut total, mut life) = run(&[(FIRST, row(10, 2, 1), (1, 1))]);
        total = words::plus(total, life.end());
        assert_eq!((total, life.end()), (row(10, 2, 2), Traffic::default()));
        let back = life.update(FIRST, row(11, 2, 1), (2, 1)).unwrap();
        total = words::plus(total, back.words);
        assert_eq!(total, row(11, 3, 2));
    }
}
