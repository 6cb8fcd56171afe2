//! The collector, from its sources to all that it shows.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::cli::Cli;
use crate::clock::{now_micros, now_ms};
use crate::fleet::Fleet;
use crate::http::{Metrics, Page};
use crate::keep::Keeper;
use crate::metrics::{self, Picker, Shown};
use crate::publish::Node;
use crate::remote_write::{self, Writer};
use crate::source::Sources;
use crate::top::{Plain, Screen};
use crate::view::View;

/// Collects until Ctrl-C, or until the terminal is told to quit.
///
/// # Errors
///
/// When an option cannot be met, or the totals cannot be kept.
pub async fn run(cli: &Cli) -> Result<()> {
    let (keeper, fleet) = open(cli)?;
    let mut sources = Sources::start(&cli.sources);
    let mut collector = Collector {
        fleet: fleet.with_sources(sources.names()),
        keeper,
        outputs: Outputs::start(cli).await?,
    };
    let mut show = Show::start(cli, &collector.outputs)?;
    let mut ticks = interval(cli.fleet.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ended = loop {
        tokio::select! {
            biased;
            stop = ctrl_c() => break stop.map_err(Into::into),
            _ = ticks.tick() => match collector.tick() {
                Ok(view) => show.show(&view)?,
                Err(error) => break Err(error),
            },
            more = show.key() => match more {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error.into()),
            },
            Some(news) = sources.next() => {
                let now_ms = now_ms();
                collector.fleet.take(news, now_ms);
                // Those that are there already, as long as they do not hold up a tick.
                for _ in 0..64 {
                    let Some(news) = sources.try_next() else { break };
                    collector.fleet.take(news, now_ms);
                }
            }
        }
    };
    drop(show);
    collector.outputs.finish().await;
    ended
}

/// The fleet as it was kept, and the file that it is kept in.
fn open(cli: &Cli) -> Result<(Option<Keeper>, Fleet)> {
    let mut fleet = Fleet::new(&cli.fleet, now_micros());
    let Some(path) = &cli.fleet.state else {
        return Ok((None, fleet));
    };
    let (keeper, state) = Keeper::open(path)?;
    if let Some(state) = state {
        let restored = fleet.restore(state, now_ms());
        restored.with_context(|| format!("cannot go on from {}", path.display()))?;
    }
    Ok((Some(keeper), fleet))
}

/// The fleet and all that is made of it.
struct Collector {
    fleet: Fleet,
    keeper: Option<Keeper>,
    outputs: Outputs,
}

impl Collector {
    /// Keeps the sums, and only then shows them: what was seen once is never forgotten.
    fn tick(&mut self) -> Result<View> {
        let now_ms = now_ms();
        let view = self.fleet.tick(now_ms);
        if let Some(keeper) = &mut self.keeper {
            tokio::task::block_in_place(|| keeper.keep(&mut self.fleet))?;
        } else {
            self.fleet.keep_nothing();
        }
        self.outputs.show(view.clone())?;
        Ok(view)
    }
}

/// Where the sums go, the terminal apart.
struct Outputs {
    picker: Picker,
    shown: watch::Sender<Arc<Shown>>,
    writing: watch::Sender<Option<remote_write::Tally>>,
    writer: Option<Writer>,
    every: Duration,
    due: Instant,
    node: Option<Node>,
    served: Metrics,
}

impl Outputs {
    async fn start(cli: &Cli) -> Result<Self> {
        let (shown, shown_page) = watch::channel(Arc::default());
        let (writing, writing_page) = watch::channel(None);
        let page = Page {
            shown: shown_page,
            writing: writing_page,
            interval: cli.fleet.interval,
        };
        let writer = match remote_write::Config::of(&cli.metrics) {
            Some(config) => Some(Writer::start(&config).await?),
            None => None,
        };
        let node = match &cli.publish.node {
            Some(name) => Some(Node::start(name, &cli.publish).await?),
            None => None,
        };
        Ok(Self {
            picker: Picker::new(cli.metrics.top),
            shown,
            writing,
            writer,
            every: cli.metrics.remote_write_interval,
            due: Instant::now(),
            node,
            served: Metrics::start(&cli.metrics, page).await?,
        })
    }

    fn show(&mut self, view: View) -> Result<()> {
        if let Some(node) = &mut self.node {
            node.write(&view)?;
        }
        let picked = self.picker.pick(&view);
        let shown = Arc::new(Shown { view, picked });
        let tally = self.writer.as_ref().map(Writer::tally);
        if let Some(writer) = &mut self.writer
            && Instant::now() >= self.due
        {
            self.due = Instant::now() + self.every;
            writer.write(&metrics::metrics(&shown, tally.as_ref()), shown.view.ts_ms);
        }
        self.writing.send_replace(tally);
        self.shown.send_replace(shown);
        Ok(())
    }

    /// Sends the last round.
    async fn finish(mut self) {
        if let Some(mut writer) = self.writer.take() {
            let shown = Arc::clone(&self.shown.borrow());
            let tally = writer.tally();
            writer.write(&metrics::metrics(&shown, Some(&tally)), shown.view.ts_ms);
            writer.finish().await;
        }
    }
}

/// Where people look.
enum Show {
    Live(Box<Screen>),
    Plain,
}

impl Show {
    fn start(cli: &Cli, outputs: &Outputs) -> Result<Self> {
        if cli.plain || !io::stdout().is_terminal() {
            let mut out = io::stdout().lock();
            let metrics = outputs.served.line();
            let node = outputs.node.as_ref().map(Node::lines);
            for line in metrics.into_iter().chain(node.into_iter().flatten()) {
                writeln!(out, "{line}")?;
            }
            out.flush()?;
            return Ok(Self::Plain);
        }
        Ok(Self::Live(Box::new(Screen::open()?)))
    }

    fn show(&mut self, view: &View) -> io::Result<()> {
        match self {
            Self::Live(screen) => screen.show(view),
            Self::Plain => {
                let mut out = io::stdout().lock();
                writeln!(out, "{}", Plain(view))?;
                out.flush()
            }
        }
    }

    /// Says whether to go on, once a key was pressed.
    async fn key(&mut self) -> io::Result<bool> {
        match self {
            Self::Live(screen) => screen.key().await,
            Self::Plain => std::future::pending().await,
        }
    }
}
