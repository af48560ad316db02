//! Converts results and errors of the core to JavaScript values.

mod text;
mod value;

use napi::bindgen_prelude::{JsObjectValue, Null, Object, ToNapiValue, Unknown};
use napi::{Env, JsString, JsValue, Result, Status};

use self::value::Prepared;
use crate::error::{Cause, Error, Operation};
use crate::key::KeyText;
use crate::options::NearCache;
use crate::stats::OperationStats;
use crate::store::{CreatedTable, Destination, Facts, Found, Meta};
use crate::usage::Usage;

/// The result of a method.
pub(super) enum MethodResult {
    Nothing,
    Flag(bool),
    Value(Option<Ready>, Expiry),
    Values(Vec<(KeyText, Option<Ready>)>, Expiry),
    /// The etag of a written item, if the table stores it.
    Written(Option<String>),
    /// How many rows `sweep` removed.
    Swept(usize),
    Meta(Option<Meta>),
    Keys(Vec<String>),
    Table(CreatedTable),
    Facts(Facts),
}

/// A value that was found, prepared for the JavaScript thread.
pub(super) struct Ready {
    value: Prepared,
    last_second: Option<f64>,
}

impl From<Found> for Ready {
    fn from(Found { value, last_second }: Found) -> Self {
        Self { value: value.into(), last_second }
    }
}

/// Whether a value is returned with its expiry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    Omitted,
    /// As `{ value, lastSecond? }`, for `js/near_cache.cjs`.
    Included,
}

impl MethodResult {
    /// Prepares a value on the worker.
    pub(super) fn of_value(found: Option<Found>, expiry: Expiry) -> Self {
        Self::Value(found.map(Ready::from), expiry)
    }

    /// Prepares values on the worker.
    pub(super) fn of_values(values: Vec<(KeyText, Option<Found>)>, expiry: Expiry) -> Self {
        Self::Values(values.into_iter().map(|(key, found)| (key, found.map(Ready::from))).collect(), expiry)
    }

    pub(super) fn into_js(self, env: &Env) -> Result<Unknown<'_>> {
        match self {
            Self::Nothing | Self::Written(None) => unknown(env, ()),
            Self::Flag(flag) => unknown(env, flag),
            Self::Value(found, expiry) => optional(env, found, expiry),
            Self::Values(values, expiry) => items(env, values, expiry),
            Self::Written(Some(etag)) => {
                let mut object = Object::new(env)?;
                object.set_named_property("etag", etag)?;
                Ok(object.to_unknown())
            }
            Self::Swept(removed) => {
                let mut object = Object::new(env)?;
                object.set_named_property("removed", u32::try_from(removed).unwrap_or(u32::MAX))?;
                Ok(object.to_unknown())
            }
            Self::Meta(None) => unknown(env, Null),
            Self::Meta(Some(meta)) => self::meta(env, &meta),
            Self::Keys(keys) => unknown(env, keys),
            Self::Table(CreatedTable { created, index_ready }) => {
                let mut object = Object::new(env)?;
                object.set_named_property("created", created)?;
                if let Some(ready) = index_ready {
                    object.set_named_property("indexReady", ready)?;
                }
                Ok(object.to_unknown())
            }
            Self::Facts(facts) => {
                let mut object = Object::new(env)?;
                for (name, fact) in facts {
                    object.set_named_property(name, fact)?;
                }
                Ok(object.to_unknown())
            }
        }
    }
}

fn unknown(env: &Env, value: impl ToNapiValue) -> Result<Unknown<'_>> {
    // SAFETY: env is live, and the value was just made in it.
    unsafe {
        let raw = ToNapiValue::to_napi_value(env.raw(), value)?;
        Ok(Unknown::from_raw_unchecked(env.raw(), raw))
    }
}

fn optional(env: &Env, found: Option<Ready>, expiry: Expiry) -> Result<Unknown<'_>> {
    let Some(Ready { value, last_second }) = found else { return unknown(env, Null) };
    let value = value.into_js(env)?;
    if expiry == Expiry::Omitted {
        return Ok(value);
    }
    let mut object = Object::new(env)?;
    object.set_named_property("value", value)?;
    if let Some(last_second) = last_second {
        object.set_named_property("lastSecond", last_second)?;
    }
    Ok(object.to_unknown())
}

fn items(env: &Env, items: Vec<(KeyText, Option<Ready>)>, expiry: Expiry) -> Result<Unknown<'_>> {
    let mut array = env.create_array(u32::try_from(items.len()).unwrap_or(u32::MAX))?;
    for (index, (key, found)) in (0..).zip(items) {
        let mut item = Object::new(env)?;
        item.set_named_property("key", self::key(env, key)?)?;
        item.set_named_property("value", optional(env, found, expiry)?)?;
        array.set(index, item)?;
    }
    Ok(array.to_unknown())
}

/// The key as the caller passed it, lone surrogates included.
fn key(env: &Env, key: KeyText) -> Result<JsString<'_>> {
    match key {
        KeyText::Text(text) => env.create_string(text),
        KeyText::IllFormed(units) => env.create_string_utf16(units),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes and milliseconds stay far below 2^53")]
fn meta<'env>(env: &'env Env, meta: &Meta) -> Result<Unknown<'env>> {
    let mut object = Object::new(env)?;
    if let Some(ttl) = meta.ttl {
        object.set_named_property("ttl", ttl as f64)?;
    }
    object.set_named_property("size", meta.size as f64)?;
    if let Some(mtime) = meta.mtime {
        object.set_named_property("mtime", env.create_date(mtime.as_millis() as f64)?)?;
    }
    if let Some(etag) = &meta.etag {
        object.set_named_property("etag", etag.as_str())?;
    }
    Ok(object.to_unknown())
}

/// The totals of all methods and, in `operations`, the statistics of each method that was used.
pub(super) fn stats(env: &Env, operations: impl Iterator<Item = (Operation, OperationStats)>) -> Result<Object<'_>> {
    let mut total = OperationStats::default();
    let mut by_name = Object::new(env)?;
    for (operation, counts) in operations {
        if counts != OperationStats::default() {
            total += counts;
            by_name.set_named_property(operation.name(), self::counts(env, counts)?)?;
        }
    }
    let mut all = counts(env, total)?;
    all.set_named_property("operations", by_name)?;
    Ok(all)
}

fn counts(env: &Env, counts: OperationStats) -> Result<Object<'_>> {
    let mut object = Object::new(env)?;
    for (name, count) in counts.named() {
        object.set_named_property(name, count)?;
    }
    Ok(object)
}

/// The settings of `js/near_cache.cjs`, with times in milliseconds.
pub(super) fn near_cache(env: &Env, cache: NearCache, consistent_read: bool) -> Result<Object<'_>> {
    let mut object = Object::new(env)?;
    object.set_named_property("ttl", cache.ttl.as_secs_f64() * 1e3)?;
    object.set_named_property("negativeTtl", cache.negative_ttl.as_secs_f64() * 1e3)?;
    object.set_named_property("maxBytes", cache.max_bytes)?;
    object.set_named_property("consistentRead", consistent_read)?;
    Ok(object)
}

/// The destination of requests, with the names of docs/guide/tracing.md.
pub(super) fn destination(env: &Env, destination: Destination) -> Result<Object<'_>> {
    let Destination { table, region, host, port } = destination;
    let mut object = Object::new(env)?;
    object.set_named_property("table", table)?;
    if let Some(region) = region {
        object.set_named_property("region", region)?;
    }
    if let Some(host) = host {
        object.set_named_property("serverAddress", host)?;
    }
    if let Some(port) = port {
        object.set_named_property("serverPort", u32::from(port))?;
    }
    Ok(object)
}

/// The statistics of a call, with the names of docs/guide/tracing.md.
pub(super) fn usage<'env>(env: &'env Env, usage: &Usage) -> Result<Object<'env>> {
    let counts = usage.counts();
    let mut object = Object::new(env)?;
    for (name, count) in counts.named() {
        match name {
            "requests" => object.set_named_property("attempts", count)?,
            "throttles" | "readUnits" | "writeUnits" | "bytesSent" | "bytesReceived" => {
                object.set_named_property(name, count)?;
            }
            _ => {}
        }
    }
    object.set_named_property("coalesced", counts.coalesced > 0)?;
    if let Some(id) = usage.request_id() {
        object.set_named_property("requestId", id)?;
    }
    Ok(object)
}

/// The plain data from which js/errors.cjs creates a `DynamoDbError`. `cause` takes precedence over the error's own.
///
/// Not an `Error`, because one that is created in a completion callback has no useful stack.
pub(super) fn error<'env>(env: &'env Env, error: &Error, cause: Option<Unknown<'_>>) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    let metadata = error.metadata();
    object.set_named_property("name", error.name())?;
    object.set_named_property("code", error.kind().code())?;
    object.set_named_property("message", error.to_string())?;
    object.set_named_property("operation", error.operation().map(Operation::name))?;
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
        // The object that JavaScript threw, if it threw on this thread.
        (None, Some(Cause::Thrown(thrown))) => {
            if let Some(thrown) = thrown.downcast_ref::<napi::Error>() {
                object.set_named_property("cause", thrown.try_clone()?)?;
            }
        }
        (None, None) => (),
    }
    Ok(object)
}

/// Throws the data of an error. The returned status tells napi that an exception is pending; otherwise napi would throw
/// an empty error.
pub(super) fn throw(env: &Env, error: &Error) -> napi::Error {
    match self::error(env, error, None).and_then(|object| env.throw(object)) {
        Ok(()) => napi::Error::from_status(Status::PendingException),
        Err(failed) => failed,
    }
}
