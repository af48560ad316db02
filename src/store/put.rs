//! `setItem` and `setItemRaw`: one PutItem each.

use super::Store;
use super::call::Call;
use super::large::replaced;
use super::request::FailedRequest;
use crate::client::{Action, Repeat};
use crate::condition::{Conditions, RawConditions};
use crate::error::{Error, ErrorKind, Operation};
use crate::expiry::{TTL_ALLOWED, Ttl};
use crate::input::Input;
use crate::item::{Content, MAX_ITEM_BYTES};
use crate::json::{self, PutItemInput, ReturnValues};
use crate::key::Key;
use crate::large::Manifest;
use crate::options::Options;
use crate::random;
use crate::value::Given;

/// 96 random bits.
const ETAG_BYTES: usize = 12;

/// The options of a write of one item.
#[derive(Default)]
pub struct WriteOptions {
    /// The time to live. Overrides the store's default.
    pub ttl: Input,
    /// The conditions that the stored item must meet.
    pub conditions: RawConditions,
}

impl From<Input> for WriteOptions {
    fn from(ttl: Input) -> Self {
        Self { ttl, ..Self::default() }
    }
}

impl Store {
    /// Stores `value` under `key`, replacing the whole row, if the conditions are met. Returns the item's etag if the table
    /// stores it. `operation` distinguishes `setItem` from `setItemRaw`, which convert JavaScript values differently.
    ///
    /// # Errors
    /// Fails on an invalid key, value or option, an item larger than 400 KB, an unmet condition, or a failed request.
    pub async fn put(
        &self,
        operation: Operation,
        key: Input,
        value: Given,
        options: impl Into<WriteOptions>,
    ) -> Result<Option<String>, Error> {
        let call = self.begin(operation)?;
        let key = call.key(key)?;
        let WriteOptions { ttl, conditions } = options.into();
        let named = |error: Error| error.with_key(key.as_str());
        let (ttl, conditions) = (call.ttl(&ttl).map_err(named)?, call.conditions(conditions).map_err(named)?);
        // Boxed, because every step of a waiting write would hold a copy.
        let mut content = Box::new(call.checked(&key, value, ttl)?);
        let turn = call.turn(std::iter::once(&key)).await?;
        // Compress only after queueing, because a large value takes longer than a small one and must not be overtaken.
        if call.may_compress(&content) {
            *content = Box::pin(call.compressed(&key, *content)).await?;
        }
        let etag = if call.needs_chunks(&key, &content) {
            Box::pin(call.put_large(&key, &content, conditions.as_ref())).await?;
            content.etag
        } else {
            call.put(&key, content, conditions.as_ref()).await?
        };
        drop(turn);
        Ok(call.done(etag))
    }
}

impl Call {
    /// The time to live of an item, or the store's default.
    pub(super) fn ttl(&self, ttl: &Input) -> Result<Option<Ttl>, Error> {
        let own = Ttl::parse(ttl).map_err(|found| self.argument("ttl", TTL_ALLOWED, found))?;
        Ok(own.or(self.session.options.default_ttl))
    }

    /// Returns the content to store, if it is valid. If it may be compressed, its size is checked afterwards.
    pub(super) fn checked(&self, key: &Key, value: Given, ttl: Option<Ttl>) -> Result<Content, Error> {
        let value = value.checked().map_err(|reason| {
            let refused = Error::new(ErrorKind::InvalidValue, format!("the value {reason}"));
            self.fail(refused).with_key(key.as_str())
        })?;
        let now = self.session.clock.now();
        let expires_at = ttl.and_then(|ttl| ttl.expires_at(now));
        let etag = self.session.options.attributes.etag.as_ref().map(|_| self.new_etag()).transpose()?;
        let content = Content { value, expires_at, written_at: now, encoding: None, uncompressed_size: None, etag };
        if !self.may_compress(&content) {
            self.check_size(key, &content)?;
        }
        Ok(content)
    }

    fn new_etag(&self) -> Result<String, Error> {
        let none = || self.fail(Error::new(ErrorKind::Internal, "the operating system returned no random bytes"));
        random::id::<ETAG_BYTES>().ok_or_else(none)
    }

    /// Rejects an item that exceeds DynamoDB's size limit.
    pub(super) fn check_size(&self, key: &Key, content: &Content) -> Result<(), Error> {
        if self.needs_chunks(key, content) {
            return self.check_chunks(key, content);
        }
        let size = self.session.options.attributes.size(key, content);
        if size <= MAX_ITEM_BYTES {
            return Ok(());
        }
        let reason =
            format!("the item is {size} bytes, names, key and value together; DynamoDB's limit is {MAX_ITEM_BYTES}");
        Err(self.fail(Error::new(ErrorKind::ItemTooLarge, reason)).with_key(key.as_str()))
    }

    /// Writes one row if the conditions are met. Removes the chunks of a large value that it replaces. Returns the etag.
    pub(super) async fn put(
        &self,
        key: &Key,
        content: Box<Content>,
        conditions: Option<&Conditions>,
    ) -> Result<Option<String>, Error> {
        let etag = content.etag.clone();
        let replaced = match self.put_item(key, content, conditions, Repeat::Allowed).await {
            Ok(replaced) => replaced,
            Err(failed) => {
                let settled = self.settled(failed, etag.as_deref());
                settled.map(|()| None).map_err(|error| error.with_key(key.as_str()))?
            }
        };
        self.counters().written(1);
        self.progress();
        self.remove_replaced(key, replaced).await;
        Ok(etag)
    }

    /// Sends a PutItem. Returns the manifest of a large value that it replaced, if such values are written here. Drops the
    /// content once it is part of the request, because large values take much memory.
    pub(super) fn put_item<'a>(
        &'a self,
        key: &'a Key,
        content: Box<Content>,
        conditions: Option<&'a Conditions>,
        repeat: Repeat,
    ) -> impl Future<Output = Result<Option<Box<Manifest>>, FailedRequest>> + use<'a> {
        let Options { table, attributes, large_values, .. } = &self.session.options;
        let body = move || {
            let mut input = PutItemInput::new(table, attributes, key, &content);
            input.condition = self.condition(conditions);
            input.return_values = large_values.map(|_| ReturnValues::AllOld);
            self.body_of(&input, Some(&content.value))
        };
        self.write(Action::PutItem, repeat, body, |response| {
            json::replaced(response, |item| replaced(item, attributes))
        })
    }
}
