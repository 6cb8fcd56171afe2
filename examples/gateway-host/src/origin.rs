//! The gateway's stats on a `MoQ` origin, where those of relays are.

use anyhow::{Result, bail};
use moq_net::origin;
use streamgauge_core::{Role, Tier, TrackId};
use streamgauge_moq::Publisher;
use streamgauge_relay::client::{self, Client, Target, Trust};
use tokio::sync::mpsc;

use crate::cli::Cli;
use crate::inbox::StatsFrame;

/// The tracks that a gateway has, in the order of the broadcast's.
const TRACKS: [TrackId; 4] = [
    TrackId::Traffic(Tier::External, Role::Publisher),
    TrackId::Traffic(Tier::External, Role::Subscriber),
    TrackId::Sessions(Tier::External),
    TrackId::Node,
];

/// The relay that the command line names.
#[must_use]
pub fn relay(cli: &Cli) -> Option<Target> {
    let url = cli.publish.clone()?;
    let trust = match &cli.fingerprint {
        Some(fingerprint) => Trust::Fingerprint(fingerprint.clone()),
        None => Trust::for_url(&url),
    };
    Some(Target { url, trust })
}

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
    pub async fn announce(relay: &Target, path: &str) -> Result<Self> {
        let origin = client::origin();
        let names: &[&str] = &[];
        let names = TRACKS.map(|track| track.name(names).concat());
        let publisher = Publisher::announce(&origin, path, names)?;
        Ok(Self {
            client: Client::publisher(relay, &origin).await?,
            publisher,
            _origin: origin,
        })
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
