//! Node's own list of certificate authorities, for connections that speak TLS.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Result, Status};

use crate::error::{Error, ErrorKind, Thrown};
use crate::options::Options;
use crate::store::{Authorities, AuthoritySource};

/// Weak: an idle driver keeps no process alive. While a call waits for the list, that call does.
type Ask = ThreadsafeFunction<(), String, (), Status, false, true>;

struct Node(Ask);

/// Where a driver with these options may learn of Node's list: `list` gives it as PEM text. Most drivers never ask,
/// and after the first that did, in a process, none does.
pub(super) fn authorities(options: &Options, list: &Function<'_, (), String>) -> Result<Authorities> {
    if Authorities::are_known() || !options.may_speak_tls() {
        return Ok(Authorities::default());
    }
    let ask = list.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build()?;
    Ok(Authorities::new(Node(ask)))
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
