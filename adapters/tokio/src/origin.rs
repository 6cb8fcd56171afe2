//! Where broadcasts are found by their paths, and what is told of their coming and going.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Poll,
};

use tokio::sync::Notify;

use crate::{
    BroadcastConsumer, BroadcastError,
    broadcast::Dependent,
    news::{News, Path},
};

/// Announces broadcasts. Cheap to clone: every clone announces on the same origin.
#[derive(Debug)]
pub struct OriginProducer(Arc<Origin>);

/// Finds broadcasts, and hears of their coming and going.
///
/// A clone hears of everything anew. It never holds up who announces: a slow reader is told the latest of
/// each path, and what came and went unheard is not told at all, so that what is kept for it is bounded
/// by the broadcasts there are and those that it was told of.
#[derive(Debug)]
pub struct OriginConsumer {
    origin: Arc<Origin>,
    /// Whose news to read; taken when they are first asked for.
    reader: Option<u64>,
}

/// Keeps a broadcast announced, as long as that is open, until it is dropped.
#[derive(Debug)]
#[must_use = "a broadcast is unannounced when this is dropped"]
pub struct Announcement(Arc<Announced>);

#[derive(Debug)]
struct Announced {
    origin: Weak<Origin>,
    path: Path,
    /// Tells it from others of the same path.
    id: u64,
}

#[derive(Debug, Default)]
struct Origin {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    live: BTreeMap<Path, Live>,
    readers: HashMap<u64, News>,
    /// Numbers for announcements and readers.
    numbers: u64,
    producers: usize,
}

#[derive(Debug)]
struct Live {
    id: u64,
    broadcast: BroadcastConsumer,
}

impl OriginProducer {
    /// An origin without broadcasts.
    pub fn new() -> Self {
        let origin = Origin::default();
        origin.lock().producers = 1;
        Self(Arc::new(origin))
    }

    /// Announces a broadcast under this path, until the announcement is dropped or the broadcast closes.
    /// O(readers).
    ///
    /// # Errors
    /// When there is a broadcast of this path, or this one is closed.
    pub fn announce(
        &self,
        path: impl AsRef<str>,
        broadcast: &BroadcastConsumer,
    ) -> Result<Announcement, AnnounceError> {
        let path: Path = path.as_ref().into();
        let id = self.0.lock().announce(&path, broadcast)?;
        let origin = Arc::downgrade(&self.0);
        let announced = Arc::new(Announced { origin, path, id });
        let dependent = Arc::downgrade(&announced);
        if broadcast.tell(dependent) {
            self.0.changed.notify_waiters();
            Ok(Announcement(announced))
        } else {
            announced.retract();
            let path = announced.path.to_string();
            Err(AnnounceError::Closed { path })
        }
    }

    /// Finds the broadcasts of this origin.
    pub fn consume(&self) -> OriginConsumer {
        OriginConsumer::of(&self.0)
    }

    /// Whether both announce on the same origin.
    pub fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Default for OriginProducer {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for OriginProducer {
    fn clone(&self) -> Self {
        self.0.lock().producers += 1;
        Self(self.0.clone())
    }
}

impl Drop for OriginProducer {
    fn drop(&mut self) {
        self.0.lock().producers -= 1;
        self.0.changed.notify_waiters();
    }
}

impl OriginConsumer {
    fn of(origin: &Arc<Origin>) -> Self {
        Self {
            origin: origin.clone(),
            reader: None,
        }
    }

    /// Waits for the next path whose broadcast came, was replaced by another (`Some`), or went (`None`);
    /// those that are there come first. Nothing once the producers are gone and all was told.
    /// Cancel-safe.
    pub async fn announced(&mut self) -> Option<(Arc<str>, Option<BroadcastConsumer>)> {
        let reader = match self.reader {
            Some(reader) => reader,
            None => *self.reader.insert(self.origin.lock().open_reader()),
        };
        self.wait(|state| match state.tell(reader) {
            None if !state.is_open() && state.live.is_empty() => Poll::Ready(None),
            None => Poll::Pending,
            told => Poll::Ready(told),
        })
        .await
    }

    /// The broadcast of this path, if it is announced now.
    pub fn broadcast(&self, path: &str) -> Option<BroadcastConsumer> {
        self.origin.lock().find(path)
    }

    /// Waits for the broadcast of this path. Nothing once the producers are gone without it. Cancel-safe.
    pub async fn announced_broadcast(&self, path: &str) -> Option<BroadcastConsumer> {
        self.wait(|state| match state.find(path) {
            None if state.is_open() => Poll::Pending,
            found => Poll::Ready(found),
        })
        .await
    }

    /// Looks at the state until it is ready.
    async fn wait<T>(&self, mut look: impl FnMut(&mut State) -> Poll<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.origin.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            let found = look(&mut self.origin.lock());
            match found {
                Poll::Ready(found) => return found,
                Poll::Pending => changed.await,
            }
        }
    }
}

impl Clone for OriginConsumer {
    fn clone(&self) -> Self {
        Self::of(&self.origin)
    }
}

impl Drop for OriginConsumer {
    fn drop(&mut self) {
        if let Some(reader) = self.reader {
            let _news = self.origin.lock().readers.remove(&reader);
        }
    }
}

impl Announcement {
    /// The path.
    pub fn path(&self) -> &str {
        &self.0.path
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        self.0.retract();
    }
}

impl Announced {
    fn retract(&self) {
        if let Some(origin) = self.origin.upgrade() {
            // Dropped after the lock is let go.
            let _retracted = origin.lock().retract(&self.path, self.id);
            origin.changed.notify_waiters();
        }
    }
}

impl Dependent for Announced {
    fn broadcast_closed(&self) {
        self.retract();
    }
}

impl Origin {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether anything can still come.
    fn is_open(&self) -> bool {
        self.producers > 0
    }

    fn find(&self, path: &str) -> Option<BroadcastConsumer> {
        self.live.get(path).map(|live| live.broadcast.clone())
    }

    fn announce(
        &mut self,
        path: &Path,
        broadcast: &BroadcastConsumer,
    ) -> Result<u64, AnnounceError> {
        if self.live.contains_key(path) {
            let path = path.to_string();
            return Err(AnnounceError::Taken { path });
        }
        let id = self.number();
        let broadcast = broadcast.clone();
        self.live.insert(path.clone(), Live { id, broadcast });
        for news in self.readers.values_mut() {
            news.came(path);
        }
        Ok(id)
    }

    fn retract(&mut self, path: &Path, id: u64) -> Option<Live> {
        self.live.get(path).filter(|live| live.id == id)?;
        for news in self.readers.values_mut() {
            news.went(path);
        }
        self.live.remove(path)
    }

    /// A reader who has yet to hear of all there is.
    fn open_reader(&mut self) -> u64 {
        let mut news = News::default();
        for path in self.live.keys() {
            news.came(path);
        }
        let reader = self.number();
        self.readers.insert(reader, news);
        reader
    }

    /// What a reader is told next.
    fn tell(&mut self, reader: u64) -> Option<(Path, Option<BroadcastConsumer>)> {
        let live = &self.live;
        let path = self
            .readers
            .get_mut(&reader)?
            .next(|path| live.contains_key(path))?;
        let broadcast = self.find(&path);
        Some((path, broadcast))
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

/// Why a broadcast was not announced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnnounceError {
    /// Another broadcast is announced under this path.
    Taken {
        /// The path.
        path: String,
    },
    /// The broadcast is closed.
    Closed {
        /// The path.
        path: String,
    },
    /// A track could not be added to the broadcast.
    Track(BroadcastError),
}

impl fmt::Display for AnnounceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { path } => write!(
                f,
                "another broadcast is announced under {path:?}; choose another path"
            ),
            Self::Closed { path } => write!(
                f,
                "the broadcast for {path:?} is closed: its producers are gone"
            ),
            Self::Track(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AnnounceError {}
