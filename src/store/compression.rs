//! Compresses values before they are written, and decodes the values that were read. Large values are in `large.rs`.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use tokio::sync::Semaphore;

use super::call::Call;
use super::large::original_size;
use super::read::{Found, StoredValue};
use crate::compression::{Compressed, Encoding, Flaw, compress, is_compressible};
use crate::error::{Error, ErrorKind};
use crate::item::{Content, MAX_ITEM_BYTES};
use crate::key::Key;
use crate::options::{Compression, Options};
use crate::value;

/// The largest value that is compressed or decompressed on the worker, which also serves all other calls. It takes less
/// than a millisecond.
const INLINE_BYTES: usize = 64 << 10;

/// Limits how many threads compress or decompress larger values. They are blocking threads of the runtime, which also
/// resolve host names.
static THREADS: Semaphore = Semaphore::const_new(2);

/// A value, or the work that yields it.
pub(super) enum Decoded<'a> {
    Value(Found),
    /// `None` if a large value was removed while it was read.
    Later(BoxFuture<'a, Result<Option<Found>, Error>>),
}

impl Call {
    /// Whether to try to compress the content.
    pub(super) fn may_compress(&self, content: &Content) -> bool {
        self.session.options.compression == Compression::Gzip && is_compressible(&content.value)
    }

    /// Returns the content to store: compressed if that saves a write unit.
    pub(super) async fn compressed(&self, key: &Key, mut content: Content) -> Result<Content, Error> {
        let Options { attributes, large_values, .. } = &self.session.options;
        let most = if large_values.is_some() { usize::MAX } else { MAX_ITEM_BYTES };
        if let Some(limit) = attributes.worthwhile_bytes(key, &content, most) {
            let size = value::size(&content.value);
            let work = move || match compress(&content.value, limit) {
                Some((value, encoding)) => {
                    Content { value, encoding: Some(encoding), uncompressed_size: Some(size), ..content }
                }
                None => content,
            };
            content = self.compute(size, work).await?;
        }
        self.check_size(key, &content)?;
        Ok(content)
    }

    /// Returns the value of a row, immediately if it is not compressed. Most values are not, and the futures of waiting
    /// calls should stay small.
    pub(super) fn decoded<'a>(self: &'a Arc<Self>, key: &'a Key, stored: StoredValue) -> Decoded<'a> {
        let StoredValue { value, encoding, last_second } = stored;
        match encoding {
            None => Decoded::Value(Found { value, last_second }),
            Some(encoding) if is_manifest(&encoding) => Decoded::Later(self.whole(key, value, last_second)),
            Some(encoding) => {
                let value = self.decompressed(key, value, encoding);
                Decoded::Later(value.map_ok(move |value| Some(Found { value, last_second })).boxed())
            }
        }
    }

    async fn decompressed(
        &self,
        key: &Key,
        value: AttributeValue,
        encoding: AttributeValue,
    ) -> Result<AttributeValue, Error> {
        let unreadable = |flaw| self.unreadable(key, flaw);
        let compressed = Compressed::new(value, &encoding).map_err(unreadable)?;
        let size = compressed.original_size();
        self.compute(size, move || compressed.decompress()).await?.map_err(unreadable)
    }

    /// Returns the size of a row's value before compression, which the gzip trailer contains.
    pub(super) fn decoded_size(&self, key: &Key, stored: StoredValue) -> Result<usize, Error> {
        let StoredValue { value: stored, encoding, .. } = stored;
        match encoding {
            None => Ok(value::size(&stored)),
            Some(encoding) if is_manifest(&encoding) => {
                original_size(&stored).map_err(|flaw| self.unreadable(key, flaw))
            }
            Some(encoding) => Compressed::new(stored, &encoding)
                .map(|compressed| compressed.original_size())
                .map_err(|flaw| self.unreadable(key, flaw)),
        }
    }

    /// The error for a row that cannot be decoded.
    pub(super) fn unreadable(&self, key: &Key, flaw: Flaw) -> Error {
        let advice = match flaw {
            Flaw::UnknownEncoding | Flaw::NotBinary => {
                "; a later version may know it, and if other code uses the attribute, set `attributes.encoding` to \
                 another name"
            }
            Flaw::TooLarge | Flaw::Damaged | Flaw::MissingChunk | Flaw::NotText => {
                "; write or remove the item to replace it"
            }
        };
        self.fail(Error::new(ErrorKind::Format, format!("{flaw}{advice}"))).with_key(key.as_str())
    }

    /// Runs work on a value of this size, within the deadline of the call.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        size: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let done = run(size, work);
        let done = self.wait("a thread to compress or decompress on", self.deadline(), done).await?;
        done.ok_or_else(|| self.fail(Error::closed()))
    }
}

fn is_manifest(encoding: &AttributeValue) -> bool {
    Encoding::of(encoding) == Some(Encoding::Manifest)
}

/// Runs work on a value of this size, on this thread if it is short. Returns `None` if the runtime is shutting down.
async fn run<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    if size <= INLINE_BYTES {
        return Some(work());
    }
    // The semaphore is never closed. The work holds the permit, because it continues if the call is dropped.
    let permit = THREADS.acquire().await.ok()?;
    let work = move || {
        let _permit = permit;
        work()
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Some(result),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [ZIP-8]
    #[tokio::test]
    async fn only_small_values_occupy_the_worker() {
        let here = std::thread::current().id();
        assert_eq!(run(INLINE_BYTES, || std::thread::current().id()).await, Some(here));
        let elsewhere = run(INLINE_BYTES + 1, || std::thread::current().id()).await;
        assert!(elsewhere.is_some_and(|thread| thread != here));
    }
}
