//! The memory of the counters: RAM that a warm reset leaves alone.
#![allow(unsafe_code, reason = "a static is put into a section")]

use streamgauge_embassy::{
    Runner,
    retained::{Retained, Saver},
};

use crate::{board::RETAINED, counts::Gauge};

/// What saves the counters.
pub(crate) type Memory = Saver<'static, Retained<RETAINED>>;

// SAFETY: the start-up code leaves the section alone, and the type takes any bytes.
#[unsafe(link_section = ".uninit.streamgauge")]
static COUNTERS: Retained<RETAINED> = Retained::new();

/// Counts on from what was saved before the reset. What is damaged is refused; `node.json` says so.
pub(crate) fn load(runner: &mut Runner<Gauge>) -> Memory {
    let (reporter, meters, names) = runner.parts();
    let (saver, _) = Saver::load(&COUNTERS, reporter, meters, names);
    saver
}

/// Saves what was collected. The totals always fit; a series that does not is in the retired account
/// after a reset.
pub(crate) fn save(saver: &mut Memory, runner: &mut Runner<Gauge>) {
    let (reporter, meters, names) = runner.parts();
    // Where not even the totals fit, the next boot says so.
    let _ = saver.save(reporter, meters, names);
}
