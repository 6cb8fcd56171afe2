//! The cache of a live track against a naive reference, over any interleaving of producers, readers,
//! clock, evictions and wake-ups, in rooms of any size.
#![cfg(not(loom))]

mod answer;
mod check;
mod memory;
mod reader;
mod reference;
mod rooms;
mod script;

mod world;

use std::rc::Rc;

use proptest::{collection::vec, prelude::*};
use streamgauge_core::track::Policy;

use crate::{
    rooms::{Place, in_room},
    script::{Op, op},
    world::World,
};

fn run(place: Place, policy: Policy, base: u64, script: &[Op]) {
    let payloads = in_room(place, |room, limits| {
        let mut world = World::new(room, policy, limits, base);
        for op in script {
            world.apply(*op);
        }
        world.finish()
    });
    for payload in payloads {
        assert_eq!(Rc::strong_count(&payload), 1, "{payload} is kept somewhere");
    }
}

proptest! {
    // `PROPTEST_CASES` asks for more than the default.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cache_does_what_the_reference_does_in_any_room(
        place in rooms::any_place(),
        policy in script::any_policy(),
        base in script::base(),
        script in vec(op(), 1..180),
    ) {
        run(place, policy, base, &script);
    }

    #[test]
    fn the_cache_does_what_the_reference_does_when_a_few_slots_are_fought_for(
        place in rooms::small_place(),
        policy in script::tight_policy(),
        base in script::base(),
        script in vec(op(), 1..180),
    ) {
        run(place, policy, base, &script);
    }
}
