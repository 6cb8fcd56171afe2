//! The wrapped service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{RpcBody, RpcFuture, layer::Settings};

/// A service whose calls are counted; see [`RpcLayer`](super::RpcLayer). Clones count alike.
#[derive(Clone, Debug)]
pub struct RpcService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> RpcService<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, R, B> Service<Request<R>> for RpcService<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    S::Error: 'static,
    B: Body,
{
    type Response = Response<RpcBody<B>>;
    type Error = S::Error;
    type Future = RpcFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let mut exchange = self.settings.begin(&mut head);
        let request = Request::from_parts(head, body);
        let future = exchange.inside(|| self.inner.call(request));
        RpcFuture::new(future, exchange)
    }
}
