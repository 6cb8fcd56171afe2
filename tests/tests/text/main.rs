//! Text for scrapers: what is written is what was meant, by the letter of each format.
#![cfg(not(loom))]

mod faithful;
mod golden;
mod labels;
mod names;
mod negotiation;
mod pieces;
mod scrapes;
