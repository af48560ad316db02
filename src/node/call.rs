//! The steps common to all methods: a call reads its options, listens to its signal, runs on the worker and settles one
//! promise.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};

use super::abort::{Abort, SIGNAL_ALLOWED};
use super::event_loop::EventLoop;
use super::from_js::items::{List, new_items, wanted_items};
use super::from_js::option;
use super::from_js::options::{CallOptions, conditions, time_to_live};
use super::from_js::value::{given, given_raw};
use super::settle::CallResult;
use super::to_js::{MethodResult, throw};
use crate::condition::RawConditions;
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::store::{NewItem, Store, WantedItem};
use crate::value::Given;

/// A method call that has not started.
pub(super) struct Call<'a, 'env> {
    env: &'env Env,
    event_loop: &'static EventLoop,
    store: &'a Arc<Store>,
    operation: Operation,
    options: CallOptions<'a>,
}

impl<'a, 'env> Call<'a, 'env> {
    pub(super) fn new(
        env: &'env Env,
        store: &'a Arc<Store>,
        operation: Operation,
        options: Option<Unknown<'a>>,
    ) -> Result<Self> {
        Ok(Self { env, event_loop: EventLoop::of(env)?, store, operation, options: CallOptions::new(options)? })
    }

    pub(super) fn option(&self, name: &str) -> Result<Input> {
        self.options.common().map_or(Ok(Input::Absent), |options| option(options, name))
    }

    pub(super) fn time_to_live(&self) -> Result<Input> {
        self.options.common().map_or(Ok(Input::Absent), |options| time_to_live(self.env, self.operation, options))
    }

    pub(super) fn conditions(&self) -> Result<RawConditions> {
        self.options.common().map_or_else(|| Ok(RawConditions::default()), conditions)
    }

    pub(super) fn value(&self, value: Unknown<'_>) -> Result<Given> {
        given(self.env, &self.event_loop.realm, value)
    }

    pub(super) fn raw_value(&self, value: Unknown<'_>) -> Result<Given> {
        given_raw(self.env, &self.event_loop.realm, value)
    }

    pub(super) fn wanted_items(&mut self, items: Unknown<'a>) -> Result<Vec<WantedItem>> {
        let items = wanted_items(self.env, &self.event_loop.realm, items, &mut self.options)?;
        self.array(items)
    }

    pub(super) fn new_items(&mut self, items: Unknown<'a>) -> Result<Vec<NewItem>> {
        let items = new_items(self.env, &self.event_loop.realm, items, &mut self.options)?;
        self.array(items)
    }

    fn array<T>(&self, items: List<T>) -> Result<Vec<T>> {
        items.map_err(|found| self.refuse("items", "an array of items", found.kind()))
    }

    fn refuse(&self, name: &str, allowed: &str, found: &str) -> napi::Error {
        throw(self.env, &self.store.refuse(self.operation, name, allowed, found))
    }

    /// Starts the call and returns its promise. A signal in the options stops it.
    pub(super) fn run<F>(self, call: impl FnOnce(Arc<Store>) -> F + Send + 'static) -> Result<Unknown<'env>>
    where
        F: Future<Output = std::result::Result<MethodResult, Error>> + Send + 'static,
    {
        let abort = match self.event_loop.listen(self.env, self.options.iter())? {
            Ok(abort) => abort,
            Err(found) => return Err(self.refuse("signal", SIGNAL_ALLOWED, found)),
        };
        #[cfg(feature = "fault")]
        super::fault::inject("call");
        let aborted = abort.as_ref().map(Abort::aborted);
        let (store, operation) = (Arc::clone(self.store), self.operation);
        self.event_loop.start(self.env, abort, move || async move {
            #[cfg(feature = "fault")]
            super::fault::inject("future");
            let mut call = pin!(call(Arc::clone(&store)));
            let (result, was_stopped) = match aborted {
                None => (call.await, false),
                Some(aborted) => {
                    let mut aborted = pin!(aborted);
                    if (&mut aborted).now_or_never().is_some() {
                        (Err(store.aborted(operation, false)), true)
                    } else {
                        tokio::select! {
                            biased;
                            () = aborted => (Err(store.aborted(operation, true)), true),
                            result = &mut call => (result, false),
                        }
                    }
                }
            };
            CallResult { result, was_stopped, notice: store.take_notice() }
        })
    }
}
