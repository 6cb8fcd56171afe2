//! Programs that do not outlive this one.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A running program.
pub(crate) struct Program(Child);

impl Program {
    /// Starts it, with its errors in a file.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: &str,
        arguments: impl IntoIterator<Item = A>,
        errors: &Path,
    ) -> Self {
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(errors).expect("a file for errors"))
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("cannot start {program}: {error}")))
    }

    /// What stands behind this word in its output; the rest of which is read and thrown away, so that the
    /// program never waits for room.
    pub(crate) fn line(&mut self, word: &str) -> String {
        let output = self.0.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let found = lines.find_map(|line| Some(line.strip_prefix(word)?.trim().to_owned()));
        thread::spawn(move || lines.for_each(drop));
        found.unwrap_or_else(|| panic!("it did not say {word}"))
    }

    /// Reads its output and throws it away.
    pub(crate) fn silence(&mut self) {
        let output = self.0.stdout.take().expect("a pipe");
        thread::spawn(move || BufReader::new(output).lines().for_each(drop));
    }

    /// As `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("a process to kill");
        self.0.wait().expect("its end");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A UDP address that nobody listens on now.
pub(crate) fn free_udp() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("an address")
}

/// A TCP address that nobody listens on now.
pub(crate) fn free_tcp() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("an address")
}
