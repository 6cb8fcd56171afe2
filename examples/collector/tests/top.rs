//! The terminal view, on a terminal that is only remembered.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use streamgauge_collector::top::{Asked, Plain, Sort, State, Tab, draw, press};
use streamgauge_collector::view::{Broadcast, Node, Source, View};
use streamgauge_core::{Role, Traffic};

fn broadcast(name: &str, rate: f64, watching: u64, bytes: u64) -> Broadcast {
    Broadcast {
        name: name.into(),
        tier: "".into(),
        role: Role::Publisher,
        total: Traffic {
            bytes,
            ..Traffic::default()
        },
        told: Traffic::default(),
        watching,
        open: watching > 0,
        rate,
        since: 0,
        moved_ms: 0,
    }
}

fn node(name: &str, present: bool, bytes: u64) -> Node {
    Node {
        name: name.into(),
        present,
        since: None,
        silent_ms: 61_000,
        ingress: Traffic {
            bytes,
            ..Traffic::default()
        },
        egress: Traffic::default(),
        rates: [0.0, 0.0],
        sessions: 3,
    }
}

fn view() -> View {
    View {
        broadcasts: vec![
            broadcast("demo/bbb", 10.0, 1, 5_000),
            broadcast("demo/cam", 2_048.0, 0, 100),
            broadcast("plant/press", 300.0, 9, 20),
        ],
        nodes: vec![node("fra/1", false, 7), node("sjc/1", true, 1_024)],
        sources: vec![Source {
            name: "https://fra".into(),
            error: Some("cannot connect".into()),
        }],
        ..View::default()
    }
}

fn state() -> State {
    let mut state = State::default();
    state.update(&view());
    state
}

/// The lines of a terminal of this size.
fn lines(state: &State, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
        .collect()
}

/// The names in the order in which they are listed.
fn names(state: &State) -> Vec<String> {
    let lines = lines(state, (120, 12));
    let rows = lines
        .iter()
        .skip(3)
        .take(8)
        .filter_map(|line| line.split_whitespace().next());
    rows.filter(|name| name.contains('/'))
        .map(Into::into)
        .collect()
}

fn key(state: &mut State, code: KeyCode) -> Asked {
    press(state, KeyEvent::new(code, KeyModifiers::NONE))
}

fn text(state: &mut State, text: &str) {
    for character in text.chars() {
        key(state, KeyCode::Char(character));
    }
}

#[test]
fn the_fleet_is_summed_up_and_faults_are_named() {
    let lines = lines(&state(), (120, 12));
    assert!(
        lines[0].contains("1 of 2 nodes up, 3 broadcasts, 10 watching, 2.3 KiB/s"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains("https://fra: cannot connect"),
        "{}",
        lines[1]
    );
}

#[test]
fn rows_are_sorted_as_keys_say() {
    let mut state = state();
    assert_eq!(names(&state), ["demo/cam", "plant/press", "demo/bbb"]);
    text(&mut state, "s");
    assert_eq!(state.sort, Sort::Watching);
    assert_eq!(names(&state), ["plant/press", "demo/bbb", "demo/cam"]);
    text(&mut state, "s");
    assert_eq!(names(&state), ["demo/bbb", "demo/cam", "plant/press"]);
    text(&mut state, "r");
    assert_eq!(names(&state), ["plant/press", "demo/cam", "demo/bbb"]);
    text(&mut state, "rs");
    assert_eq!(names(&state), ["demo/bbb", "demo/cam", "plant/press"]);
}

#[test]
fn a_filter_leaves_the_rows_that_have_its_text() {
    let mut state = state();
    text(&mut state, "/DEMO");
    assert_eq!(names(&state), ["demo/cam", "demo/bbb"]);
    // A letter that is a command elsewhere is text here.
    text(&mut state, "q");
    assert!(names(&state).is_empty());
    key(&mut state, KeyCode::Backspace);
    key(&mut state, KeyCode::Enter);
    assert_eq!(names(&state).len(), 2);
    key(&mut state, KeyCode::Esc);
    assert_eq!(names(&state).len(), 3);
}

#[test]
fn nodes_are_listed_with_whether_they_are_there() {
    let mut state = state();
    key(&mut state, KeyCode::Tab);
    assert_eq!(state.tab, Tab::Nodes);
    let lines = lines(&state, (120, 12));
    let row = |name: &str| {
        lines
            .iter()
            .find(|line| line.starts_with(name))
            .cloned()
            .unwrap()
    };
    assert!(
        row("sjc/1").contains(" up ") && row("sjc/1").contains("1.0 KiB"),
        "{}",
        row("sjc/1")
    );
    assert!(
        row("fra/1").contains("gone") && row("fra/1").contains("1 min"),
        "{}",
        row("fra/1")
    );
}

#[test]
fn a_sparkline_shows_how_a_rate_came_about() {
    let mut state = State::default();
    for rate in [0.0, 1.0, 4.0, 8.0] {
        let mut view = view();
        view.broadcasts.truncate(1);
        view.broadcasts[0].rate = rate;
        state.update(&view);
    }
    let lines = lines(&state, (120, 12));
    let row = lines
        .iter()
        .find(|line| line.starts_with("demo/bbb"))
        .unwrap();
    assert!(row.contains(" ▁▄█"), "{row}");
}

#[test]
fn what_stands_still_shows_nothing_new() {
    let mut state = state();
    text(&mut state, "p");
    let mut view = view();
    view.broadcasts.clear();
    state.update(&view);
    assert_eq!(names(&state).len(), 3);
    text(&mut state, "p");
    state.update(&view);
    assert!(names(&state).is_empty());
}

#[test]
fn scrolling_ends_at_the_last_row() {
    let mut state = state();
    key(&mut state, KeyCode::Down);
    assert_eq!(names(&state), ["plant/press", "demo/bbb"]);
    key(&mut state, KeyCode::End);
    assert_eq!(names(&state), ["demo/bbb"]);
    key(&mut state, KeyCode::PageUp);
    assert_eq!(state.scroll, 0);
}

#[test]
fn names_from_the_network_cannot_move_the_cursor() {
    let mut state = State::default();
    let mut view = view();
    view.broadcasts = vec![broadcast("a\x1b[2Jb\nc", 1.0, 0, 0)];
    state.update(&view);
    let all = lines(&state, (120, 12)).concat();
    assert!(
        all.contains("a\u{fffd}[2Jb\u{fffd}c") && !all.contains('\x1b'),
        "{all}"
    );
    assert_eq!(Plain(&view).to_string().lines().count(), 5);
    assert!(!Plain(&view).to_string().contains('\x1b'));
}

#[test]
fn any_size_of_terminal_will_do() {
    for size in [(1, 1), (3, 2), (20, 4), (300, 100)] {
        let mut state = state();
        lines(&state, size);
        state.switch();
        lines(&state, size);
    }
}

#[test]
fn keys_end_it() {
    let mut state = state();
    assert_eq!(key(&mut state, KeyCode::Char('x')), Asked::Nothing);
    assert_eq!(key(&mut state, KeyCode::Char('q')), Asked::Quit);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(press(&mut state, interrupt), Asked::Quit);
}
