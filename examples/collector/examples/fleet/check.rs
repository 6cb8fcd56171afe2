//! What must be said, and whether it was.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Nothing takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How often to ask whether something came about.
pub(crate) const POLL: Duration = Duration::from_millis(100);

/// Bytes that went out.
pub(crate) struct Expected {
    /// In all.
    pub(crate) all: u64,
    /// Of the broadcast that both relays carried.
    pub(crate) cam: u64,
    /// Through the gateway.
    pub(crate) gateway: u64,
}

/// Verdicts.
#[derive(Default)]
pub(crate) struct Check {
    wrong: usize,
    right: usize,
}

impl Check {
    /// Compares, and says so.
    pub(crate) fn same<T: PartialEq + Debug>(&mut self, what: &str, found: &T, expected: &T) {
        let agree = found == expected;
        let verdict = if agree { "" } else { "WRONG " };
        println!("{verdict}{what}: {found:?}, expected {expected:?}");
        if agree {
            self.right += 1;
        } else {
            self.wrong += 1;
        }
    }

    pub(crate) const fn is_good(&self) -> bool {
        self.wrong == 0 && self.right > 0
    }
}

/// Asks again and again until the answer is good, or it has taken too long; the last answer.
pub(crate) async fn settle<T, F: Future<Output = T>>(
    mut ask: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if good(&answer) || began.elapsed() > PATIENCE {
            return answer;
        }
        sleep(POLL).await;
    }
}
