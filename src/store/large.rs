//! Values that do not fit one item. The chunks are written before the manifest that names them, and removed after it.
//!
//! A manifest is sent once. Sent again, it could restore an item whose chunks another writer has removed since. If there
//! is no response, the item shows whether the manifest was stored; otherwise the value is written again under a new id.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::batch_write::{Done, Write};
use super::call::Call;
use super::compression::Decoded;
use super::read::{Found, Projection, StoredRow};
use super::request::FailedRequest;
use crate::client::{Action, Repeat};
use crate::compression::{Encoding, Flaw};
use crate::condition::Conditions;
use crate::error::{Error, ErrorKind};
use crate::item::{Attributes, Content, MAX_ITEM_BYTES};
use crate::json::{self, GetItemOutput, Item, PutItemInput};
use crate::key::Key;
use crate::large::{CHUNK_BYTES, ChunksId, EXTRA_LIFETIME, Manifest, content};
use crate::options::{LargeValues, Options};
use crate::value;

/// Chunks of one value in flight. More would not be faster on a normal connection, and each takes memory.
const CONCURRENT_CHUNKS: usize = 4;

/// The maximum size of numbers that [`Attributes::size`] does not count.
const NUMBER_BYTES: usize = 2 * 21;

impl Call {
    /// Whether the content is to be stored in chunks.
    pub(super) fn needs_chunks(&self, key: &Key, content: &Content) -> bool {
        let Options { attributes, large_values, .. } = &self.session.options;
        large_values.is_some_and(|LargeValues { item_bytes, .. }| {
            let size = attributes.size(key, content);
            // An item of another type that may fit must be sent as one.
            size > item_bytes || (self::content(&content.value).is_some() && size + NUMBER_BYTES > item_bytes)
        })
    }

    /// Checks that the content can be stored in chunks.
    pub(super) fn check_chunks(&self, key: &Key, stored: &Content) -> Result<(), Error> {
        let too_large = |reason: String| Err(self.fail(Error::new(ErrorKind::ItemTooLarge, reason)));
        let checked = match self.session.options.large_values {
            _ if content(&stored.value).is_none() => too_large(format!(
                "the item is over DynamoDB's limit of {MAX_ITEM_BYTES} bytes, and only text and bytes can be stored in \
                 several items"
            )),
            Some(LargeValues { max_size, .. }) if stored.original_size() > max_size => too_large(format!(
                "the value is {} bytes; the option `largeValues.maxSize` allows {max_size}",
                stored.original_size()
            )),
            _ if longest_chunk_key(key).is_some() => Ok(()),
            _ => {
                let reason = "the key is too long for a value that is stored in several items: their keys are longer \
                              by up to 37 bytes";
                Err(self.fail(Error::new(ErrorKind::InvalidKey, reason)))
            }
        };
        checked.map_err(|error| error.with_key(key.as_str()))
    }

    /// Writes a value in chunks if the conditions are met.
    pub(super) async fn put_large(
        &self,
        key: &Key,
        content: &Content,
        conditions: Option<&Conditions>,
    ) -> Result<(), Error> {
        let named = |error: Error| error.with_key(key.as_str());
        let mut unanswered = Vec::new();
        loop {
            let manifest = self.manifest_for(key, content).map_err(named)?;
            let done = Done::none_of(manifest.chunks);
            let written = self.put_chunks(key, content, &manifest, &done).await;
            let sent = match written {
                Ok(()) => self.put_manifest(key, content, &manifest, conditions).await,
                Err(error) => Err(error.into()),
            };
            let failed = match sent {
                Ok(replaced) => {
                    self.remove_replaced(key, replaced).await;
                    break;
                }
                Err(failed) => failed,
            };
            if failed.may_have_run {
                unanswered.push(manifest.id);
                // The error of the write is more useful than that of this read.
                let Ok(row) = self.fetch(key, true, Projection::Value).await else { return Err(named(failed.error)) };
                if row.and_then(StoredRow::manifest).is_some_and(|stored| unanswered.contains(&stored.id)) {
                    break;
                }
                if unanswered.len() >= self.session.options.limits.max_attempts as usize || self.is_over() {
                    return Err(named(failed.error));
                }
                continue;
            }
            // DynamoDB certainly did not store this manifest.
            if done.count() > 0 {
                self.remove_chunks(key, &manifest).await;
            }
            let stored = failed.unmet.as_deref().and_then(|unmet| self.unmet_manifest(unmet));
            if stored.is_some_and(|stored| unanswered.contains(&stored.id)) {
                break;
            }
            let failed = FailedRequest { may_have_run: !unanswered.is_empty(), ..failed };
            self.settled(failed, content.etag.as_deref()).map_err(named)?;
            break;
        }
        self.counters().written(1);
        self.progress();
        Ok(())
    }

    fn manifest_for(&self, key: &Key, content: &Content) -> Result<Manifest, Error> {
        let internal = |reason| self.fail(Error::new(ErrorKind::Internal, reason));
        let id = ChunksId::new(self.session.clock.now())
            .ok_or_else(|| internal("the operating system returned no random bytes"))?;
        let chunk_bytes = chunk_bytes(&self.session.options, key, content);
        Manifest::new(id, &content.value, content.encoding, content.original_size(), chunk_bytes)
            .ok_or_else(|| internal("only text and bytes can be split"))
    }

    async fn put_chunks(&self, key: &Key, content: &Content, manifest: &Manifest, done: &Done) -> Result<(), Error> {
        let puts: Vec<_> = manifest.keys(key).unwrap_or_default().into_iter().enumerate().collect();
        let puts = puts.into_iter().map(|(number, chunk)| self.put_chunk(chunk, content, manifest, number, done));
        stream::iter(puts).buffer_unordered(CONCURRENT_CHUNKS).try_collect::<()>().await
    }

    async fn put_chunk(
        &self,
        chunk: Key,
        content: &Content,
        manifest: &Manifest,
        number: usize,
        done: &Done,
    ) -> Result<(), Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let body = || {
            let part = manifest.part(&content.value, number).to_vec();
            let content = chunk_content(content, AttributeValue::B(part.into()));
            self.body_of(&PutItemInput::new(table, attributes, &chunk, &content), Some(&content.value))
        };
        self.request(Action::PutItem, body, json::acknowledged).await?;
        done.set(number);
        self.counters().written(1);
        self.progress();
        Ok(())
    }

    /// Replaces the item by one with a manifest. Returns the manifest that was replaced.
    async fn put_manifest(
        &self,
        key: &Key,
        content: &Content,
        manifest: &Manifest,
        conditions: Option<&Conditions>,
    ) -> Result<Option<Box<Manifest>>, FailedRequest> {
        let value = manifest.to_value().map_err(|_| Error::new(ErrorKind::Internal, "a manifest without JSON"))?;
        let item = Content { value, encoding: Some(Encoding::Manifest), ..content.without_value() };
        let once = Repeat::Never { after: manifest.id.usable_until() };
        self.put_item(key, Box::new(item), conditions, once).await
    }

    fn unmet_manifest(&self, response: &Bytes) -> Option<Manifest> {
        let output: GetItemOutput<'_> = json::read(response).ok()?;
        StoredRow::take(&mut output.item?, &self.session.options.attributes).manifest()
    }

    /// Removes the chunks of a value that was replaced or removed. The write has succeeded, so a failure is ignored: the
    /// chunks expire, or `sweep` removes them.
    pub(super) async fn remove_replaced(&self, key: &Key, replaced: Option<Box<Manifest>>) {
        if let Some(manifest) = replaced {
            self.remove_chunks(key, &manifest).await;
        }
    }

    fn remove_chunks(&self, key: &Key, manifest: &Manifest) -> BoxFuture<'_, ()> {
        let keys = manifest.keys(key).unwrap_or_default().into_iter().enumerate();
        let deletes: Vec<_> = keys.map(|(index, key)| Write { key, content: None, index }).collect();
        async move {
            let done = Done::none_of(deletes.len());
            let _ignored = self.write_all(deletes, &done).await;
        }
        .boxed()
    }

    /// Returns the value whose manifest was read, or the one that has replaced it since.
    pub(super) fn whole<'a>(
        self: &'a Arc<Self>,
        key: &'a Key,
        value: AttributeValue,
        mut last_second: Option<f64>,
    ) -> BoxFuture<'a, Result<Option<Found>, Error>> {
        async move {
            let mut manifest = Manifest::parse(&value).map_err(|flaw| self.unreadable(key, flaw))?;
            loop {
                if let Some(bytes) = self.read_chunks(key, &manifest).await? {
                    let restored = self.compute(manifest.bytes(), move || manifest.restore(bytes)).await?;
                    let found = restored.map(|value| Some(Found { value, last_second }));
                    return found.map_err(|flaw| self.unreadable(key, flaw));
                }
                let row = self.fetch(key, true, Projection::Value).await?;
                let Some(stored) = self.alive(row) else { return Ok(None) };
                if stored.encoding.as_ref().and_then(Encoding::of) != Some(Encoding::Manifest) {
                    return match self.decoded(key, stored) {
                        Decoded::Value(found) => Ok(Some(found)),
                        Decoded::Later(found) => found.await,
                    };
                }
                let replacement = Manifest::parse(&stored.value).map_err(|flaw| self.unreadable(key, flaw))?;
                if replacement.id == manifest.id {
                    return Err(self.unreadable(key, Flaw::MissingChunk));
                }
                (manifest, last_second) = (replacement, stored.last_second);
            }
        }
        .boxed()
    }

    /// Reads the chunks, or returns `None` if one is missing.
    async fn read_chunks(self: &Arc<Self>, key: &Key, manifest: &Manifest) -> Result<Option<Vec<u8>>, Error> {
        let Some(keys) = manifest.keys(key) else { return Err(self.unreadable(key, Flaw::Damaged)) };
        let mut bytes = Vec::with_capacity(manifest.bytes());
        let reads = keys.into_iter().map(|chunk| self.read_chunk(chunk));
        let mut parts = stream::iter(reads).buffered(CONCURRENT_CHUNKS);
        while let Some(part) = parts.next().await {
            let Some(part) = part.map_err(|error| error.with_key(key.as_str()))? else { return Ok(None) };
            if bytes.len() + part.len() > manifest.bytes() {
                return Err(self.unreadable(key, Flaw::Damaged));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Some(bytes))
    }

    async fn read_chunk(self: &Arc<Self>, chunk: Key) -> Result<Option<Vec<u8>>, Error> {
        // A chunk never changes, so only a missing one has to be read consistently.
        let row = match self.row(&chunk, false, Projection::Value).await? {
            Some(row) => Some(row),
            None => self.fetch(&chunk, true, Projection::Value).await?,
        };
        Ok(row.and_then(StoredRow::into_chunk))
    }
}

/// The item of a chunk of this content.
fn chunk_content(content: &Content, value: AttributeValue) -> Content {
    let expires_at = content.expires_at.map(|second| second.saturating_add(EXTRA_LIFETIME));
    Content { value, expires_at, encoding: Some(Encoding::Chunk), etag: None, ..content.without_value() }
}

/// The longest key of a chunk, or `None` if it is too long.
fn longest_chunk_key(key: &Key) -> Option<Key> {
    key.chunk(ChunksId::longest().as_str(), Manifest::MAX_CHUNKS)
}

/// The size of chunks, the last one excepted. Smaller than usual only if attributes have very long names.
fn chunk_bytes(Options { attributes, large_values, .. }: &Options, key: &Key, content: &Content) -> usize {
    let item_bytes = large_values.map_or(MAX_ITEM_BYTES, |large_values| large_values.item_bytes);
    let empty = chunk_content(content, AttributeValue::B(Vec::new().into()));
    let overhead = attributes.size(longest_chunk_key(key).as_ref().unwrap_or(key), &empty) + NUMBER_BYTES;
    CHUNK_BYTES.min(item_bytes.saturating_sub(overhead)).max(1)
}

/// The manifest in the item that a write replaced.
pub(super) fn replaced(item: Option<Item<'_>>, attributes: &Attributes) -> Option<Box<Manifest>> {
    item.and_then(|mut item| StoredRow::take(&mut item, attributes).manifest()).map(Box::new)
}

impl StoredRow {
    /// The manifest of a large value, if the row contains a valid one.
    pub(super) fn manifest(self) -> Option<Manifest> {
        let (value, encoding) = self.into_parts();
        let is_manifest = encoding.as_ref().and_then(Encoding::of) == Some(Encoding::Manifest);
        value.filter(|_| is_manifest).and_then(|value| Manifest::parse(&value).ok())
    }

    /// The bytes of a chunk.
    fn into_chunk(self) -> Option<Vec<u8>> {
        match self.into_parts() {
            (Some(AttributeValue::B(bytes)), Some(encoding)) if Encoding::of(&encoding) == Some(Encoding::Chunk) => {
                Some(bytes.into_inner())
            }
            _ => None,
        }
    }
}

/// The size of a large value before compression, from its manifest.
pub(super) fn original_size(value: &AttributeValue) -> Result<usize, Flaw> {
    Manifest::parse(value).map(|manifest| manifest.size)
}

impl Content {
    /// The size of the value before compression.
    fn original_size(&self) -> usize {
        self.uncompressed_size.unwrap_or_else(|| value::size(&self.value))
    }
}
