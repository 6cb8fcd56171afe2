//! A large node is never built on the stack.

use std::thread;

use streamgauge_tokio::{Config, Stats, Tier};

#[test]
fn a_million_series_and_cells_are_built_on_a_small_stack() {
    let build = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let config = Config::new().with_series(1_000_000).with_cells(1_000_000);
            let stats = Stats::spawn(config).unwrap();
            assert_eq!(stats.usage().series_capacity, 1_000_000);
            assert_eq!(stats.usage().cells_capacity, 1_000_000);
            stats
                .tier(Tier::External)
                .broadcast("live/one")
                .publisher_track("v")
                .bytes(1);
            stats.close().await;
        });
    };
    let thread = thread::Builder::new().stack_size(128 << 10);
    thread.spawn(build).unwrap().join().unwrap();
}
