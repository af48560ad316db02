//! `{ signal }`: an `AbortSignal` that stops a call.
//!
//! napi's own conversion overwrites the user's `onabort`, so the signal gets a listener like any other. It gets one for all
//! calls that it may stop, and loses it when the last of them has settled: one signal may serve any number of calls.

use std::cell::RefCell;

use futures_util::future::select_all;
use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, ObjectRef, Unknown};
use napi::{Env, JsValue, Result, ValueType, sys};
use tokio_util::sync::CancellationToken;

use super::bytes::value_of;
use super::event_loop::EventLoop;
use super::input::read;
use crate::input::Input;

/// What a signal must be; reads on after "must be".
pub(super) const SIGNAL_ALLOWED: &str = "an AbortSignal or undefined";

/// Without the leak check: a worker that ends does not settle its calls, and takes its references with it.
type Kept = ObjectRef<false>;

/// `addEventListener` and `removeEventListener`.
type Listen<'a> = Function<'a, FnArgs<(&'static str, Unknown<'a>)>, Unknown<'a>>;

/// A signal that calls under way listen to.
struct Listening {
    token: CancellationToken,
    signal: Kept,
    /// Absent where the signal was raised before.
    listener: Option<Kept>,
    calls: usize,
}

/// The signals that the calls of an environment listen to. On the JavaScript thread alone.
#[derive(Default)]
pub(super) struct Signals {
    listening: RefCell<Vec<Option<Listening>>>,
    free: RefCell<Vec<usize>>,
}

/// The signals of one call.
pub(super) struct Abort(Vec<(usize, CancellationToken)>);

impl Abort {
    /// Listens to the signals in the options of a call. `Err` holds what was found in place of a signal.
    pub(super) fn listen(
        env: &Env,
        options: &[Unknown<'_>],
    ) -> Result<std::result::Result<Option<Self>, &'static str>> {
        let mut signals = Vec::new();
        for options in options {
            match signal(options)? {
                Ok(Some(signal)) => signals.push(signal),
                Ok(None) => {}
                Err(found) => return Ok(Err(found)),
            }
        }
        if signals.is_empty() {
            return Ok(Ok(None));
        }
        let event_loop = EventLoop::of(env)?;
        let mut abort = Self(Vec::with_capacity(1));
        for (signal, is_raised) in signals {
            match event_loop.signals.listen(env, event_loop, &signal, is_raised, &abort.0) {
                Ok(Some(listened)) => abort.0.push(listened),
                Ok(None) => {}
                Err(error) => {
                    let error = caught(env, error);
                    abort.end(env, event_loop, false);
                    return Err(error);
                }
            }
        }
        Ok(Ok(Some(abort)))
    }

    /// Waits until one of the signals is raised.
    pub(super) fn raised(&self) -> impl Future<Output = ()> + Send + use<> {
        let tokens: Vec<_> = self.0.iter().map(|(_, token)| Box::pin(token.clone().cancelled_owned())).collect();
        async move {
            select_all(tokens).await;
        }
    }

    /// Ends the listening; gives the reason of the signal that stopped the call. What a signal throws meanwhile is ignored:
    /// the call has its result.
    pub(super) fn end<'env>(self, env: &'env Env, event_loop: &EventLoop, stopped: bool) -> Option<Unknown<'env>> {
        let mut reason = None;
        for (place, token) in self.0 {
            if stopped && reason.is_none() && token.is_cancelled() {
                reason = quietly(env, event_loop.signals.reason(env, place)).flatten();
            }
            quietly(env, event_loop.signals.release(env, event_loop, place));
        }
        reason
    }
}

impl Signals {
    /// Counts one more call that listens to a signal; `None` where the call listens to it already.
    fn listen(
        &self,
        env: &Env,
        event_loop: &EventLoop,
        signal: &Object<'_>,
        is_raised: bool,
        mine: &[(usize, CancellationToken)],
    ) -> Result<Option<(usize, CancellationToken)>> {
        let host = event_loop.host(env)?;
        if let Some(place) = host.place_of(env, signal)? {
            if mine.iter().any(|(other, _)| *other == place) {
                return Ok(None);
            }
            if let Some(Some(listening)) = self.listening.borrow_mut().get_mut(place) {
                listening.calls += 1;
                if is_raised {
                    listening.token.cancel();
                }
                return Ok(Some((place, listening.token.clone())));
            }
        }
        let token = CancellationToken::new();
        let place =
            self.add(Listening { token: token.clone(), signal: signal.create_ref()?, listener: None, calls: 1 });
        host.set_place(env, signal, place)?;
        if is_raised {
            token.cancel();
        } else if let Err(error) = self.attach(env, signal, place, token.clone()) {
            let error = caught(env, error);
            quietly(env, self.release(env, event_loop, place));
            return Err(error);
        }
        Ok(Some((place, token)))
    }

    /// Runs JavaScript, which may start calls: nothing may be borrowed.
    fn attach(&self, env: &Env, signal: &Object<'_>, place: usize, token: CancellationToken) -> Result<()> {
        let listener: Function<'_, (), ()> = env.create_function_from_closure("abort", move |_| {
            token.cancel();
            Ok(())
        })?;
        // SAFETY: a function is an object.
        let kept: Object<'_> = unsafe { listener.to_unknown().cast() }?;
        let kept = kept.create_ref()?;
        if let Some(Some(listening)) = self.listening.borrow_mut().get_mut(place) {
            listening.listener = Some(kept);
        }
        let add: Listen<'_> = signal.get_named_property("addEventListener")?;
        add.apply(*signal, ("abort", listener.to_unknown()).into()).map(|_| ())
    }

    fn add(&self, listening: Listening) -> usize {
        let mut all = self.listening.borrow_mut();
        if let Some(place) = self.free.borrow_mut().pop()
            && let Some(free) = all.get_mut(place)
        {
            *free = Some(listening);
            return place;
        }
        all.push(Some(listening));
        all.len() - 1
    }

    fn reason<'env>(&self, env: &'env Env, place: usize) -> Result<Option<Unknown<'env>>> {
        let signal = match self.listening.borrow().get(place) {
            Some(Some(listening)) => listening.signal.get_value(env)?,
            _ => return Ok(None),
        };
        signal.get_named_property("reason").map(Some)
    }

    /// One call less listens to a signal. The last one takes the listener off.
    fn release(&self, env: &Env, event_loop: &EventLoop, place: usize) -> Result<()> {
        let last = {
            let mut all = self.listening.borrow_mut();
            let Some(slot) = all.get_mut(place) else { return Ok(()) };
            let Some(listening) = slot.as_mut() else { return Ok(()) };
            listening.calls -= 1;
            if listening.calls > 0 {
                return Ok(());
            }
            slot.take()
        };
        self.free.borrow_mut().push(place);
        let Some(Listening { signal: kept, listener, .. }) = last else { return Ok(()) };
        let signal = kept.get_value(env)?;
        kept.unref(env)?;
        event_loop.host(env)?.forget_place(env, &signal)?;
        if let Some(kept) = listener {
            let listener = kept.get_value(env)?;
            kept.unref(env)?;
            let remove: Listen<'_> = signal.get_named_property("removeEventListener")?;
            remove.apply(signal, ("abort", listener.to_unknown()).into())?;
        }
        Ok(())
    }
}

/// The signal in the options of a call, where there is one, and whether it is raised: an `AbortSignal` of any realm, or what
/// can do as much.
fn signal<'env>(options: &Unknown<'env>) -> Result<std::result::Result<Option<(Object<'env>, bool)>, &'static str>> {
    if options.get_type()? != ValueType::Object {
        return Ok(Ok(None));
    }
    // SAFETY: the type was just checked.
    let options: Object<'env> = unsafe { value_of(options).cast() }?;
    let signal: Unknown<'env> = options.get_named_property("signal")?;
    match signal.get_type()? {
        ValueType::Undefined | ValueType::Null => return Ok(Ok(None)),
        ValueType::Object => {}
        _ => return read(signal).map(|found| Err(found.kind())),
    }
    // SAFETY: the type was just checked.
    let signal: Object<'env> = unsafe { signal.cast() }?;
    for method in ["addEventListener", "removeEventListener"] {
        if signal.get_named_property::<Unknown<'_>>(method)?.get_type()? != ValueType::Function {
            return Ok(Err("an object that is no AbortSignal"));
        }
    }
    Ok(match read(signal.get_named_property("aborted")?)? {
        Input::Boolean(is_raised) => Ok(Some((signal, is_raised))),
        _ => Err("an object that is no AbortSignal"),
    })
}

/// Ignores a failure, and with it what JavaScript threw.
pub(super) fn quietly<T>(env: &Env, result: Result<T>) -> Option<T> {
    result.map_err(|error| caught(env, error)).ok()
}

/// The failure, with what JavaScript threw: as long as that is pending, nothing else can be called.
pub(super) fn caught(env: &Env, error: napi::Error) -> napi::Error {
    let (mut is_pending, mut exception) = (false, std::ptr::null_mut());
    // SAFETY: env is live, and the out-pointers are valid for the calls.
    unsafe {
        sys::napi_is_exception_pending(env.raw(), &raw mut is_pending);
        if is_pending && sys::napi_get_and_clear_last_exception(env.raw(), &raw mut exception) == sys::Status::napi_ok {
            return Unknown::from_raw_unchecked(env.raw(), exception).into();
        }
    }
    error
}
