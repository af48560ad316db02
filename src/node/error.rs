//! From a core [`Error`] to the plain data that js/errors.cjs makes a `DynamoDbError` of.
//!
//! Data, not a JavaScript error: an error made in a completion callback has no stack worth keeping, and the class
//! lives in JavaScript.

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, Status};

use crate::error::{Cause, Error};

/// Throws the error's data; what is returned tells napi that something was thrown. (Of a returned value that is no
/// JavaScript error, napi would throw an empty one.)
pub(super) fn thrown(env: &Env, error: &Error) -> napi::Error {
    match data(env, error, None).and_then(|object| env.throw(object)) {
        Ok(()) => napi::Error::from_status(Status::PendingException),
        Err(failed) => failed,
    }
}

/// The error's data, with a JavaScript value as its cause where there is one.
pub(super) fn data<'env>(env: &'env Env, error: &Error, cause: Option<Unknown<'_>>) -> napi::Result<Object<'env>> {
    let mut object = Object::new(env)?;
    let metadata = error.metadata();
    object.set_named_property("name", error.name())?;
    object.set_named_property("code", error.kind().code())?;
    object.set_named_property("message", error.to_string())?;
    object.set_named_property("operation", error.operation().map(crate::error::Operation::name))?;
    object.set_named_property("table", error.table())?;
    object.set_named_property("key", error.key())?;
    if !error.keys().is_empty() {
        object.set_named_property("keys", error.keys().to_vec())?;
    }
    object.set_named_property("retryable", error.is_retryable())?;
    object.set_named_property("httpStatusCode", metadata.http_status)?;
    object.set_named_property("requestId", metadata.request_id.as_deref())?;
    object.set_named_property("attempts", metadata.attempts)?;
    match (cause, error.cause()) {
        (Some(cause), _) => object.set_named_property("cause", cause)?,
        (None, Some(Cause::Text(text))) => object.set_named_property("cause", text)?,
        // The very object, where it was thrown on this thread.
        (None, Some(Cause::Thrown(thrown))) => {
            if let Some(thrown) = thrown.downcast_ref::<napi::Error>() {
                object.set_named_property("cause", thrown.try_clone()?)?;
            }
        }
        (None, None) => (),
    }
    Ok(object)
}
