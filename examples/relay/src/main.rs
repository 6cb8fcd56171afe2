//! The relay's command line.

use std::process::ExitCode;

use clap::Parser;
use streamgauge_relay::cli::{Cli, Command};
use streamgauge_relay::{commands, demo};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let ended = match cli.command {
        None => Box::pin(demo::run(&cli.relay, &cli.demo)).await,
        Some(Command::Serve) => commands::serve(&cli.relay).await,
        Some(Command::Publish(publish)) => commands::publish(&publish).await,
        Some(Command::Subscribe(subscribe)) => commands::subscribe(&subscribe).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Quiet unless `RUST_LOG` asks for more: the table is the output.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
