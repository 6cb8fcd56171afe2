//! The collector's command line.

use std::process::ExitCode;

use clap::Parser;
use streamgauge_collector::cli::Cli;
use streamgauge_collector::run;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::parse().checked() {
        Ok(cli) => cli,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    log_to_stderr();
    match Box::pin(run::run(&cli)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Quiet unless `RUST_LOG` asks for more: the view is the output.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
