//! From a JavaScript value to an [`Input`]: every argument and option comes in through here, once.

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object, Unknown};
use napi::{JsString, JsValue, Result, ValueType};

use super::bytes::value_of;
use crate::input::Input;

/// An argument of a method.
pub struct Argument(pub(super) Input);

impl FromNapiValue for Argument {
    unsafe fn from_napi_value(env: napi::sys::napi_env, value: napi::sys::napi_value) -> Result<Self> {
        // SAFETY: env and value come from the call being made, on the JavaScript thread.
        let value = unsafe { Unknown::from_napi_value(env, value) }?;
        read(value).map(Self)
    }
}

/// Reads a value. Runs no JavaScript.
pub(super) fn read(value: Unknown<'_>) -> Result<Input> {
    Ok(match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Input::Absent,
        ValueType::String => text(&value)?,
        // SAFETY: the type was just checked.
        ValueType::Number => Input::Number(unsafe { value.cast() }?),
        // SAFETY: the type was just checked.
        ValueType::Boolean => Input::Boolean(unsafe { value.cast() }?),
        ValueType::Object if value.is_array()? => Input::Other("an array"),
        ValueType::Object => Input::Other("an object"),
        ValueType::Function => Input::Other("a function"),
        ValueType::Symbol => Input::Other("a symbol"),
        ValueType::BigInt => Input::Other("a bigint"),
        _ => Input::Other("a value of another kind"),
    })
}

/// V8 replaces a lone surrogate by U+FFFD, which would let two different keys become one. Only a text that holds
/// U+FFFD is worth the second look.
fn text(value: &Unknown<'_>) -> Result<Input> {
    // SAFETY: the caller checked that the value is a string.
    let text: String = unsafe { value.cast() }?;
    if text.contains(char::REPLACEMENT_CHARACTER) {
        // SAFETY: as above.
        let units = unsafe { value.cast::<JsString<'_>>() }?.into_utf16()?;
        if char::decode_utf16(units.as_slice().iter().copied()).any(|unit| unit.is_err()) {
            return Ok(Input::IllFormedText);
        }
    }
    Ok(Input::Text(text))
}

/// One property of an object, read once; a getter that throws fails the call.
pub(super) fn property(object: &Object<'_>, name: &str) -> Result<Input> {
    object.get_named_property::<Unknown<'_>>(name).and_then(read)
}

/// One property of an options argument; absent where there is no options object.
pub(super) fn option(options: &Unknown<'_>, name: &str) -> Result<Input> {
    match options.get_type()? {
        // SAFETY: the type was just checked.
        ValueType::Object => property(&unsafe { value_of(options).cast() }?, name),
        _ => Ok(Input::Absent),
    }
}
