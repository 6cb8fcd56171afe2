//! Copies one group from streamgauge's cache to moq-net's.

use moq_net::{Error, Timestamp, group};
use streamgauge_tokio::GroupConsumer;

use super::error::to_moq;

/// Copies frames as they come until the group ends on either side, without the first `skipped`.
pub(super) async fn copy(mut from: GroupConsumer, to: group::Producer, skipped: u64) {
    let mut copy = Copy { to, ended: false };
    let ended = match copy.frames(&mut from, skipped).await {
        Ok(()) => copy.to.finish(),
        Err(error) => copy.abort(error),
    };
    copy.ended = true;
    if let Err(error) = ended {
        tracing::debug!(%error, sequence = copy.to.sequence, "a group was not exported to its end");
    }
}

struct Copy {
    to: group::Producer,
    ended: bool,
}

impl Copy {
    async fn frames(&mut self, from: &mut GroupConsumer, mut skipped: u64) -> Result<(), Error> {
        while let Some(payload) = from.read_frame().await.map_err(to_moq)? {
            match skipped.checked_sub(1) {
                Some(left) => skipped = left,
                None => self.to.write_frame(Timestamp::now(), payload)?,
            }
        }
        Ok(())
    }

    fn abort(&self, error: Error) -> Result<(), Error> {
        self.to.clone().abort(error)
    }
}

/// The cache of moq-net holds on to a group: its readers would wait for what nobody writes.
impl Drop for Copy {
    fn drop(&mut self) {
        if !self.ended {
            // It may be gone by itself.
            let _ = self.abort(Error::Dropped);
        }
    }
}
