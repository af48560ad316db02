//! `removeItem`: one DeleteItem.

use super::Store;
use super::call::Call;
use crate::client::Action;
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::json::{self, DeleteItemInput};
use crate::key::{Key, Sought};
use crate::options::Options;

impl Store {
    /// Removes the row of `key`. A missing row is not an error.
    ///
    /// # Errors
    ///
    /// Fails on an invalid key or a failed request.
    pub async fn delete(&self, key: Input) -> Result<(), Error> {
        let call = self.begin(Operation::RemoveItem)?;
        // Nothing is stored under a key that cannot exist.
        if let Sought::Key(key) = call.seek(key)? {
            let _turn = call.turn(std::iter::once(&key)).await?;
            call.delete(&key).await?;
        }
        call.succeed();
        Ok(())
    }
}

impl Call {
    /// Deletes one row.
    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let body = || self.body(&DeleteItemInput::new(table, attributes, key));
        self.request(Action::DeleteItem, body, json::acknowledged)
            .await
            .map_err(|error| error.with_key(key.as_str()))?;
        self.counters().written(1);
        self.progress();
        Ok(())
    }
}
