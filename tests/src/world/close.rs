//! Bumping and dropping guards.

use streamgauge_core::FLUSH_EVERY;

use super::{World, Writer};
use crate::{Viewing, words_of};

impl World {
    pub(super) fn bump(&mut self, pick: usize, what: u8, n: usize) {
        let Some(at) = pick.checked_rem(self.writers.len()) else {
            return;
        };
        let writer = &mut self.writers[at];
        let bumps: &[(&str, usize)] = match what % 4 {
            0 => &[("bytes", n)],
            1 => &[("frames", 1)],
            2 => &[("groups", 1)],
            _ => &[("frames", 1), ("bytes", n)],
        };
        match what % 4 {
            0 => writer.guard.bytes(n),
            1 => writer.guard.frame(),
            2 => writer.guard.group(),
            _ => writer.guard.whole_frame(n),
        }
        let Some(name) = writer.name.clone() else {
            return;
        };
        for (word, n) in bumps {
            self.model.add(&name, word, *n as u64);
            self.writers[at].keep(&name.0, word, *n as u64);
        }
    }

    pub(super) fn leave(&mut self, pick: usize) {
        let Some(at) = pick.checked_rem(self.writers.len()) else {
            return;
        };
        let writer = self.writers.swap_remove(at);
        if let (Some(name), Some((announce, viewing))) = (&writer.name, writer.subscription) {
            self.model.unsubscribe(name);
            if self.is_last_view(announce, viewing) {
                self.model.add(name, "viewers_closed", 1);
            }
        }
    }

    pub(super) fn unannounce(&mut self, pick: usize) {
        if let Some(at) = pick.checked_rem(self.announces.len()) {
            let announce = self.announces.swap_remove(at);
            if let Some(name) = &announce.name {
                self.model.add(name, "announced_closed", 1);
            }
        }
    }

    pub(super) fn disconnect(&mut self, pick: usize) {
        if let Some(at) = pick.checked_rem(self.sessions.len()) {
            let (_, name) = self.sessions.swap_remove(at);
            self.model.add(&name, "sessions_closed", 1);
        }
    }

    /// Whether a viewer ends with this subscription.
    fn is_last_view(&mut self, announce: usize, viewing: Viewing) -> bool {
        match viewing {
            Viewing::Alone => false,
            Viewing::Apart => true,
            Viewing::Together => {
                let together = self.together.entry(announce).or_default();
                *together -= 1;
                *together == 0
            }
        }
    }
}

impl Writer {
    /// Notes what a guard without a cell may keep in itself.
    fn keep(&mut self, track: &str, word: &str, n: u64) {
        let Some(unflushed) = &mut self.unflushed else {
            return;
        };
        let place = words_of(track).iter().position(|w| w.name == word);
        self.held[place.expect("a word of the family")] += n;
        *unflushed += 1;
        if *unflushed == FLUSH_EVERY {
            *unflushed = 0;
            self.held.fill(0);
        }
    }
}
