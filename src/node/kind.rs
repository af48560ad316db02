//! What an object is, by its internal slots and not by its constructor: a Map, a Date or bytes of another realm (of a test
//! runner, of `node:vm`) are what they are, and an object that only says it is one is not.

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::bytes::{is_bytes, value_of};
use super::host::Host;

/// The kinds of objects that are data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes, as `bytes` reads them.
    Bytes,
    /// An array, or a Proxy of one.
    List,
    Set,
    Map,
    /// An object written as `{}` in any realm, one without a prototype, or a Proxy of either.
    Plain,
    /// Anything else: data that is hidden from whoever looks at its properties, or a part of a program.
    Other,
}

impl Kind {
    /// The kind of an object. Traps and getters that throw fail the call.
    pub(super) fn of(env: &Env, host: &Host, value: &Unknown<'_>) -> Result<Self> {
        // None of these sees through a Proxy, which has no slots of its own.
        if value.is_array()? {
            return Ok(Self::List);
        }
        if is_bytes(value)? {
            return Ok(Self::Bytes);
        }
        if host.is_map(env, value)? {
            return Ok(Self::Map);
        }
        if host.is_set(env, value)? {
            return Ok(Self::Set);
        }
        // The tag tells apart what has the prototype of a plain object and is none: `arguments`, `Math`, an Error or a
        // boxed number whose prototype was changed. A namespace of a module has one of its own, and is plain.
        match host.tag(env, value)?.as_str() {
            "[object Object]" | "[object Module]" if is_plain(env, host, value)? => Ok(Self::Plain),
            "[object Array]" if host.is_array(env, value)? => Ok(Self::List),
            _ if host.is(env, "isSharedArrayBuffer", value)? => Ok(Self::Bytes),
            _ => Ok(Self::Other),
        }
    }
}

/// Whether an object has no prototype or that of `{}`, in this realm or another.
fn is_plain(env: &Env, host: &Host, value: &Unknown<'_>) -> Result<bool> {
    // SAFETY: the caller checked that it is an object.
    let mut prototype = unsafe { value_of(value).cast::<Object<'_>>() }?.get_prototype()?;
    if prototype.get_type()? == ValueType::Null {
        // What Node-API says of every Proxy.
        prototype = host.prototype_of(env, value)?;
    }
    if prototype.get_type()? == ValueType::Null || host.is_own_object_prototype(env, &prototype)? {
        return Ok(true);
    }
    // SAFETY: a prototype that is not null is an object, or a function.
    let prototype: Object<'_> = unsafe { prototype.cast() }?;
    Ok(prototype.get_prototype()?.get_type()? == ValueType::Null && host.is_object_prototype(env, &prototype)?)
}

/// What to call an object that is no data.
pub(super) fn describe(env: &Env, host: &Host, value: &Unknown<'_>) -> Result<&'static str> {
    Ok(if host.is(env, "isProxy", value)? {
        "a Proxy of something other than an array or a plain object"
    } else {
        "an instance of a class"
    })
}
