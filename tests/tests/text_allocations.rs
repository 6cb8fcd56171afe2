//! Writing text for scrapers allocates nothing, in pieces or as a whole.
#![cfg(not(loom))]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use streamgauge_core::{
    Announce, ByTierAndRole, Exposition, FamilySection, Format, Health, Key, Labels, Section,
    SelfSection, Traffic, negotiate,
};
use streamgauge_tests::text::{Book, Probe};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Two families, with a series each.
fn books() -> (Book<Probe>, Book<Traffic>) {
    let (mut probe, mut traffic) = (Book::new(4, 1, 0), Book::new(4, 4, 0));
    for name in ["a", "\"quoted\"", "__overflow__"] {
        drop(Announce::open(
            probe.drawer(),
            0,
            Key::new(name).ok().as_ref(),
        ));
        drop(Announce::open(
            traffic.drawer(),
            1,
            Key::path(name).ok().as_ref(),
        ));
    }
    probe.collect(1);
    traffic.collect(1);
    (probe, traffic)
}

#[test]
fn an_exposition_allocates_nothing() {
    let (probe, traffic) = books();
    let health = Health::default();
    let names: &[&str] = &["edge"];
    let lanes = ByTierAndRole(names);
    let sections: [&dyn Section; 3] = [
        &FamilySection::new(&probe.ledger, probe.meter()),
        &FamilySection::with_lanes(&traffic.ledger, traffic.meter(), lanes),
        &SelfSection::new(&health),
    ];
    let (mut small, mut large) = ([0; 100], vec![0; 1 << 20]);
    // The test harness has a thread of its own, which may allocate in the midst of one attempt.
    let quiet = (0..5).any(|_| {
        let region = Region::new(ALLOCATOR);
        let mut bytes = 0;
        for format in Format::ALL {
            let format = negotiate(format.content_type());
            for buf in [&mut small[..], &mut large[..]] {
                let labels = Labels::new(&[("node", "sjc/1")]).unwrap_or_default();
                let mut exposition = Exposition::new(format, &sections).with_labels(labels);
                loop {
                    let chunk = exposition.encode(buf);
                    bytes += chunk.len;
                    if chunk.end {
                        break;
                    }
                }
            }
        }
        let change = region.change();
        assert!(bytes > 6 * 10_000, "{bytes} bytes of text");
        (change.allocations, change.reallocations) == (0, 0)
    });
    assert!(quiet, "every attempt allocated");
}
