//! What a terminal shows, apart from how it is drawn.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use streamgauge_core::Role;

use crate::view::{Broadcast, Node, Tier, View};

/// Rates kept for each row's sparkline.
pub(super) const HISTORY: usize = 32;

/// What tells a broadcast's row from the others.
type Key = (Arc<str>, Tier, Role);

/// What is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Broadcasts.
    #[default]
    Broadcasts,
    /// Nodes.
    Nodes,
}

/// What rows are sorted by; the largest come first, names from the beginning of the alphabet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Bytes per second.
    #[default]
    Rate,
    /// Who watch, or sessions.
    Watching,
    /// All bytes.
    Bytes,
    /// The name.
    Name,
}

/// What rows must have in their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The text; nothing admits all.
    pub text: String,
    /// It is being written.
    pub editing: bool,
}

/// What is shown, and what was chosen with keys.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What is listed.
    pub tab: Tab,
    /// By what it is sorted.
    pub sort: Sort,
    /// The other way around.
    pub reversed: bool,
    /// Which rows.
    pub filter: Filter,
    /// Rows skipped from the first.
    pub scroll: usize,
    /// The view stands still.
    pub paused: bool,
    view: View,
    history: HashMap<Key, VecDeque<u64>>,
}

impl Sort {
    /// The next way to sort.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Rate => Self::Watching,
            Self::Watching => Self::Bytes,
            Self::Bytes => Self::Name,
            Self::Name => Self::Rate,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Watching => "watching",
            Self::Bytes => "bytes",
            Self::Name => "name",
        }
    }
}

impl State {
    /// Takes in a new view, unless it stands still.
    pub fn update(&mut self, view: &View) {
        if self.paused {
            return;
        }
        let mut before = std::mem::take(&mut self.history);
        for row in &view.broadcasts {
            let key = key(row);
            let mut rates = before.remove(&key).unwrap_or_default();
            if rates.len() == HISTORY {
                rates.pop_front();
            }
            rates.push_back(whole(row.rate));
            self.history.insert(key, rates);
        }
        self.view = view.clone();
        self.keep_in_view();
    }

    /// The view that is shown.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// The broadcasts to list, in order.
    pub fn broadcasts(&self) -> Vec<&Broadcast> {
        let rows = self.view.broadcasts.iter();
        let mut rows: Vec<_> = rows.filter(|row| self.admits(&row.name)).collect();
        rows.sort_by(|a, b| self.ordered(self.by_broadcast(a, b)));
        rows
    }

    /// The nodes to list, in order.
    pub fn nodes(&self) -> Vec<&Node> {
        let rows = self.view.nodes.iter();
        let mut rows: Vec<_> = rows.filter(|row| self.admits(&row.name)).collect();
        rows.sort_by(|a, b| self.ordered(self.by_node(a, b)));
        rows
    }

    /// How many rows there are to list.
    pub fn rows(&self) -> usize {
        match self.tab {
            Tab::Broadcasts => {
                let rows = self.view.broadcasts.iter();
                rows.filter(|row| self.admits(&row.name)).count()
            }
            Tab::Nodes => {
                let rows = self.view.nodes.iter();
                rows.filter(|row| self.admits(&row.name)).count()
            }
        }
    }

    /// The latest rates of a row, the newest last.
    pub fn history(&self, row: &Broadcast) -> impl Iterator<Item = u64> + '_ {
        self.history.get(&key(row)).into_iter().flatten().copied()
    }

    /// Goes so many rows down, or up; no further than there are rows.
    pub fn scroll_by(&mut self, rows: isize) {
        self.scroll = self.scroll.saturating_add_signed(rows);
        self.keep_in_view();
    }

    /// Lists the other.
    pub fn switch(&mut self) {
        self.tab = match self.tab {
            Tab::Broadcasts => Tab::Nodes,
            Tab::Nodes => Tab::Broadcasts,
        };
        self.scroll = 0;
    }

    /// Leaves no more than the last row out of sight.
    pub fn keep_in_view(&mut self) {
        self.scroll = self.scroll.min(self.rows().saturating_sub(1));
    }

    fn admits(&self, name: &str) -> bool {
        let text = self.filter.text.to_lowercase();
        text.is_empty() || name.to_lowercase().contains(&text)
    }

    fn ordered(&self, order: Ordering) -> Ordering {
        if self.reversed {
            order.reverse()
        } else {
            order
        }
    }

    fn by_broadcast(&self, a: &Broadcast, b: &Broadcast) -> Ordering {
        let largest = match self.sort {
            Sort::Rate => b.rate.total_cmp(&a.rate),
            Sort::Watching => b.watching.cmp(&a.watching),
            Sort::Bytes => b.total.bytes.cmp(&a.total.bytes),
            Sort::Name => Ordering::Equal,
        };
        largest.then_with(|| key(a).cmp(&key(b)))
    }

    fn by_node(&self, a: &Node, b: &Node) -> Ordering {
        let rate = |node: &Node| node.rates.iter().sum::<f64>();
        let bytes = |node: &Node| node.ingress.bytes.saturating_add(node.egress.bytes);
        let largest = match self.sort {
            Sort::Rate => rate(b).total_cmp(&rate(a)),
            Sort::Watching => b.sessions.cmp(&a.sessions),
            Sort::Bytes => bytes(b).cmp(&bytes(a)),
            Sort::Name => Ordering::Equal,
        };
        largest.then_with(|| a.name.cmp(&b.name))
    }
}

fn key(row: &Broadcast) -> Key {
    (row.name.clone(), row.tier.clone(), row.role)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is no less than zero, and a sparkline needs no more"
)]
const fn whole(rate: f64) -> u64 {
    rate as u64
}
