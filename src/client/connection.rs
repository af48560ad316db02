//! An open HTTP/1.1 connection to the origin, or to a proxy that forwards requests.

use std::sync::Arc;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};

use super::connect::{BoxError, Stream};
use super::meter::{Meter, Metered};

/// How requests reach their origin.
#[derive(Debug)]
pub(super) enum Route {
    /// The connection leads to the origin, possibly through a tunnel.
    Direct,
    /// The connection leads to a proxy, which reads the origin from the request line. Holds the proxy's credentials.
    Forwarded(Option<HeaderValue>),
}

/// A connection that serves one request at a time.
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
            // The request in flight receives the error.
            drop(connection.await);
        });
        Ok(Self { sender, meter, route })
    }

    /// Rewrites a request whose URI is a path for a forwarding proxy.
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
