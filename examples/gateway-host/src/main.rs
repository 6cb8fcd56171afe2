//! The host's command line.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::Parser;
use streamgauge_gateway_host::check;
use streamgauge_gateway_host::cli::Cli;
use streamgauge_gateway_host::host::Host;
use streamgauge_gateway_host::inbox::Inbox;
use streamgauge_gateway_host::origin::{self, Publication};
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off")),
        )
        .with_writer(std::io::stderr)
        .init();
    let ended = tokio::select! {
        ended = Box::pin(run(&cli)) => ended,
        stop = ctrl_c() => stop.context("no Ctrl-C to be had"),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// All trials, with the stats published meanwhile, and afterwards, if that is asked for.
async fn run(cli: &Cli) -> Result<()> {
    let file = input(cli).await?;
    let Some(relay) = origin::relay(cli) else {
        check_all(cli, &file, Inbox::new(None)).await?;
        return Ok(());
    };
    let path = format!("{}/node/{}", cli.prefix, cli.node);
    let publication = Publication::announce(&relay, &path).await?;
    println!("publishing   {path} on {}", relay.url);
    let (forward, frames) = mpsc::unbounded_channel();
    let checking = async {
        let host = check_all(cli, &file, Inbox::new(Some(forward))).await?;
        println!("{}", check::published(&host, &relay, &path).await?);
        if cli.stay {
            println!("still publishing; Ctrl-C to stop");
            std::future::pending::<()>().await;
        }
        Ok(())
    };
    tokio::select! {
        checked = checking => checked,
        published = publication.run(frames) => published,
    }
}

async fn check_all(cli: &Cli, file: &Bytes, inbox: Inbox) -> Result<Host> {
    let mut host = Host::connect(cli, Arc::new(inbox)).await?;
    host.knock(|_| true).await?;
    println!("{}", check::transfer(&mut host, file, cli.frames).await?);
    println!("{}", check::race(&mut host).await?);
    println!("{}", check::overflow(&mut host, file).await?);
    println!("{}", check::noise(&mut host, file).await?);
    println!("{}", check::reset(&mut host, file).await?);
    if cli.udp {
        let frames = host.inbox().with(|state| state.udp.board().frames());
        println!("{frames} frames of stats over UDP told the same up to the reset");
    }
    Ok(host)
}

async fn input(cli: &Cli) -> Result<Bytes> {
    let path = match &cli.input {
        Some(path) => path.clone(),
        None => env::current_exe().context("this program has no file; name one with --input")?,
    };
    let read = tokio::fs::read(&path).await;
    let file = read.with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(!file.is_empty(), "{} is empty", path.display());
    Ok(file.into())
}
