//! `setItem` and `setItemRaw`: one PutItem each.

use super::Store;
use super::call::Call;
use crate::client::Action;
use crate::error::{Error, ErrorKind, Operation};
use crate::expiry::{TTL_ALLOWED, Ttl};
use crate::input::Input;
use crate::item::{Content, MAX_ITEM_BYTES};
use crate::json::{self, PutItemInput};
use crate::key::Key;
use crate::options::Options;
use crate::value::Given;

impl Store {
    /// Stores `value` under `key`, replacing the whole row. `ttl` overrides the store's default. `operation`
    /// distinguishes `setItem` from `setItemRaw`, which convert JavaScript values differently.
    ///
    /// # Errors
    /// Fails on an invalid key, value or time to live, an item larger than 400 KB, or a failed request.
    pub async fn put(&self, operation: Operation, key: Input, value: Given, ttl: Input) -> Result<(), Error> {
        let call = self.begin(operation)?;
        let key = call.key(key)?;
        let ttl = call.ttl(&ttl).map_err(|error| error.with_key(key.as_str()))?;
        let content = call.checked(&key, value, ttl)?;
        let turn = call.turn(std::iter::once(&key)).await?;
        // Compress only after queueing, because a large value takes longer than a small one and must not be overtaken.
        let content =
            if call.may_compress(&content) { Box::pin(call.compressed(&key, content)).await? } else { content };
        call.put(&key, content).await?;
        drop(turn);
        call.succeed();
        Ok(())
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
        let content = Content { value, expires_at, written_at: now, encoding: None };
        if !self.may_compress(&content) {
            self.check_size(key, &content)?;
        }
        Ok(content)
    }

    /// Rejects an item that exceeds DynamoDB's size limit.
    pub(super) fn check_size(&self, key: &Key, content: &Content) -> Result<(), Error> {
        let size = self.session.options.attributes.size(key, content);
        if size <= MAX_ITEM_BYTES {
            return Ok(());
        }
        let reason =
            format!("the item is {size} bytes, names, key and value together; DynamoDB's limit is {MAX_ITEM_BYTES}");
        Err(self.fail(Error::new(ErrorKind::ItemTooLarge, reason)).with_key(key.as_str()))
    }

    /// Writes one row. Drops the content once it is part of a request, because large values take much memory.
    pub(super) async fn put(&self, key: &Key, content: Content) -> Result<(), Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let body = move || self.body_of(&PutItemInput::new(table, attributes, key, &content), Some(&content.value));
        self.request(Action::PutItem, body, json::acknowledged).await.map_err(|error| error.with_key(key.as_str()))?;
        self.counters().written(1);
        self.progress();
        Ok(())
    }
}
