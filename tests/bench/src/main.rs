//! Speed as ratios: each case runs a peer and streamgauge in turn, in one process, and compares the
//! medians.
//!
//! ```text
//! cargo run --release -p streamgauge-bench [-- FILTER]
//! ```
//!
//! A line a case: its name, the peer, the peer's and our nanoseconds per operation, the ratio, and
//! the allocations of one operation.

use std::alloc::System;

use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

mod bump;
mod collect;
mod family;
mod harness;
mod memory;
mod ours;
mod subscribe;
mod text;
mod tick;
mod track;

use harness::Report;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs each peer and streamgauge in turn, and compares the medians.
#[derive(Parser)]
struct Args {
    /// Runs the cases whose name contains this; without it, all but the million.
    filter: Option<String>,
    /// Rounds of a comparison, at most.
    #[arg(long, default_value_t = harness::ROUNDS)]
    rounds: usize,
}

/// A case by name, and whether it runs only when asked for.
struct Case {
    name: &'static str,
    on_request: bool,
    run: fn(&mut Report),
}

const fn case(name: &'static str, run: fn(&mut Report)) -> Case {
    Case {
        name,
        on_request: false,
        run,
    }
}

const CASES: &[Case] = &[
    case("bump/1", |report| bump::held(report, 1)),
    case("bump/2", |report| bump::held(report, 2)),
    case("bump-counted/1", |report| bump::held_counted(report, 1)),
    case("bump-counted/2", |report| bump::held_counted(report, 2)),
    case("find/1", |report| subscribe::find(report, 1)),
    case("find/2", |report| subscribe::find(report, 2)),
    case("find-counted/1", |report| {
        subscribe::find_counted(report, 1);
    }),
    case("find-counted/2", |report| {
        subscribe::find_counted(report, 2);
    }),
    case("open-drop/1", |report| subscribe::open_drop(report, 1)),
    case("open-drop/2", |report| subscribe::open_drop(report, 2)),
    case("open-drop-counted/1", |report| {
        subscribe::open_drop_counted(report, 1);
    }),
    case("open-drop-counted/2", |report| {
        subscribe::open_drop_counted(report, 2);
    }),
    case("tick/1k", |report| tick::full_frames(report, 1_000, 1)),
    case("tick/100k", |report| {
        tick::full_frames(report, 100_000, 100);
    }),
    case("tick-patches/100k", |report| {
        tick::patches(report, 100_000, 100);
    }),
    case("memory/100k", |report| memory::per_series(report, 100_000)),
    case("family-bump/1", |report| family::bump(report, 1)),
    case("family-bump/2", |report| family::bump(report, 2)),
    case("record/1", |report| family::record(report, 1)),
    case("record/2", |report| family::record(report, 2)),
    case("family-find/1", |report| family::find(report, 1)),
    case("family-find/2", |report| family::find(report, 2)),
    case("text/1k", |report| text::lines(report, 1_000)),
    case("text/10k", |report| text::lines(report, 10_000)),
    case("collect-tick/4k", |report| {
        collect::tick(report, 4_096, 10);
    }),
    case("collect-merge/128+4k", |report| {
        collect::merge(report, 128, 4_096);
    }),
    case("append/30", |report| track::append(report, 30)),
    case("append/1k", |report| track::append(report, 1_000)),
    case("append/10k", |report| track::append(report, 10_000)),
    case("get-group/10k", |report| track::get_group(report, 10_000)),
    case("holes/4k", |report| track::holes(report, 4_000)),
    case("fan-out/1", |report| track::fan_out(report, 1)),
    case("fan-out/10", |report| track::fan_out(report, 10)),
    case("fan-out/100", |report| track::fan_out(report, 100)),
    case("fan-out/1000", |report| track::fan_out(report, 1_000)),
    case("fan-out-frames/1000", |report| {
        track::fan_out_frames(report, 1_000);
    }),
    case("late/1k", |report| track::late(report, 1_000)),
    case("late/2k", |report| track::late(report, 2_000)),
    case("late/4k", |report| track::late(report, 4_000)),
    case("late/8k", |report| track::late(report, 8_000)),
    case("track-memory/10k", |report| track::memory(report, 10_000)),
    Case {
        name: "tick/million",
        on_request: true,
        run: tick::million,
    },
    Case {
        name: "tick-patches/million",
        on_request: true,
        run: tick::million_in_patches,
    },
];

fn main() {
    let Args { filter, rounds } = Args::parse();
    let wanted = |case: &&Case| match &filter {
        Some(filter) => case.name.contains(filter.as_str()),
        None => !case.on_request,
    };
    let mut report = Report::new(rounds);
    let mut ran = 0;
    for case in CASES.iter().filter(wanted) {
        report.begin(case.name);
        (case.run)(&mut report);
        ran += 1;
    }
    if ran == 0 {
        let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
        eprintln!(
            "no case contains {filter:?}; there are: {}",
            names.join(", ")
        );
        std::process::exit(2);
    }
}
