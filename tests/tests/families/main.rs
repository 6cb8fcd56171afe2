//! Families beside traffic: gauges, histograms, labels, activities, and handles by name.
#![cfg(not(loom))]
#![forbid(unsafe_code)]

mod cache;
mod declared;
mod differences;
mod frames;
mod full;
mod histograms;
mod levels;
mod model;
mod names;
mod patches;
mod release;
mod replication;
mod rpc;
mod threads;
