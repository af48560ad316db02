//! An open connection: HTTP/1.1 over a stream that leads to the origin, or to a proxy that forwards.

use std::sync::Arc;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};

use super::connect::{BoxError, Stream};
use super::meter::{Meter, Metered};

/// How requests find their origin.
#[derive(Debug)]
pub(super) enum Route {
    /// The connection leads there.
    Direct,
    /// It leads to a proxy, which takes the origin from the request line, and these credentials.
    Forwarded(Option<HeaderValue>),
}

/// A connection, for one request at a time.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    pub(super) meter: Arc<Meter>,
    route: Route,
}

impl Connection {
    pub(super) async fn over(stream: Box<dyn Stream>, route: Route) -> Result<Self, BoxError> {
        let meter = Meter::new();
        let (sender, connection) = http1::handshake(Metered::new(stream, Arc::clone(&meter))).await?;
        tokio::spawn(async move {
            // A failure is reported to the request under way.
            drop(connection.await);
        });
        Ok(Self { sender, meter, route })
    }

    /// Turns a request whose URI is a path into what the peer expects.
    pub(super) fn address(&self, request: &mut Request<Full<Bytes>>, origin: &Uri) -> Result<(), http::Error> {
        let Route::Forwarded(authorization) = &self.route else { return Ok(()) };
        let mut whole = origin.clone().into_parts();
        whole.path_and_query = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from_parts(whole)?;
        if let Some(authorization) = authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }
}
