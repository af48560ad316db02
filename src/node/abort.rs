//! `{ signal }`: an `AbortSignal` that stops a call.
//!
//! napi's own conversion overwrites the user's `onabort`, so we add an event listener instead: one per signal, shared by
//! all calls that the signal can stop, and removed when the last of them is settled.

use std::cell::RefCell;

use futures_util::future::select_all;
use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};
use tokio_util::sync::CancellationToken;

use super::from_js::read;
use super::js::{Reference, caught, copy_handle, discard_error};
use super::realm::Realm;
use crate::input::Input;

/// The allowed values of the option `signal`.
pub(super) const SIGNAL_ALLOWED: &str = "an AbortSignal or undefined";

/// `addEventListener` and `removeEventListener`.
type Listen<'a> = Function<'a, FnArgs<(&'static str, Unknown<'a>)>, Unknown<'a>>;

/// A signal with unsettled calls.
struct Listening {
    token: CancellationToken,
    signal: Reference,
    /// `None` if the signal was already aborted.
    listener: Option<Reference>,
    calls: usize,
}

/// The signals of an environment's unsettled calls.
#[derive(Default)]
pub(super) struct Signals {
    listening: RefCell<Vec<Option<Listening>>>,
    free: RefCell<Vec<usize>>,
}

/// The signals of one call, by their slots in [`Signals`].
pub(super) struct Abort(Vec<(usize, CancellationToken)>);

impl Abort {
    /// Waits until one of the signals is aborted.
    pub(super) fn aborted(&self) -> impl Future<Output = ()> + Send + use<> {
        let tokens: Vec<_> = self.0.iter().map(|(_, token)| Box::pin(token.clone().cancelled_owned())).collect();
        async move {
            select_all(tokens).await;
        }
    }
}

impl Signals {
    /// Listens to the signals in the options of a call. `Err` names a value that is not a signal.
    pub(super) fn listen<'a, 'env: 'a>(
        &self,
        env: &Env,
        realm: &Realm,
        options: impl Iterator<Item = &'a Unknown<'env>>,
    ) -> Result<std::result::Result<Option<Abort>, &'static str>> {
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
        let mut abort = Abort(Vec::with_capacity(1));
        for (signal, is_aborted) in signals {
            match self.add_call(env, realm, &signal, is_aborted, &abort) {
                Ok(Some(added)) => abort.0.push(added),
                Ok(None) => {}
                Err(error) => {
                    let error = caught(env, error);
                    self.end(env, realm, abort, false);
                    return Err(error);
                }
            }
        }
        Ok(Ok(Some(abort)))
    }

    /// Removes a settled call from its signals. Returns the reason of the signal that aborted it. Exceptions are
    /// ignored, because the call already has its result.
    pub(super) fn end<'env>(
        &self,
        env: &'env Env,
        realm: &Realm,
        abort: Abort,
        was_stopped: bool,
    ) -> Option<Unknown<'env>> {
        let mut reason = None;
        for (slot, token) in abort.0 {
            if was_stopped && reason.is_none() && token.is_cancelled() {
                reason = discard_error(env, self.reason(env, slot)).flatten();
            }
            discard_error(env, self.release(env, realm, slot));
        }
        reason
    }

    /// Adds a call to a signal. Returns `None` if the call already listens to it.
    fn add_call(
        &self,
        env: &Env,
        realm: &Realm,
        signal: &Object<'_>,
        is_aborted: bool,
        call: &Abort,
    ) -> Result<Option<(usize, CancellationToken)>> {
        if let Some(slot) = realm.slot_of(env, signal)? {
            if call.0.iter().any(|(other, _)| *other == slot) {
                return Ok(None);
            }
            if let Some(Some(listening)) = self.listening.borrow_mut().get_mut(slot) {
                listening.calls += 1;
                if is_aborted {
                    listening.token.cancel();
                }
                return Ok(Some((slot, listening.token.clone())));
            }
        }
        let token = CancellationToken::new();
        let slot = self.add(Listening { token: token.clone(), signal: signal.create_ref()?, listener: None, calls: 1 });
        realm.set_slot(env, signal, slot)?;
        if is_aborted {
            token.cancel();
        } else if let Err(error) = self.attach(env, signal, slot, token.clone()) {
            let error = caught(env, error);
            discard_error(env, self.release(env, realm, slot));
            return Err(error);
        }
        Ok(Some((slot, token)))
    }

    /// Adds the listener. Runs JavaScript, which may start calls, so no `RefCell` may be borrowed.
    fn attach(&self, env: &Env, signal: &Object<'_>, slot: usize, token: CancellationToken) -> Result<()> {
        let listener: Function<'_, (), ()> = env.create_function_from_closure("abort", move |_| {
            token.cancel();
            Ok(())
        })?;
        // SAFETY: a function is an object.
        let kept: Object<'_> = unsafe { listener.to_unknown().cast() }?;
        let kept = kept.create_ref()?;
        if let Some(Some(listening)) = self.listening.borrow_mut().get_mut(slot) {
            listening.listener = Some(kept);
        }
        let add: Listen<'_> = signal.get_named_property("addEventListener")?;
        add.apply(*signal, ("abort", listener.to_unknown()).into()).map(|_| ())
    }

    fn add(&self, listening: Listening) -> usize {
        let mut all = self.listening.borrow_mut();
        if let Some(slot) = self.free.borrow_mut().pop()
            && let Some(free) = all.get_mut(slot)
        {
            *free = Some(listening);
            return slot;
        }
        all.push(Some(listening));
        all.len() - 1
    }

    fn reason<'env>(&self, env: &'env Env, slot: usize) -> Result<Option<Unknown<'env>>> {
        let signal = match self.listening.borrow().get(slot) {
            Some(Some(listening)) => listening.signal.get_value(env)?,
            _ => return Ok(None),
        };
        signal.get_named_property("reason").map(Some)
    }

    /// Removes a call from a signal, and the listener with the last call.
    fn release(&self, env: &Env, realm: &Realm, slot: usize) -> Result<()> {
        let last = {
            let mut all = self.listening.borrow_mut();
            let Some(place) = all.get_mut(slot) else { return Ok(()) };
            let Some(listening) = place.as_mut() else { return Ok(()) };
            listening.calls -= 1;
            if listening.calls > 0 {
                return Ok(());
            }
            place.take()
        };
        self.free.borrow_mut().push(slot);
        let Some(Listening { signal: kept, listener, .. }) = last else { return Ok(()) };
        let signal = kept.get_value(env)?;
        kept.unref(env)?;
        realm.forget_slot(env, &signal)?;
        if let Some(kept) = listener {
            let listener = kept.get_value(env)?;
            kept.unref(env)?;
            let remove: Listen<'_> = signal.get_named_property("removeEventListener")?;
            remove.apply(signal, ("abort", listener.to_unknown()).into())?;
        }
        Ok(())
    }
}

/// The signal in the options of a call, and whether it is aborted. Accepts an `AbortSignal` of any realm, and any object
/// with the same interface.
fn signal<'env>(options: &Unknown<'env>) -> Result<std::result::Result<Option<(Object<'env>, bool)>, &'static str>> {
    if options.get_type()? != ValueType::Object {
        return Ok(Ok(None));
    }
    // SAFETY: the type was just checked.
    let options: Object<'env> = unsafe { copy_handle(options).cast() }?;
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
        Input::Boolean(is_aborted) => Ok(Some((signal, is_aborted))),
        _ => Err("an object that is no AbortSignal"),
    })
}
