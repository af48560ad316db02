//! Reads the bytes of a JavaScript value. They are copied during the call, so later changes to the buffer have no
//! effect.

use std::ffi::c_void;
use std::ptr;

use napi::bindgen_prelude::{Function, JsObjectValue, Unknown};
use napi::{Env, JsValue, Result, Status, check_status, sys};

/// Whether a value is a `Buffer`, a typed array, a `DataView` or an `ArrayBuffer`, from any realm.
pub(super) fn is_bytes(value: &Unknown<'_>) -> Result<bool> {
    Ok(value.is_typedarray()? || value.is_dataview()? || value.is_arraybuffer()?)
}

/// The bytes of a value of [`Kind::Bytes`](super::kind::Kind::Bytes). For a view, only the range that it covers.
pub(super) fn bytes(env: &Env, value: &Unknown<'_>) -> Result<Vec<u8>> {
    if value.is_typedarray()? {
        return typed_array(value);
    }
    if value.is_dataview()? {
        return data_view(value);
    }
    // A view works for both `ArrayBuffer` and `SharedArrayBuffer`.
    let view: Function<'_, Unknown<'_>, Unknown<'_>> = env.get_global()?.get_named_property("Uint8Array")?;
    typed_array(&view.new_instance(value_of(value))?)
}

/// Copies the handle, because a `Function` takes its arguments by value.
pub(super) fn value_of<'env>(value: &Unknown<'env>) -> Unknown<'env> {
    // SAFETY: env and value belong to a live handle.
    unsafe { Unknown::from_raw_unchecked(value.value().env, value.value().value) }
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

/// A buffer that was transferred to another thread has lost its bytes: storing none would be a loss without a word.
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
