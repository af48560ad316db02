//! Node's own list of certificate authorities, for connections that speak TLS.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Env, Result, Status, ValueType};

use super::event_loop::EventLoop;
use crate::error::{Error, ErrorKind, Thrown};
use crate::options::Options;
use crate::store::{Authorities, AuthoritySource, TrustVariables};

/// Weak: an idle driver keeps no process alive. While a call waits for the list, that call does.
type Ask = ThreadsafeFunction<(), String, (), Status, false, true>;

struct Node(Ask);

/// Where a driver with these options learns of authorities: Node's list is asked of this environment's own thread, by the
/// first connection that needs it. Most drivers never ask.
pub(super) fn authorities(env: &Env, options: &Options) -> Result<Authorities> {
    if !options.may_speak_tls() {
        return Ok(Authorities::default());
    }
    let (known, variables) = (EventLoop::of(env)?.authorities(), TrustVariables::of(&options.environment));
    if let Some(authorities) = known.get() {
        return Ok(authorities.with_variables(variables));
    }
    let list: Function<'_, (), String> =
        env.create_function_from_closure("listAuthorities", |context| list(context.env))?;
    let ask = list.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build()?;
    Ok(known.get_or_init(|| Authorities::new(Node(ask), variables)).clone())
}

/// The certificate authorities that Node's `https` trusts, as PEM text. `getCACertificates` is newer than `rootCertificates`, and knows the
/// options that Node was started with.
fn list(env: &Env) -> Result<String> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let module: Function<'_, FnArgs<(&str,)>, Object<'_>> = process.get_named_property("getBuiltinModule")?;
    let tls = module.apply(process, ("node:tls",).into())?;
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

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node(function)")
    }
}

impl AuthoritySource for Node {
    fn list(&self) -> BoxFuture<'_, std::result::Result<String, Error>> {
        let failed = || Error::new(ErrorKind::Internal, "Node's list of certificate authorities could not be read");
        self.0
            .call_async_catch(())
            .map(move |list| list.map_err(|error| failed().with_cause(crate::error::Cause::Thrown(Thrown::new(error)))))
            .boxed()
    }
}
