//! The fleet in a terminal: what flows where, the busiest first, as it changes.

mod draw;
mod keys;
mod plain;
mod state;

pub use draw::draw;
pub use keys::{Asked, press};
pub use plain::Plain;
pub use state::{Filter, Sort, State, Tab};

use std::fmt;
use std::io;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use ratatui::DefaultTerminal;

use crate::view::View;

/// The terminal, as long as this lives.
pub struct Screen {
    terminal: DefaultTerminal,
    events: EventStream,
    state: State,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            terminal: ratatui::try_init()?,
            events: EventStream::new(),
            state: State::default(),
        })
    }

    /// Shows a new view.
    ///
    /// # Errors
    ///
    /// When the terminal is gone.
    pub fn show(&mut self, view: &View) -> io::Result<()> {
        self.state.update(view);
        self.redraw()
    }

    /// Waits for a key, and does what it asks for. Says whether to go on.
    ///
    /// # Errors
    ///
    /// When the terminal is gone.
    pub async fn key(&mut self) -> io::Result<bool> {
        match self.events.next().await {
            Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                if press(&mut self.state, key) == Asked::Quit {
                    return Ok(false);
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(false),
        }
        self.redraw()?;
        Ok(true)
    }

    fn redraw(&mut self) -> io::Result<()> {
        let state = &self.state;
        self.terminal.draw(|frame| draw(frame, state))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// A number of bytes for people.
pub(crate) struct Size(pub(crate) f64);

impl Size {
    /// So many bytes.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    pub(crate) const fn of(bytes: u64) -> Self {
        Self(bytes as f64)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut size, mut unit) = (self.0, "B");
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
            if size < 1024.0 {
                break;
            }
            (size, unit) = (size / 1024.0, larger);
        }
        let decimals = usize::from(unit != "B");
        write!(f, "{size:.decimals$} {unit}")
    }
}
