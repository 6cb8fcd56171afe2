//! The core's guards behind small traits, so that the relaying code is written once for
//! both directions and for every kind of handle.

use std::sync::Arc;

use streamgauge_core::{Announce, Handle, Role, StatsHandle, Track, Traffic};

/// Opens the guards of one direction of one session.
pub(crate) trait Gauge: Send + Sync {
    /// A broadcast was announced; the announcement ends with the last reference.
    fn announce(&self, path: &str) -> Arc<dyn Announcement>;

    /// A track of a broadcast that was not announced under its own path.
    fn track(&self, path: &str, name: &str) -> Box<dyn Counter>;
}

/// An open announcement.
pub(crate) trait Announcement: Send + Sync {
    /// A track was subscribed; the subscription ends with the last counter.
    fn track(&self, name: &str) -> Box<dyn Counter>;
}

/// One writer of an open subscription.
pub(crate) trait Counter: Send {
    fn group(&mut self);
    fn frame(&mut self);
    fn bytes(&mut self, count: usize);

    /// Another writer of the same subscription.
    fn writer(&self) -> Box<dyn Counter>;
}

/// The guards of one role of a session.
pub(crate) struct Guards<H> {
    pub(crate) stats: StatsHandle<H>,
    pub(crate) role: Role,
}

impl<H: Handle + Send + Sync + 'static> Gauge for Guards<H> {
    fn announce(&self, path: &str) -> Arc<dyn Announcement> {
        let broadcast = self.stats.broadcast(path);
        Arc::new(match self.role {
            Role::Publisher => broadcast.publisher(),
            Role::Subscriber => broadcast.subscriber(),
        })
    }

    fn track(&self, path: &str, name: &str) -> Box<dyn Counter> {
        let broadcast = self.stats.broadcast(path);
        Box::new(match self.role {
            Role::Publisher => broadcast.publisher_track(name),
            Role::Subscriber => broadcast.subscriber_track(name),
        })
    }
}

impl<H: Handle + Send + Sync + 'static> Announcement for Announce<Traffic, H> {
    fn track(&self, name: &str) -> Box<dyn Counter> {
        Box::new(Announce::track(self, name))
    }
}

impl<H: Handle + Send + Sync + 'static> Counter for Track<Traffic, H> {
    fn group(&mut self) {
        Track::group(self);
    }

    fn frame(&mut self) {
        Track::frame(self);
    }

    fn bytes(&mut self, count: usize) {
        Track::bytes(self, count);
    }

    fn writer(&self) -> Box<dyn Counter> {
        Box::new(Track::writer(self))
    }
}
