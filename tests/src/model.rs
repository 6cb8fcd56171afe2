//! What guards counted, in the plainest way there is.

use std::collections::BTreeMap;

use streamgauge_core::{Family, Presence, Traffic};

use crate::{Words, close, words_of};

/// A series: its track's name and its own.
pub type Name = (String, String);

/// How a subscription stands to its announce guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewing {
    /// It has none.
    Alone,
    /// It is one of those that make up the guard's one viewer.
    Together,
    /// It is a viewer of its own: it had no cell, and there was no viewer to join.
    Apart,
}

/// The truth about every series, lives apart or not.
#[derive(Clone, Debug, Default)]
pub struct Model {
    series: BTreeMap<Name, Series>,
}

#[derive(Clone, Debug)]
struct Series {
    words: Words,
    open: u64,
}

impl Model {
    /// Adds to a word.
    ///
    /// # Panics
    /// When the series' family has no word of this name.
    pub fn add(&mut self, name: &Name, word: &str, n: u64) {
        let place = words_of(&name.0).iter().position(|w| w.name == word);
        self.entry(name).words[place.expect("a word of the family")] += n;
    }

    /// A subscription began.
    pub fn subscribe(&mut self, name: &Name) {
        self.add(name, "subscriptions", 1);
        if self.entry(name).open == 0 {
            self.add(name, "broadcasts", 1);
        }
        self.entry(name).open += 1;
    }

    /// A subscription ended.
    pub fn unsubscribe(&mut self, name: &Name) {
        self.add(name, "subscriptions_closed", 1);
        self.entry(name).open -= 1;
        if self.entry(name).open == 0 {
            self.add(name, "broadcasts_closed", 1);
        }
    }

    /// All guards are gone as in a reset: what was open counts as closed.
    pub fn close_all(&mut self) {
        for (name, series) in &mut self.series {
            close(&name.0, &mut series.words);
            series.open = 0;
        }
    }

    /// The truth about a series.
    #[must_use]
    pub fn words(&self, name: &Name) -> Words {
        let none = || vec![0; words_of(&name.0).len()];
        self.series
            .get(name)
            .map_or_else(none, |series| series.words.clone())
    }

    /// All series that were ever opened.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.series.keys()
    }

    /// The truth about a whole track.
    #[must_use]
    pub fn total(&self, track: &str) -> Words {
        let ours = self.series.iter().filter(|(name, _)| name.0 == track);
        let none = vec![0; words_of(track).len()];
        ours.fold(none, |sum, (_, series)| crate::plus(&sum, &series.words))
    }

    fn entry(&mut self, name: &Name) -> &mut Series {
        let words = words_of(&name.0).len();
        debug_assert!(words == Traffic::WORDS.len() || words == Presence::WORDS.len());
        self.series.entry(name.clone()).or_insert_with(|| Series {
            words: vec![0; words],
            open: 0,
        })
    }
}
