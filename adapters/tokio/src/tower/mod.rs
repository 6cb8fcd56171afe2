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
//! By its HTTP status a call ended well up to 399, with `timeout` at 408 and 504, with `no_route` at 502, and
//! with `server` at all others: see [`RpcLayer::with_status`] and [`RpcLayer::with_errors`].
//!
//! A gRPC call (`application/grpc`, not gRPC-Web) tells in its trailers how it ended, or in its head if there is
//! nothing else: well with status 0, with `timeout` at 4 (`DEADLINE_EXCEEDED`), with `no_route` at 12
//! (`UNIMPLEMENTED`: nobody serves it), with `transport` at 14 (`UNAVAILABLE`), and with `server` at all others,
//! 5 (`NOT_FOUND`) among them, which is an answer. So it does if the server leaves its status out, which gRPC takes
//! for 2 (`UNKNOWN`): see [`RpcLayer::with_grpc_status`].
//!
//! Whether a call that was refused reached a handler no response tells: [`RpcLayer::gate`] counts those that did
//! not.
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
mod gate;
mod grpc;
mod layer;
mod service;

pub use body::RpcBody;
pub use future::RpcFuture;
pub use layer::RpcLayer;
pub use service::RpcService;
