//! Copies one group from one origin to another and counts it.

use bytes::Bytes;
use moq_net::{Error, frame, group, kio};

use crate::tally::Tally;

/// Copies frames as they grow until the group ends; what went wrong ends the copy too.
pub(crate) async fn copy(from: group::Consumer, to: group::Producer, tally: Tally) {
    let mut copy = Copy { to, tally };
    let ended = match copy.frames(from).await {
        Ok(()) => copy.finish().await,
        Err(error) => copy.to.abort(error),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the copy of a group had ended already");
    }
}

struct Copy {
    to: group::Producer,
    tally: Tally,
}

impl Copy {
    async fn frames(&mut self, mut from: group::Consumer) -> Result<(), Error> {
        while let Some(frame) = self.next_frame(&mut from).await? {
            self.tally.frame();
            self.frame(frame).await?;
        }
        Ok(())
    }

    /// Holds back the end until the group is taken: a reader that came and went in between
    /// would not be seen.
    async fn finish(mut self) -> Result<(), Error> {
        let end = End(self.to.clone());
        kio::wait(|waiter| self.tally.poll_counted(&self.to, waiter)).await;
        end.0.finish()
    }

    async fn next_frame(
        &mut self,
        from: &mut group::Consumer,
    ) -> Result<Option<frame::Consumer>, Error> {
        kio::wait(|waiter| {
            let next = from.poll_next_frame(waiter);
            if next.is_pending() {
                self.tally.poll(&self.to, waiter);
            }
            next
        })
        .await
    }

    /// A frame that is there as a whole goes on by reference, any other chunk by chunk.
    async fn frame(&mut self, mut from: frame::Consumer) -> Result<(), Error> {
        let first = from.read_chunk().await?.unwrap_or_default();
        self.tally.bytes(first.len());
        if first.len() as u64 == from.size {
            return self.to.write_frame(from.timestamp, first);
        }
        self.chunks(first, from).await
    }

    async fn chunks(&mut self, first: Bytes, mut from: frame::Consumer) -> Result<(), Error> {
        let watched = self.to.clone();
        let mut to = self.to.create_frame(*from)?;
        to.write(first)?;
        loop {
            let next = kio::wait(|waiter| {
                let next = from.poll_read_chunk(waiter);
                if next.is_pending() {
                    self.tally.poll(&watched, waiter);
                }
                next
            });
            match next.await {
                Ok(Some(chunk)) => {
                    self.tally.bytes(chunk.len());
                    to.write(chunk)?;
                }
                Ok(None) => return to.finish(),
                Err(error) => return to.abort(error.clone()).and(Err(error)),
            }
        }
    }
}

/// Ends a complete copy even when its task is dropped, as its readers need not suffer from
/// what happens to the track.
struct End(group::Producer);

impl Drop for End {
    fn drop(&mut self) {
        // It may have ended in order, or be gone.
        let _ = self.0.finish();
    }
}
