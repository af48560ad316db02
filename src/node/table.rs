//! `createTable`: one store for one call.

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::store::{open, promise};
use crate::error::Operation;
use crate::store::{CreatedTable, Patience};

/// What `createTable` did.
#[napi(object, object_from_js = false)]
pub struct NativeTable {
    /// Whether this call made the table.
    pub created: bool,
    /// Whether the key index can be read already; absent without the option `index`.
    pub index_ready: Option<bool>,
}

/// Makes the table that the driver expects, where there is none, and turns its TTL on.
///
/// Throws the data of an error where an option is not allowed, and rejects with it where something else fails.
#[napi(catch_unwind, ts_args_type = "options: object, variables: object", ts_return_type = "Promise<NativeTable>")]
pub fn create_table<'env>(env: &'env Env, options: Object<'_>, variables: Unknown<'_>) -> Result<Unknown<'env>> {
    let store = open(env, &options, variables)?;
    promise(env, &store, Operation::CreateTable, &[], |store| async move {
        let CreatedTable { created, index_ready } = store.create_table(Patience::default()).await?;
        Ok(NativeTable { created, index_ready })
    })
}
