//! Adapts the JavaScript function in the option `credentials` to a credentials provider.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use napi::bindgen_prelude::{FromNapiValue, Function, JsObjectValue, Object, PromiseRaw, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, JsDate, JsValue, Result, Status, ValueType};
use tokio::sync::oneshot;

use super::abort::caught;
use super::context::outside;
use super::input::{property, read};
use crate::error::{CredentialsFailure, Thrown};
use crate::input::Input;
use crate::options::RawProvided;

type Answer = std::result::Result<Credentials, CredentialsFailure>;

/// Weak, so that an idle driver does not keep the process alive. A call that waits for credentials does so itself.
type Ask = ThreadsafeFunction<(), Unknown<'static>, (), Status, false, true>;

struct Provider(Ask);

/// Wraps the function in a provider.
pub(super) fn provider(env: &Env, function: Unknown<'_>) -> Result<SharedCredentialsProvider> {
    // SAFETY: the caller checked that it is a function.
    let function: Function<'_, (), Unknown<'static>> = unsafe { function.cast() }?;
    let build = || function.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build();
    let ask = outside(env, build)?;
    Ok(SharedCredentialsProvider::new(Provider(ask)))
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider(function)")
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move { self.call().await.map_err(CredentialsError::provider_error) })
    }
}

impl Provider {
    /// Calls the function on its JavaScript thread and waits for the result. The caller drops this future on timeout.
    async fn call(&self) -> Answer {
        let (sender, answer) = oneshot::channel();
        let status = self.0.call_with_return_value((), ThreadsafeFunctionCallMode::NonBlocking, |given, env| {
            let reply = Reply::new(sender);
            if let Err(error) = given.and_then(|given| reply.clone().when_settled(&env, given)) {
                reply.send(Err(failed(caught(&env, error))));
            }
            Ok(())
        });
        if status != Status::Ok {
            return Err(CredentialsFailure::new("the thread of the function in the option `credentials` has ended"));
        }
        match answer.await {
            Ok(answer) => answer,
            // The promise was garbage-collected unsettled. Stay pending, so that the outcome does not depend on the
            // collector.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Sends the first answer and ignores the others. Lives on the JavaScript thread.
#[derive(Clone)]
struct Reply(Rc<Cell<Option<oneshot::Sender<Answer>>>>);

impl Reply {
    fn new(sender: oneshot::Sender<Answer>) -> Self {
        Self(Rc::new(Cell::new(Some(sender))))
    }

    fn send(&self, answer: Answer) {
        if let Some(sender) = self.0.take() {
            // Fails if the lookup has timed out or the driver was closed.
            let _abandoned = sender.send(answer);
        }
    }

    /// Sends the function's result. Promises and other thenables are awaited first.
    fn when_settled(self, env: &Env, given: Unknown<'static>) -> Result<()> {
        let fulfilled = self.clone();
        // JavaScript's own, so that a thenable that throws is a rejection like any other.
        let promise: Unknown<'_> = env.get_global()?.get_named_property("Promise")?;
        // SAFETY: a function is an object.
        let promise: Object<'_> = unsafe { promise.cast() }?;
        let resolve: Function<'_, Unknown<'_>, PromiseRaw<'_, Unknown<'static>>> =
            promise.get_named_property("resolve")?;
        resolve
            .apply(promise, given)?
            .then(move |settled| {
                fulfilled.send(credentials(settled.value)?);
                Ok(())
            })?
            .catch(move |settled| {
                self.send(Err(failed(napi::Error::from_unknown_without_coercion(settled.value))));
                Ok(())
            })
            .map(|_: PromiseRaw<'_, ()>| ())
    }
}

fn failed(error: napi::Error) -> CredentialsFailure {
    CredentialsFailure::new("the function in the option `credentials` failed").with_thrown(Thrown::new(error))
}

/// Reads the object that the function returned. Fails if one of its getters throws.
fn credentials(given: Unknown<'_>) -> Result<Answer> {
    if given.get_type()? != ValueType::Object {
        return Ok(Err(RawProvided::no_object(&read(given)?)));
    }
    // SAFETY: the type was just checked.
    let given: Object<'_> = unsafe { given.cast() }?;
    Ok(RawProvided {
        access_key_id: property(&given, "accessKeyId")?,
        secret_access_key: property(&given, "secretAccessKey")?,
        session_token: property(&given, "sessionToken")?,
        expiration: time(given.get_named_property("expiration")?)?,
    }
    .parse())
}

/// Reads the expiration. A `Date` becomes its epoch milliseconds.
fn time(value: Unknown<'_>) -> Result<Input> {
    if !value.is_date()? {
        return read(value);
    }
    let raw = value.value();
    // SAFETY: env and value belong to a live value of this thread, whose type was just checked.
    unsafe { JsDate::from_napi_value(raw.env, raw.value) }?.value_of().map(Input::Number)
}
