//! A response until its body ends.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http::{HeaderMap, Response, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::exchange::Exchange;

pin_project! {
    /// The body of a response whose call is counted: the call ends with it, or when this is dropped.
    #[derive(Debug)]
    pub struct RpcBody<B> {
        #[pin]
        inner: B,
        // Nothing once the call has ended.
        exchange: Option<Exchange>,
        // Bytes that are yet to come, where that is known: who has them may not ask for the end.
        left: Option<u64>,
    }
}

impl<B: Body> RpcBody<B> {
    pub(super) fn wrap(response: Response<B>, exchange: Option<Exchange>) -> Response<Self> {
        let (head, inner) = response.into_parts();
        let size = inner.size_hint().exact();
        let left = size.or_else(|| content_length(&head.headers));
        let exchange = exchange.and_then(|mut exchange| {
            let more = exchange.responded(&head);
            let ended = inner.is_end_stream() || left == Some(0) && !exchange.awaits_trailers();
            let more = more && !ended;
            if !more {
                exchange.end();
            }
            Some(exchange).filter(|_| more)
        });
        let body = Self {
            inner,
            exchange,
            left,
        };
        Response::from_parts(head, body)
    }
}

impl<B: Body> Body for RpcBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(exchange) = this.exchange else {
            return this.inner.poll_frame(cx);
        };
        let polled = exchange.inside(|| this.inner.as_mut().poll_frame(cx));
        let frame = ready!(polled);
        let ended = match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    exchange.trailers(trailers);
                }
                match frame.data_ref() {
                    Some(data) => {
                        took(exchange, this.left, data.remaining()) || this.inner.is_end_stream()
                    }
                    // Trailers are the last.
                    None => true,
                }
            }
            Some(Err(_)) => {
                exchange.broke();
                true
            }
            None => true,
        };
        if ended {
            exchange.end();
            *this.exchange = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Takes note of a frame with so many bytes, and says whether it was the last for sure.
fn took(exchange: &mut Exchange, left: &mut Option<u64>, bytes: usize) -> bool {
    let Some(left) = left else {
        exchange.chunk();
        return false;
    };
    *left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
    *left == 0 && !exchange.awaits_trailers()
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
