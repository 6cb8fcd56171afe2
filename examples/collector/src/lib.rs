//! Reads the stats of many nodes, adds them up, and shows the fleet.
//!
//! [`source`] are the relays and gateways that frames come from; [`fleet`] adds up what they tell;
//! [`keep`] has the files in which the sums outlive the program. A [`view`] of each tick goes to [`http`],
//! [`remote_write`], the terminal ([`top`]) and, as a node of its own, to other collectors ([`publish`]).

pub mod backoff;
mod batch;
pub mod cli;
pub mod clock;
pub mod fleet;
pub mod http;
pub mod keep;
pub mod metrics;
pub mod publish;
pub mod remote_write;
pub mod run;
pub mod source;
pub mod top;
pub mod track;
pub mod view;
