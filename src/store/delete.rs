//! `removeItem`: one DeleteItem.

use super::Store;
use super::call::Call;
use super::large::replaced;
use super::request::FailedRequest;
use crate::client::{Action, Repeat};
use crate::condition::{Conditions, RawConditions};
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::json::{self, DeleteItemInput, ReturnValues};
use crate::key::{Key, Sought};
use crate::large::Manifest;
use crate::options::Options;

impl Store {
    /// Removes the row of `key`. Without `ifMatch`, a missing row is not an error.
    ///
    /// # Errors
    ///
    /// Fails on an invalid key, an invalid or unmet condition, or a failed request.
    pub async fn delete(&self, key: Input, conditions: RawConditions) -> Result<(), Error> {
        let call = self.begin(Operation::RemoveItem)?;
        if !matches!(conditions.if_none_match, Input::Absent) {
            return Err(call.argument(
                "ifNoneMatch",
                "absent: only `ifMatch` can be a condition of a removal",
                "given",
            ));
        }
        let conditions = call.conditions(conditions)?;
        match call.seek(key)? {
            Sought::Key(key) => {
                let _turn = call.turn(std::iter::once(&key)).await?;
                call.delete(&key, conditions.as_ref()).await?;
            }
            // Nothing is stored under a key that cannot exist.
            Sought::Nowhere(_) if conditions.is_none() => {}
            Sought::Nowhere(_) => {
                let reason = "no item can be stored under this key, so it does not meet `ifMatch`";
                return Err(call.fail(Error::new(ErrorKind::CasMismatch, reason)));
            }
        }
        call.succeed();
        Ok(())
    }
}

impl Call {
    /// Deletes one row if the conditions are met. Removes the chunks of a large value that it contained.
    pub(super) async fn delete(&self, key: &Key, conditions: Option<&Conditions>) -> Result<(), Error> {
        let is_large_possible = self.session.options.large_values.is_some() && !key.is_chunk();
        self.delete_with_chunks(key, conditions, is_large_possible).await
    }

    /// Deletes a large value and its chunks.
    pub(super) async fn delete_large(&self, key: &Key) -> Result<(), Error> {
        self.delete_with_chunks(key, None, true).await
    }

    async fn delete_with_chunks(
        &self,
        key: &Key,
        conditions: Option<&Conditions>,
        is_large_possible: bool,
    ) -> Result<(), Error> {
        let removed = match self.delete_item(key, conditions, is_large_possible).await {
            Ok(removed) => removed,
            Err(failed) => self.settled(failed, None).map(|()| None).map_err(|error| error.with_key(key.as_str()))?,
        };
        self.counters().written(1);
        self.progress();
        self.remove_replaced(key, removed).await;
        Ok(())
    }

    /// Sends a DeleteItem. Returns the manifest of a large value, if `is_large_possible`.
    pub(super) fn delete_item<'a>(
        &'a self,
        key: &'a Key,
        conditions: Option<&'a Conditions>,
        is_large_possible: bool,
    ) -> impl Future<Output = Result<Option<Box<Manifest>>, FailedRequest>> + use<'a> {
        let Options { table, attributes, .. } = &self.session.options;
        let body = move || {
            let mut input = DeleteItemInput::new(table, attributes, key);
            input.condition = self.condition(conditions);
            input.return_values = is_large_possible.then_some(ReturnValues::AllOld);
            self.body(&input)
        };
        let read = |response: &[u8]| json::replaced(response, |item| replaced(item, attributes));
        self.write(Action::DeleteItem, Repeat::Allowed, body, read)
    }
}
