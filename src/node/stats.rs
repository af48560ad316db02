//! The native store handle that `getInstance()` gives, and its counts.

use std::sync::Arc;

use napi::bindgen_prelude::{JsObjectValue, Object, ToNapiValue};
use napi::{Env, JsValue, Result, sys};
use napi_derive::napi;

use crate::stats::OperationStats;
use crate::store::Store;

/// The store behind a driver.
#[napi]
pub struct NativeStore {
    store: Arc<Store>,
}

impl NativeStore {
    /// A handle on this store.
    pub(super) fn new(store: &Arc<Store>) -> Self {
        Self { store: Arc::clone(store) }
    }
}

#[napi]
impl NativeStore {
    /// What was done since the driver was made: in all, and by each method that did anything.
    #[napi(catch_unwind, ts_return_type = "object")]
    #[must_use]
    pub fn stats(&self) -> FoundStats {
        FoundStats(self.store.stats().map(|(operation, counts)| (operation.name(), counts)).collect())
    }
}

/// The counts by method.
pub struct FoundStats(Vec<(&'static str, OperationStats)>);

impl ToNapiValue for FoundStats {
    unsafe fn to_napi_value(env: sys::napi_env, FoundStats(operations): Self) -> Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut total = OperationStats::default();
        let mut by_name = Object::new(&env)?;
        for (name, counts) in operations {
            if counts != OperationStats::default() {
                total += counts;
                by_name.set_named_property(name, object(&env, counts)?)?;
            }
        }
        let mut all = object(&env, total)?;
        all.set_named_property("operations", by_name)?;
        Ok(all.raw())
    }
}

fn object(env: &Env, counts: OperationStats) -> Result<Object<'_>> {
    let mut object = Object::new(env)?;
    for (name, count) in counts.named() {
        object.set_named_property(name, count)?;
    }
    Ok(object)
}
