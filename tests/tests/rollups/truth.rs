//! What all guards counted, by prefix, in the plainest way there is.

use std::collections::BTreeMap;

use streamgauge_core::OVERFLOW;
use streamgauge_tests::KEY_BYTES;

/// The path as a series is called, or the overflow series for one that is too long.
pub(crate) fn name(path: &str) -> String {
    let segments: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut name = segments.join("/");
    if segments.len() == 1 && is_reserved(&name) {
        name.insert(0, '_');
    }
    if name.len() > KEY_BYTES {
        OVERFLOW.into()
    } else {
        name
    }
}

/// The prefixes that a series counts in, up to so many segments, without the root.
pub(crate) fn prefixes(name: &str, levels: usize) -> Vec<String> {
    if name == OVERFLOW {
        return vec![OVERFLOW.into()];
    }
    let segments: Vec<_> = name.split('/').filter(|part| !part.is_empty()).collect();
    let prefix = |n: usize| {
        let prefix = segments[..n].join("/");
        let own = n == segments.len();
        if !own && is_reserved(&prefix) {
            format!("_{prefix}")
        } else {
            prefix
        }
    };
    (1..=levels.min(segments.len())).map(prefix).collect()
}

/// Whether a name reads like that of the overflow series, with any number of underscores more.
fn is_reserved(name: &str) -> bool {
    let tail = name.trim_start_matches('_');
    tail == OVERFLOW.trim_start_matches('_') && name.len() >= OVERFLOW.len()
}

/// Sums by prefix and lane, in the order of a frame.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) levels: usize,
    pub(crate) sums: BTreeMap<(String, usize), [u64; 7]>,
    /// Subscriptions begun since the last tick, by prefix.
    pub(crate) came: BTreeMap<String, u64>,
}

impl Truth {
    pub(crate) fn add(&mut self, name: &str, lane: usize, word: usize, n: u64) {
        for prefix in self.all(name) {
            if word == 2 {
                *self.came.entry(prefix.clone()).or_default() += n;
            }
            self.sums.entry((prefix, lane)).or_default()[word] += n;
        }
    }

    pub(crate) fn sum(&self, prefix: &str, lane: usize) -> [u64; 7] {
        let found = self.sums.get(&(prefix.to_owned(), lane));
        found.copied().unwrap_or_default()
    }

    /// Subscriptions that are open under a prefix.
    pub(crate) fn open(&self, prefix: &str) -> u64 {
        let ours = self.sums.iter().filter(|((of, _), _)| of == prefix);
        ours.map(|(_, sum)| sum[2] - sum[3]).sum()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = String> + use<> {
        let root = String::new();
        [root].into_iter().chain(prefixes(name, self.levels))
    }
}
