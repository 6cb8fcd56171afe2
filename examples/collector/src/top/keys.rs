//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::State;

/// Rows of a page.
const PAGE: isize = 20;

/// What is left to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To go on.
    Nothing,
    /// To stop.
    Quit,
}

/// Does what a key asks for.
pub fn press(state: &mut State, key: KeyEvent) -> Asked {
    if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
        return Asked::Quit;
    }
    if state.filter.editing {
        edit(state, key.code);
        return Asked::Nothing;
    }
    match key.code {
        KeyCode::Char('q') => return Asked::Quit,
        KeyCode::Tab => state.switch(),
        KeyCode::Char('s') => state.sort = state.sort.next(),
        KeyCode::Char('r') => state.reversed = !state.reversed,
        KeyCode::Char('p' | ' ') => state.paused = !state.paused,
        KeyCode::Char('/') => state.filter.editing = true,
        KeyCode::Esc => state.filter.text.clear(),
        KeyCode::Down | KeyCode::Char('j') => state.scroll_by(1),
        KeyCode::Up | KeyCode::Char('k') => state.scroll_by(-1),
        KeyCode::PageDown => state.scroll_by(PAGE),
        KeyCode::PageUp => state.scroll_by(-PAGE),
        KeyCode::Home => state.scroll = 0,
        KeyCode::End => state.scroll_by(isize::MAX),
        _ => {}
    }
    Asked::Nothing
}

fn edit(state: &mut State, key: KeyCode) {
    let filter = &mut state.filter;
    match key {
        KeyCode::Enter => filter.editing = false,
        KeyCode::Esc => {
            filter.editing = false;
            filter.text.clear();
        }
        KeyCode::Backspace => drop(filter.text.pop()),
        KeyCode::Char(character) => filter.text.push(character),
        _ => {}
    }
    state.keep_in_view();
}
