//! Where frames come from.

mod gateway;
mod moq;
mod serial;
mod udp;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use streamgauge_tokio::collect::FrameAt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::cli::SourceOptions;
use crate::track::Track;

pub use moq::Relay;
pub use serial::Line;

/// Frames on their way to the fleet; the sources wait while it is behind.
const ROOM: usize = 1024;

/// Which of the sources, in the order of the command line.
pub type SourceId = usize;

/// What a source has to tell.
#[derive(Clone, Debug)]
pub struct News {
    /// Who tells it.
    pub source: SourceId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The source is there.
    Up,
    /// The source is gone, and with it all nodes that only it had; it will be tried again.
    Down(String),
    /// A node is there.
    Came(Arc<str>),
    /// A node is gone.
    Left(Arc<str>),
    /// A part of a node is gone: its node, and the group of paths that it is of.
    LeftPart(Arc<str>, Arc<str>),
    /// A node has told something.
    Frame {
        /// Which node.
        node: Arc<str>,
        /// In which of its parts, by the group of paths; nothing for its own broadcast.
        group: Option<Arc<str>>,
        /// On which track.
        track: Track,
        /// Whether it came on the sibling of the track that has patches, and groups of its own.
        deflated: bool,
        /// Its place among the frames of that.
        at: FrameAt,
        /// The frame.
        payload: Bytes,
    },
}

/// The way of a source's news.
#[derive(Clone, Debug)]
pub struct Wire {
    source: SourceId,
    news: mpsc::Sender<News>,
}

impl Wire {
    /// Waits while the fleet is behind. Says whether anybody is still interested.
    pub async fn tell(&self, what: What) -> bool {
        let source = self.source;
        self.news.send(News { source, what }).await.is_ok()
    }
}

/// All sources, running until this is dropped.
pub struct Sources {
    names: Vec<String>,
    news: mpsc::Receiver<News>,
    running: JoinSet<()>,
}

impl Sources {
    /// Starts to read. A source that is not there yet is tried until it is.
    pub fn start(options: &SourceOptions) -> Self {
        let (sender, news) = mpsc::channel(ROOM);
        let mut sources = Self {
            names: Vec::new(),
            news,
            running: JoinSet::new(),
        };
        for url in &options.relays {
            let relay = Relay::new(url, options);
            sources.add(url, &sender, |wire| relay.run(wire));
        }
        for line in &options.serial {
            let (line, baud) = (line.clone(), options.baud);
            sources.add(&line.to_string(), &sender, |wire| line.run(baud, wire));
        }
        for address in &options.udp {
            let address = *address;
            let name = format!("udp:{address}");
            sources.add(&name, &sender, |wire| udp::run(address, wire));
        }
        sources
    }

    fn add<F>(
        &mut self,
        name: &(impl fmt::Display + ?Sized),
        news: &mpsc::Sender<News>,
        run: impl FnOnce(Wire) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let wire = Wire {
            source: self.names.len(),
            news: news.clone(),
        };
        self.names.push(name.to_string());
        self.running.spawn(run(wire));
    }

    /// What the sources are called, by their ids.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The next news; nothing when there is no source at all.
    pub async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }

    /// News that are there already.
    pub fn try_next(&mut self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

/// Numbers for the frames of links that have none of their own: they rise, also across restarts of this
/// program.
#[derive(Clone, Debug)]
struct Numbers(u64);

impl Numbers {
    fn new() -> Self {
        Self(crate::clock::now_micros())
    }

    const fn next(&mut self) -> FrameAt {
        self.0 += 1;
        FrameAt::first(self.0)
    }
}
