//! What is said when the server cannot listen.

use std::{io, net::SocketAddr};

use streamgauge_tokio::{Config, Stats, http};

use crate::client::{config, serve};

#[tokio::test]
async fn an_address_in_use_is_named_with_what_to_do() {
    let stats = Stats::spawn(Config::new()).expect("a node");
    let first = serve(&stats, config()).await;
    let taken = config().with_address(first.address());
    let error = http::Server::start(&stats, &taken).await.unwrap_err();
    assert_eq!(error.address, first.address());
    assert_eq!(error.error.kind(), io::ErrorKind::AddrInUse);
    let expected = format!(
        "cannot serve metrics on {}: another process listens there; stop it, or choose another \
         port (0 for any that is free)",
        first.address()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_address_of_another_machine_is_named_with_what_to_do() {
    let stats = Stats::spawn(Config::new()).expect("a node");
    // Kept for documentation: no machine has it.
    let elsewhere: SocketAddr = "192.0.2.1:9464".parse().unwrap();
    let config = config().with_address(elsewhere);
    let error = http::Server::start(&stats, &config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot serve metrics on 192.0.2.1:9464: this machine has no such address; choose one \
         that it has, such as 127.0.0.1"
    );
}

#[test]
fn other_errors_are_told_as_they_are() {
    let error = |kind: io::ErrorKind| http::ServeError {
        address: ([127, 0, 0, 1], 80).into(),
        error: kind.into(),
    };
    assert_eq!(
        error(io::ErrorKind::PermissionDenied).to_string(),
        "cannot serve metrics on 127.0.0.1:80: not allowed to; choose a port of 1024 or more, or \
         0 for any that is free"
    );
    let other = error(io::ErrorKind::OutOfMemory);
    let expected = format!("cannot serve metrics on 127.0.0.1:80: {}", other.error);
    assert_eq!(other.to_string(), expected);
}
