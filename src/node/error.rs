//! From a core [`Error`] to the plain data that js/errors.cjs makes a `DynamoDbError` of.
//!
//! Data, not a JavaScript error: an error made in a completion callback has no stack worth keeping, and the class
//! lives in JavaScript.

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, JsValue, Status};

use crate::error::{Cause, Error};

/// What a promise is to reject with: the error's data.
pub(super) fn rejected(env: &Env, error: &Error) -> napi::Error {
    match data(env, error) {
        Ok(object) => napi::Error::from_unknown_without_coercion(object.to_unknown()),
        Err(failed) => failed,
    }
}

/// Throws the error's data; what is returned tells napi that something was thrown. (Of a returned value that is no
/// JavaScript error, napi would throw an empty one.)
pub(super) fn thrown(env: &Env, error: &Error) -> napi::Error {
    match data(env, error).and_then(|object| env.throw(object)) {
        Ok(()) => napi::Error::from_status(Status::PendingException),
        Err(failed) => failed,
    }
}

fn data<'env>(env: &'env Env, error: &Error) -> napi::Result<Object<'env>> {
    let mut object = Object::new(env)?;
    let metadata = error.metadata();
    object.set_named_property("name", error.name())?;
    object.set_named_property("code", error.kind().code())?;
    object.set_named_property("message", error.to_string())?;
    object.set_named_property("operation", error.operation().map(crate::error::Operation::name))?;
    object.set_named_property("table", error.table())?;
    object.set_named_property("key", error.key())?;
    object.set_named_property("retryable", error.is_retryable())?;
    object.set_named_property("httpStatusCode", metadata.http_status)?;
    object.set_named_property("requestId", metadata.request_id.as_deref())?;
    object.set_named_property("attempts", metadata.attempts)?;
    match error.cause() {
        Some(Cause::Text(text)) => object.set_named_property("cause", text)?,
        // The very object, where it was thrown on this thread.
        Some(Cause::Thrown(thrown)) => {
            if let Some(thrown) = thrown.downcast_ref::<napi::Error>() {
                object.set_named_property("cause", thrown.try_clone()?)?;
            }
        }
        None => (),
    }
    Ok(object)
}
