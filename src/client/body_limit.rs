//! Limits the size of a response and rejects empty ones where DynamoDB always sends a body. The limit is enforced while
//! reading, so that an endless response cannot exhaust memory.

use std::fmt;

use aws_sdk_dynamodb::error::BoxError;
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;

use super::Action;
use crate::error::chain;

const MB: u64 = 1 << 20;

/// The requirements that the body of a response must meet.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimit {
    bytes: u64,
    must_have_body: bool,
}

impl BodyLimit {
    /// For the response to an operation. The limit is about six times that of the operation, because JSON can escape a
    /// character as six bytes, plus overhead. Only successful responses must have a body.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-api>
    pub(super) fn of(action: Action, is_success: bool) -> Self {
        let bytes = match action {
            // One item: 400 KB. A write may return the item that it replaced, or that did not meet its condition.
            Action::GetItem | Action::PutItem | Action::DeleteItem => 4 * MB,
            // One page: 1 MB of items.
            Action::Scan => 8 * MB,
            // 16 MB of items or of unprocessed writes.
            Action::BatchGetItem | Action::BatchWriteItem => 100 * MB,
            // Metadata only.
            Action::DescribeTable | Action::CreateTable | Action::DescribeTimeToLive | Action::UpdateTimeToLive => MB,
        };
        Self { bytes, must_have_body: is_success }
    }

    /// For responses of credential sources.
    pub(super) fn of_credentials() -> Self {
        Self { bytes: MB, must_have_body: false }
    }

    /// Reads the whole body, or fails as soon as it exceeds the limit. `received` is called with the size of each
    /// chunk.
    pub(super) async fn read<B>(self, mut body: B, received: impl Fn(usize)) -> Result<Bytes, BoxError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BoxError>,
    {
        let announced = body.size_hint().lower();
        self.check(announced)?;
        // Most responses arrive in a single chunk, which is returned without a copy.
        let (mut first, mut all) = (Bytes::new(), BytesMut::new());
        while let Some(frame) = body.frame().await {
            // Ignore trailers.
            let Ok(data) = frame.map_err(Into::into)?.into_data() else { continue };
            received(data.len());
            self.check((first.len() + all.len() + data.len()) as u64)?;
            if first.is_empty() && all.is_empty() {
                first = data;
                continue;
            }
            if all.is_empty() {
                // Safe to reserve: the announced size is within the limit.
                all.reserve(usize::try_from(announced).unwrap_or_default().max(first.len() + data.len()));
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
        let whole = if all.is_empty() { first } else { all.freeze() };
        if whole.is_empty() && self.must_have_body {
            return Err(BodyError::Empty.into());
        }
        Ok(whole)
    }

    fn check(self, bytes: u64) -> Result<(), BodyError> {
        if bytes > self.bytes { Err(BodyError::TooLarge(self.bytes)) } else { Ok(()) }
    }
}

/// Why a response was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyError {
    TooLarge(u64),
    Empty,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => {
                write!(f, "the response is larger than {limit} bytes, the most that this operation can need")
            }
            Self::Empty => f.write_str("the response is empty"),
        }
    }
}

impl std::error::Error for BodyError {}

/// Whether an error, or one of its sources, is a response that was too large. Retrying would yield the same response.
pub(crate) fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|error| matches!(error.downcast_ref(), Some(BodyError::TooLarge(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    const SMALL: BodyLimit = BodyLimit { bytes: 10, must_have_body: true };

    fn read(limit: BodyLimit, parts: &[&'static str]) -> Result<Bytes, BoxError> {
        let parts: Vec<_> = parts.iter().map(|part| Ok::<_, BoxError>(Frame::data(Bytes::from(*part)))).collect();
        limit.read(StreamBody::new(stream::iter(parts)), |_| {}).now_or_never().expect("nothing to wait for")
    }

    #[test]
    fn limits_follow_the_operation() {
        let limit = |action| BodyLimit::of(action, true).bytes;
        assert!(limit(Action::GetItem) > 6 * 409_600 + MB);
        assert!(limit(Action::Scan) >= 6 * MB + MB);
        assert_eq!(limit(Action::BatchGetItem), 100 * MB);
        assert_eq!(limit(Action::PutItem), limit(Action::GetItem));
        assert_eq!(limit(Action::DescribeTable), MB);
        assert_eq!(BodyLimit::of_credentials().bytes, MB);
    }

    #[test]
    fn chunks_are_concatenated() {
        assert_eq!(read(SMALL, &["0123456789"]).expect("fits"), "0123456789");
        assert_eq!(read(SMALL, &["01", "", "234", "56789"]).expect("fits"), "0123456789");
    }

    #[test]
    fn reading_stops_at_the_limit() {
        for parts in [&["0123456789a"][..], &["01234", "56789", "a"], &["01234", "0123456789", "never"]] {
            assert!(is_too_large(&*read(SMALL, parts).expect_err("too large")));
        }
        let announced =
            SMALL.read(Full::new(Bytes::from_static(b"0123456789a")), |_| {}).now_or_never().expect("ready");
        assert!(is_too_large(&*announced.expect_err("too large")));
    }

    #[test]
    fn only_a_success_must_have_a_body() {
        assert_eq!(read(SMALL, &["", ""]).expect_err("empty").to_string(), "the response is empty");
        assert_eq!(read(BodyLimit::of(Action::GetItem, false), &[]).expect("an error may be empty"), "");
    }
}
