//! What the counters must be, from what the host did.

use std::collections::BTreeMap;

use streamgauge_core::{Family, OVERFLOW, Role, Traffic};

/// The counters of one track, by name of the series.
pub type Series = BTreeMap<String, Traffic>;

/// Something that the gateway counts.
#[derive(Clone, Debug)]
pub enum Event {
    /// A broadcast was announced.
    Announce {
        /// Its id.
        broadcast: u8,
        /// Its path.
        path: String,
    },
    /// It ended, and its subscriptions did.
    Unannounce {
        /// Its id.
        broadcast: u8,
    },
    /// A subscription began.
    Subscribe {
        /// Its id.
        subscription: u8,
        /// To this broadcast.
        broadcast: u8,
    },
    /// It ended.
    Unsubscribe {
        /// Its id.
        subscription: u8,
    },
    /// A group of a broadcast was sent.
    Group {
        /// The broadcast's id.
        broadcast: u8,
    },
    /// A frame of a broadcast was sent.
    Frame {
        /// The broadcast's id.
        broadcast: u8,
        /// Bytes in it.
        bytes: usize,
    },
    /// The interrupt handler and a task counted so many frames of a byte in one series, together.
    Race {
        /// The series.
        path: &'static str,
        /// Frames.
        frames: u64,
    },
    /// The gateway was reset: all that was open ended.
    Reset,
}

/// What the host did, in order.
#[derive(Clone, Debug, Default)]
pub struct Model {
    events: Vec<Event>,
    /// The broadcast of each open subscription.
    open: BTreeMap<u8, u8>,
}

impl Model {
    /// Notes what the host did.
    pub fn note(&mut self, event: Event) {
        match event {
            Event::Subscribe {
                subscription,
                broadcast,
            } => drop(self.open.insert(subscription, broadcast)),
            Event::Unsubscribe { subscription } => drop(self.open.remove(&subscription)),
            Event::Unannounce { broadcast } => self.open.retain(|_, of| *of != broadcast),
            Event::Reset => self.open.clear(),
            _ => {}
        }
        self.events.push(event);
    }

    /// The subscriptions of a broadcast that are open now.
    pub fn subscribers(&self, broadcast: u8) -> impl Iterator<Item = u8> + '_ {
        let of = self.open.iter().filter(move |(_, of)| **of == broadcast);
        of.map(|(subscription, _)| *subscription)
    }

    /// What each series of a track must have counted since power came on, when the gateway had room for
    /// those that are `named` and counted the others in its overflow series.
    #[must_use]
    pub fn series(&self, role: Role, named: impl Fn(&str) -> bool) -> Series {
        let mut replay = Replay::new(role, named);
        for event in &self.events {
            replay.play(event);
        }
        replay.series
    }
}

/// Word by word.
#[must_use]
pub fn plus(a: Traffic, b: &Traffic) -> Traffic {
    let words = a.words().into_iter().zip(b.words());
    let sums: Vec<u64> = words.map(|(a, b)| a + b).collect();
    Traffic::from_words(&sums)
}

/// One track, as events make it count.
struct Replay<N> {
    role: Role,
    named: N,
    series: Series,
    /// Open subscriptions by series, which is the overflow series for many.
    live: BTreeMap<String, u64>,
    broadcasts: BTreeMap<u8, Open>,
    subscriptions: BTreeMap<u8, u8>,
}

/// A broadcast that is announced.
struct Open {
    key: String,
    watched: u64,
}

impl<N: Fn(&str) -> bool> Replay<N> {
    fn new(role: Role, named: N) -> Self {
        Self {
            role,
            named,
            series: Series::new(),
            live: BTreeMap::new(),
            broadcasts: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    fn play(&mut self, event: &Event) {
        match event {
            Event::Announce { broadcast, path } => self.announce(*broadcast, path),
            Event::Unannounce { broadcast } => self.unannounce(*broadcast),
            Event::Subscribe {
                subscription,
                broadcast,
            } => self.subscribe(*subscription, *broadcast),
            Event::Unsubscribe { subscription } => self.unsubscribe(*subscription),
            Event::Group { broadcast } => self.flow(*broadcast, |words| words.groups += 1),
            Event::Frame { broadcast, bytes } => self.flow(*broadcast, |words| {
                words.frames += 1;
                words.bytes += *bytes as u64;
            }),
            Event::Race { path, frames } => self.race(path, *frames),
            Event::Reset => {
                let open: Vec<u8> = self.broadcasts.keys().copied().collect();
                for id in open {
                    self.unannounce(id);
                }
            }
        }
    }

    fn words(&mut self, key: &str) -> &mut Traffic {
        self.series.entry(key.to_owned()).or_default()
    }

    fn key(&self, path: &str) -> String {
        let named = (self.named)(path);
        if named { path } else { OVERFLOW }.to_owned()
    }

    /// The gateway subscribes to what is announced to it.
    fn announce(&mut self, broadcast: u8, path: &str) {
        let key = self.key(path);
        self.words(&key).announced += 1;
        if self.role == Role::Subscriber {
            self.words(&key).viewers += 1;
            self.open(&key);
        }
        self.broadcasts.insert(broadcast, Open { key, watched: 0 });
    }

    fn unannounce(&mut self, broadcast: u8) {
        let of = self
            .subscriptions
            .iter()
            .filter(|(_, of)| **of == broadcast);
        let ids: Vec<u8> = of.map(|(id, _)| *id).collect();
        for id in ids {
            self.unsubscribe(id);
        }
        let Some(Open { key, .. }) = self.broadcasts.remove(&broadcast) else {
            return;
        };
        self.words(&key).announced_closed += 1;
        if self.role == Role::Subscriber {
            self.words(&key).viewers_closed += 1;
            self.close(&key);
        }
    }

    fn subscribe(&mut self, subscription: u8, broadcast: u8) {
        self.subscriptions.insert(subscription, broadcast);
        let Some(open) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        open.watched += 1;
        let (key, first) = (open.key.clone(), open.watched == 1);
        if self.role == Role::Publisher {
            self.words(&key).viewers += u64::from(first || key == OVERFLOW);
            self.open(&key);
        }
    }

    fn unsubscribe(&mut self, subscription: u8) {
        let broadcast = self.subscriptions.remove(&subscription);
        let open = broadcast.and_then(|id| self.broadcasts.get_mut(&id));
        let Some(open) = open else { return };
        open.watched -= 1;
        let (key, last) = (open.key.clone(), open.watched == 0);
        if self.role == Role::Publisher {
            self.words(&key).viewers_closed += u64::from(last || key == OVERFLOW);
            self.close(&key);
        }
    }

    fn open(&mut self, key: &str) {
        let live = self.live.entry(key.to_owned()).or_default();
        *live += 1;
        let first = *live == 1;
        let words = self.words(key);
        words.subscriptions += 1;
        words.broadcasts += u64::from(first);
    }

    fn close(&mut self, key: &str) {
        let live = self.live.entry(key.to_owned()).or_default();
        *live -= 1;
        let last = *live == 0;
        let words = self.words(key);
        words.subscriptions_closed += 1;
        words.broadcasts_closed += u64::from(last);
    }

    /// Once on the way in, and once for each subscriber on the way out.
    fn flow(&mut self, broadcast: u8, count: impl Fn(&mut Traffic)) {
        let Some(Open { key, watched }) = self.broadcasts.get(&broadcast) else {
            return;
        };
        let (key, times) = match self.role {
            Role::Subscriber => (key.clone(), 1),
            Role::Publisher => (key.clone(), *watched),
        };
        (0..times).for_each(|_| count(self.words(&key)));
    }

    /// Two subscriptions that are open at the same time.
    fn race(&mut self, path: &str, frames: u64) {
        if self.role == Role::Subscriber {
            return;
        }
        let key = self.key(path);
        self.open(&key);
        self.open(&key);
        let words = self.words(&key);
        words.frames += frames;
        words.bytes += frames;
        self.close(&key);
        self.close(&key);
    }
}
