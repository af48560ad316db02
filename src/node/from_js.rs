//! Reads JavaScript values. Arguments and options become an [`Input`], which the core validates.

pub(super) mod callbacks;
pub(super) mod items;
pub(super) mod options;
pub(super) mod value;

use std::ffi::c_void;
use std::ptr;

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{FromNapiValue, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, Status, ValueType, check_status, sys};

use super::js::copy_handle;
use crate::input::Input;
use crate::text::{Utf16, from_utf16};
use crate::value::Given;

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

/// V8 replaces a lone surrogate by U+FFFD, which would make two different keys equal. Only text that contains U+FFFD needs
/// the check.
fn text(value: &Unknown<'_>) -> Result<Input> {
    // SAFETY: the caller checked that the value is a string.
    let text: String = unsafe { value.cast() }?;
    if text.contains(char::REPLACEMENT_CHARACTER) {
        let units = utf16(value, units_of(value)?)?;
        if from_utf16(&units).is_none() {
            return Ok(Input::IllFormedText(units.into_vec()));
        }
    }
    Ok(Input::Text(text))
}

/// Text to store. V8 only copies its UTF-16, which the worker converts, but of longer text the UTF-16 and the UTF-8 together
/// would take too much memory.
pub(super) fn given_text(value: &Unknown<'_>) -> Result<Given> {
    /// More units than the value of a single item has.
    const LONGEST_UTF16: usize = 1 << 20;
    let length = units_of(value)?;
    if length > LONGEST_UTF16
        && let Input::Text(text) = text(value)?
    {
        return Ok(Given::Value(AttributeValue::S(text)));
    }
    utf16(value, length).map(Given::Utf16)
}

/// The length of a string in units of UTF-16.
fn units_of(text: &Unknown<'_>) -> Result<usize> {
    let text = text.value();
    let mut length = 0;
    // SAFETY: the value is live. Without a buffer, Node-API returns the length.
    check_status!(unsafe {
        sys::napi_get_value_string_utf16(text.env, text.value, ptr::null_mut(), 0, &raw mut length)
    })?;
    Ok(length)
}

/// The UTF-16 of a string, lone surrogates included. V8 only copies it.
fn utf16(text: &Unknown<'_>, mut length: usize) -> Result<Utf16> {
    let text = text.value();
    // Node-API writes a NUL after the text.
    let mut units = Utf16::with_capacity(length + 1);
    // SAFETY: the buffer has room for the text and the NUL.
    check_status!(unsafe {
        sys::napi_get_value_string_utf16(text.env, text.value, units.as_mut_ptr(), length + 1, &raw mut length)
    })?;
    // SAFETY: Node-API has written so many units, at most as many as there is room for.
    unsafe { units.set_len(length) };
    Ok(units)
}

/// The names of an object's own enumerable properties, as an array. Runs the traps of a Proxy.
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

/// One property of an object. Fails if its getter throws.
pub(super) fn property(object: &Object<'_>, name: &str) -> Result<Input> {
    object.get_named_property::<Unknown<'_>>(name).and_then(read)
}

/// One property of an argument that may be an object.
pub(super) fn option(options: &Unknown<'_>, name: &str) -> Result<Input> {
    match options.get_type()? {
        // SAFETY: the type was just checked.
        ValueType::Object => property(&unsafe { copy_handle(options).cast() }?, name),
        _ => Ok(Input::Absent),
    }
}

/// The bytes of a value of [`Kind::Bytes`](super::realm::Kind::Bytes); of a view, only the range that it covers. Copied, so
/// that later changes to the buffer have no effect.
pub(super) fn bytes(env: &Env, value: &Unknown<'_>) -> Result<Vec<u8>> {
    if value.is_typedarray()? {
        return typed_array(value);
    }
    if value.is_dataview()? {
        return data_view(value);
    }
    // A view works for both `ArrayBuffer` and `SharedArrayBuffer`.
    let view: Function<'_, Unknown<'_>, Unknown<'_>> = env.get_global()?.get_named_property("Uint8Array")?;
    typed_array(&view.new_instance(copy_handle(value))?)
}

fn typed_array(value: &Unknown<'_>) -> Result<Vec<u8>> {
    let (mut kind, mut length, mut data, mut buffer) = (0, 0, ptr::null_mut(), ptr::null_mut());
    let raw = value.value();
    // SAFETY: the value is a typed array, and each out-pointer is null or points to the type that Node-API writes.
    check_status!(unsafe {
        sys::napi_get_typedarray_info(
            raw.env,
            raw.value,
            &raw mut kind,
            &raw mut length,
            &raw mut data,
            &raw mut buffer,
            ptr::null_mut(),
        )
    })?;
    refuse_detached(raw.env, buffer)?;
    let Some(width) = element_width(kind) else {
        return Err(napi::Error::new(Status::InvalidArg, "an unknown kind of typed array".to_owned()));
    };
    // SAFETY: Node-API returns the start of the view and its length in elements.
    Ok(unsafe { copy(data, length * width) })
}

/// A buffer that was transferred to another thread looks empty and would be stored as such.
fn refuse_detached(env: sys::napi_env, buffer: sys::napi_value) -> Result<()> {
    let mut is_detached = false;
    // SAFETY: env is live, and the buffer is that of a live view. A SharedArrayBuffer is never detached.
    unsafe { sys::napi_is_detached_arraybuffer(env, buffer, &raw mut is_detached) };
    if is_detached {
        return Err(napi::Error::new(Status::InvalidArg, "the buffer of these bytes is detached".to_owned()));
    }
    Ok(())
}

/// Bytes per element, by the values of `napi_typedarray_type`:
/// <https://nodejs.org/api/n-api.html#napi_typedarray_type>
fn element_width(kind: i32) -> Option<usize> {
    match kind {
        0..=2 => Some(1),
        3 | 4 | 11 => Some(2),
        5..=7 => Some(4),
        8..=10 => Some(8),
        _ => None,
    }
}

fn data_view(value: &Unknown<'_>) -> Result<Vec<u8>> {
    let (mut length, mut data, mut buffer) = (0, ptr::null_mut(), ptr::null_mut());
    let raw = value.value();
    // SAFETY: the value is a DataView, and each out-pointer is null or points to the type that Node-API writes.
    check_status!(unsafe {
        sys::napi_get_dataview_info(
            raw.env,
            raw.value,
            &raw mut length,
            &raw mut data,
            &raw mut buffer,
            ptr::null_mut(),
        )
    })?;
    refuse_detached(raw.env, buffer)?;
    // SAFETY: Node-API returns the start of the view and its length in bytes.
    Ok(unsafe { copy(data, length) })
}

/// Copies a range of JavaScript memory.
///
/// # Safety
/// `data` must be valid for reads of `length` bytes, or null (an empty or detached buffer).
unsafe fn copy(data: *mut c_void, length: usize) -> Vec<u8> {
    if data.is_null() || length == 0 {
        return Vec::new();
    }
    // SAFETY: guaranteed by the caller. The copy completes before JavaScript can run again.
    unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }.to_vec()
}
