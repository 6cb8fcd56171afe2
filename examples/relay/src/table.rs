//! What is being carried, as a live table, or as plain lines where there is no terminal.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};
use crossterm::{cursor, queue, terminal};
use streamgauge_core::Role;

use crate::totals::{Row, Rows};

/// Both directions, as the stats tracks tell them.
#[derive(Clone, Debug, Default)]
pub struct Board {
    egress: Flow,
    ingress: Flow,
    frames: u64,
}

/// The newest frame of one track, and the one before it.
#[derive(Clone, Debug, Default)]
struct Flow {
    rows: Rows,
    before: Rows,
    at: Option<Instant>,
    elapsed: Duration,
}

impl Board {
    /// Takes in the newest frame of a track.
    pub fn update(&mut self, role: Role, rows: Rows) {
        self.frames += 1;
        match role {
            Role::Publisher => self.egress.update(rows),
            Role::Subscriber => self.ingress.update(rows),
        }
    }

    /// Frames taken in so far.
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// The newest frame of a track.
    pub const fn rows(&self, role: Role) -> &Rows {
        match role {
            Role::Publisher => &self.egress.rows,
            Role::Subscriber => &self.ingress.rows,
        }
    }

    fn lines(&self) -> Vec<Line> {
        let paths: BTreeSet<&String> = self
            .egress
            .rows
            .keys()
            .chain(self.ingress.rows.keys())
            .collect();
        paths
            .into_iter()
            .map(|path| Line::new(path, self))
            .collect()
    }
}

impl Flow {
    fn update(&mut self, rows: Rows) {
        let now = Instant::now();
        self.elapsed = self.at.map_or(Duration::ZERO, |at| now - at);
        self.at = Some(now);
        self.before = std::mem::replace(&mut self.rows, rows);
    }

    fn row(&self, path: &str) -> Row {
        self.rows.get(path).copied().unwrap_or_default()
    }

    /// Bytes per second between the last two frames; nothing when they have stopped coming.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    fn rate(&self, path: &str) -> f64 {
        let silent = self.at.map_or(Duration::MAX, |at| at.elapsed());
        if self.elapsed.is_zero() || silent > self.elapsed * 2 {
            return 0.0;
        }
        let before = self.before.get(path).map_or(0, |row| row.bytes);
        self.row(path).bytes.saturating_sub(before) as f64 / self.elapsed.as_secs_f64()
    }
}

/// One broadcast.
struct Line {
    path: String,
    ingress: Row,
    egress: Row,
    rate_in: f64,
    rate_out: f64,
}

impl Line {
    fn new(path: &str, board: &Board) -> Self {
        Self {
            path: path.to_owned(),
            ingress: board.ingress.row(path),
            egress: board.egress.row(path),
            rate_in: board.ingress.rate(path),
            rate_out: board.egress.rate(path),
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        vec![
            Cell::new(&self.path).fg(Color::Cyan),
            right(self.egress.watching().to_string()),
            right(format!("{}/s", Size(self.rate_in))).fg(Color::Green),
            right(Size::of(self.ingress.bytes).to_string()),
            right(format!("{}/s", Size(self.rate_out))).fg(Color::Green),
            right(Size::of(self.egress.bytes).to_string()),
            right(self.egress.frames.to_string()),
            right(self.egress.groups.to_string()),
        ]
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, watching) = (&self.path, self.egress.watching());
        let (into, out) = (Size::of(self.ingress.bytes), Size::of(self.egress.bytes));
        let (rate_in, rate_out) = (Size(self.rate_in), Size(self.rate_out));
        write!(
            f,
            "{path}: {watching} watching, in {rate_in}/s ({into}), out {rate_out}/s ({out}, {} frames, {} groups)",
            self.egress.frames, self.egress.groups
        )
    }
}

const HEADER: [&str; 8] = [
    "broadcast",
    "watching",
    "in",
    "in total",
    "out",
    "out total",
    "frames out",
    "groups out",
];

/// Where the board is shown.
pub struct Screen {
    live: bool,
    drawn: u16,
    began: Instant,
}

impl Screen {
    /// Standard output; live if it is a terminal.
    pub fn stdout() -> Self {
        Self {
            live: io::stdout().is_terminal(),
            drawn: 0,
            began: Instant::now(),
        }
    }

    /// Shows the board and a line below it, in the place of the one before.
    ///
    /// # Errors
    ///
    /// When the output is gone.
    pub fn show(&mut self, board: &Board, caption: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.live {
            self.redraw(&mut out, board, caption)?;
        } else {
            let seconds = self.began.elapsed().as_secs_f64();
            for line in board.lines() {
                writeln!(out, "{seconds:5.1}s  {line}")?;
            }
        }
        out.flush()
    }

    fn redraw(&mut self, out: &mut impl Write, board: &Board, caption: &str) -> io::Result<()> {
        if self.drawn > 0 {
            queue!(out, cursor::MoveToPreviousLine(self.drawn))?;
        }
        queue!(out, terminal::Clear(terminal::ClearType::FromCursorDown))?;
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        // The frame, the header, the caption and the line below take seven.
        let room = usize::from(rows.saturating_sub(7).max(1));
        let caption: String = caption.chars().take(columns.into()).collect();
        let text = format!("{}\n{caption}", table(board, room, columns));
        writeln!(out, "{text}")?;
        self.drawn = u16::try_from(text.lines().count()).unwrap_or(rows);
        Ok(())
    }
}

/// The busiest broadcasts that there is room for.
fn table(board: &Board, room: usize, columns: u16) -> Table {
    let mut lines = board.lines();
    let hidden = lines.len().saturating_sub(room);
    if hidden > 0 {
        lines.sort_by(|a, b| b.rate_out.total_cmp(&a.rate_out));
        lines.truncate(room.saturating_sub(1));
    }
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(columns)
        .set_header(HEADER.map(|name| Cell::new(name).add_attribute(Attribute::Bold)))
        .add_rows(lines.iter().map(Line::cells));
    if hidden > 0 {
        table.add_row([format!("and {} more", hidden + 1)]);
    }
    table
}

/// A number of bytes for people.
pub struct Size(f64);

impl Size {
    /// So many bytes.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    pub const fn of(bytes: u64) -> Self {
        Self(bytes as f64)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut size, mut unit) = (self.0, "B");
        for larger in ["KiB", "MiB", "GiB", "TiB"] {
            if size < 1024.0 {
                break;
            }
            (size, unit) = (size / 1024.0, larger);
        }
        let decimals = usize::from(unit != "B");
        write!(f, "{size:.decimals$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(path: &str, bytes: u64) -> Rows {
        Rows::from([(
            path.to_owned(),
            Row {
                bytes,
                viewers: 2,
                ..Row::default()
            },
        )])
    }

    #[test]
    fn sizes_are_readable() {
        let shown = [0, 1023, 1024, 1_572_864].map(|bytes| Size::of(bytes).to_string());
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
    }

    #[test]
    fn rates_are_what_came_between_two_frames() {
        let mut board = Board::default();
        board.update(Role::Publisher, rows("cam", 1000));
        assert!(board.egress.rate("cam") <= 0.0);
        std::thread::sleep(Duration::from_millis(20));
        board.update(Role::Publisher, rows("cam", 3000));
        let rate = board.egress.rate("cam");
        assert!(rate > 0.0 && rate <= 100_000.0, "{rate}");
    }

    #[test]
    fn a_table_too_high_for_the_terminal_keeps_to_its_room() {
        let mut board = Board::default();
        let many = (0..50)
            .map(|at| (format!("cam/{at}"), Row::default()))
            .collect();
        board.update(Role::Subscriber, many);
        let text = table(&board, 5, 100).to_string();
        assert!(text.contains("and 46 more"), "{text}");
        assert!(text.lines().count() <= 5 + 4, "{text}");
    }
}
