//! The client of AWS's services over this crate's connections.

use aws_client::transport::{Transport, Unreachable};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body_util::Full;

use crate::connector::Origin;
use crate::http_client::{Client, ExchangeError, Outgoing};

/// Connections that are kept and used again.
pub(super) struct Outbound(pub(super) Client);

impl Transport for Outbound {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, Unreachable>> {
        Box::pin(async move {
            let origin = Origin::of(request.uri())
                .map_err(|reason| Unreachable::Connect(reason.to_owned()))?;
            let sent = self.0.send(&origin, || outgoing(&request)).await;
            let answer = sent.map_err(|error| match error {
                ExchangeError::Forbidden(text) => Unreachable::Forbidden(text),
                ExchangeError::Connect(text) => Unreachable::Connect(text),
                ExchangeError::Broken(text) => Unreachable::Broken(text),
                ExchangeError::TooLong => Unreachable::TooLong,
            })?;
            let mut response = Response::new(answer.body);
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

/// The request as it goes over a connection: with its path alone.
fn outgoing(request: &Request<Bytes>) -> Outgoing {
    let mut made = Request::new(Full::new(request.body().clone()));
    *made.method_mut() = request.method().clone();
    *made.headers_mut() = request.headers().clone();
    let target = request.uri().path_and_query().cloned();
    *made.uri_mut() = target.map_or_else(|| Uri::from_static("/"), Uri::from);
    made
}
