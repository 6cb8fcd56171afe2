//! The server: a listener, and a task for each connection, as many as it allows.

use std::{io::Write, net::SocketAddr, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{Config, ServeError, router, stall::Stall};
use crate::Stats;

/// What `/` says.
const PATHS: &str = "/metrics\n/stats\n/healthz\n";

/// What a connection too many is told.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    connection: close\r\n\
    retry-after: 1\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 21\r\n\r\n\
    too many connections\n";

/// How long to wait when a connection could not be accepted, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a node's stats until it is dropped or shut down. Keeps the stats alive.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens, and serves on the current runtime.
    ///
    /// # Errors
    /// When it cannot listen at the address: its text says what to do.
    ///
    /// # Panics
    /// Outside of a tokio runtime, as all of tokio's network does.
    pub async fn start(stats: &Stats, config: &Config) -> Result<Self, ServeError> {
        let routes = router(stats).route("/", get(PATHS)).fallback(unknown);
        Self::start_with(routes, config).await
    }

    /// Listens, and serves these routes on the current runtime, within the same bounds.
    ///
    /// # Errors
    /// When it cannot listen at the address: its text says what to do.
    ///
    /// # Panics
    /// Outside of a tokio runtime, as all of tokio's network does.
    pub async fn start_with(routes: Router, config: &Config) -> Result<Self, ServeError> {
        let error = |error| ServeError {
            address: config.address,
            error,
        };
        let listener = TcpListener::bind(config.address).await.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        let (stop, stopped) = oneshot::channel();
        let room = Room::new(routes, *config);
        let task = tokio::spawn(room.serve(listener, stopped));
        Ok(Self {
            address,
            stop: Some(stop),
            task,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, and returns when the requests under way are answered, or have taken
    /// longer than the configuration's grace.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        // An error means that the task was cancelled with its runtime.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.task.abort();
        }
    }
}

/// What all connections share.
struct Room {
    config: Config,
    routes: Router,
    http: http1::Builder,
    open: GracefulShutdown,
}

impl Room {
    fn new(routes: Router, config: Config) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(config.read_timeout)
            .max_header_size(config.header_bytes)
            .max_buf_size((config.header_bytes * 2).max(16 << 10))
            .max_headers(100);
        Self {
            config,
            routes,
            http,
            open: GracefulShutdown::new(),
        }
    }

    async fn serve(self, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
        // Dropped last, which ends those that are still open.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if connections.len() < self.config.connections => {
                        connections.spawn(self.connection(stream));
                    }
                    Ok((stream, _)) => refuse(stream),
                    Err(error) => {
                        tracing::debug!(%error, "a connection for metrics failed");
                        sleep(PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                _ = &mut stopped => break,
            }
        }
        drop(listener);
        // An error means that some were not done in time.
        let _ = timeout(self.config.grace, self.open.shutdown()).await;
    }

    /// Serves one connection until it ends.
    fn connection(&self, stream: TcpStream) -> impl Future<Output = ()> + Send + use<> {
        let io = TokioIo::new(Stall::new(stream, self.config.write_timeout));
        let service = TowerToHyperService::new(self.routes.clone());
        let connection = self.open.watch(self.http.serve_connection(io, service));
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection for metrics failed");
            }
        }
    }
}

/// Says why, if that can be said at once.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write(REFUSAL);
    }
}

async fn unknown() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "nothing here; see /\n")
}
