//! `getItems`: BatchGetItem by 100, or single reads where the role has no permission for it.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Store;
use super::call::Call;
use super::read::StoredRow;
use crate::batch::{Backoff, MAX_GETS};
use crate::client::Action;
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::item::Attributes;
use crate::json::{self, BatchGetItemInput, BatchGetItemOutput, Item};
use crate::key::Key;
use crate::options::Options;

/// Batches in flight per driver: an answer may be 16 MB, and six times that on the wire.
pub(super) const CONCURRENT_BATCHES: usize = 4;

/// Single reads in flight, where batches are not to be had.
const CONCURRENT_READS: usize = 32;

/// A value by its position among the distinct keys.
type Found = (usize, Option<AttributeValue>);

/// What a BatchGetItem returned.
struct Batch {
    rows: Vec<(AttributeValue, StoredRow)>,
    /// The keys that were not read.
    unprocessed: Vec<AttributeValue>,
}

impl Batch {
    fn read(response: &[u8], attributes: &Attributes) -> serde_json::Result<Self> {
        let (items, unprocessed) = json::read::<BatchGetItemOutput<'_>>(response)?.into_items();
        let row = |mut item| Ok((partition_key(&mut item, attributes)?, StoredRow::take(&mut item, attributes)));
        Ok(Self {
            rows: items.map(row).collect::<serde_json::Result<_>>()?,
            unprocessed: unprocessed.map(|mut key| partition_key(&mut key, attributes)).collect::<Result<_, _>>()?,
        })
    }
}

/// The partition key of an item in the response to a batch. Without it, nobody could tell which item that is.
pub(super) fn partition_key(item: &mut Item<'_>, attributes: &Attributes) -> serde_json::Result<AttributeValue> {
    item.take(&attributes.key).ok_or_else(|| serde::de::Error::custom("an item without its key"))
}

impl Store {
    /// The values under `keys`: one answer per key asked, in their order; `None` for what [`get`](Self::get) does not
    /// find. A key asked twice is read once. `consistent` goes over the store's default.
    ///
    /// # Errors
    /// A bad argument, a failed request, or keys left unanswered at the deadline.
    pub async fn get_many(
        &self,
        keys: Vec<Input>,
        consistent: Input,
    ) -> Result<Vec<(String, Option<AttributeValue>)>, Error> {
        let call = self.begin(Operation::GetItems)?;
        let consistent = call.consistent_read(&consistent)?;
        let asked = keys.into_iter().map(|key| call.key(key)).collect::<Result<Vec<_>, _>>()?;
        let mut positions = HashMap::with_capacity(asked.len());
        let mut distinct = Vec::with_capacity(asked.len());
        for key in &asked {
            positions.entry(key).or_insert_with(|| {
                distinct.push(Key::clone(key));
                distinct.len() - 1
            });
        }
        let mut values: Vec<Option<AttributeValue>> = vec![None; distinct.len()];
        let found = call.watch(call.read_all(distinct, consistent)).await?;
        for (position, value) in found {
            if let Some(place) = values.get_mut(position) {
                *place = value;
            }
        }
        let answer = |key: &Key| {
            let value = positions.get(key).and_then(|position| values.get(*position)).cloned().flatten();
            (key.as_str().to_owned(), value)
        };
        let answers = asked.iter().map(answer).collect();
        Ok(call.done(answers))
    }
}

impl Call {
    async fn read_all(&self, keys: Vec<Key>, consistent: bool) -> Result<Vec<Found>, Error> {
        let numbered: Vec<(usize, Key)> = keys.into_iter().enumerate().collect();
        // One key is one GetItem: the same price, and a permission that every role has.
        if numbered.len() > 1 && self.session.batch_get.allowed() {
            let chunks: Vec<Vec<(usize, Key)>> = numbered.chunks(MAX_GETS).map(<[_]>::to_vec).collect();
            let batches = stream::iter(chunks)
                .map(|chunk| self.read_batch(chunk, consistent))
                .buffer_unordered(CONCURRENT_BATCHES);
            let found: Result<Vec<Vec<Found>>, Error> = batches.try_collect().await;
            match found {
                Ok(found) => return Ok(found.into_iter().flatten().collect()),
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    self.session.batch_get.deny("BatchGetItem");
                }
                Err(error) => return Err(error),
            }
        }
        let read = |(position, key): (usize, Key)| async move { Ok((position, self.value(&key, consistent).await?)) };
        stream::iter(numbered).map(read).buffer_unordered(CONCURRENT_READS).try_collect().await
    }

    /// Reads up to 100 distinct keys, again and again until none is left over.
    async fn read_batch(&self, keys: Vec<(usize, Key)>, consistent: bool) -> Result<Vec<Found>, Error> {
        let Options { table, attributes, base, .. } = &self.session.options;
        let mut left: Vec<Key> = keys.iter().map(|(_, key)| key.clone()).collect();
        let positions: HashMap<Key, usize> = keys.into_iter().map(|(position, key)| (key, position)).collect();
        let mut found = HashMap::with_capacity(positions.len());
        let position = |key: Key| positions.get(&key).copied();
        let mut backoff = Backoff::default();
        loop {
            let body = || json::body(&BatchGetItemInput::new(table, attributes, &left, consistent));
            let batch = {
                let queued = self.queued();
                let _one_of_few = self.session.batch_slots.acquire().await.map_err(|_| self.fail(Error::closed()))?;
                drop(queued);
                self.request(Action::BatchGetItem, body, |response| Batch::read(response, attributes)).await?
            };
            let now = self.session.clock.now();
            let before = found.len();
            for (key, row) in batch.rows {
                // A row that was not asked for is ignored.
                if let Some(position) = Key::from_attribute(key, base).and_then(position) {
                    found.insert(position, row.value_alive(now));
                }
            }
            self.counters().read(found.len() - before);
            // So is a key that was not asked for, or is repeated.
            let mut seen = HashSet::new();
            let asked = |key: &Key| positions.contains_key(key) && seen.insert(key.clone());
            let asked_for = left.len();
            let unprocessed = batch.unprocessed.into_iter().filter_map(|key| Key::from_attribute(key, base));
            left = unprocessed.filter(asked).collect();
            if left.len() < asked_for {
                self.progress();
            }
            if left.is_empty() {
                return Ok(found.into_iter().collect());
            }
            self.throttled(left_over(left.len(), positions.len(), "read"));
            backoff.wait(left.len()).await;
        }
    }
}

/// What DynamoDB left over of a batch, for the error of a call that comes to no end.
pub(super) fn left_over(left: usize, of: usize, done: &str) -> Error {
    Error::new(
        ErrorKind::Throttled,
        format!("{left} of the {of} items of a batch were not {done} in time: the table is over its capacity"),
    )
}
