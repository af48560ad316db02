//! `getItem` and `hasItem`: one GetItem each.

use super::Store;
use super::call::Call;
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::item::Content;
use crate::key::Key;

impl Store {
    /// The text under `key`; `None` where there is no such item alive, or it has no value. `consistent` goes over the
    /// store's default.
    ///
    /// # Errors
    /// A bad argument, a value of another type than text, or a failed request.
    pub async fn get(&self, key: Input, consistent: Input) -> Result<Option<String>, Error> {
        let call = self.begin(Operation::GetItem)?;
        let key = call.key(key)?;
        let consistent = call.consistent_read(&consistent)?;
        match call.content(&key, consistent).await? {
            None => Ok(None),
            Some(Content::Text(text)) => Ok(Some(text)),
            Some(Content::Other(type_name)) => Err(call
                .fail(Error::new(
                    ErrorKind::UnsupportedType,
                    format!("the value is a DynamoDB {type_name}; this driver reads text (String)"),
                ))
                .with_key(key.into_string())),
        }
    }

    /// Whether `key` has a value and is alive. Costs what [`get`](Self::get) costs: DynamoDB tells only what it sends.
    ///
    /// # Errors
    /// A bad argument or a failed request.
    pub async fn has(&self, key: Input, consistent: Input) -> Result<bool, Error> {
        let call = self.begin(Operation::HasItem)?;
        let key = call.key(key)?;
        let consistent = call.consistent_read(&consistent)?;
        Ok(call.content(&key, consistent).await?.is_some())
    }
}

impl Call {
    /// Reads value and expiry of one item, and nothing else that other code may keep in the row.
    async fn content(&self, key: &Key, consistent: bool) -> Result<Option<Content>, Error> {
        let client = self.client().await?;
        let options = &self.session.options;
        let request = client
            .sdk
            .get_item()
            .table_name(&options.table)
            .set_consistent_read(consistent.then_some(true))
            .key(&options.attributes.key, key.attribute())
            .projection_expression("#v, #t")
            .expression_attribute_names("#v", &options.attributes.value)
            .expression_attribute_names("#t", &options.attributes.ttl);
        let answer =
            self.send(client, "GetItem", || request.send()).await.map_err(|error| error.with_key(key.as_str()))?;
        let now = self.session.clock.now();
        Ok(answer.item.and_then(|row| options.attributes.content(row, now)))
    }
}
