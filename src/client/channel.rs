//! Sends requests over a connection pool or, in tests, over a custom HTTP client.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderName, Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};

use super::Action;
use super::body_limit::{BodyLimit, is_too_large};
use super::failure::Failure;
use super::pool::{Lease, Pool, Pools, SendError};
use super::request::SendCounter;
use super::retry::Retry;
use super::timeouts::Timeouts;

/// The headers in which AWS returns the request ID.
const REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-amzn-requestid"), HeaderName::from_static("x-amz-request-id")];

/// How endpoints are reached.
#[derive(Debug, Clone)]
pub(super) enum Transport {
    Pools {
        pools: Arc<Pools>,
        connect_timeout: Option<Duration>,
    },
    /// An HTTP client supplied by a test.
    Custom(SharedHttpClient),
}

/// How one endpoint is reached.
#[derive(Debug)]
pub(super) enum Channel {
    Pool { pool: Pool, connect_timeout: Option<Duration> },
    Custom(SharedHttpConnector),
}

/// A complete response.
pub(crate) struct Response {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The connection, if it can be reused.
    pub(super) lease: Option<Lease>,
}

impl Response {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        request_id(&self.headers)
    }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| headers.get(name));
    id.and_then(|id| id.to_str().ok()).map(ToOwned::to_owned)
}

impl Channel {
    /// Sends the request and reads the response. Takes the request out of the `Option`. Closes a connection that fails
    /// or stalls.
    pub(super) async fn exchange(
        &self,
        request: &mut Option<Request<Full<Bytes>>>,
        action: Action,
        timeouts: Timeouts,
        counter: &mut SendCounter<'_>,
    ) -> Result<Response, Failure> {
        match self {
            Self::Pool { pool, connect_timeout } => {
                over_pool(pool, *connect_timeout, request, action, timeouts, counter).await
            }
            Self::Custom(connector) => {
                let _in_flight = counter.begin(timeouts.body);
                let exchange = over_custom(connector, request, action);
                match timeouts.unmetered(exchange).await {
                    Ok(done) => done,
                    Err(timed_out) => Err(Failure::timed_out(timed_out)),
                }
            }
        }
    }
}

async fn over_pool(
    pool: &Pool,
    connect_timeout: Option<Duration>,
    request: &mut Option<Request<Full<Bytes>>>,
    action: Action,
    timeouts: Timeouts,
    counter: &mut SendCounter<'_>,
) -> Result<Response, Failure> {
    loop {
        let mut lease = match timeouts.until_deadline(pool.connection(connect_timeout)).await {
            Ok(lease) => lease.map_err(|error| Failure::connector(&error))?,
            Err(timed_out) => return Err(Failure::timed_out(timed_out)),
        };
        let meter = Arc::clone(lease.meter());
        let _followed = counter.traffic().map(|traffic| traffic.follow(&meter));
        let in_flight = counter.begin(timeouts.body);
        let exchange = async {
            let (head, body) = lease.send(request).await.map_err(ExchangeError::from)?.into_parts();
            let received = |bytes| meter.received(bytes);
            read(&head, body, action, received).await.map(|body| (head, body)).map_err(ExchangeError::Failed)
        };
        match timeouts.wait(&meter, exchange).await {
            Ok(Ok((head, body))) => {
                // If DynamoDB responded before the whole request was sent, the unsent part would be read as the next
                // request.
                let lease = meter.has_sent(timeouts.body).then_some(lease);
                return Ok(Response { status: head.status, headers: head.headers, body, lease });
            }
            Ok(Err(ExchangeError::Stale)) => in_flight.cancel(),
            Ok(Err(ExchangeError::Failed(failure))) => {
                if failure.retry.is_some() {
                    lease.discard();
                }
                return Err(failure);
            }
            Err(timed_out) => {
                lease.discard();
                return Err(Failure::timed_out(timed_out));
            }
        }
    }
}

/// Why an exchange over a connection failed.
enum ExchangeError {
    /// The peer had closed the idle connection. Nothing was sent.
    Stale,
    Failed(Failure),
}

impl From<SendError> for ExchangeError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Stale => Self::Stale,
            SendError::Failed(error) => Self::Failed(Failure::connector(&error)),
        }
    }
}

async fn over_custom(
    connector: &SharedHttpConnector,
    request: &mut Option<Request<Full<Bytes>>>,
    action: Action,
) -> Result<Response, Failure> {
    let user_error = |error: BoxError| Failure::connector(&ConnectorError::user(error));
    let request = request.take().ok_or_else(|| user_error("there is no request".into()))?;
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|never| match never {})?.to_bytes();
    let request = HttpRequest::try_from(Request::from_parts(head, SdkBody::from(body)));
    let response = connector.call(request.map_err(|error| user_error(error.into()))?).await;
    let response = response.map_err(|error| Failure::connector(&error))?;
    let (head, body) = response.try_into_http1x().map_err(|error| user_error(error.into()))?.into_parts();
    let body = read(&head, body, action, |_| {}).await?;
    Ok(Response { status: head.status, headers: head.headers, body, lease: None })
}

/// Reads the body of a response.
async fn read<B>(head: &Parts, body: B, action: Action, received: impl Fn(usize)) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    BodyLimit::of(action, head.status.is_success()).read(body, received).await.map_err(|error| {
        // A retry would return the same body.
        let retry = (!is_too_large(&*error)).then_some(Retry::TRANSIENT);
        Failure {
            http_status: Some(head.status.as_u16()),
            request_id: request_id(&head.headers),
            ..Failure::unreadable(&*error, retry)
        }
    })
}
