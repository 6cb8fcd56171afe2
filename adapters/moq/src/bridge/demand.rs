//! Bridges that work only while somebody reads what they bring.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use moq_net::track::{Consumer, Producer, Subscription};
use streamgauge_tokio::{TrackProducer, TrackWeak};

use super::error::to_track;
use super::{BridgeError, Export, Import};

/// Serves a track to `MoQ` subscribers, as [`Export`] does, and reads it only while somebody reads the
/// other side: its producers can wait for use as if those readers were here.
///
/// Each time the first reader comes, what is cached goes out again unless moq-net still has it. A
/// group that is open when the last reader goes ends there as dropped, and goes out anew when one comes.
///
/// Runs until it is dropped, also past the end of the track: what is cached is there for readers who
/// come later.
///
/// # Errors
///
/// As [`Export::run`].
pub async fn export_on_demand(from: TrackWeak, to: Producer) -> Result<(), BridgeError> {
    // Who fetches while the bridge comes up waits for it, and is not refused.
    let _fetches = to.dynamic();
    loop {
        to.used().await?;
        let export = Export::new(from.consume(), to.clone()).run();
        until(export, to.unused()).await.transpose()?;
    }
}

/// Fills a track from a `MoQ` track, as [`Import`] does, and is subscribed to that only while somebody
/// reads the track.
///
/// A group that is open when the last reader goes ends as dropped, and stays so for as long as it is
/// cached.
///
/// Runs until the subscribed track is finished.
///
/// # Errors
///
/// As [`Import::run`]. When the subscription is refused, the track is aborted.
pub async fn import_on_demand(
    from: Consumer,
    subscription: Subscription,
    to: TrackProducer,
) -> Result<(), BridgeError> {
    loop {
        to.used().await?;
        let import = import(&from, subscription.clone(), to.clone());
        if let Some(ended) = until(import, to.unused()).await {
            return ended;
        }
    }
}

async fn import(
    from: &Consumer,
    subscription: Subscription,
    to: TrackProducer,
) -> Result<(), BridgeError> {
    match from.subscribe(subscription).await {
        Ok(subscriber) => Import::new(subscriber, to).run().await,
        Err(error) => {
            to.abort(to_track(&error))?;
            Err(error.into())
        }
    }
}

/// What the work came to, unless it was stopped first.
pub(super) async fn until<T>(work: impl Future<Output = T>, stop: impl Future) -> Option<T> {
    match select(pin!(work), pin!(stop)).await {
        Either::Left((ended, _)) => Some(ended),
        Either::Right(_) => None,
    }
}
