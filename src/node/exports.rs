//! What the addon exports. Promises reject with the data of an error, not with an `Error`; js/errors.cjs creates that.

use std::sync::Arc;

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::call::Call;
use super::event_loop::EventLoop;
use super::from_js::callbacks::authorities;
use super::from_js::options::{environment, read_options};
use super::from_js::{Argument, option};
use super::settle::CallResult;
use super::to_js::{self, Expiry, MethodResult, throw};
use crate::clock::SystemClock;
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::options::{NearCache, Options};
use crate::store::{Patience, Store, Subject, WriteOptions};
use crate::usage::Usage;
use crate::value::{Given, Reading};

/// The version of the npm package. Its JavaScript code rejects an addon of another version.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Creates a driver. Opens nothing. Throws the data of an error if an option is invalid.
#[napi(catch_unwind)]
pub fn dynamo_db_cache_driver(env: &Env, options: Object<'_>, variables: Unknown<'_>) -> Result<NativeDriver> {
    #[cfg(feature = "fault")]
    super::fault::inject("factory");
    let options = parse(env, &options, variables)?;
    let near = options.near_cache.map(|cache| Near { cache, consistent_read: options.consistent_read });
    open(env, options).map(|store| NativeDriver { store, usage: None, near })
}

/// Creates the table and enables its TTL if necessary. Throws the data of an error if an option is invalid.
#[napi(catch_unwind)]
pub fn create_table<'env>(env: &'env Env, options: Object<'_>, variables: Unknown<'_>) -> Result<Unknown<'env>> {
    let store = open(env, parse(env, &options, variables)?)?;
    Call::new(env, &store, Operation::CreateTable, None)?
        .run(|store| async move { store.create_table(Patience::default()).await.map(MethodResult::Table) })
}

fn parse(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<Options> {
    Options::parse(read_options(env, options, variables)?).map_err(|error| throw(env, &error))
}

fn open(env: &Env, options: Options) -> Result<Arc<Store>> {
    let authorities = authorities(EventLoop::of(env)?, &options);
    Ok(Arc::new(Store::trusting(options, Arc::new(SystemClock), authorities)))
}

/// The methods of a driver.
#[napi]
pub struct NativeDriver {
    store: Arc<Store>,
    /// The counters of a traced call.
    usage: Option<Arc<Usage>>,
    near: Option<Near>,
}

/// What `js/near_cache.cjs` needs to know.
#[derive(Clone, Copy)]
struct Near {
    cache: NearCache,
    consistent_read: bool,
}

#[napi]
impl NativeDriver {
    #[napi(catch_unwind)]
    pub fn has_item<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        self.read(env, Operation::HasItem, options, |store, consistent| async move {
            store.has(key.0, consistent).await.map(MethodResult::Flag)
        })
    }

    #[napi(catch_unwind)]
    pub fn get_item<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        self.get(env, Operation::GetItem, key, options, Reading::Plain)
    }

    #[napi(catch_unwind)]
    pub fn get_item_raw<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        self.get(env, Operation::GetItemRaw, key, options, Reading::Raw)
    }

    #[napi(catch_unwind)]
    pub fn get_meta<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        self.read(env, Operation::GetMeta, options, |store, consistent| async move {
            store.meta(key.0, consistent).await.map(MethodResult::Meta)
        })
    }

    #[napi(catch_unwind)]
    pub fn get_items<'env>(&self, env: &'env Env, items: Unknown<'_>, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let mut call = self.call(env, Operation::GetItems, options)?;
        let (consistent, items) = (call.option("consistentRead")?, call.wanted_items(items)?);
        let expiry = self.expiry();
        call.run(move |store| async move {
            store.find_many(items, consistent).await.map(|found| MethodResult::of_values(found, expiry))
        })
    }

    #[napi(catch_unwind)]
    pub fn set_item<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        value: Unknown<'_>,
        options: Unknown<'_>,
    ) -> Result<Unknown<'env>> {
        self.put(env, Operation::SetItem, key, options, |call| call.value(value))
    }

    #[napi(catch_unwind)]
    pub fn set_item_raw<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        value: Unknown<'_>,
        options: Unknown<'_>,
    ) -> Result<Unknown<'env>> {
        self.put(env, Operation::SetItemRaw, key, options, |call| call.raw_value(value))
    }

    #[napi(catch_unwind)]
    pub fn set_items<'env>(&self, env: &'env Env, items: Unknown<'_>, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let mut call = self.call(env, Operation::SetItems, options)?;
        let common = WriteOptions { ttl: call.time_to_live()?, conditions: call.conditions()? };
        let items = call.new_items(items)?;
        call.run(|store| async move { store.put_many(items, common).await.map(|()| MethodResult::Nothing) })
    }

    #[napi(catch_unwind)]
    pub fn remove_item<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let call = self.call(env, Operation::RemoveItem, options)?;
        let conditions = call.conditions()?;
        call.run(|store| async move { store.delete(key.0, conditions).await.map(|()| MethodResult::Nothing) })
    }

    #[napi(catch_unwind)]
    pub fn get_keys<'env>(&self, env: &'env Env, base: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let call = self.call(env, Operation::GetKeys, options)?;
        let (max_depth, consistent) = (call.option("maxDepth")?, call.option("consistentRead")?);
        call.run(|store| async move { store.keys(base.0, max_depth, consistent).await.map(MethodResult::Keys) })
    }

    #[napi(catch_unwind)]
    pub fn clear<'env>(&self, env: &'env Env, base: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        self.call(env, Operation::Clear, options)?
            .run(|store| async move { store.clear(base.0).await.map(|()| MethodResult::Nothing) })
    }

    #[napi(catch_unwind)]
    pub fn sweep<'env>(&self, env: &'env Env, options: Unknown<'_>) -> Result<Unknown<'env>> {
        self.call(env, Operation::Sweep, options)?
            .run(|store| async move { store.sweep().await.map(MethodResult::Swept) })
    }

    #[napi(catch_unwind)]
    #[must_use]
    pub fn get_instance(&self) -> NativeStore {
        NativeStore { store: Arc::clone(&self.store) }
    }

    /// Returns the same driver for a single traced call.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn observed(&self) -> Self {
        let usage = Arc::new(Usage::default());
        Self { store: Arc::new(self.store.observed(Arc::clone(&usage))), usage: Some(usage), near: self.near }
    }

    /// The option `nearCache`, and whether reads are consistent by default. `null` if there is no near cache; else reads
    /// return values with their expiry.
    #[napi(catch_unwind)]
    pub fn near_cache<'env>(&self, env: &'env Env) -> Result<Option<Object<'env>>> {
        self.near.map(|Near { cache, consistent_read }| to_js::near_cache(env, cache, consistent_read)).transpose()
    }

    /// The destination of requests.
    #[napi(catch_unwind)]
    pub fn destination<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        to_js::destination(env, self.store.destination())
    }

    /// The statistics of the call so far, for a driver returned by `observed`.
    #[napi(catch_unwind)]
    pub fn usage<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        to_js::usage(env, self.usage.as_deref().unwrap_or(&Usage::default()))
    }

    /// Reads the environment variables that may have changed: AWS Lambda's trace ID, and all of them if the last
    /// attempt to connect failed. Returns whether the next call must do the same.
    #[napi(catch_unwind)]
    pub fn enter(&self, variables: Unknown<'_>) -> Result<bool> {
        if self.store.lacks_environment() {
            self.store.renew(environment(variables)?);
        }
        if self.store.is_traced()
            && let Input::Text(id) = option(&variables, "_X_AMZN_TRACE_ID")?
        {
            self.store.set_trace_id(Some(&id));
        } else {
            self.store.set_trace_id(None);
        }
        Ok(self.store.is_traced() || !self.store.is_connected())
    }

    /// Checks a part of the set-up, for the command `doctor`.
    #[napi(catch_unwind)]
    pub fn inspect<'env>(&self, env: &'env Env, subject: Argument) -> Result<Unknown<'env>> {
        let subject = if let Input::Text(name) = subject.0 { Subject::named(&name) } else { None };
        let subject = subject.ok_or_else(|| napi::Error::from_reason("unknown subject"))?;
        Call::new(env, &self.store, Operation::Doctor, None)?
            .run(move |store| async move { store.inspect(subject).await.map(MethodResult::Facts) })
    }

    #[napi(catch_unwind)]
    pub fn dispose<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let store = Arc::clone(&self.store);
        EventLoop::of(env)?.start(env, None, || async move {
            store.close().await;
            CallResult { result: Ok(MethodResult::Nothing), was_stopped: false, notice: None }
        })
    }
}

impl NativeDriver {
    fn expiry(&self) -> Expiry {
        if self.near.is_some() { Expiry::Included } else { Expiry::Omitted }
    }

    fn get<'env>(
        &self,
        env: &'env Env,
        operation: Operation,
        key: Argument,
        options: Unknown<'_>,
        reading: Reading,
    ) -> Result<Unknown<'env>> {
        let expiry = self.expiry();
        self.read(env, operation, options, move |store, consistent| async move {
            store.find(key.0, reading, consistent).await.map(|found| MethodResult::of_value(found, expiry))
        })
    }

    fn put<'env>(
        &self,
        env: &'env Env,
        operation: Operation,
        key: Argument,
        options: Unknown<'_>,
        value: impl FnOnce(&Call<'_, 'env>) -> Result<Given>,
    ) -> Result<Unknown<'env>> {
        let call = self.call(env, operation, options)?;
        let value = value(&call)?;
        let options = WriteOptions { ttl: call.time_to_live()?, conditions: call.conditions()? };
        call.run(
            move |store| async move { store.put(operation, key.0, value, options).await.map(MethodResult::Written) },
        )
    }

    fn call<'a, 'env>(&'a self, env: &'env Env, operation: Operation, options: Unknown<'a>) -> Result<Call<'a, 'env>> {
        Call::new(env, &self.store, operation, Some(options))
    }

    /// A call whose only option is `consistentRead`.
    fn read<'env, F>(
        &self,
        env: &'env Env,
        operation: Operation,
        options: Unknown<'_>,
        read: impl FnOnce(Arc<Store>, Input) -> F + Send + 'static,
    ) -> Result<Unknown<'env>>
    where
        F: Future<Output = std::result::Result<MethodResult, Error>> + Send + 'static,
    {
        let call = self.call(env, operation, options)?;
        let consistent = call.option("consistentRead")?;
        call.run(move |store| read(store, consistent))
    }
}

/// What `getInstance` returns.
#[napi]
pub struct NativeStore {
    store: Arc<Store>,
}

#[napi]
impl NativeStore {
    /// The statistics since the driver was created.
    #[napi(catch_unwind)]
    pub fn stats<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        to_js::stats(env, self.store.stats())
    }
}
