//! The factory and the native driver object. Each method clones the store, makes one promise and calls the core once.

use std::future::Future;
use std::sync::Arc;

use napi::bindgen_prelude::{Object, PromiseRaw, ToNapiValue, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::error::{rejected, thrown};
use super::input::{Argument, option};
use super::options::read_options;
use crate::clock::SystemClock;
use crate::error::Error;
use crate::options::Options;
use crate::store::Store;

/// Makes a native driver. Checks the options; opens nothing.
///
/// Throws the data of an error where an option is not allowed.
#[napi(catch_unwind, ts_args_type = "options: object")]
pub fn dynamo_db_cache_driver(env: &Env, options: Object<'_>) -> Result<NativeDriver> {
    let options = Options::parse(read_options(&options)?).map_err(|error| thrown(env, &error))?;
    Ok(NativeDriver { store: Arc::new(Store::new(options, Arc::new(SystemClock))) })
}

/// unstorage's methods over the core. Promises reject with the data of an error, not with an `Error`.
#[napi]
pub struct NativeDriver {
    store: Arc<Store>,
}

#[napi]
impl NativeDriver {
    /// Whether the key has a value alive.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, options?: { consistentRead?: boolean }",
        ts_return_type = "Promise<boolean>"
    )]
    pub fn has_item<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        options: Unknown<'_>,
    ) -> Result<PromiseRaw<'env, bool>> {
        let store = Arc::clone(&self.store);
        let consistent = option(options, "consistentRead")?;
        promise(env, async move { store.has(key.0, consistent).await })
    }

    /// The text under the key, or null.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, options?: { consistentRead?: boolean }",
        ts_return_type = "Promise<string | null>"
    )]
    pub fn get_item<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        options: Unknown<'_>,
    ) -> Result<PromiseRaw<'env, Option<String>>> {
        let store = Arc::clone(&self.store);
        let consistent = option(options, "consistentRead")?;
        promise(env, async move { store.get(key.0, consistent).await })
    }

    /// Stores a text.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, value: string, options?: { ttl?: number }",
        ts_return_type = "Promise<void>"
    )]
    pub fn set_item<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        value: Argument,
        options: Unknown<'_>,
    ) -> Result<PromiseRaw<'env, ()>> {
        let store = Arc::clone(&self.store);
        let ttl = option(options, "ttl")?;
        promise(env, async move { store.put(key.0, value.0, ttl).await })
    }

    /// Removes a row.
    #[napi(catch_unwind, ts_args_type = "key: string", ts_return_type = "Promise<void>")]
    pub fn remove_item<'env>(&self, env: &'env Env, key: Argument) -> Result<PromiseRaw<'env, ()>> {
        let store = Arc::clone(&self.store);
        promise(env, async move { store.delete(key.0).await })
    }

    /// The keys alive under a base.
    #[napi(
        catch_unwind,
        ts_args_type = "base?: string, options?: { maxDepth?: number; consistentRead?: boolean }",
        ts_return_type = "Promise<string[]>"
    )]
    pub fn get_keys<'env>(
        &self,
        env: &'env Env,
        base: Argument,
        options: Unknown<'_>,
    ) -> Result<PromiseRaw<'env, Vec<String>>> {
        let store = Arc::clone(&self.store);
        let max_depth = option(options, "maxDepth")?;
        let consistent = option(options, "consistentRead")?;
        promise(env, async move { store.keys(base.0, max_depth, consistent).await })
    }

    /// Removes everything under a base.
    #[napi(catch_unwind, ts_args_type = "base?: string", ts_return_type = "Promise<void>")]
    pub fn clear<'env>(&self, env: &'env Env, base: Argument) -> Result<PromiseRaw<'env, ()>> {
        let store = Arc::clone(&self.store);
        promise(env, async move { store.clear(base.0).await })
    }

    /// Ends the driver's work and closes its connections.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn dispose<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, ()>> {
        let store = Arc::clone(&self.store);
        promise(env, async move {
            store.close().await;
            Ok(())
        })
    }
}

/// Runs a call of the core on the addon's threads.
fn promise<T>(
    env: &Env,
    call: impl Future<Output = std::result::Result<T, Error>> + Send + 'static,
) -> Result<PromiseRaw<'_, T>>
where
    T: ToNapiValue + Send + 'static,
{
    env.spawn_future_with_callback(async move { Ok(call.await) }, |env, result| {
        result.map_err(|error| rejected(env, &error))
    })
}
