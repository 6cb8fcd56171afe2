//! All broadcasts of an origin of streamgauge, on one of moq-net.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;

use moq_net::broadcast::{Dynamic, Producer};
use moq_net::origin::Route;
use moq_net::track::Info;
use moq_net::{Error, kio, origin};
use streamgauge_tokio::{BroadcastConsumer, OriginConsumer};

use super::export_broadcast;
use crate::tasks::Tasks;

/// Announces on a `MoQ` origin whatever is announced on one in this process, for as long as it is, and serves its
/// tracks as [`export_broadcast`] does: for the levels and groups of a node's stats, say. Every track gets
/// the properties of `info`.
///
/// Runs until the producers of `from` are gone, and then until nobody reads the tracks. Dropping it unannounces
/// everything.
pub async fn export_origin(mut from: OriginConsumer, to: origin::Producer, info: Info) {
    let (mut announced, mut serving) = (HashMap::new(), Tasks::default());
    while let Some((path, broadcast)) = news(&mut from, &mut serving).await {
        // Before another of the same path is announced, and though tracks of it may still be read.
        drop(announced.remove(&path));
        let Some(broadcast) = broadcast else { continue };
        match announce(&to, &path) {
            Ok((producer, tracks)) => {
                serving.push(export_broadcast(broadcast, tracks, info.clone()));
                announced.insert(path, producer);
            }
            Err(error) => tracing::warn!(%path, %error, "a broadcast is not announced"),
        }
    }
    drop(announced);
    serving.finish().await;
}

/// What the origin tells next, while the broadcasts that there are are served.
async fn news(
    from: &mut OriginConsumer,
    serving: &mut Tasks,
) -> Option<(Arc<str>, Option<BroadcastConsumer>)> {
    let mut told = pin!(from.announced());
    let news = kio::wait(|waiter| {
        let _ = serving.poll(waiter);
        told.as_mut().poll(&mut Context::from_waker(waiter.waker()))
    });
    news.await
}

/// Announces a broadcast whose tracks are served by whoever has the handler.
fn announce(to: &origin::Producer, path: &str) -> Result<(Announced, Dynamic), Error> {
    let producer = to.create_broadcast(path)?;
    let tracks = producer.dynamic();
    producer.announce(Route::default())?;
    Ok((Announced(producer), tracks))
}

/// A broadcast that is announced until it is dropped, though its tracks are served on.
struct Announced(Producer);

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.unannounce();
    }
}
