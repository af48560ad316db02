//! From a JavaScript value to an [`Input`]: every argument and option comes in through here, once.

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object, Unknown};
use napi::{JsString, JsValue, Result, ValueType, check_status, sys};

use super::bytes::value_of;
use crate::input::Input;

/// An argument of a method.
pub struct Argument(pub(super) Input);

impl FromNapiValue for Argument {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
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
        // The last one is a NUL that napi adds.
        let (_, units) = units.as_slice().split_last().unwrap_or((&0, &[]));
        if char::decode_utf16(units.iter().copied()).any(|unit| unit.is_err()) {
            return Ok(Input::IllFormedText(units.to_vec()));
        }
    }
    Ok(Input::Text(text))
}

/// The names of an object's own enumerable properties, as an array; those of a Proxy as its traps tell them.
pub(super) fn own_names<'env>(object: &Object<'env>) -> Result<Object<'env>> {
    let object = object.value();
    let mut names = ptr::null_mut();
    // SAFETY: the object is live, and the out-pointer is valid for the call.
    check_status!(unsafe {
        sys::napi_get_all_property_names(
            object.env,
            object.value,
            sys::KeyCollectionMode::own_only,
            sys::KeyFilter::enumerable | sys::KeyFilter::skip_symbols,
            sys::KeyConversion::numbers_to_strings,
            &raw mut names,
        )
    })?;
    Ok(Object::from_raw(object.env, names))
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
