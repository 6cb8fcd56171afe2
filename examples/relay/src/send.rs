//! Sends a file, at a steady rate.

use std::time::Duration;

use bytes::Bytes;
use moq_net::{Error, Timestamp, group, track};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::file::{File, Mark};
use crate::totals::Volume;

/// Long enough to keep a whole file for those who read slowly.
pub const MAX_AGE: Duration = Duration::from_hours(1);

/// How fast to send.
pub struct Pace {
    /// Bytes per second, before and after `hurry` says so; none is as fast as possible.
    rates: Option<(u64, u64)>,
    hurry: watch::Receiver<bool>,
    next: Instant,
}

impl Pace {
    /// As fast as possible.
    pub fn unlimited() -> Self {
        let (_, hurry) = watch::channel(true);
        Self {
            rates: None,
            hurry,
            next: Instant::now(),
        }
    }

    /// So many bytes a second, and `hurried` from the moment `hurry` says so.
    pub fn steady(rate: u64, hurried: u64, hurry: watch::Receiver<bool>) -> Self {
        Self {
            rates: Some((rate, hurried)),
            hurry,
            next: Instant::now(),
        }
    }

    /// Waits until the next `bytes` are due.
    async fn wait(&mut self, bytes: usize) {
        let Some((steady, hurried)) = self.rates else {
            return tokio::task::yield_now().await;
        };
        let calm = !*self.hurry.borrow();
        tokio::select! {
            () = sleep_until(self.next) => {}
            // An error means that nobody can hurry us any more.
            Ok(_) = self.hurry.wait_for(|hurry| *hurry), if calm => self.next = Instant::now(),
        }
        let rate = if *self.hurry.borrow() {
            hurried
        } else {
            steady
        };
        let micros = (bytes as u64).saturating_mul(1_000_000) / rate.max(1);
        self.next += Duration::from_micros(micros);
    }
}

/// Writes passes of a file to a track.
pub struct Sender {
    track: track::Producer,
    sequence: u64,
    sent: Volume,
}

impl Sender {
    /// Starts with the track's first group.
    pub fn new(track: track::Producer) -> Self {
        Self {
            track,
            sequence: 0,
            sent: Volume::default(),
        }
    }

    /// Sends the file once.
    ///
    /// # Errors
    ///
    /// When the track is gone.
    pub async fn pass(&mut self, file: &File, pace: &mut Pace) -> Result<(), Error> {
        let mark = Mark::Pass(file.manifest().clone()).encode();
        pace.wait(mark.len()).await;
        self.mark(mark)?;
        for frames in file.groups() {
            let mut group = self.group()?;
            for frame in frames {
                pace.wait(frame.len()).await;
                self.frame(&mut group, frame)?;
            }
            group.finish()?;
        }
        Ok(())
    }

    /// Says that nothing follows.
    ///
    /// # Errors
    ///
    /// When the track is gone.
    pub fn end(&mut self) -> Result<(), Error> {
        self.mark(Mark::End.encode())
    }

    /// What was sent, marks included.
    pub const fn sent(&self) -> Volume {
        self.sent
    }

    fn mark(&mut self, mark: Bytes) -> Result<(), Error> {
        let mut group = self.group()?;
        self.frame(&mut group, mark)?;
        group.finish()
    }

    fn group(&mut self) -> Result<group::Producer, Error> {
        let group = self.track.create_group(group::Info {
            sequence: self.sequence,
        })?;
        self.sequence += 1;
        self.sent.groups += 1;
        Ok(group)
    }

    fn frame(&mut self, group: &mut group::Producer, payload: Bytes) -> Result<(), Error> {
        self.sent.frame(payload.len());
        group.write_frame(Timestamp::now(), payload)
    }
}
