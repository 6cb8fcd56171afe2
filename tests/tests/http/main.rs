//! A node's stats over HTTP: what is answered, and what clients cannot do.

mod client;
mod errors;
mod frames;
mod health;
mod hostile;
mod metrics;
mod routes;
mod server;
