//! Frames as lines of JSON in a file.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, ErrorKind, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use crate::{Form, Frame, Sink, SinkError, frame::quoted};

/// Frames that may wait for the disk; one more is refused and offered again with the next tick.
const QUEUE: usize = 64;

/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Appends each frame to a file, a line each: `{"ts_ms":1,"track":"publisher.json","frame":{..}}`.
///
/// A thread of its own writes, so that a slow disk never holds up the driver. When a write fails the
/// thread tries the rest of the line again every second; meanwhile frames are refused once the queue
/// is full. Dropping the sink waits until the queue is written, and the newest frame of each track that
/// found no room in it; it gives up at the first failure then.
#[derive(Debug)]
pub struct FileSink {
    lines: Option<SyncSender<Frame>>,
    /// The newest frame of each track whose last one found no room.
    owed: BTreeMap<usize, Frame>,
    closing: Arc<AtomicBool>,
    writer: Option<thread::JoinHandle<()>>,
}

impl FileSink {
    /// Appends to the file at `path`, made if there is none.
    ///
    /// # Errors
    /// When the file cannot be opened for appending, or the thread cannot be started.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        Self::to_writer(file)
    }

    /// Writes the lines to any writer, such as a pipe.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn to_writer(mut writer: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, queue) = sync_channel(QUEUE);
        let closing = Arc::new(AtomicBool::new(false));
        let give_up = closing.clone();
        let run = move || write_all_lines(&mut writer, &queue, &give_up);
        let writer = thread::Builder::new()
            .name("streamgauge-file".into())
            .spawn(run)?;
        Ok(Self {
            lines: Some(lines),
            owed: BTreeMap::new(),
            closing,
            writer: Some(writer),
        })
    }
}

impl Sink for FileSink {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        // A patch is no line of JSON, and its track's whole frames have all that it says.
        if frame.form != Form::Whole {
            return Ok(());
        }
        let lines = self.lines.as_ref().ok_or(SinkError::Closed)?;
        match lines.try_send(frame.clone()) {
            Ok(()) => {
                self.owed.remove(&frame.track);
                Ok(())
            }
            Err(TrySendError::Full(frame)) => {
                self.owed.insert(frame.track, frame);
                Err(SinkError::Busy)
            }
            Err(TrySendError::Disconnected(_)) => Err(SinkError::Closed),
        }
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        if let Some(lines) = self.lines.take() {
            // No tick will offer these again. An error means that the writer gave up.
            let mut owed = std::mem::take(&mut self.owed).into_values();
            let _ = owed.try_for_each(|frame| lines.send(frame));
        }
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to wait for.
            let _ = writer.join();
        }
    }
}

fn write_all_lines(writer: &mut impl Write, queue: &Receiver<Frame>, closing: &AtomicBool) {
    while let Ok(frame) = queue.recv() {
        let line = line(&frame);
        let mut rest = line.as_slice();
        while let Err(error) = write_some(writer, &mut rest) {
            if closing.load(Ordering::Relaxed) {
                tracing::error!(%error, "a stats file cannot be written; its last lines are lost");
                return;
            }
            tracing::warn!(%error, "a stats file cannot be written; trying again");
            thread::sleep(RETRY);
        }
    }
}

fn line(frame: &Frame) -> Vec<u8> {
    let head = format!(
        "{{\"ts_ms\":{},\"track\":{},\"frame\":",
        frame.ts_ms,
        quoted(&frame.name)
    );
    [head.as_bytes(), &frame.payload, b"}\n"].concat()
}

/// Writes until nothing is left; what is left after an error is in `rest`.
fn write_some(writer: &mut impl Write, rest: &mut &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        match writer.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => *rest = rest.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    writer.flush()
}
