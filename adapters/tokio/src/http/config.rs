//! Where the server listens, and how much of it one client can have.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// How a [`Server`](super::Server) listens and what it allows. Made with [`Config::new`], changed by its
/// setters.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) address: SocketAddr,
    pub(super) connections: usize,
    pub(super) header_bytes: usize,
    pub(super) read_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) grace: Duration,
}

impl Config {
    /// The port that a server listens on when nobody says otherwise.
    pub const PORT: u16 = 9464;

    /// `127.0.0.1:9464`, 64 connections, 8 KiB of headers in 10 seconds, responses read in 30 seconds, and
    /// 5 seconds for those under way at the end.
    pub const fn new() -> Self {
        Self {
            address: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), Self::PORT),
            connections: 64,
            header_bytes: 8 << 10,
            read_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }

    /// The address to listen on; port 0 is any that is free.
    ///
    /// The server asks nobody who they are: on an address that others can reach, they can read the names of
    /// all broadcasts.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// How many connections there are at a time; one more is answered with 503 and closed.
    #[must_use]
    pub const fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How many bytes a request's first line and headers may have; one with more is answered with 431.
    /// At most 64 KiB.
    #[must_use]
    pub fn with_header_bytes(mut self, bytes: usize) -> Self {
        self.header_bytes = bytes.min(64 << 10);
        self
    }

    /// How long a request's headers may take to arrive, and how long a connection may wait for its next
    /// request.
    #[must_use]
    pub const fn with_read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How long a client may take to read what it is sent.
    #[must_use]
    pub const fn with_write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// How long requests that are under way may take when the server is shut down.
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// A server cannot listen.
#[derive(Debug)]
pub struct ServeError {
    /// Where it was to listen.
    pub address: SocketAddr,
    /// Why it cannot.
    pub error: io::Error,
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot serve metrics on {}: ", self.address)?;
        match self.error.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "another process listens there; stop it, or choose another port (0 for any that is free)"
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "this machine has no such address; choose one that it has, such as 127.0.0.1"
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "not allowed to; choose a port of 1024 or more, or 0 for any that is free"
            ),
            _ => write!(f, "{}", self.error),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
