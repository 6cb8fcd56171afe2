//! What a fleet costs: real nodes tick and a real collector reads them, and what that took is worked out for
//! fleets of 10 to 100,000 nodes.
//!
//! ```text
//! cargo run --release -p streamgauge-collector --example costs
//! ```

mod measure;
mod table;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.unwrap_or_else(|error| panic!("cannot make a runtime: {error}"));
    table::print(&runtime.block_on(measure::costs()));
}
