//! JavaScript functions that the worker calls: the one in the option `credentials`, and Node's list of certificate
//! authorities.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, JsObjectValue, Object, PromiseRaw, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, JsDate, JsValue, Result, Status, ValueType};
use tokio::sync::oneshot;

use super::{property, read};
use crate::error::{Cause, CredentialsFailure, Error, ErrorKind, Thrown};
use crate::input::Input;
use crate::node::event_loop::{EventLoop, Tasks};
use crate::node::js::{builtin, caught, outside_async_context};
use crate::options::{Options, RawProvided};
use crate::store::{Authorities, AuthoritySource, TrustVariables};

/// Weak, so that an idle driver does not keep the process alive. A call that waits for the result does so itself.
struct Provider(ThreadsafeFunction<(), Unknown<'static>, (), Status, false, true>);

type ProviderResult = std::result::Result<Credentials, CredentialsFailure>;

/// Wraps the function in the option `credentials` as a provider.
pub(super) fn credentials_provider(env: &Env, function: Unknown<'_>) -> Result<SharedCredentialsProvider> {
    // SAFETY: the caller checked that it is a function.
    let function: Function<'_, (), Unknown<'static>> = unsafe { function.cast() }?;
    let function = outside_async_context(env, || {
        function.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build()
    })?;
    Ok(SharedCredentialsProvider::new(Provider(function)))
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
    async fn call(&self) -> ProviderResult {
        let (sender, result) = oneshot::channel();
        let status = self.0.call_with_return_value((), ThreadsafeFunctionCallMode::NonBlocking, |returned, env| {
            let sender = ResultSender::new(sender);
            if let Err(error) = returned.and_then(|returned| sender.clone().when_settled(&env, returned)) {
                sender.send(Err(failed(caught(&env, error))));
            }
            Ok(())
        });
        if status != Status::Ok {
            return Err(CredentialsFailure::new("the thread of the function in the option `credentials` has ended"));
        }
        match result.await {
            Ok(result) => result,
            // The promise was garbage-collected unsettled. Stay pending, so that the outcome does not depend on the
            // collector.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Sends the first result and ignores later ones. Lives on the JavaScript thread.
#[derive(Clone)]
struct ResultSender(Rc<Cell<Option<oneshot::Sender<ProviderResult>>>>);

impl ResultSender {
    fn new(sender: oneshot::Sender<ProviderResult>) -> Self {
        Self(Rc::new(Cell::new(Some(sender))))
    }

    fn send(&self, result: ProviderResult) {
        if let Some(sender) = self.0.take() {
            // Fails if the lookup has timed out or the driver was closed.
            let _abandoned = sender.send(result);
        }
    }

    /// Sends the function's result. Promises and other thenables are awaited first.
    fn when_settled(self, env: &Env, returned: Unknown<'static>) -> Result<()> {
        let fulfilled = self.clone();
        // `Promise.resolve` turns a thenable that throws into a rejection.
        let promise: Unknown<'_> = env.get_global()?.get_named_property("Promise")?;
        // SAFETY: a function is an object.
        let promise: Object<'_> = unsafe { promise.cast() }?;
        let resolve: Function<'_, Unknown<'_>, PromiseRaw<'_, Unknown<'static>>> =
            promise.get_named_property("resolve")?;
        resolve
            .apply(promise, returned)?
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

/// Reads the object that the function returned. Fails if a getter throws.
fn credentials(returned: Unknown<'_>) -> Result<ProviderResult> {
    if returned.get_type()? != ValueType::Object {
        return Ok(Err(RawProvided::no_object(&read(returned)?)));
    }
    // SAFETY: the type was just checked.
    let returned: Object<'_> = unsafe { returned.cast() }?;
    Ok(RawProvided {
        access_key_id: property(&returned, "accessKeyId")?,
        secret_access_key: property(&returned, "secretAccessKey")?,
        session_token: property(&returned, "sessionToken")?,
        expiration: time(returned.get_named_property("expiration")?)?,
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

struct NodeAuthorities(Tasks);

/// The authorities for a driver with these options. Node's list is requested by the first connection that needs it, which
/// most drivers never open, and is shared by all drivers of the environment.
pub(in crate::node) fn authorities(event_loop: &EventLoop, options: &Options) -> Authorities {
    if !options.may_speak_tls() {
        return Authorities::default();
    }
    let variables = TrustVariables::of(&options.environment);
    let list = || NodeAuthorities(event_loop.tasks.clone());
    let known = event_loop.authorities.get_or_init(|| Authorities::new(list(), variables.clone()));
    known.with_variables(variables)
}

/// The certificate authorities that Node's `https` trusts, as PEM text. Unlike the older `rootCertificates`,
/// `getCACertificates` respects Node's command-line options.
fn list(env: &Env) -> Result<String> {
    let tls = builtin(env, "node:tls")?;
    let newer: Unknown<'_> = tls.get_named_property("getCACertificates")?;
    let certificates: Vec<String> = if newer.get_type()? == ValueType::Function {
        // SAFETY: the type was just checked.
        let newer: Function<'_, FnArgs<(&str,)>, Vec<String>> = unsafe { newer.cast() }?;
        newer.apply(tls, ("default",).into())?
    } else {
        tls.get_named_property("rootCertificates")?
    };
    Ok(certificates.join("\n"))
}

impl fmt::Debug for NodeAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeAuthorities")
    }
}

impl AuthoritySource for NodeAuthorities {
    fn list(&self) -> BoxFuture<'_, std::result::Result<String, Error>> {
        let failed = || Error::new(ErrorKind::Internal, "Node's list of certificate authorities could not be read");
        let (sender, result) = oneshot::channel();
        self.0.run(move |env| {
            // Fails if the reading was given up.
            let _abandoned = sender.send(list(env).map_err(|error| Thrown::new(caught(env, error))));
        });
        async move {
            match result.await {
                Ok(list) => list.map_err(|thrown| failed().with_cause(Cause::Thrown(thrown))),
                Err(_) => Err(failed()),
            }
        }
        .boxed()
    }
}
