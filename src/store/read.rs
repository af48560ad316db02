//! Reads of one item: `getItem`, `getItemRaw`, `hasItem`, `getMeta`. One GetItem each.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::call::Call;
use crate::error::{Error, Operation};
use crate::expiry;
use crate::input::Input;
use crate::item::Row;
use crate::key::Key;
use crate::value::{self, Reading};

/// What is known of an item beside its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// How long it still lives; `None`: for ever.
    pub ttl: Option<Duration>,
    /// The bytes of its value.
    pub size: usize,
    /// The time of its last write since 1970, where the table keeps it.
    pub mtime: Option<Duration>,
}

impl Store {
    /// The value under `key`; `None` where there is no such item alive, or it has no value. `consistent` goes over the
    /// store's default.
    ///
    /// # Errors
    /// A bad argument or a failed request.
    pub async fn get(&self, key: Input, reading: Reading, consistent: Input) -> Result<Option<AttributeValue>, Error> {
        let call = self.begin(match reading {
            Reading::Plain => Operation::GetItem,
            Reading::Raw => Operation::GetItemRaw,
        })?;
        let key = call.key(key)?;
        let consistent = call.consistent_read(&consistent)?;
        let value = call.value(&key, consistent).await?.map(|value| reading.apply(value));
        Ok(call.done(value))
    }

    /// Whether `key` has a value and is alive. Costs what [`get`](Self::get) costs: DynamoDB tells only what it sends.
    ///
    /// # Errors
    /// A bad argument or a failed request.
    pub async fn has(&self, key: Input, consistent: Input) -> Result<bool, Error> {
        let call = self.begin(Operation::HasItem)?;
        let key = call.key(key)?;
        let consistent = call.consistent_read(&consistent)?;
        let found = call.value(&key, consistent).await?.is_some();
        Ok(call.done(found))
    }

    /// Time left, size and time of the last write of an item; `None` where [`get`](Self::get) finds nothing.
    ///
    /// # Errors
    /// A bad key or a failed request.
    pub async fn meta(&self, key: Input) -> Result<Option<Meta>, Error> {
        let call = self.begin(Operation::GetMeta)?;
        let key = call.key(key)?;
        let mtime = call.session.options.attributes.mtime.as_deref();
        let row = call.row(&key, call.session.options.consistent_read, mtime).await?;
        let meta = row.and_then(|row| call.meta_of(row));
        Ok(call.done(meta))
    }
}

/// An attribute that holds epoch milliseconds; anything else, which other code wrote, is no time.
fn milliseconds(attribute: &AttributeValue) -> Option<Duration> {
    /// The last moment of a JavaScript `Date`: <https://tc39.es/ecma262/#sec-time-values-and-time-range>
    const LAST: f64 = 8.64e15;
    let number: f64 = attribute.as_n().ok()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ..= LAST, far below 2^64")]
    (0.0..=LAST).contains(&number).then(|| Duration::from_millis(number as u64))
}

impl Call {
    /// What a row tells beside its value, if it is alive and has one.
    fn meta_of(&self, mut row: Row) -> Option<Meta> {
        let attributes = &self.session.options.attributes;
        let now = self.session.clock.now();
        let ttl = expiry::time_left(row.get(&attributes.ttl), now);
        let mtime = attributes.mtime.as_ref().and_then(|name| milliseconds(&row.remove(name)?));
        attributes.value(row, now).map(|value| Meta { ttl, size: value::size(&value), mtime })
    }

    /// The value of one item alive.
    pub(super) async fn value(&self, key: &Key, consistent: bool) -> Result<Option<AttributeValue>, Error> {
        let row = self.row(key, consistent, None).await?;
        Ok(row.and_then(|row| self.session.options.attributes.value(row, self.session.clock.now())))
    }

    /// Reads value and expiry of one item, one attribute more if asked, and nothing else that other code may keep
    /// in the row.
    async fn row(&self, key: &Key, consistent: bool, more: Option<&str>) -> Result<Option<Row>, Error> {
        let client = self.client().await?;
        let options = &self.session.options;
        let mut request = client
            .sdk
            .get_item()
            .table_name(&options.table)
            .set_consistent_read(consistent.then_some(true))
            .key(&options.attributes.key, key.attribute())
            .projection_expression(if more.is_some() { "#v, #t, #m" } else { "#v, #t" })
            .expression_attribute_names("#v", &options.attributes.value)
            .expression_attribute_names("#t", &options.attributes.ttl);
        if let Some(name) = more {
            request = request.expression_attribute_names("#m", name);
        }
        let answer =
            self.send(client, "GetItem", || request.send()).await.map_err(|error| error.with_key(key.as_str()))?;
        self.counters().read(usize::from(answer.item.is_some()));
        Ok(answer.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // [META-2]
    #[test]
    fn every_millisecond_is_kept() {
        let read = |text: &str| milliseconds(&AttributeValue::N(text.to_owned()));
        for millisecond in 1_795_396_239_000..1_795_396_240_000 {
            assert_eq!(read(&millisecond.to_string()), Some(Duration::from_millis(millisecond)));
        }
        for no_time in ["-1", "8640000000000001", "1E+100", "NaN"] {
            assert_eq!(read(no_time), None, "{no_time}");
        }
    }
}
