//! The gateway's stats on a `MoQ` origin, where those of relays are.

use anyhow::{Result, bail};
use moq_net::origin;
use streamgauge_core::{Role, Tier, TrackId};
use streamgauge_moq::Publisher;
use streamgauge_relay::client::{self, Client, Target, Trust};
use tokio::sync::mpsc;
use url::Url;

use crate::inbox::StatsFrame;

/// The tracks that a gateway has, in the order of the broadcast's.
const TRACKS: [TrackId; 4] = [
    TrackId::Traffic(Tier::External, Role::Publisher),
    TrackId::Traffic(Tier::External, Role::Subscriber),
    TrackId::Sessions(Tier::External),
    TrackId::Node,
];

/// The broadcast of a gateway's stats, and the session that it is published in.
pub struct Publication {
    client: Client,
    publisher: Publisher,
    _origin: origin::Producer,
}

impl Publication {
    /// Connects to the relay and announces the broadcast.
    ///
    /// # Errors
    ///
    /// When there is no relay, it is not trusted, or the path cannot be.
    pub async fn announce(url: &Url, fingerprint: Option<&str>, path: &str) -> Result<Self> {
        let trust = fingerprint.map_or_else(
            || Trust::for_url(url),
            |fingerprint| Trust::Fingerprint(fingerprint.to_owned()),
        );
        let target = Target {
            url: url.clone(),
            trust,
        };
        let origin = client::origin();
        let names: &[&str] = &[];
        let names = TRACKS.map(|track| track.name(names).concat());
        let publisher = Publisher::announce(&origin, path, names)?;
        Ok(Self {
            client: Client::publisher(&target, &origin).await?,
            publisher,
            _origin: origin,
        })
    }

    /// Where the stats are.
    #[must_use]
    pub fn path(&self) -> &str {
        self.publisher.path()
    }

    /// Publishes what comes, until nothing more can come.
    ///
    /// # Errors
    ///
    /// When the relay is gone, or takes a frame no more.
    pub async fn run(mut self, mut frames: mpsc::UnboundedReceiver<StatsFrame>) -> Result<()> {
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some((track, payload)) => self.write(track, payload)?,
                    None => break,
                },
                () = self.client.closed() => bail!("the relay closed the connection"),
            }
        }
        drop(self.publisher);
        self.client.close().await;
        Ok(())
    }

    fn write(&mut self, track: TrackId, payload: Vec<u8>) -> Result<()> {
        match TRACKS.iter().position(|known| *known == track) {
            Some(place) => Ok(self.publisher.write(place, payload)?),
            None => Ok(()),
        }
    }
}
