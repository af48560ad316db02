//! `getItems`: BatchGetItem by 100, or single reads where the role has no permission for it.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Store;
use super::call::Call;
use crate::batch::{Backoff, MAX_GETS};
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::item::Row;
use crate::key::Key;

/// Batches in flight per driver: an answer may be 16 MB, and six times that on the wire.
pub(super) const CONCURRENT_BATCHES: usize = 4;

/// Single reads in flight, where batches are not to be had.
const CONCURRENT_READS: usize = 32;

/// A value by its position among the distinct keys.
type Found = (usize, Option<AttributeValue>);

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
        for (position, value) in call.read_all(distinct, consistent).await? {
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
        let client = self.client().await?;
        let options = &self.session.options;
        let attributes = &options.attributes;
        let mut left: Vec<Row> =
            keys.iter().map(|(_, key)| Row::from([(attributes.key.clone(), key.attribute())])).collect();
        let positions: HashMap<Key, usize> = keys.into_iter().map(|(position, key)| (key, position)).collect();
        let mut found = HashMap::with_capacity(positions.len());
        let position = |key| Key::from_attribute(key, &options.base).and_then(|key| positions.get(&key).copied());
        let mut backoff = Backoff::new(self.session.deadline);
        loop {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .set_consistent_read(consistent.then_some(true))
                .projection_expression("#k, #v, #t")
                .expression_attribute_names("#k", &attributes.key)
                .expression_attribute_names("#v", &attributes.value)
                .expression_attribute_names("#t", &attributes.ttl)
                .build()
                .map_err(|error| self.fail(Error::new(ErrorKind::Internal, error.to_string())))?;
            let request = client.sdk.batch_get_item().request_items(&options.table, request);
            let answer = {
                let _one_of_few = self.session.batch_slots.acquire().await.map_err(|_| self.fail(Error::closed()))?;
                self.send(client, "BatchGetItem", || request.send()).await?
            };
            let now = self.session.clock.now();
            let before = found.len();
            for mut row in answer.responses.into_iter().flatten().flat_map(|(_, rows)| rows) {
                // A row that was not asked for is no answer.
                if let Some(position) = row.remove(&attributes.key).and_then(position) {
                    found.insert(position, attributes.value(row, now));
                }
            }
            self.counters().read(found.len() - before);
            left = answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, rest)| rest.keys).collect();
            // Nor is a key, and one is enough.
            let mut seen = HashSet::new();
            left.retain(|row| row.get(&attributes.key).cloned().and_then(position).is_some_and(|key| seen.insert(key)));
            if left.is_empty() {
                return Ok(found.into_iter().collect());
            }
            if !backoff.wait(left.len()).await {
                return Err(self.left_over(left.len(), positions.len(), "read"));
            }
        }
    }

    /// Tells what DynamoDB would not do in time.
    pub(super) fn left_over(&self, left: usize, of: usize, done: &str) -> Error {
        self.fail(Error::new(
            ErrorKind::Throttled,
            format!("{left} of the {of} items of a batch were not {done} in time: the table is over its capacity"),
        ))
    }
}
