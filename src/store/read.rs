//! Reads of one item: `getItem`, `getItemRaw`, `hasItem`, `getMeta`. One GetItem each.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::TryFutureExt;

use super::Store;
use super::call::{Begun, Call};
use super::compression::Decoded;
use crate::client::Action;
use crate::condition::is_etag;
use crate::error::{Error, Operation};
use crate::expiry;
use crate::input::Input;
use crate::item::Attributes;
use crate::json::{self, GetItemInput, GetItemOutput, Item, Units};
use crate::key::{Key, Sought};
use crate::options::Options;
use crate::value::Reading;

/// A value that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The value.
    pub value: AttributeValue,
    /// The last second of its lifetime. `None` if it never expires.
    pub last_second: Option<f64>,
}

/// The metadata of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// The seconds until it expires, rounded up. `None` if it never expires.
    pub ttl: Option<u64>,
    /// The size of its value in bytes, before compression.
    pub size: usize,
    /// The time of its last write since 1970, if the table stores it.
    pub mtime: Option<Duration>,
    /// Its etag, if the table stores it.
    pub etag: Option<String>,
}

impl Store {
    /// Returns the value of `key`, or `None` if there is no unexpired item with a value. `consistent` overrides the
    /// store's default.
    ///
    /// # Errors
    /// Fails on an invalid argument or a failed request.
    pub fn get(
        &self,
        key: Input,
        reading: Reading,
        consistent: Input,
    ) -> impl Future<Output = Result<Option<AttributeValue>, Error>> {
        self.find(key, reading, consistent).map_ok(|found| Some(found?.value))
    }

    /// Returns what [`get`](Self::get) returns, with its expiry.
    ///
    /// # Errors
    /// Fails on an invalid argument or a failed request.
    pub async fn find(&self, key: Input, reading: Reading, consistent: Input) -> Result<Option<Found>, Error> {
        let call = self.begin(match reading {
            Reading::Plain => Operation::GetItem,
            Reading::Raw => Operation::GetItemRaw,
        })?;
        let (key, consistent) = (call.seek(key)?, call.consistent_read(&consistent)?);
        let found = match key {
            Sought::Key(key) => call.value(&key, consistent).await?,
            Sought::Nowhere(_) => None,
        };
        Ok(call.done(found.map(|found| Found { value: reading.apply(found.value), ..found })))
    }

    /// Whether `key` has an unexpired item with a value. Costs as much as [`get`](Self::get), because DynamoDB shows
    /// that an item has a value only by returning it.
    ///
    /// # Errors
    /// Fails on an invalid argument or a failed request.
    pub async fn has(&self, key: Input, consistent: Input) -> Result<bool, Error> {
        let call = self.begin(Operation::HasItem)?;
        let (key, consistent) = (call.seek(key)?, call.consistent_read(&consistent)?);
        let found = match key {
            Sought::Key(key) => call.alive(call.row(&key, consistent, Projection::Value).await?).is_some(),
            Sought::Nowhere(_) => false,
        };
        Ok(call.done(found))
    }

    /// Returns the remaining time, size and last write of an item, or `None` if [`get`](Self::get) finds nothing.
    /// `consistent` overrides the store's default.
    ///
    /// # Errors
    /// Fails on an invalid argument or a failed request.
    pub async fn meta(&self, key: Input, consistent: Input) -> Result<Option<Meta>, Error> {
        let call = self.begin(Operation::GetMeta)?;
        let (key, consistent) = (call.seek(key)?, call.consistent_read(&consistent)?);
        let Sought::Key(key) = key else { return Ok(call.done(None)) };
        let row = call.row(&key, consistent, Projection::Meta).await?;
        let meta = row.map(|row| call.meta_of(&key, row)).transpose()?;
        Ok(call.done(meta.flatten()))
    }
}

/// Parses an attribute with epoch milliseconds. Anything else is ignored, because other code may have written it.
fn milliseconds(attribute: &AttributeValue) -> Option<Duration> {
    /// The latest time of a JavaScript `Date`: <https://tc39.es/ecma262/#sec-time-values-and-time-range>
    const LAST: f64 = 8.64e15;
    let number: f64 = attribute.as_n().ok()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ..= LAST, far below 2^64")]
    (0.0..=LAST).contains(&number).then(|| Duration::from_millis(number as u64))
}

/// The driver's attributes of a row. Attributes of other code are not read.
#[derive(Clone)]
pub(super) struct StoredRow {
    value: Option<AttributeValue>,
    encoding: Option<AttributeValue>,
    ttl: Option<AttributeValue>,
    /// Present only if requested. Boxed, because a waiting read holds a row.
    metadata: Option<Box<StoredMetadata>>,
}

/// The attributes that only `getMeta` requests.
#[derive(Clone)]
struct StoredMetadata {
    mtime: Option<AttributeValue>,
    etag: Option<AttributeValue>,
}

impl StoredRow {
    /// Takes the driver's attributes from an item that was read.
    pub(super) fn take(item: &mut Item<'_>, attributes: &Attributes) -> Self {
        let [value, encoding, ttl] =
            [&attributes.value, &attributes.encoding, &attributes.ttl].map(|name| item.take(name));
        Self { value, encoding, ttl, metadata: None }
    }

    /// Returns the value and the encoding attribute, expired or not.
    pub(super) fn into_parts(self) -> (Option<AttributeValue>, Option<AttributeValue>) {
        (self.value, self.encoding)
    }

    /// Returns the value. `None` if the row has none or has expired.
    pub(super) fn value_alive(self, now: Duration) -> Option<StoredValue> {
        let Self { value, encoding, ttl, .. } = self;
        let last_second = expiry::last_second(ttl.as_ref());
        expiry::is_current(last_second, now).then_some(value?).map(|value| StoredValue { value, encoding, last_second })
    }
}

/// A value as it is stored.
pub(super) struct StoredValue {
    pub(super) value: AttributeValue,
    /// Present if the value is compressed.
    pub(super) encoding: Option<AttributeValue>,
    /// The last second of its lifetime. `None` if it never expires.
    pub(super) last_second: Option<f64>,
}

/// The attributes that a read of one item requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Projection {
    /// Value, encoding and TTL.
    Value,
    /// Also the time of the last write and the etag, if the table stores them.
    Meta,
}

impl Begun {
    /// Reads the value of an unexpired item. Other calls may share the request.
    async fn value(&self, key: &Key, consistent: bool) -> Result<Option<Found>, Error> {
        let row = self.row(key, consistent, Projection::Value).await?;
        self.value_of(key, row).await
    }
}

impl Call {
    /// Reads the value of an unexpired item with a separate request.
    pub(super) async fn fetch_value(self: &Arc<Self>, key: &Key, consistent: bool) -> Result<Option<Found>, Error> {
        let row = self.fetch(key, consistent, Projection::Value).await?;
        self.value_of(key, row).await
    }

    async fn value_of(self: &Arc<Self>, key: &Key, row: Option<StoredRow>) -> Result<Option<Found>, Error> {
        match self.alive(row).map(|stored| self.decoded(key, stored)) {
            None => Ok(None),
            Some(Decoded::Value(found)) => Ok(Some(found)),
            Some(Decoded::Later(found)) => found.await,
        }
    }

    pub(super) fn alive(&self, row: Option<StoredRow>) -> Option<StoredValue> {
        row?.value_alive(self.session.clock.now())
    }

    /// Returns the metadata of a row if it has a value and has not expired.
    fn meta_of(&self, key: &Key, mut row: StoredRow) -> Result<Option<Meta>, Error> {
        let now = self.session.clock.now();
        let ttl = expiry::time_left(row.ttl.as_ref(), now);
        let metadata = row.metadata.take();
        let Some(stored) = row.value_alive(now) else { return Ok(None) };
        let (mtime, etag) = metadata.map_or((None, None), |metadata| (metadata.mtime, metadata.etag));
        let mtime = mtime.as_ref().and_then(milliseconds);
        // Other code may have written an attribute of another type, or text that would mean something else in a condition.
        let etag = etag.and_then(|etag| if let AttributeValue::S(etag) = etag { Some(etag) } else { None });
        let etag = etag.filter(|etag| is_etag(etag));
        Ok(Some(Meta { ttl, size: self.decoded_size(key, stored)?, mtime, etag }))
    }

    /// Reads one row.
    pub(super) async fn fetch(
        &self,
        key: &Key,
        consistent: bool,
        projection: Projection,
    ) -> Result<Option<StoredRow>, Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let has_metadata = projection == Projection::Meta;
        let body = || self.body(&GetItemInput::new(table, attributes, key, consistent, has_metadata));
        let read = |response: &[u8]| {
            let GetItemOutput { item, consumed_capacity } = json::read(response)?;
            let row = item.map(|mut item| {
                let mut attribute = |name: &Option<String>| name.as_ref().and_then(|name| item.take(name));
                let metadata = has_metadata.then(|| {
                    Box::new(StoredMetadata { mtime: attribute(&attributes.mtime), etag: attribute(&attributes.etag) })
                });
                StoredRow { metadata, ..StoredRow::take(&mut item, attributes) }
            });
            Ok((row, Units::of(&consumed_capacity)))
        };
        let row = self.request(Action::GetItem, body, read).await.map_err(|error| error.with_key(key.as_str()))?;
        self.counters().read(usize::from(row.is_some()));
        self.progress();
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_be_present_and_unexpired() {
        let text = |text: &str| Some(AttributeValue::S(text.into()));
        let second = |second: &str| Some(AttributeValue::N(second.into()));
        let value = |value, ttl| {
            let row = StoredRow { value, ttl, encoding: None, metadata: None };
            row.value_alive(Duration::from_millis(1_000_250)).map(|stored| stored.value)
        };
        assert_eq!(value(text(""), None), text(""));
        assert_eq!(value(text("v"), second("1000")), text("v"));
        assert_eq!(value(text("v"), second("999")), None);
        assert_eq!(value(None, None), None);
    }

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
