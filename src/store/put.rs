//! `setItem`: one PutItem.

use super::Store;
use crate::error::{Error, ErrorKind, Operation};
use crate::expiry::{TTL_ALLOWED, Ttl};
use crate::input::Input;
use crate::item::{MAX_ITEM_BYTES, Value};

impl Store {
    /// Stores `value` under `key`, replacing the whole row. `ttl` goes over the store's default.
    ///
    /// # Errors
    /// A bad key, value or time to live, an item over 400 KB, or a failed request.
    pub async fn put(&self, key: Input, value: Input, ttl: Input) -> Result<(), Error> {
        let call = self.begin(Operation::SetItem)?;
        let key = call.key(key)?;
        let name = key.as_str().to_owned();
        let refuse = |kind, reason: String| call.fail(Error::new(kind, reason)).with_key(name.as_str());

        let value = Value::parse(value).map_err(|error| refuse(ErrorKind::InvalidValue, error.to_string()))?;
        let ttl = Ttl::parse(&ttl)
            .map_err(|found| call.argument("ttl", TTL_ALLOWED, found).with_key(name.as_str()))?
            .or(call.session.options.default_ttl);
        let expires_at = ttl.and_then(|ttl| ttl.expires_at(call.session.clock.now()));

        let attributes = &call.session.options.attributes;
        let size = attributes.size(&key, &value, expires_at.is_some());
        if size > MAX_ITEM_BYTES {
            return Err(refuse(
                ErrorKind::ItemTooLarge,
                format!("the item is {size} bytes, names, key and text together; DynamoDB's limit is {MAX_ITEM_BYTES}"),
            ));
        }

        let client = call.client().await?;
        let request = client
            .sdk
            .put_item()
            .table_name(&call.session.options.table)
            .set_item(Some(attributes.row(key, value, expires_at)));
        call.send(client, "PutItem", || request.send()).await.map_err(|error| error.with_key(name.as_str()))?;
        Ok(())
    }
}
