//! `setItems`, and the deletes of `clear`: BatchWriteItem with up to 25 items, or single writes if the role has no
//! permission for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use super::Store;
use super::batch_get::{left_over, partition_key};
use super::call::Call;
use super::put::WriteOptions;
use crate::batch::{Backoff, MAX_WRITES, MAX_WRITTEN_BYTES};
use crate::client::Action;
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::item::Content;
use crate::json::{self, BatchWriteItemInput, BatchWriteItemOutput};
use crate::key::Key;
use crate::options::Options;
use crate::value::Given;

/// Batches in flight per call: 100 writes, which leaves the remaining connections to other requests.
const CONCURRENT_BATCHES: usize = 4;

/// Single writes in flight if batches are not allowed.
const CONCURRENT_WRITES: usize = 32;

/// An item to store.
pub struct NewItem {
    /// The key.
    pub key: Input,
    /// The value.
    pub value: Given,
    /// The options. Its time to live overrides the common one and the store's default. Conditions are rejected.
    pub options: WriteOptions,
}

/// A write: the content to put, or `None` to delete the item.
#[derive(Clone)]
pub(super) struct Write {
    pub(super) key: Key,
    pub(super) content: Option<Content>,
    /// Its index among the writes of the call.
    pub(super) index: usize,
}

/// The completed writes of a call. Separate from the writes, because the call may be dropped before it completes.
pub(super) struct Done(Vec<AtomicBool>);

impl Done {
    pub(super) fn none_of(writes: usize) -> Self {
        Self((0..writes).map(|_| AtomicBool::new(false)).collect())
    }

    fn add(&self, write: &Write) {
        self.set(write.index);
    }

    pub(super) fn set(&self, index: usize) {
        if let Some(done) = self.0.get(index) {
            done.store(true, Ordering::Relaxed);
        }
    }

    fn has(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|done| done.load(Ordering::Relaxed))
    }

    /// The number of completed writes.
    pub(super) fn count(&self) -> usize {
        self.0.iter().filter(|done| done.load(Ordering::Relaxed)).count()
    }
}

impl Store {
    /// Stores items. The last write of a repeated key wins. The time to live in `common` applies to items without their
    /// own.
    ///
    /// # Errors
    /// Fails on an invalid key, value or time to live, before anything is written, or on a failed request. The error
    /// then lists the keys that are not known to be written.
    pub async fn put_many(&self, items: Vec<NewItem>, common: impl Into<WriteOptions>) -> Result<(), Error> {
        let call = self.begin(Operation::SetItems)?;
        let writes = call.new_writes(items, &common.into())?;
        let keys: Vec<Key> = writes.iter().map(|write| write.key.clone()).collect();
        let done = Done::none_of(keys.len());
        let written = call.watch(async {
            let _turn = call.turn(keys.iter()).await?;
            let writes = call.compressed_writes(writes).await?;
            let is_large =
                |write: &Write| write.content.as_ref().is_some_and(|content| call.needs_chunks(&write.key, content));
            let (large, small): (Vec<_>, Vec<_>) = writes.into_iter().partition(is_large);
            call.write_all(small, &done).await?;
            for write in large {
                call.write_one(write, &done).await?;
            }
            Ok(())
        });
        if let Err(error) = written.await {
            let left = keys.into_iter().enumerate().filter(|(index, _)| !done.has(*index));
            let left: Vec<String> = left.map(|(_, key)| key.into_string()).collect();
            let note = format!("; {} items are not known to be written, see `keys`", left.len());
            return Err(error.adding(&note).with_keys(left));
        }
        call.succeed();
        Ok(())
    }
}

impl Call {
    /// Returns the writes, one per key. An error lists every key, because none is written.
    fn new_writes(&self, items: Vec<NewItem>, common: &WriteOptions) -> Result<Vec<Write>, Error> {
        let text = |item: &NewItem| item.key.as_text().map(ToOwned::to_owned);
        self.unconditional(common)
            .and_then(|()| self.ttl(&common.ttl))
            .map_err(|refused| refused.with_keys(items.iter().filter_map(text).collect()))?;
        let mut writes: Vec<Write> = Vec::with_capacity(items.len());
        let mut positions: HashMap<Key, usize> = HashMap::with_capacity(items.len());
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            let (key, content) = self.new_write(item, &common.ttl).map_err(|refused| {
                let before = writes.drain(..).map(|write| write.key.into_string());
                let after = items.by_ref().filter_map(|item| text(&item));
                let keys = before.chain(refused.key().map(ToOwned::to_owned)).chain(after).collect();
                refused.with_keys(keys)
            })?;
            if let Some(earlier) = positions.get(&key).and_then(|position| writes.get_mut(*position)) {
                earlier.content = Some(content);
            } else {
                let index = writes.len();
                positions.insert(key.clone(), index);
                writes.push(Write { key, content: Some(content), index });
            }
        }
        Ok(writes)
    }

    /// Rejects conditions, which DynamoDB does not support in batches.
    fn unconditional(&self, options: &WriteOptions) -> Result<(), Error> {
        if options.conditions.are_absent() {
            return Ok(());
        }
        let allowed = "absent: a batch cannot have conditions; call setItem for each item";
        Err(self.argument("ifMatch` and `ifNoneMatch", allowed, "given"))
    }

    fn new_write(&self, NewItem { key, value, options }: NewItem, common_ttl: &Input) -> Result<(Key, Content), Error> {
        let key = self.key(key)?;
        self.unconditional(&options).map_err(|error| error.with_key(key.as_str()))?;
        let ttl = if options.ttl == Input::Absent { common_ttl } else { &options.ttl };
        let ttl = self.ttl(ttl).map_err(|error| error.with_key(key.as_str()))?;
        let content = self.checked(&key, value, ttl)?;
        Ok((key, content))
    }

    /// Compresses the values before the first request, so that an item that is too large rejects the whole call.
    async fn compressed_writes(&self, mut writes: Vec<Write>) -> Result<Vec<Write>, Error> {
        for write in &mut writes {
            if let Some(content) = write.content.take_if(|content| self.may_compress(content)) {
                write.content = Some(self.compressed(&write.key, content).await?);
                self.progress();
                // Compressing many small values takes as long as compressing a large one.
                tokio::task::yield_now().await;
            }
        }
        Ok(writes)
    }

    /// Performs writes with distinct keys. After a failure that does not concern a single item, no further write
    /// starts, and those in flight are awaited. Returns the first failure.
    pub(super) async fn write_all(&self, writes: Vec<Write>, done: &Done) -> Result<(), Error> {
        // A single write costs the same without a batch and needs a permission that every role has.
        if writes.len() == 1 || !self.session.batch_write.allowed() {
            return self.write_each(writes, done).await;
        }
        run(self.chunks(writes), CONCURRENT_BATCHES, |chunk| self.write_chunk(chunk, done)).await
    }

    /// Splits writes into batches that respect DynamoDB's maximum number and our maximum size.
    fn chunks(&self, writes: Vec<Write>) -> Vec<Vec<Write>> {
        let attributes = &self.session.options.attributes;
        let mut chunks: Vec<Vec<Write>> = Vec::new();
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        for write in writes {
            let size = write.content.as_ref().map_or(0, |content| attributes.size(&write.key, content));
            if chunk.len() == MAX_WRITES || (!chunk.is_empty() && bytes + size > MAX_WRITTEN_BYTES) {
                chunks.push(std::mem::take(&mut chunk));
                bytes = 0;
            }
            bytes += size;
            chunk.push(write);
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }

    async fn write_each(&self, writes: Vec<Write>, done: &Done) -> Result<(), Error> {
        run(writes, CONCURRENT_WRITES, |write| self.write_one(write, done)).await
    }

    async fn write_one(&self, mut write: Write, done: &Done) -> Result<(), Error> {
        match write.content.take() {
            Some(content) if self.needs_chunks(&write.key, &content) => {
                Box::pin(self.put_large(&write.key, &content, None)).await?;
            }
            Some(content) => self.put(&write.key, Box::new(content), None).await.map(drop)?,
            None => self.delete(&write.key, None).await?,
        }
        done.add(&write);
        Ok(())
    }

    /// Sends writes in one request and repeats the unprocessed ones until none is left.
    async fn write_chunk(&self, chunk: Vec<Write>, done: &Done) -> Result<(), Error> {
        let mut left = chunk;
        let of = left.len();
        let mut backoff = Backoff::default();
        loop {
            // Another batch may have been denied in the meantime.
            if !self.session.batch_write.allowed() {
                return self.write_each(left, done).await;
            }
            match self.send_batch(&left).await {
                Ok(unprocessed) => {
                    let sent = left.len();
                    left.retain(|write| {
                        let is_left = unprocessed.contains(&write.key);
                        if !is_left {
                            done.add(write);
                        }
                        is_left
                    });
                    self.counters().written(sent - left.len());
                    if left.len() < sent {
                        self.progress();
                    }
                }
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    self.session.batch_write.deny("BatchWriteItem");
                    continue;
                }
                // If DynamoDB rejects one item, it rejects the whole batch. Sent singly, the others are stored.
                Err(error) if is_of_the_item(&error) => {
                    return Box::pin(self.write_each(left, done)).await;
                }
                Err(error) => return Err(error),
            }
            if left.is_empty() {
                return Ok(());
            }
            self.throttled(left_over(left.len(), of, "written"));
            backoff.wait(left.len()).await;
        }
    }

    /// Sends one BatchWriteItem. Returns the unprocessed keys.
    async fn send_batch(&self, writes: &[Write]) -> Result<Vec<Key>, Error> {
        let Options { table, attributes, base, .. } = &self.session.options;
        let body = || {
            let writes = writes.iter().map(|write| (&write.key, write.content.as_ref()));
            self.body(&BatchWriteItemInput::new(table, attributes, writes))
        };
        let read = |response: &[u8]| {
            let output: BatchWriteItemOutput<'_> = json::read(response)?;
            let units = output.units();
            let unprocessed = output.into_unprocessed().map(|mut item| partition_key(&mut item, attributes));
            Ok((unprocessed.collect::<serde_json::Result<Vec<_>>>()?, units))
        };
        let unprocessed = self.request(Action::BatchWriteItem, body, read).await?;
        Ok(unprocessed.into_iter().filter_map(|key| Key::from_attribute(key, base)).collect())
    }
}

/// Runs `work` for several pieces in parallel. After a failure that does not concern a single item, no further piece
/// starts.
async fn run<T, F>(pieces: Vec<T>, concurrency: usize, work: impl Fn(T) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let failed = AtomicBool::new(false);
    let runs = pieces.into_iter().map(|piece| {
        // The future does nothing until it is awaited.
        let run = work(piece);
        let failed = &failed;
        async move {
            if failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            let result = run.await;
            failed.fetch_or(result.as_ref().is_err_and(|error| !is_of_the_item(error)), Ordering::Relaxed);
            result
        }
    });
    stream::iter(runs).buffered(concurrency).fold(Ok(()), |first, next| async { first.and(next) }).await
}

/// Whether DynamoDB rejected a single item, so that others may still be written.
fn is_of_the_item(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ItemTooLarge | ErrorKind::Validation)
}
