//! How the state looks.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::Size;
use super::state::{HISTORY, State, Tab};
use crate::view::{Broadcast, Node};

/// From nothing to the highest of its row.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws all of it.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let [head, sources, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(faults(state)),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(summary(state), head);
    frame.render_widget(errors(state), sources);
    match state.tab {
        Tab::Broadcasts => broadcasts(frame, body, state),
        Tab::Nodes => nodes(frame, body, state),
    }
    frame.render_widget(hints(state), foot);
}

fn summary(state: &State) -> Line<'static> {
    let view = state.view();
    let rate: f64 = view.broadcasts.iter().map(|row| row.rate).sum();
    let watching = view.broadcasts.iter().map(|row| row.watching);
    let watching = watching.fold(0, u64::saturating_add);
    let text = format!(
        " {} of {} nodes up, {} broadcasts, {watching} watching, {}/s",
        Node::present(&view.nodes),
        view.nodes.len(),
        view.broadcasts.len(),
        Size(rate),
    );
    let paused = if state.paused { "  paused" } else { "" };
    Line::from(vec![Span::from(text).bold(), Span::from(paused).yellow()])
}

/// Lines for sources that cannot be read.
fn faults(state: &State) -> u16 {
    let faults = state
        .view()
        .sources
        .iter()
        .filter(|source| source.error.is_some());
    u16::try_from(faults.count()).unwrap_or(u16::MAX).min(4)
}

fn errors(state: &State) -> Paragraph<'static> {
    let lines = state.view().sources.iter().filter_map(|source| {
        let error = source.error.as_ref()?;
        Some(Line::from(format!(" {}: {error}", source.name)).red())
    });
    Paragraph::new(lines.collect::<Vec<_>>())
}

fn broadcasts(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let rows = state.broadcasts();
    let rows = rows
        .iter()
        .skip(state.scroll)
        .take(usize::from(area.height));
    let rows = rows.map(|row| broadcast(state, row));
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Length(12),
        Constraint::Length(width()),
        Constraint::Length(11),
        Constraint::Length(10),
    ];
    let head = [
        "broadcast",
        "tier",
        "role",
        "watching",
        "rate",
        "",
        "total",
        "frames",
    ];
    frame.render_widget(Table::new(rows, widths).header(header(&head)), area);
}

fn broadcast<'a>(state: &State, row: &'a Broadcast) -> Row<'a> {
    Row::new([
        Cell::from(visible(&row.name)).cyan(),
        Cell::from(visible(&row.tier)),
        Cell::from(row.role.as_str()),
        number(row.watching),
        right(format!("{}/s", Size(row.rate))).green(),
        Cell::from(sparkline(state.history(row))).green(),
        right(Size::of(row.total.bytes).to_string()),
        number(row.total.frames),
    ])
}

fn nodes(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let rows = state.nodes();
    let rows = rows
        .iter()
        .skip(state.scroll)
        .take(usize::from(area.height))
        .map(|row| node(row));
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(6),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(12),
        Constraint::Length(11),
        Constraint::Length(12),
        Constraint::Length(11),
    ];
    let head = [
        "node",
        "",
        "last",
        "sessions",
        "in",
        "in total",
        "out",
        "out total",
    ];
    frame.render_widget(Table::new(rows, widths).header(header(&head)), area);
}

fn node(row: &Node) -> Row<'_> {
    let state = if row.present {
        Cell::from("up").green()
    } else {
        Cell::from("gone").red()
    };
    let [into, out] = row.rates;
    Row::new([
        Cell::from(visible(&row.name)).cyan(),
        state,
        right(ago(row.silent_ms)),
        number(row.sessions),
        right(format!("{}/s", Size(into))).green(),
        right(Size::of(row.ingress.bytes).to_string()),
        right(format!("{}/s", Size(out))).green(),
        right(Size::of(row.egress.bytes).to_string()),
    ])
}

fn header(names: &[&'static str]) -> Row<'static> {
    let style = Style::new()
        .fg(Color::Black)
        .bg(Color::Gray)
        .add_modifier(Modifier::BOLD);
    Row::new(names.iter().map(|name| Cell::from(*name))).style(style)
}

fn hints(state: &State) -> Line<'static> {
    if state.filter.editing {
        return Line::from(format!(" filter: {}_", state.filter.text)).yellow();
    }
    let order = if state.reversed { ", reversed" } else { "" };
    let filter = match state.filter.text.as_str() {
        "" => String::new(),
        text => format!(" [{text}]"),
    };
    let sort = state.sort.name();
    Line::from(format!(
        " q quit  tab nodes/broadcasts  s sort ({sort}{order})  r reverse  / filter{filter}  p pause"
    ))
    .dim()
}

fn right(text: String) -> Cell<'static> {
    Cell::from(Line::from(text).right_aligned())
}

fn number(value: u64) -> Cell<'static> {
    right(value.to_string())
}

fn width() -> u16 {
    u16::try_from(HISTORY).unwrap_or(u16::MAX) / 2
}

/// The newest rates, each as high as it is beside the highest.
fn sparkline(rates: impl Iterator<Item = u64>) -> String {
    let rates: Vec<_> = rates.collect();
    let shown = rates
        .get(rates.len().saturating_sub(width().into())..)
        .unwrap_or_default();
    let highest = shown.iter().copied().max().unwrap_or_default().max(1);
    let bar = |rate: &u64| {
        let eighths = u128::from(*rate) * 8 / u128::from(highest);
        let at =
            usize::try_from(eighths).unwrap_or_default() + usize::from(*rate > 0 && eighths == 0);
        BARS.get(at).copied().unwrap_or(' ')
    };
    shown.iter().map(bar).collect()
}

/// Names come from the network: nothing in them may move the cursor.
fn visible(name: &str) -> String {
    let plain = |character: char| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    };
    name.chars().map(plain).collect()
}

fn ago(ms: u64) -> String {
    match ms / 1000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
