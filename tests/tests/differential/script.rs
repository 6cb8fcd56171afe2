//! What happens in a run, in terms that both systems understand.

/// Paths by number, some of them spellings of the same path, some not to be counted.
pub(crate) const PATHS: [&str; 8] = [
    "a/b",
    "//a///b/",
    "a",
    "",
    ".stats/node",
    ".statsfoo",
    "say \"hi\"\n\\",
    "зал/🎥",
];

/// The tracks of traffic that both systems have.
pub(crate) const TRACKS: [&str; 4] = [
    "publisher.json",
    "subscriber.json",
    "internal/publisher.json",
    "internal/subscriber.json",
];

/// A tier and role of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Into [`PATHS`].
    pub(crate) path: usize,
    pub(crate) internal: bool,
    pub(crate) subscriber: bool,
}

impl Place {
    pub(crate) fn path(self) -> &'static str {
        PATHS[self.path % PATHS.len()]
    }

    /// Into [`TRACKS`].
    pub(crate) fn track(self) -> usize {
        usize::from(self.internal) * 2 + usize::from(self.subscriber)
    }

    /// The path that it is counted under.
    pub(crate) fn key(self) -> String {
        let segments = self.path().split('/').filter(|segment| !segment.is_empty());
        segments.collect::<Vec<_>>().join("/")
    }
}

/// Guards are named by their number among those that are open, wrapping around.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Announce(Place),
    Unannounce(usize),
    /// A subscription that no announce guard covers.
    Subscribe(Place),
    /// A subscription under an announce guard.
    SubscribeUnder(usize),
    Unsubscribe(usize),
    Bytes(usize, usize),
    Frame(usize),
    Group(usize),
    Tick,
    /// The clock jumps over several intervals at once.
    Late,
}

/// A system that counts.
pub(crate) trait System {
    type Announce;
    type Track;

    fn announce(&self, place: Place) -> Self::Announce;
    fn subscribe(&self, place: Place) -> Self::Track;
    fn subscribe_under(announce: &Self::Announce) -> Self::Track;
    fn bytes(track: &mut Self::Track, n: usize);
    fn frame(track: &mut Self::Track);
    fn group(track: &mut Self::Track);
}

/// The open guards of one system.
pub(crate) struct Hands<S: System> {
    pub(crate) system: S,
    announces: Vec<S::Announce>,
    tracks: Vec<S::Track>,
}

impl<S: System> Hands<S> {
    pub(crate) fn new(system: S) -> Self {
        Self {
            system,
            announces: Vec::new(),
            tracks: Vec::new(),
        }
    }

    /// Does one step; ticks are the clock's affair.
    pub(crate) fn act(&mut self, step: Step) {
        match step {
            Step::Announce(place) => self.announces.push(self.system.announce(place)),
            Step::Subscribe(place) => self.tracks.push(self.system.subscribe(place)),
            Step::SubscribeUnder(n) => {
                if let Some(announce) = nth(&mut self.announces, n) {
                    self.tracks.push(S::subscribe_under(announce));
                }
            }
            Step::Unannounce(n) => drop(take(&mut self.announces, n)),
            Step::Unsubscribe(n) => drop(take(&mut self.tracks, n)),
            Step::Bytes(n, bytes) => on(nth(&mut self.tracks, n), |track| S::bytes(track, bytes)),
            Step::Frame(n) => on(nth(&mut self.tracks, n), S::frame),
            Step::Group(n) => on(nth(&mut self.tracks, n), S::group),
            Step::Tick | Step::Late => {}
        }
    }

    pub(crate) fn drop_all(&mut self) {
        self.announces.clear();
        self.tracks.clear();
    }

    pub(crate) fn announces(&self) -> &[S::Announce] {
        &self.announces
    }

    pub(crate) fn tracks(&self) -> &[S::Track] {
        &self.tracks
    }
}

fn nth<T>(open: &mut [T], n: usize) -> Option<&mut T> {
    let len = open.len();
    open.get_mut(n.checked_rem(len)?)
}

fn take<T>(open: &mut Vec<T>, n: usize) -> Option<T> {
    let n = n.checked_rem(open.len())?;
    Some(open.swap_remove(n))
}

fn on<T>(guard: Option<&mut T>, f: impl FnMut(&mut T)) {
    guard.into_iter().for_each(f);
}
