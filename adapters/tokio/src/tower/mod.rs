//! Counts the calls of HTTP services and clients in the family [`Rpc`](crate::Rpc).
//!
//! A call is under way until the body of its response has ended, or was dropped.
//!
//! | what comes of it | counted by a [server's](RpcLayer::handler) layer | by a [client's](RpcLayer::caller) |
//! |---|---|---|
//! | a response, and its body to the end | handler ended, with its duration | call ended, by its status |
//! | an error instead, or in the body | the same | a call that failed: `transport` |
//! | dropped before that, body included | handler ended, no duration | call ended, no outcome |
//! | a panic | the same, and a handler that panicked | the same |
//!
//! By its status a call ended well up to 399, with `timeout` at 408 and 504, with `no_route` at 502, and
//! with `server` at all others: see [`RpcLayer::with_status`] and [`RpcLayer::with_errors`].
//!
//! Of a response whose length is not known in advance the server's layer counts the chunks.
//!
//! ```
//! use axum::{Router, routing::get};
//! use streamgauge_tokio::{Config, FamilyMeter, Rpc, tower::RpcLayer};
//!
//! let rpc = FamilyMeter::<Rpc>::default();
//! let config = Config::new().with_family(&rpc);
//! let users = Router::<()>::new()
//!     .route("/users", get(|| async { "nobody\n" }))
//!     .layer(RpcLayer::handler(&rpc, "users"));
//! # let _ = (config, users);
//! ```

mod body;
mod exchange;
mod future;
mod layer;
mod service;

pub use body::RpcBody;
pub use future::RpcFuture;
pub use layer::RpcLayer;
pub use service::RpcService;
