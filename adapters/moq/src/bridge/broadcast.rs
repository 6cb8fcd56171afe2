//! A broadcast of streamgauge as one of moq-net.

use moq_net::broadcast::Dynamic;
use moq_net::track::{Info, Producer, Request};
use moq_net::{Error, kio};
use streamgauge_tokio::{BroadcastConsumer, TrackConsumer};

use super::Export;
use super::demand::until;
use crate::tasks::Tasks;

/// Serves the tracks of a broadcast to `MoQ` readers by their names, as [`Export`] does, each while
/// somebody reads it.
///
/// `to` is best made before its broadcast is announced, so that nobody is refused. Who asks for a track
/// that is not there waits until it is created. Every track gets the properties of `info`. An import
/// goes track by track, as [`import_on_demand`](crate::import_on_demand) does.
///
/// Runs until the broadcast is closed on either side, and then until nobody reads its tracks.
pub async fn export_broadcast(from: BroadcastConsumer, mut to: Dynamic, info: Info) {
    let mut tracks = Tasks::default();
    let serving = async {
        while let Some(request) = requested(&mut to, &mut tracks).await {
            tracks.push(serve(from.clone(), request, info.clone()));
        }
    };
    until(serving, from.closed()).await;
    // Who asks from now on is refused.
    drop(to);
    tracks.finish().await;
}

/// The next track that is asked for, while those before are served.
async fn requested(to: &mut Dynamic, tracks: &mut Tasks) -> Option<Request> {
    let request = kio::wait(|waiter| {
        let _ = tracks.poll(waiter);
        to.poll_requested_track(waiter)
    });
    request.await.ok()
}

async fn serve(from: BroadcastConsumer, request: Request, info: Info) {
    let name = request.name().to_owned();
    let left = kio::wait(|waiter| request.poll_unused(waiter));
    match until(from.track(&name), left).await {
        Some(Ok(track)) => export(track, request.accept(info)).await,
        Some(Err(_)) => request.reject(Error::NotFound),
        None => drop(request),
    }
}

/// Exports a track until nobody reads it, so that its name can be asked for again.
async fn export(track: TrackConsumer, mut to: Producer) {
    loop {
        let export = Export::new(track.clone(), to.clone()).run();
        if let Some(Err(error)) = until(export, to.unused()).await {
            return tracing::debug!(%error, track = to.name(), "an exported track was cut off");
        }
        match to.abort_unused(Error::Cancel) {
            Ok(()) => return,
            // Somebody came back in the meantime.
            Err(used) => to = used,
        }
    }
}
