//! A call until its response comes.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{RpcBody, exchange::Exchange};

pin_project! {
    /// The future of a response whose call is counted.
    #[derive(Debug)]
    pub struct RpcFuture<F> {
        #[pin]
        inner: F,
        // Nothing once the response has come.
        exchange: Option<Exchange>,
    }
}

impl<F> RpcFuture<F> {
    pub(super) fn new(inner: F, exchange: Exchange) -> Self {
        let exchange = Some(exchange);
        Self { inner, exchange }
    }
}

impl<F, B, E> Future for RpcFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<RpcBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = ready!(match this.exchange {
            Some(exchange) => exchange.inside(|| this.inner.poll(cx)),
            None => this.inner.poll(cx),
        });
        let exchange = this.exchange.take();
        Poll::Ready(match polled {
            Ok(response) => Ok(RpcBody::wrap(response, exchange)),
            Err(error) => {
                if let Some(mut exchange) = exchange {
                    exchange.failed(&error);
                }
                Err(error)
            }
        })
    }
}
