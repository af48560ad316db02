//! `setItems`, and the deletes of `clear`: BatchWriteItem by 25, or single writes where the role has no permission.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};

use super::Store;
use super::batch_get::partition_key;
use super::call::Call;
use crate::batch::{Backoff, MAX_WRITES};
use crate::client::Action;
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::item::Content;
use crate::json::{self, BatchWriteItemInput, BatchWriteItemOutput};
use crate::key::Key;
use crate::options::Options;
use crate::value::Given;

/// Batches in flight per call: 100 writes, the rest of the slots is left to the app's own requests.
const CONCURRENT_BATCHES: usize = 4;

/// Single writes in flight, where batches are not to be had.
const CONCURRENT_WRITES: usize = 32;

/// An item to store with others.
pub struct NewItem {
    /// Its key.
    pub key: Input,
    /// Its value.
    pub value: Given,
    /// Its time to live, over that of all items and the store's.
    pub ttl: Input,
}

/// One write: what to put, or nothing to delete what is there.
#[derive(Clone)]
pub(super) struct Write {
    pub(super) key: Key,
    pub(super) content: Option<Content>,
}

/// What became of several writes.
pub(super) struct Outcome {
    /// Those not known to be done, in the order given.
    pub(super) left: Vec<Key>,
    /// Why.
    pub(super) error: Option<Error>,
}

impl Store {
    /// Stores items. The last write of a repeated key wins. `common_ttl` is that of items without their own.
    ///
    /// # Errors
    /// A bad key, value or time to live: then nothing was written. A failed request: then the error lists the keys
    /// that are not known to be written.
    pub async fn put_many(&self, items: Vec<NewItem>, common_ttl: Input) -> Result<(), Error> {
        let call = self.begin(Operation::SetItems)?;
        call.ttl(&common_ttl)?;
        let mut writes: Vec<Write> = Vec::with_capacity(items.len());
        let mut positions: HashMap<Key, usize> = HashMap::with_capacity(items.len());
        for NewItem { key, value, ttl } in items {
            let key = call.key(key)?;
            let ttl = if ttl == Input::Absent { &common_ttl } else { &ttl };
            let ttl = call.ttl(ttl).map_err(|error| error.with_key(key.as_str()))?;
            let write = Write { content: Some(call.checked(&key, value, ttl)?), key };
            if let Some(earlier) = positions.get(&write.key).and_then(|position| writes.get_mut(*position)) {
                *earlier = write;
            } else {
                positions.insert(write.key.clone(), writes.len());
                writes.push(write);
            }
        }
        let Outcome { left, error } = call.write_all(writes).await;
        match error {
            None => {
                call.succeed();
                Ok(())
            }
            Some(error) => Err(error
                .adding(&format!("; {} items are not known to be written, see `keys`", left.len()))
                .with_keys(left.into_iter().map(Key::into_string).collect())),
        }
    }
}

impl Call {
    /// Does all writes, of distinct keys. After a failure that is not of one item alone, none begins any more; those
    /// under way are waited for.
    pub(super) async fn write_all(&self, writes: Vec<Write>) -> Outcome {
        // One write is one single request: the same price, and a permission that every role has.
        if writes.len() == 1 || !self.session.batch_write.allowed() {
            return self.write_each(writes).await;
        }
        let chunks: Vec<Vec<Write>> = writes.chunks(MAX_WRITES).map(<[Write]>::to_vec).collect();
        self.run(
            chunks,
            CONCURRENT_BATCHES,
            |chunk| self.write_chunk(chunk),
            |chunk| chunk.iter().map(|write| write.key.clone()).collect(),
        )
        .await
    }

    async fn write_each(&self, writes: Vec<Write>) -> Outcome {
        self.run(writes, CONCURRENT_WRITES, |write| self.write_one(write), |write| vec![write.key.clone()]).await
    }

    /// Runs several pieces of work side by side until one fails.
    async fn run<T, F>(
        &self,
        pieces: Vec<T>,
        concurrency: usize,
        work: impl Fn(T) -> F,
        keys_of: impl Fn(&T) -> Vec<Key>,
    ) -> Outcome
    where
        F: Future<Output = Outcome>,
    {
        let failed = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::Relaxed;
        let runs = pieces.into_iter().map(|piece| {
            let keys = keys_of(&piece);
            // Not begun before its turn comes: an async call does nothing until it is awaited.
            let run = work(piece);
            let failed = &failed;
            async move {
                if failed.load(order) {
                    return Outcome { left: keys, error: None };
                }
                let outcome = run.await;
                failed.fetch_or(outcome.error.as_ref().is_some_and(|error| !is_of_the_item(error)), order);
                outcome
            }
        });
        let outcomes = stream::iter(runs).buffered(concurrency);
        outcomes
            .fold(Outcome { left: Vec::new(), error: None }, |mut all, one| async {
                all.left.extend(one.left);
                all.error = all.error.or(one.error);
                all
            })
            .await
    }

    async fn write_one(&self, Write { key, content }: Write) -> Outcome {
        let result = match content {
            Some(content) => self.put(&key, &content).await,
            None => self.delete(&key).await,
        };
        Outcome { left: if result.is_err() { vec![key] } else { Vec::new() }, error: result.err() }
    }

    /// Does up to 25 writes in one request, again and again until none is left over.
    async fn write_chunk(&self, chunk: Vec<Write>) -> Outcome {
        let mut left = chunk;
        let of = left.len();
        let mut backoff = Backoff::new(self.session.deadline);
        loop {
            // Another batch may have been denied since the call began.
            if !self.session.batch_write.allowed() {
                return self.write_each(left).await;
            }
            match self.send_batch(&left).await {
                Ok(unprocessed) => {
                    let sent = left.len();
                    left.retain(|write| unprocessed.contains(&write.key));
                    self.counters().written(sent - left.len());
                }
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    self.session.batch_write.deny("BatchWriteItem");
                    continue;
                }
                // One item that DynamoDB refuses takes the whole batch with it: singly, the others are stored.
                Err(error) if is_of_the_item(&error) => {
                    return Box::pin(self.write_each(left)).await;
                }
                Err(error) => return Outcome { left: keys(left), error: Some(error) },
            }
            if left.is_empty() {
                return Outcome { left: Vec::new(), error: None };
            }
            if !backoff.wait(left.len()).await {
                let error = self.left_over(left.len(), of, "written");
                return Outcome { left: keys(left), error: Some(error) };
            }
        }
    }

    /// Sends one BatchWriteItem; tells which keys it left over.
    async fn send_batch(&self, writes: &[Write]) -> Result<Vec<Key>, Error> {
        let Options { table, attributes, base, .. } = &self.session.options;
        let body = || {
            let writes = writes.iter().map(|write| (&write.key, write.content.as_ref()));
            json::body(&BatchWriteItemInput::new(table, attributes, writes))
        };
        let read = |response: &[u8]| {
            let unprocessed = json::read::<BatchWriteItemOutput<'_>>(response)?.into_unprocessed();
            unprocessed.map(|mut item| partition_key(&mut item, attributes)).collect::<serde_json::Result<Vec<_>>>()
        };
        let unprocessed = self.request(Action::BatchWriteItem, body, read).await?;
        Ok(unprocessed.into_iter().filter_map(|key| Key::from_attribute(key, base)).collect())
    }
}

/// Whether DynamoDB refused one item, so that others may still be written.
fn is_of_the_item(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ItemTooLarge | ErrorKind::Validation)
}

fn keys(writes: Vec<Write>) -> Vec<Key> {
    writes.into_iter().map(|write| write.key).collect()
}
