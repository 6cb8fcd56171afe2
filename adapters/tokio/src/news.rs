//! What one reader of an origin has yet to be told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A broadcast's path.
pub(crate) type Path = Arc<str>;

/// The paths to tell of, each once, in the order in which they first changed; and the paths that the
/// reader believes in.
#[derive(Debug, Default)]
pub(crate) struct News {
    paths: HashMap<Path, Told>,
    queue: BTreeMap<u64, Path>,
    changes: u64,
}

#[derive(Debug, Default)]
struct Told {
    /// Whether the reader was told that there is a broadcast.
    believed: bool,
    /// Its place in the queue.
    place: Option<u64>,
}

impl News {
    /// There is a broadcast of this path.
    pub(crate) fn came(&mut self, path: &Path) {
        let told = self.paths.entry(path.clone()).or_default();
        if told.place.is_none() {
            self.changes += 1;
            told.place = Some(self.changes);
            self.queue.insert(self.changes, path.clone());
        }
    }

    /// There is none any more. Who never heard of it need not know.
    pub(crate) fn went(&mut self, path: &Path) {
        if self.paths.get(path).is_some_and(|told| told.believed) {
            self.came(path);
        } else if let Some(place) = self.paths.remove(path).and_then(|told| told.place) {
            self.queue.remove(&place);
        }
    }

    /// The next path to tell of; `is_live` says what the reader will believe.
    pub(crate) fn next(&mut self, is_live: impl FnOnce(&Path) -> bool) -> Option<Path> {
        let (_, path) = self.queue.pop_first()?;
        let believed = is_live(&path);
        if believed {
            let place = None;
            self.paths.insert(path.clone(), Told { believed, place });
        } else {
            self.paths.remove(&path);
        }
        Some(path)
    }
}
