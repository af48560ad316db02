//! Opens a tunnel through a proxy with CONNECT. hyper-util's implementation does not return the status of the response.

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;

use super::connect::{BoxError, Stream};

/// The maximum size of the head of a proxy's response: hyper's minimum.
const MAX_HEAD: usize = 8192;

/// Why a tunnel could not be opened.
#[derive(Debug)]
pub(super) enum TunnelError {
    /// The proxy responded with this status.
    Refused(StatusCode),
    /// The response was not HTTP, or too large.
    NotHttp(BoxError),
    /// The connection to the proxy failed.
    Connection(BoxError),
}

/// Asks the proxy at the other end of the stream to connect to an origin.
pub(super) async fn open(
    stream: Box<dyn Stream>,
    origin: &Uri,
    authorization: Option<HeaderValue>,
) -> Result<Upgraded, TunnelError> {
    let request = request(origin, authorization).map_err(|error| TunnelError::Connection(error.into()))?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(stream).await.map_err(connection_error)?;
    tokio::spawn(async move {
        // The request receives the error too.
        let _reported_to_the_request = connection.with_upgrades().await;
    });
    let response = sender.send_request(request).await.map_err(connection_error)?;
    if !response.status().is_success() {
        return Err(TunnelError::Refused(response.status()));
    }
    hyper::upgrade::on(response).await.map_err(connection_error)
}

fn request(origin: &Uri, authorization: Option<HeaderValue>) -> Result<Request<Empty<Bytes>>, http::Error> {
    let target = format!("{}:{}", origin.host().unwrap_or_default(), origin.port_u16().unwrap_or(443));
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(Uri::builder().authority(target.as_str()).build()?)
        .header(HOST, target.as_str())
        .body(Empty::new())?;
    if let Some(authorization) = authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
    }
    Ok(request)
}

fn connection_error(error: hyper::Error) -> TunnelError {
    if error.is_parse() { TunnelError::NotHttp(error.into()) } else { TunnelError::Connection(error.into()) }
}
