//! The factory and the native driver object. Each method clones the store, makes one promise and calls the core once.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::abort::{Abort, SIGNAL_ALLOWED};
use super::answer::Answer;
use super::authorities::authorities;
use super::context::outside;
use super::environment::environment;
use super::error::thrown;
use super::event_loop::EventLoop;
use super::hints::time_to_live;
use super::input::{Argument, option};
use super::items::{List, new_items, wanted_items};
use super::options::read_options;
use super::raw::given_raw;
use super::settle::Ended;
use super::stats::NativeStore;
use super::value::given;
use crate::clock::SystemClock;
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::options::Options;
use crate::store::Store;
use crate::value::Reading;

/// Makes a native driver. Checks the options; opens nothing.
///
/// Throws the data of an error where an option is not allowed.
#[napi(catch_unwind, ts_args_type = "options: object, variables: object")]
pub fn dynamo_db_cache_driver(env: &Env, options: Object<'_>, variables: Unknown<'_>) -> Result<NativeDriver> {
    #[cfg(feature = "fault")]
    super::fault::strike("factory");
    open(env, &options, variables).map(|store| NativeDriver { store })
}

/// A store with these options; throws where one is not allowed.
pub(super) fn open(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<Arc<Store>> {
    let options = Options::parse(read_options(env, options, variables)?).map_err(|error| thrown(env, &error))?;
    let authorities = outside(env, || authorities(env, &options))?;
    Ok(Arc::new(Store::trusting(options, Arc::new(SystemClock), authorities)))
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
        ts_args_type = "key: string, options?: { consistentRead?: boolean, signal?: AbortSignal }",
        ts_return_type = "Promise<boolean>"
    )]
    pub fn has_item<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let consistent = option(&options, "consistentRead")?;
        promise(env, &self.store, Operation::HasItem, &[options], move |store| async move {
            store.has(key.0, consistent).await
        })
    }

    /// The value under the key, or null.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, options?: { consistentRead?: boolean, signal?: AbortSignal }",
        ts_return_type = "Promise<unknown>"
    )]
    pub fn get_item<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let consistent = option(&options, "consistentRead")?;
        promise(env, &self.store, Operation::GetItem, &[options], move |store| async move {
            store.get(key.0, Reading::Plain, consistent).await
        })
    }

    /// The value under the key, bytes as bytes, or null.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, options?: { consistentRead?: boolean, signal?: AbortSignal }",
        ts_return_type = "Promise<unknown>"
    )]
    pub fn get_item_raw<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let consistent = option(&options, "consistentRead")?;
        promise(env, &self.store, Operation::GetItemRaw, &[options], move |store| async move {
            store.get(key.0, Reading::Raw, consistent).await
        })
    }

    /// The values under several keys.
    #[napi(
        catch_unwind,
        ts_args_type = "items: (string | { key: string, options?: { consistentRead?: boolean, signal?: AbortSignal } })[], common?: { consistentRead?: boolean, signal?: AbortSignal }",
        ts_return_type = "Promise<{ key: string, value: unknown }[]>"
    )]
    pub fn get_items<'env>(&self, env: &'env Env, items: Unknown<'_>, common: Unknown<'_>) -> Result<Unknown<'env>> {
        let consistent = option(&common, "consistentRead")?;
        let mut options = vec![common];
        let items = self.listed(env, Operation::GetItems, wanted_items(env, items, &mut options)?)?;
        promise(env, &self.store, Operation::GetItems, &options, move |store| async move {
            store.get_many(items, consistent).await
        })
    }

    /// Time left, size and time of the last write, or null.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, options?: { consistentRead?: boolean, signal?: AbortSignal }",
        ts_return_type = "Promise<{ ttl?: number, size: number, mtime?: Date } | null>"
    )]
    pub fn get_meta<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let consistent = option(&options, "consistentRead")?;
        promise(env, &self.store, Operation::GetMeta, &[options], move |store| async move {
            store.meta(key.0, consistent).await
        })
    }

    /// Stores a value.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, value: unknown, options?: { ttl?: number | string | false | null, signal?: AbortSignal }",
        ts_return_type = "Promise<void>"
    )]
    pub fn set_item<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        value: Unknown<'_>,
        options: Unknown<'_>,
    ) -> Result<Unknown<'env>> {
        let (value, ttl) = (given(env, value)?, time_to_live(env, Operation::SetItem, &options)?);
        promise(env, &self.store, Operation::SetItem, &[options], move |store| async move {
            store.put(Operation::SetItem, key.0, value, ttl).await
        })
    }

    /// Stores bytes, text, or JSON text of anything else.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, value: unknown, options?: { ttl?: number | string | false | null, signal?: AbortSignal }",
        ts_return_type = "Promise<void>"
    )]
    pub fn set_item_raw<'env>(
        &self,
        env: &'env Env,
        key: Argument,
        value: Unknown<'_>,
        options: Unknown<'_>,
    ) -> Result<Unknown<'env>> {
        let (value, ttl) = (given_raw(env, value)?, time_to_live(env, Operation::SetItemRaw, &options)?);
        promise(env, &self.store, Operation::SetItemRaw, &[options], move |store| async move {
            store.put(Operation::SetItemRaw, key.0, value, ttl).await
        })
    }

    /// Stores several values.
    #[napi(
        catch_unwind,
        ts_args_type = "items: { key: string, value: unknown, options?: { ttl?: number | string | false | null, signal?: AbortSignal } }[], common?: { ttl?: number | string | false | null, signal?: AbortSignal }",
        ts_return_type = "Promise<void>"
    )]
    pub fn set_items<'env>(&self, env: &'env Env, items: Unknown<'_>, common: Unknown<'_>) -> Result<Unknown<'env>> {
        let ttl = time_to_live(env, Operation::SetItems, &common)?;
        let mut options = vec![common];
        let items = self.listed(env, Operation::SetItems, new_items(env, items, &mut options)?)?;
        promise(env, &self.store, Operation::SetItems, &options, move |store| async move {
            store.put_many(items, ttl).await
        })
    }

    /// Removes a row.
    #[napi(
        catch_unwind,
        ts_args_type = "key: string, options?: { signal?: AbortSignal }",
        ts_return_type = "Promise<void>"
    )]
    pub fn remove_item<'env>(&self, env: &'env Env, key: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        promise(
            env,
            &self.store,
            Operation::RemoveItem,
            &[options],
            move |store| async move { store.delete(key.0).await },
        )
    }

    /// The keys alive under a base.
    #[napi(
        catch_unwind,
        ts_args_type = "base?: string, options?: { maxDepth?: number, consistentRead?: boolean, signal?: AbortSignal }",
        ts_return_type = "Promise<string[]>"
    )]
    pub fn get_keys<'env>(&self, env: &'env Env, base: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        let (max_depth, consistent) = (option(&options, "maxDepth")?, option(&options, "consistentRead")?);
        promise(env, &self.store, Operation::GetKeys, &[options], move |store| async move {
            store.keys(base.0, max_depth, consistent).await
        })
    }

    /// Removes everything under a base.
    #[napi(
        catch_unwind,
        ts_args_type = "base?: string, options?: { signal?: AbortSignal }",
        ts_return_type = "Promise<void>"
    )]
    pub fn clear<'env>(&self, env: &'env Env, base: Argument, options: Unknown<'_>) -> Result<Unknown<'env>> {
        promise(env, &self.store, Operation::Clear, &[options], move |store| async move { store.clear(base.0).await })
    }

    /// The store behind this driver.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn get_instance(&self) -> NativeStore {
        NativeStore::new(&self.store)
    }

    /// Reads what may have changed in the environment since the last call: AWS Lambda's trace id, and everything where
    /// no client could be made of what it held. Tells whether the next call must do the same.
    #[napi(catch_unwind, ts_args_type = "variables: object")]
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

    /// Ends the driver's work and closes its connections.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn dispose<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        start(env, &self.store, None, |store| async move {
            store.close().await;
            Ok(())
        })
    }
}

impl NativeDriver {
    /// The items of a call, or its rejection where there is no array of them.
    fn listed<T>(&self, env: &Env, operation: Operation, items: List<T>) -> Result<Vec<T>> {
        items.map_err(|found| thrown(env, &self.store.refuse(operation, "items", "an array of items", found.kind())))
    }
}

/// Runs a call of the core on the worker, until a signal in `options` stops it.
pub(super) fn promise<'env, T, F>(
    env: &'env Env,
    store: &Arc<Store>,
    operation: Operation,
    options: &[Unknown<'_>],
    call: impl FnOnce(Arc<Store>) -> F + Send + 'static,
) -> Result<Unknown<'env>>
where
    T: Into<Answer>,
    F: Future<Output = std::result::Result<T, Error>> + Send + 'static,
{
    match Abort::listen(env, options)? {
        Ok(abort) => start(env, store, abort.map(|abort| (abort, operation)), call),
        Err(found) => Err(thrown(env, &store.refuse(operation, "signal", SIGNAL_ALLOWED, found))),
    }
}

/// The future of a call is made on the worker: it can be kilobytes, which the event loop need not allocate and move.
fn start<'env, T, F>(
    env: &'env Env,
    store: &Arc<Store>,
    abort: Option<(Abort, Operation)>,
    call: impl FnOnce(Arc<Store>) -> F + Send + 'static,
) -> Result<Unknown<'env>>
where
    T: Into<Answer>,
    F: Future<Output = std::result::Result<T, Error>> + Send + 'static,
{
    #[cfg(feature = "fault")]
    super::fault::strike("call");
    let store = Arc::clone(store);
    let signals = abort.as_ref().map(|(abort, operation)| (abort.raised(), *operation));
    EventLoop::of(env)?.call(env, abort.map(|(abort, _)| abort), move || async move {
        #[cfg(feature = "fault")]
        super::fault::strike("future");
        let mut call = pin!(call(Arc::clone(&store)));
        let (result, stopped) = match signals {
            None => (call.await, false),
            Some((raised, operation)) => {
                let mut raised = pin!(raised);
                if (&mut raised).now_or_never().is_some() {
                    (Err(store.aborted(operation, false)), true)
                } else {
                    tokio::select! {
                        biased;
                        () = raised => (Err(store.aborted(operation, true)), true),
                        result = &mut call => (result, false),
                    }
                }
            }
        };
        Ended { result: result.map(Into::into), stopped, notice: store.take_notice() }
    })
}
