//! What an answer may be: not larger than the operation can need, and not empty where DynamoDB always says something.
//! Checked while the answer is read, so that an endpoint that never ends costs no memory.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

const MB: u64 = 1 << 20;

/// The header that names a DynamoDB operation.
pub(super) const TARGET: &str = "x-amz-target";

/// The most bytes of an answer: six times the operation's own limit, as JSON may write a character in six bytes, and
/// room for the rest.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-api>
fn limit(action: &str) -> u64 {
    match action {
        // One item: 400 KB.
        "GetItem" => 4 * MB,
        // One page: 1 MB of items.
        "Scan" => 8 * MB,
        // 16 MB of items, or of writes that were left over.
        "BatchGetItem" | "BatchWriteItem" => 100 * MB,
        // Names and states only; also what sources of credentials say.
        _ => MB,
    }
}

/// What the answer to a request is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    bytes: u64,
    must_say_something: bool,
}

impl Limit {
    /// By the request's operation; requests for credentials have none.
    pub(super) fn of(target: Option<&str>) -> Self {
        let action =
            target.and_then(|target| target.strip_prefix("DynamoDB_")).and_then(|target| target.split('.').nth(1));
        Self { bytes: limit(action.unwrap_or_default()), must_say_something: action.is_some() }
    }

    /// Holds the answer to it, while it is read.
    pub(super) fn check(self, answer: HttpResponse) -> HttpResponse {
        let must_say_something = self.must_say_something && answer.status().is_success();
        answer.map(|body| {
            SdkBody::from_body_1_x(Checked { body, limit: self.bytes, left: self.bytes, must_say_something })
        })
    }
}

struct Checked {
    body: SdkBody,
    limit: u64,
    left: u64,
    /// While nothing came.
    must_say_something: bool,
}

impl Body for Checked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let known = self.body.content_length().unwrap_or(0);
        if known > self.left {
            return Poll::Ready(Some(Err(self.refuse())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context)?);
        let Some(frame) = frame else {
            if std::mem::take(&mut self.must_say_something) {
                return Poll::Ready(Some(Err(Unfit::Empty.into())));
            }
            return Poll::Ready(None);
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        if bytes > self.left {
            return Poll::Ready(Some(Err(self.refuse())));
        }
        self.left -= bytes;
        self.must_say_something &= bytes == 0;
        Poll::Ready(Some(Ok(frame)))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Checked {
    /// Ends the reading: the connection is given up with the body.
    fn refuse(&mut self) -> BoxError {
        self.body = SdkBody::empty();
        self.must_say_something = false;
        Unfit::TooLarge(self.limit).into()
    }
}

/// Why an answer cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    TooLarge(u64),
    Empty,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => {
                write!(f, "the answer is larger than {limit} bytes, the most that this operation can need")
            }
            Self::Empty => f.write_str("the answer is empty"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Whether an error, or one below it, is an answer that was too large: another attempt would only bring it again.
pub(crate) fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .any(|error| matches!(error.downcast_ref(), Some(Unfit::TooLarge(_))))
}

/// The client's retry classifier for it. (The SDK takes every answer that cannot be read for a passing fault.)
#[derive(Debug)]
pub(super) struct NotAgain;

impl ClassifyRetry for NotAgain {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if is_too_large(error) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "TooLargeAnswer"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_operation() {
        assert!(limit("GetItem") > 6 * 409_600 + MB);
        assert!(limit("Scan") >= 6 * MB + MB);
        assert_eq!(limit("BatchGetItem"), 100 * MB);
        assert_eq!(limit("PutItem"), MB);
        assert_eq!(limit(""), MB);
    }
}
