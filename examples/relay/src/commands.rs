//! The commands besides the demonstration.

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use moq_net::origin::Route;
use moq_net::track::{self, Subscriber};
use streamgauge_core::Role;
use tokio::signal::ctrl_c;
use tokio::time::timeout;

use crate::cli::{Connect, Publish, RelayOptions, Subscribe};
use crate::client::{self, Client, Target, Trust};
use crate::file::{self, File};
use crate::receive::{everything, receive};
use crate::send::{MAX_AGE, Pace, Sender};
use crate::server::Relay;
use crate::table::{Board, Screen};
use crate::totals::{rows, track};

/// How long a publisher stays when everybody has left.
const LINGER: Duration = Duration::from_secs(1);

/// Relays until Ctrl-C.
///
/// # Errors
///
/// When the relay cannot listen.
pub async fn serve(options: &RelayOptions) -> Result<()> {
    let relay = Relay::start(options).await?;
    introduce(&relay);
    let board = Arc::new(Mutex::new(Board::default()));
    for role in Role::ALL {
        follow(&relay, role, Arc::clone(&board))?;
    }
    let mut screen = Screen::stdout();
    let mut ticks = tokio::time::interval(options.interval);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let board = board.lock().unwrap_or_else(PoisonError::into_inner).clone();
                screen.show(&board, "Ctrl-C to stop")?;
            }
            stop = ctrl_c() => return Ok(stop?),
        }
    }
}

/// Says where a relay is and what it is known by.
pub fn introduce(relay: &Relay) {
    if let Some(taken) = relay.moved_from() {
        println!("{taken} is taken, so another port was chosen");
    }
    println!("relay        {}", relay.url());
    println!("fingerprint  {}", relay.fingerprint());
    println!("statistics   {}", relay.stats().path());
    if let Some(line) = relay.metrics().line() {
        println!("{line}");
    }
}

/// Keeps the board up to date with one of the relay's own tracks.
fn follow(relay: &Relay, role: Role, board: Arc<Mutex<Board>>) -> Result<()> {
    let mut latest = relay
        .stats()
        .latest(track(role))
        .context("a track is missing")?;
    tokio::spawn(async move {
        while let Some(frame) = latest.next().await {
            if let Ok(rows) = rows(&frame.payload) {
                board
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .update(role, rows);
            }
        }
    });
    Ok(())
}

/// Publishes a file, and stays until everybody who came for it has left.
///
/// # Errors
///
/// When the file cannot be read, or the relay not be reached.
pub async fn publish(options: &Publish) -> Result<()> {
    let file = File::read(&options.file).await?;
    let origin = client::origin();
    let broadcast = origin.create_broadcast(&options.broadcast)?;
    let info = track::Info::default().with_max_age(MAX_AGE);
    let track = broadcast.create_track(file::TRACK, info)?;
    broadcast.announce(Route::default())?;
    let client = Client::publisher(&target(&options.connect), &origin).await?;
    println!(
        "published {} on track `{}`; Ctrl-C to stop",
        options.broadcast,
        file::TRACK
    );
    tokio::select! {
        sent = send_to_all(track, &file) => sent?,
        () = client.closed() => bail!("the relay closed the connection"),
        stop = ctrl_c() => stop?,
    }
    client.close().await;
    Ok(())
}

async fn send_to_all(mut track: track::Producer, file: &File) -> Result<()> {
    // A subscription, not just any use: whoever only asks what the track is comes back.
    while track.subscription_changed().await?.is_none() {}
    let mut sender = Sender::new(track.clone());
    sender.pass(file, &mut Pace::unlimited()).await?;
    sender.end()?;
    println!("sent {}", sender.sent());
    all_left(&mut track).await?;
    Ok(track.finish()?)
}

/// Waits until nobody is subscribed any more: who leaves has everything.
async fn all_left(track: &mut track::Producer) -> Result<()> {
    let mut subscribed = track.subscription().is_some();
    loop {
        match timeout(LINGER, track.subscription_changed()).await {
            Ok(changed) => subscribed = changed?.is_some(),
            Err(_) if subscribed => {}
            Err(_) => return Ok(()),
        }
    }
}

/// Reads a track: a file as it was published, any other frame by frame.
///
/// # Errors
///
/// When the relay cannot be reached, or a file does not arrive whole.
pub async fn subscribe(options: &Subscribe) -> Result<()> {
    let target = target(&options.connect);
    let (client, origin) = Client::subscriber(&target, &options.broadcast).await?;
    let broadcast = client::broadcast(&client, &origin, &options.broadcast).await?;
    let track = broadcast.track(&options.track)?;
    let output = output(options)?;
    let read = async {
        if options.track == file::TRACK {
            let mut subscriber = track.subscribe(everything()).await?;
            let received = receive(&mut subscriber, output).await?;
            eprintln!("received {}; complete", received.volume);
            Ok(())
        } else {
            let subscriber = track.subscribe(None).await?;
            print_frames(subscriber, output, options.frames.unwrap_or(u64::MAX)).await
        }
    };
    tokio::select! {
        read = read => read?,
        stop = ctrl_c() => stop?,
    }
    client.close().await;
    Ok(())
}

/// Waits for each group in turn, so that a slow terminal skips old ones.
async fn print_frames(subscriber: Subscriber, mut output: impl Write, limit: u64) -> Result<()> {
    let mut groups = subscriber.ordered();
    let mut printed = 0;
    while let Some(mut group) = groups.next_group().await? {
        while let Some(frame) = group.read_frame().await? {
            if printed == limit {
                return Ok(());
            }
            output.write_all(&frame.payload)?;
            output.write_all(b"\n")?;
            output.flush()?;
            printed += 1;
        }
        if printed == limit {
            return Ok(());
        }
    }
    Ok(())
}

fn output(options: &Subscribe) -> Result<Box<dyn Write + Send>> {
    Ok(match &options.output {
        Some(path) => {
            let created = fs::File::create(path);
            let file = created.with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(io::BufWriter::new(file))
        }
        None => Box::new(io::stdout()),
    })
}

fn target(connect: &Connect) -> Target {
    let trust = match &connect.fingerprint {
        Some(fingerprint) => Trust::Fingerprint(fingerprint.clone()),
        None => Trust::for_url(&connect.url),
    };
    Target {
        url: connect.url.clone(),
        trust,
    }
}

/// How often to look whether something came about.
pub(crate) const POLL: Duration = Duration::from_millis(20);
