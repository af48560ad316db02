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
use http::Request;
use http::response::Parts;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use super::answer::Limit;
use super::pool::{Lease, Pool, Pools};

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

impl Channel {
    /// Sends a request, which it takes out of where it lies, and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        request: &mut Option<Request<Full<Bytes>>>,
    ) -> Result<(Parts, Unread), ConnectorError> {
        match self {
            Self::Pool { pool, connect_timeout } => {
                let (answer, lease) = pool.send(request, *connect_timeout).await?;
                let (head, body) = answer.into_parts();
                Ok((head, Unread::Pool(body, lease)))
            }
            Self::Given(connector) => {
                let unsent = |error: BoxError| ConnectorError::user(error);
                let request = request.take().ok_or_else(|| unsent("there is no request".into()))?;
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(|never| match never {})?.to_bytes();
                let request = HttpRequest::try_from(Request::from_parts(head, SdkBody::from(body)));
                let answer = connector.call(request.map_err(|error| unsent(error.into()))?).await?;
                let answer = answer.try_into_http1x().map_err(|error| unsent(error.into()))?;
                let (head, body) = answer.into_parts();
                Ok((head, Unread::Given(body)))
            }
        }
    }
}

/// The body of an answer.
pub(super) enum Unread {
    Pool(Incoming, Lease),
    Given(SdkBody),
}

impl Unread {
    /// Reads it, and gives the connection back that it came by.
    pub(super) async fn read(self, limit: Limit) -> Result<(Bytes, Option<Lease>), BoxError> {
        match self {
            Self::Pool(body, lease) => Ok((limit.read(body).await?, Some(lease))),
            Self::Given(body) => Ok((limit.read(body).await?, None)),
        }
    }
}
