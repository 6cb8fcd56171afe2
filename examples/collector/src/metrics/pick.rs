//! Which broadcasts have metrics of their own, so that there are never too many.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use streamgauge_core::{Family, Role, Traffic};

use crate::view::{Broadcast, Sum, Tier, View};

/// A broadcast that is shown stays until another one has so many times its rate.
const STICK: f64 = 2.0;

/// What tells a broadcast's row from the others.
type Key = (Arc<str>, Tier, Role);

/// The tier and role that a sum is of.
type Lane = (Tier, Role);

/// Chooses the busiest broadcasts, and sums up the others.
#[derive(Debug)]
pub struct Picker {
    limit: usize,
    shown: HashSet<Key>,
    /// What was counted of each row when it was last seen.
    seen: HashMap<Key, Traffic>,
    rest: HashMap<Lane, Traffic>,
}

/// The choice.
#[derive(Clone, Debug, Default)]
pub struct Picked {
    /// The places of the rows shown, in the order of the view.
    pub rows: Vec<usize>,
    /// What came while it was not shown.
    pub rest: Vec<Sum<Traffic>>,
}

impl Picker {
    /// Chooses at most so many.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            shown: HashSet::new(),
            seen: HashMap::new(),
            rest: HashMap::new(),
        }
    }

    /// Chooses anew: once for each view, in order. O(rows).
    pub fn pick(&mut self, view: &View) -> Picked {
        let rows = self.choose(&view.broadcasts);
        let keys = rows.iter().filter_map(|row| view.broadcasts.get(*row));
        self.shown = keys.map(key).collect();
        self.add_rest(&view.broadcasts);
        Picked {
            rows,
            rest: self.sums(view),
        }
    }

    fn choose(&self, broadcasts: &[Broadcast]) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..broadcasts.len()).collect();
        if rows.len() <= self.limit {
            return rows;
        }
        let scores: Vec<f64> = broadcasts.iter().map(|row| self.score(row)).collect();
        let score = |row: usize| scores.get(row).copied().unwrap_or_default();
        rows.select_nth_unstable_by(self.limit, |a, b| score(*b).total_cmp(&score(*a)));
        rows.truncate(self.limit);
        rows.sort_unstable();
        rows
    }

    /// One that is shown wins over one that is as busy, however little that is.
    fn score(&self, row: &Broadcast) -> f64 {
        let rate = row.rate.max(f64::MIN_POSITIVE);
        if self.shown.contains(&key(row)) {
            rate * STICK
        } else {
            rate
        }
    }

    fn add_rest(&mut self, broadcasts: &[Broadcast]) {
        let mut seen = HashMap::with_capacity(broadcasts.len());
        for row in broadcasts {
            let key = key(row);
            if !self.shown.contains(&key) {
                let before = self.seen.get(&key).copied().unwrap_or_default();
                let rest = self.rest.entry((row.tier.clone(), row.role)).or_default();
                *rest = grown(*rest, row.total, before);
            }
            seen.insert(key, row.total);
        }
        self.seen = seen;
    }

    /// In the order of the view's sums.
    fn sums(&self, view: &View) -> Vec<Sum<Traffic>> {
        let sums = view.traffic.iter().map(|sum| {
            let lane = sum.role.map(|role| (sum.tier.clone(), role));
            let total = lane.and_then(|lane| self.rest.get(&lane).copied());
            Sum {
                total: total.unwrap_or_default(),
                ..sum.clone()
            }
        });
        sums.collect()
    }
}

fn key(row: &Broadcast) -> Key {
    (row.name.clone(), row.tier.clone(), row.role)
}

/// The sum, and what has come since.
fn grown(sum: Traffic, now: Traffic, before: Traffic) -> Traffic {
    let mut words = sum.words();
    let grew = now.words().into_iter().zip(before.words());
    for (word, (now, before)) in words.iter_mut().zip(grew) {
        *word = word.saturating_add(now.saturating_sub(before));
    }
    Traffic::from_words(&words)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn row(name: &str, bytes: u64, rate: f64) -> Broadcast {
        Broadcast {
            name: name.into(),
            tier: "".into(),
            role: Role::Publisher,
            total: Traffic {
                bytes,
                ..Traffic::default()
            },
            told: Traffic::default(),
            watching: 0,
            open: false,
            rate,
            since: 0,
            moved_ms: 0,
        }
    }

    fn view(broadcasts: Vec<Broadcast>) -> View {
        let bytes = broadcasts.iter().map(|row| row.total.bytes).sum();
        View {
            broadcasts,
            traffic: vec![Sum {
                tier: "".into(),
                role: Some(Role::Publisher),
                total: Traffic {
                    bytes,
                    ..Traffic::default()
                },
            }],
            ..View::default()
        }
    }

    /// The bytes of the rows shown, and of the rest.
    fn bytes(picked: &Picked, view: &View) -> (Vec<u64>, u64) {
        let rows = picked.rows.iter();
        let rows = rows.map(|row| view.broadcasts[*row].total.bytes);
        (rows.collect(), picked.rest[0].total.bytes)
    }

    #[test]
    fn all_are_shown_where_there_is_room() {
        let view = view(vec![row("a", 1, 0.0), row("b", 2, 0.0)]);
        let picked = Picker::new(2).pick(&view);
        assert_eq!(bytes(&picked, &view), (vec![1, 2], 0));
    }

    #[test]
    fn the_busiest_are_shown_and_the_others_summed_up() {
        let view = view(vec![row("a", 1, 5.0), row("b", 2, 9.0), row("c", 4, 7.0)]);
        let picked = Picker::new(2).pick(&view);
        assert_eq!(bytes(&picked, &view), (vec![2, 4], 1));
    }

    #[test]
    fn one_that_is_shown_stays_until_another_is_much_busier() {
        let mut picker = Picker::new(1);
        let first = view(vec![row("a", 1, 5.0), row("b", 1, 4.0)]);
        assert_eq!(picker.pick(&first).rows, [0]);
        let closer = view(vec![row("a", 2, 5.0), row("b", 2, 9.0)]);
        assert_eq!(picker.pick(&closer).rows, [0]);
        let busier = view(vec![row("a", 3, 5.0), row("b", 3, 11.0)]);
        assert_eq!(picker.pick(&busier).rows, [1]);
    }

    #[test]
    fn what_grows_is_shown_once_whoever_is_shown() {
        let mut picker = Picker::new(1);
        let mut before = (0, 0);
        let mut grown = 0;
        for step in 1..50_u64 {
            let busy = |own: u64| if step / 10 % 2 == own { 100.0 } else { 1.0 };
            let view = view(vec![
                row("a", step * 3, busy(0)),
                row("b", step * 5, busy(1)),
            ]);
            let choice = picker.pick(&view);
            let shown = choice.rows[0];
            let by = [3, 5];
            let rest = choice.rest[0].total.bytes;
            assert!(rest >= before.1, "the rest never falls");
            // What the row that is shown grew by, and what the rest grew by, is all that grew.
            grown += by[shown] + (rest - before.1);
            before = (grown, rest);
            assert_eq!(grown, step * 8);
        }
    }

    #[test]
    fn nothing_is_shown_where_there_is_no_room_at_all() {
        let view = view(vec![row("a", 1, 5.0)]);
        let picked = Picker::new(0).pick(&view);
        assert_eq!(bytes(&picked, &view), (vec![], 1));
    }
}
