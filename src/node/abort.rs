//! `{ signal }`: an `AbortSignal` that stops a call.
//!
//! napi's own conversion overwrites the user's `onabort`, so the signal gets a listener like any other, which is taken
//! off again when the call settles: one signal may serve a million calls.

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, ObjectRef, Unknown};
use napi::{Env, JsValue, Result, ValueType};
use tokio_util::sync::CancellationToken;

use super::bytes::value_of;

/// A listening call.
pub(super) struct Abort {
    token: CancellationToken,
    /// Without the leak check: a worker that ends does not settle its calls, and takes its references with it.
    signal: ObjectRef<false>,
    listener: ObjectRef<false>,
}

/// `addEventListener` and `removeEventListener`.
type Listen<'a> = Function<'a, FnArgs<(&'static str, Unknown<'a>)>, Unknown<'a>>;

impl Abort {
    /// Listens to the signal of a call's options, where there is one.
    pub(super) fn listen(env: &Env, options: &Unknown<'_>) -> Result<Option<Self>> {
        if options.get_type()? != ValueType::Object {
            return Ok(None);
        }
        // SAFETY: the type was just checked.
        let options: Object<'_> = unsafe { value_of(options).cast() }?;
        let signal: Unknown<'_> = options.get_named_property("signal")?;
        if signal.get_type()? != ValueType::Object {
            return Ok(None);
        }
        // SAFETY: the type was just checked.
        let signal: Object<'_> = unsafe { signal.cast() }?;
        let token = CancellationToken::new();
        if signal.get_named_property::<bool>("aborted")? {
            token.cancel();
        }
        let cancel = token.clone();
        let listener: Function<'_, (), ()> = env.create_function_from_closure("abort", move |_| {
            cancel.cancel();
            Ok(())
        })?;
        let add: Listen<'_> = signal.get_named_property("addEventListener")?;
        add.apply(signal, ("abort", listener.to_unknown()).into())?;
        // SAFETY: a function is an object.
        let listener: Object<'_> = unsafe { listener.to_unknown().cast() }?;
        Ok(Some(Self { token, signal: signal.create_ref()?, listener: listener.create_ref()? }))
    }

    /// What stops the call.
    pub(super) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Ends the listening; gives the reason where the signal was raised.
    pub(super) fn end(self, env: &Env) -> Result<Option<Unknown<'_>>> {
        let signal = self.signal.get_value(env)?;
        let remove: Listen<'_> = signal.get_named_property("removeEventListener")?;
        remove.apply(signal, ("abort", self.listener.get_value(env)?.to_unknown()).into())?;
        let reason = if self.token.is_cancelled() { Some(signal.get_named_property("reason")?) } else { None };
        self.listener.unref(env)?;
        self.signal.unref(env)?;
        Ok(reason)
    }
}
