//! Where the requests of the store go out: a pool of connections, or what a test puts in the place of the network.

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
use super::answer::{Limit, is_too_large};
use super::failure::Failure;
use super::patience::Patience;
use super::pool::{Lease, Pool, Pools, Unsent};
use super::request::Tally;
use super::retry::Retry;

/// Under which names AWS gives its id of a request.
const REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-amzn-requestid"), HeaderName::from_static("x-amz-request-id")];

/// What leads to endpoints.
#[derive(Debug, Clone)]
pub(super) enum Network {
    Pools {
        pools: Arc<Pools>,
        connect_timeout: Option<Duration>,
    },
    /// Given in its place.
    Given(SharedHttpClient),
}

/// What leads to one endpoint.
#[derive(Debug)]
pub(super) enum Channel {
    Pool { pool: Pool, connect_timeout: Option<Duration> },
    Given(SharedHttpConnector),
}

/// A response, read to its end.
pub(crate) struct Reply {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The connection it came by, where another request may use it.
    pub(super) lease: Option<Lease>,
}

impl Reply {
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
    /// Sends a request, which it takes out of where it lies, and reads the response. A connection that breaks or falls
    /// silent is closed.
    pub(super) async fn exchange(
        &self,
        request: &mut Option<Request<Full<Bytes>>>,
        action: Action,
        patience: Patience,
        tally: &mut Tally<'_>,
    ) -> Result<Reply, Failure> {
        match self {
            Self::Pool { pool, connect_timeout } => {
                over_pool(pool, *connect_timeout, request, action, patience, tally).await
            }
            Self::Given(connector) => {
                let _in_flight = tally.begin(patience.body);
                let exchange = given(connector, request, action);
                match patience.unmetered(exchange).await {
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
    patience: Patience,
    tally: &mut Tally<'_>,
) -> Result<Reply, Failure> {
    loop {
        let mut lease = match patience.until_deadline(pool.connection(connect_timeout)).await {
            Ok(lease) => lease.map_err(|error| Failure::connector(&error))?,
            Err(timed_out) => return Err(Failure::timed_out(timed_out)),
        };
        let meter = Arc::clone(lease.meter());
        let _followed = tally.traffic().map(|traffic| traffic.follow(&meter));
        let in_flight = tally.begin(patience.body);
        let exchange = async {
            let (head, body) = lease.send(request).await.map_err(Broken::from)?.into_parts();
            let received = |bytes| meter.received(bytes);
            read(&head, body, action, received).await.map(|body| (head, body)).map_err(Broken::Failed)
        };
        match patience.wait(&meter, exchange).await {
            Ok(Ok((head, body))) => {
                // What is left of a request that was answered early would be read as a part of the next one.
                let lease = meter.has_sent(patience.body).then_some(lease);
                return Ok(Reply { status: head.status, headers: head.headers, body, lease });
            }
            Ok(Err(Broken::Stale)) => in_flight.cancel(),
            Ok(Err(Broken::Failed(failure))) => {
                if failure.retry.is_some() {
                    lease.distrust();
                }
                return Err(failure);
            }
            Err(timed_out) => {
                lease.distrust();
                return Err(Failure::timed_out(timed_out));
            }
        }
    }
}

/// Why an exchange over a connection came to nothing.
enum Broken {
    /// The peer had closed the idle connection. Nothing was sent.
    Stale,
    Failed(Failure),
}

impl From<Unsent> for Broken {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Stale => Self::Stale,
            Unsent::Failed(error) => Self::Failed(Failure::connector(&error)),
        }
    }
}

async fn given(
    connector: &SharedHttpConnector,
    request: &mut Option<Request<Full<Bytes>>>,
    action: Action,
) -> Result<Reply, Failure> {
    let unsent = |error: BoxError| Failure::connector(&ConnectorError::user(error));
    let request = request.take().ok_or_else(|| unsent("there is no request".into()))?;
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|never| match never {})?.to_bytes();
    let request = HttpRequest::try_from(Request::from_parts(head, SdkBody::from(body)));
    let response = connector.call(request.map_err(|error| unsent(error.into()))?).await;
    let response = response.map_err(|error| Failure::connector(&error))?;
    let (head, body) = response.try_into_http1x().map_err(|error| unsent(error.into()))?.into_parts();
    let body = read(&head, body, action, |_| {}).await?;
    Ok(Reply { status: head.status, headers: head.headers, body, lease: None })
}

/// Reads the body of a response.
async fn read<B>(head: &Parts, body: B, action: Action, received: impl Fn(usize)) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    Limit::of(action, head.status.is_success()).read(body, received).await.map_err(|error| {
        // Another attempt would only bring it again.
        let retry = (!is_too_large(&*error)).then_some(Retry::TRANSIENT);
        Failure {
            http_status: Some(head.status.as_u16()),
            request_id: request_id(&head.headers),
            ..Failure::unreadable(&*error, retry)
        }
    })
}
