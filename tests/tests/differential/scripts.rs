//! Scripts that were thought out.

use crate::{
    play::play,
    script::{
        Place,
        Step::{
            self, Announce, Bytes, Frame, Group, Late, Subscribe, SubscribeUnder, Tick, Unannounce,
            Unsubscribe,
        },
    },
};

const EGRESS: Place = Place {
    path: 0,
    internal: false,
    subscriber: false,
};
const INGRESS: Place = Place {
    subscriber: true,
    ..EGRESS
};
const INNER: Place = Place {
    internal: true,
    ..EGRESS
};

fn at(path: usize) -> Place {
    Place { path, ..EGRESS }
}

#[test]
fn both_announce_the_same_path() {
    for node in ["", "sjc", "sjc/1", "/sjc//1/", "///"] {
        play(node, &[]);
    }
}

#[test]
fn an_ordinary_session() {
    play(
        "sjc",
        &[
            Announce(EGRESS),
            Tick,
            SubscribeUnder(0),
            Group(0),
            Frame(0),
            Bytes(0, 1200),
            Tick,
            Frame(0),
            Bytes(0, 900),
            Tick,
            Tick,
            Unsubscribe(0),
            Tick,
            Unannounce(0),
            Tick,
            Tick,
        ],
    );
}

#[test]
fn a_subscription_shorter_than_a_tick() {
    play(
        "sjc",
        &[
            Subscribe(EGRESS),
            Bytes(0, 5),
            Unsubscribe(0),
            Tick,
            Tick,
            Tick,
        ],
    );
}

#[test]
fn several_transitions_within_one_tick() {
    let round = [SubscribeUnder(0), Bytes(0, 1), Unsubscribe(0)];
    let mut script = vec![Announce(EGRESS)];
    script.extend(round.repeat(5));
    script.push(Tick);
    script.extend(round.repeat(2));
    script.extend([SubscribeUnder(0), Tick]);
    play("sjc", &script);
}

#[test]
fn a_pass_through_zero_between_two_active_ticks() {
    let through = [Unsubscribe(0), SubscribeUnder(0), Tick];
    let mut script = vec![Announce(EGRESS), SubscribeUnder(0), Tick];
    script.extend(through.repeat(3));
    play("sjc", &script);
}

#[test]
fn a_series_that_returns_at_once_and_later() {
    let life = [Subscribe(EGRESS), Bytes(0, 7), Unsubscribe(0), Tick];
    let mut script = life.repeat(3);
    script.push(Tick);
    script.extend(life);
    play("sjc", &script);
}

#[test]
fn a_series_that_returns_with_the_same_counters_but_another_viewer() {
    let end = [Unsubscribe(0), Unannounce(0), Tick];
    let mut script = vec![Announce(EGRESS), Subscribe(EGRESS)];
    script.extend(end);
    script.extend([Announce(EGRESS), SubscribeUnder(0)]);
    script.extend(end);
    play("sjc", &script);
}

#[test]
fn a_series_that_returns_while_another_role_of_its_path_is_open() {
    let life = [Subscribe(INNER), Bytes(1, 7), Unsubscribe(1), Tick, Tick];
    let mut script: Vec<Step> = vec![Subscribe(INGRESS), Tick];
    script.extend(life.repeat(3));
    play("sjc", &script);
}

#[test]
fn every_path_tier_and_role() {
    let mut script = Vec::new();
    for path in 0..crate::script::PATHS.len() {
        for (internal, subscriber) in [(false, false), (false, true), (true, false), (true, true)] {
            script.push(Announce(Place {
                path,
                internal,
                subscriber,
            }));
            script.extend([
                SubscribeUnder(script.len()),
                Bytes(path, 10 + path),
                Group(path),
            ]);
        }
        script.push(Tick);
    }
    script.extend([Unsubscribe(0), Unannounce(0), Tick].repeat(40));
    play("sjc", &script);
}

#[test]
fn ticks_that_come_late() {
    play(
        "sjc",
        &[
            Subscribe(at(0)),
            Bytes(0, 1),
            Late,
            Bytes(0, 1),
            Tick,
            Subscribe(at(2)),
            Unsubscribe(0),
            Late,
            Late,
            Tick,
        ],
    );
}
