//! A tunnel through a proxy, by CONNECT. hyper-util's own does not tell the status of the answer.

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;

use super::connect::{BoxError, Stream};

/// The head of a proxy's answer may be as large as this: hyper's minimum.
const MAX_HEAD: usize = 8192;

/// Why there is no tunnel.
#[derive(Debug)]
pub(super) enum NoTunnel {
    /// The proxy answered with this status.
    Refused(StatusCode),
    /// It answered with something that is no HTTP, or with too much of it.
    NotHttp(BoxError),
    /// The connection to it broke.
    Broken(BoxError),
}

/// Asks the proxy at the other end of a stream to connect it with an origin.
pub(super) async fn open(
    stream: Box<dyn Stream>,
    origin: &Uri,
    authorization: Option<HeaderValue>,
) -> Result<Upgraded, NoTunnel> {
    let request = request(origin, authorization).map_err(|error| NoTunnel::Broken(error.into()))?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(stream).await.map_err(broken)?;
    tokio::spawn(async move {
        // The request is told of its failure, too.
        let _told_to_the_request = connection.with_upgrades().await;
    });
    let answer = sender.send_request(request).await.map_err(broken)?;
    if !answer.status().is_success() {
        return Err(NoTunnel::Refused(answer.status()));
    }
    hyper::upgrade::on(answer).await.map_err(broken)
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

fn broken(error: hyper::Error) -> NoTunnel {
    if error.is_parse() { NoTunnel::NotHttp(error.into()) } else { NoTunnel::Broken(error.into()) }
}
