//! What a node publishes for what it counted, seen as a reader of its tracks sees it.

mod announcing;
mod bad_input;
mod counting;
mod frames;
mod harness;
mod lifetime;
mod overflow;
mod paths;
mod presence;
mod pressure;
mod refusing;
mod ticking;
mod tiers;
mod totals;
mod transitions;
mod viewers;
