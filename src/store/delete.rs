//! `removeItem`: one DeleteItem.

use super::Store;
use super::call::Call;
use crate::client::{Action, Repeat};
use crate::condition::{Conditions, RawConditions};
use crate::error::{Error, ErrorKind, Operation};
use crate::input::Input;
use crate::json::{self, DeleteItemInput};
use crate::key::{Key, Sought};
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
    /// Deletes one row if the conditions are met.
    pub(super) async fn delete(&self, key: &Key, conditions: Option<&Conditions>) -> Result<(), Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let body = || {
            let mut input = DeleteItemInput::new(table, attributes, key);
            input.condition = self.condition(conditions);
            self.body(&input)
        };
        self.write(Action::DeleteItem, Repeat::Allowed, body, json::acknowledged)
            .await
            .or_else(|failed| self.settled(failed, None))
            .map_err(|error| error.with_key(key.as_str()))?;
        self.counters().written(1);
        self.progress();
        Ok(())
    }
}
