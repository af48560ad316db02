//! `getItems`: BatchGetItem with up to 100 keys, or single reads if the role has no permission for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Store;
use super::call::Call;
use super::compression::Decoded;
use super::read::{Found, StoredRow};
use crate::batch::{Backoff, MAX_GETS};
use crate::client::Action;
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::item::Attributes;
use crate::json::{self, BatchGetItemInput, BatchGetItemOutput, Item};
use crate::key::{Key, KeyText, Sought};
use crate::options::Options;

/// Batches in flight per driver: a response may contain 16 MB, and be six times as large in JSON.
pub(super) const CONCURRENT_BATCHES: usize = 4;

/// Single reads in flight if batches are not allowed.
const CONCURRENT_READS: usize = 32;

/// A value and its position among the distinct keys.
type Placed = (usize, Option<Found>);

/// The result of one BatchGetItem.
struct Batch {
    rows: Vec<(AttributeValue, StoredRow)>,
    /// The keys that were not read.
    unprocessed: Vec<AttributeValue>,
}

impl Batch {
    fn of(output: BatchGetItemOutput<'_>, attributes: &Attributes) -> serde_json::Result<Self> {
        let (items, unprocessed) = output.into_items();
        let row = |mut item| Ok((partition_key(&mut item, attributes)?, StoredRow::take(&mut item, attributes)));
        Ok(Self {
            rows: items.map(row).collect::<serde_json::Result<_>>()?,
            unprocessed: unprocessed.map(|mut key| partition_key(&mut key, attributes)).collect::<Result<_, _>>()?,
        })
    }
}

/// The partition key of an item in the response to a batch. Without it, the item cannot be identified.
pub(super) fn partition_key(item: &mut Item<'_>, attributes: &Attributes) -> serde_json::Result<AttributeValue> {
    item.take(&attributes.key).ok_or_else(|| serde::de::Error::custom("an item without its key"))
}

/// An item to read.
pub struct WantedItem {
    /// The key.
    pub key: Input,
    /// Whether to read it consistently. Overrides the common setting.
    pub consistent: Input,
}

impl From<Input> for WantedItem {
    fn from(key: Input) -> Self {
        Self { key, consistent: Input::Absent }
    }
}

impl From<&str> for WantedItem {
    fn from(key: &str) -> Self {
        Input::from(key).into()
    }
}

impl Store {
    /// Returns one result per requested item, in order; `None` for items that [`get`](Self::get) does not find. A
    /// repeated key is read once, consistently if any of its items requests that. `consistent` overrides the store's
    /// default.
    ///
    /// # Errors
    /// Fails on an invalid argument, on a failed request, or if keys remain unprocessed.
    pub async fn get_many(
        &self,
        items: Vec<impl Into<WantedItem>>,
        consistent: Input,
    ) -> Result<Vec<(KeyText, Option<AttributeValue>)>, Error> {
        let found = self.find_many(items, consistent).await?;
        Ok(found.into_iter().map(|(key, found)| (key, found.map(|found| found.value))).collect())
    }

    /// Returns what [`get_many`](Self::get_many) returns, with the expiry of each value.
    ///
    /// # Errors
    /// Fails on an invalid argument, on a failed request, or if keys remain unprocessed.
    pub async fn find_many(
        &self,
        items: Vec<impl Into<WantedItem>>,
        consistent: Input,
    ) -> Result<Vec<(KeyText, Option<Found>)>, Error> {
        let call = self.begin(Operation::GetItems)?;
        let common = call.consistent_read(&consistent)?;
        let mut asked = Vec::with_capacity(items.len());
        let mut positions: HashMap<Key, usize> = HashMap::with_capacity(items.len());
        let mut distinct: Vec<(Key, bool)> = Vec::with_capacity(items.len());
        for item in items {
            let WantedItem { key, consistent } = item.into();
            let key = call.seek(key)?;
            let consistent = if consistent.is_absent() { common } else { call.consistent_read(&consistent)? };
            if let Sought::Key(key) = &key {
                let position = *positions.entry(key.clone()).or_insert(distinct.len());
                match distinct.get_mut(position) {
                    Some((_, strict)) => *strict |= consistent,
                    None => distinct.push((key.clone(), consistent)),
                }
            }
            asked.push(key);
        }
        let mut values: Vec<Option<Found>> = vec![None; distinct.len()];
        let (strict, eventual): (Vec<_>, Vec<_>) =
            distinct.into_iter().enumerate().partition(|(_, (_, consistent))| *consistent);
        let keys =
            |part: Vec<(usize, (Key, bool))>| part.into_iter().map(|(position, (key, _))| (position, key)).collect();
        let found = call.watch(async {
            futures_util::try_join!(call.read_all(keys(strict), true), call.read_all(keys(eventual), false))
        });
        let (strict, eventual) = found.await?;
        for (position, value) in strict.into_iter().chain(eventual) {
            if let Some(place) = values.get_mut(position) {
                *place = value;
            }
        }
        let answer = |sought: Sought| match sought {
            Sought::Key(key) => {
                let value = positions.get(&key).and_then(|position| values.get(*position)).cloned().flatten();
                (KeyText::Text(key.into_string()), value)
            }
            Sought::Nowhere(key) => (key, None),
        };
        let answers = asked.into_iter().map(answer).collect();
        Ok(call.done(answers))
    }
}

impl Call {
    async fn read_all(self: &Arc<Self>, numbered: Vec<(usize, Key)>, consistent: bool) -> Result<Vec<Placed>, Error> {
        // A single key is read with GetItem, which costs the same and needs a permission that every role has.
        if numbered.len() > 1 && self.session.batch_get.allowed() {
            let chunks: Vec<Vec<(usize, Key)>> = numbered.chunks(MAX_GETS).map(<[_]>::to_vec).collect();
            let batches = stream::iter(chunks)
                .map(|chunk| self.read_batch(chunk, consistent))
                .buffer_unordered(CONCURRENT_BATCHES);
            let found: Result<Vec<Vec<Placed>>, Error> = batches.try_collect().await;
            match found {
                Ok(found) => return Ok(found.into_iter().flatten().collect()),
                Err(error) if error.kind() == ErrorKind::AccessDenied => {
                    self.session.batch_get.deny("BatchGetItem");
                }
                Err(error) => return Err(error),
            }
        }
        let read =
            |(position, key): (usize, Key)| async move { Ok((position, self.fetch_value(&key, consistent).await?)) };
        stream::iter(numbered).map(read).buffer_unordered(CONCURRENT_READS).try_collect().await
    }

    /// Reads up to 100 distinct keys and requests unprocessed ones again until none is left.
    async fn read_batch(self: &Arc<Self>, keys: Vec<(usize, Key)>, consistent: bool) -> Result<Vec<Placed>, Error> {
        let Options { table, attributes, base, .. } = &self.session.options;
        let mut left: Vec<Key> = keys.iter().map(|(_, key)| key.clone()).collect();
        let positions: HashMap<Key, usize> = keys.into_iter().map(|(position, key)| (key, position)).collect();
        let mut found = HashMap::with_capacity(positions.len());
        let mut backoff = Backoff::default();
        loop {
            let body = || self.body(&BatchGetItemInput::new(table, attributes, &left, consistent));
            let batch = {
                let (queued, place) = (self.queued(), self.place()?);
                let _one_of_few = self.session.batch_slots.acquire().await.map_err(|_| self.fail(Error::closed()))?;
                drop((queued, place));
                let read = |response: &[u8]| {
                    let output: BatchGetItemOutput<'_> = json::read(response)?;
                    let units = output.units();
                    Ok((Batch::of(output, attributes)?, units))
                };
                self.request(Action::BatchGetItem, body, read).await?
            };
            let now = self.session.clock.now();
            let before = found.len();
            for (key, row) in batch.rows {
                // Ignore a row that was not requested.
                let Some(key) = Key::from_attribute(key, base) else { continue };
                if let Some(position) = positions.get(&key) {
                    let Some(stored) = row.value_alive(now) else {
                        found.insert(*position, None);
                        continue;
                    };
                    let value = match self.decoded(&key, stored) {
                        Decoded::Value(value) => Some(value),
                        Decoded::Later(value) => {
                            let value = value.await?;
                            // Decompressing many large values may take longer than `timeout`.
                            self.progress();
                            value
                        }
                    };
                    found.insert(*position, value);
                }
            }
            self.counters().read(found.len() - before);
            // Ignore unprocessed keys that were not requested or are repeated.
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

/// The error for the unprocessed items of a batch, reported if the call ends before they are processed.
pub(super) fn left_over(left: usize, of: usize, done: &str) -> Error {
    Error::new(
        ErrorKind::Throttled,
        format!("{left} of the {of} items of a batch were not {done} in time: the table is over its capacity"),
    )
}
