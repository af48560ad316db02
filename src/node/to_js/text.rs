//! Creates strings from text that is already in V8's form.

use std::ffi::c_void;
use std::ptr;

use napi::bindgen_prelude::Unknown;
use napi::{Env, JsValue, Result, sys};

use crate::text::JsText;

/// The size in bytes from which V8 uses the text where it is. V8 allocates a string of its own of this size page by page,
/// and the system has to provide each page: that takes longer than all other work for a read.
const EXTERNAL_BYTES: usize = 192 << 10;

/// Converts text to the form in which V8 stores it. May run on the worker.
pub(super) fn prepare(text: String) -> JsText {
    let text = JsText::from(text);
    if is_lent(&text) { text.fitted() } else { text }
}

pub(super) fn string(env: &Env, text: JsText) -> Result<Unknown<'_>> {
    let text = match external(env, text) {
        Ok(string) => return Ok(string),
        Err(text) => text,
    };
    let string = match text {
        JsText::Latin1(units) => env.create_string_latin1(units)?,
        JsText::Utf16(units) => env.create_string_utf16(units.as_slice())?,
    };
    Ok(string.to_unknown())
}

/// Text that V8 uses and later returns.
struct Lent {
    text: JsText,
    bytes: i64,
}

fn is_lent(text: &JsText) -> bool {
    text.size() >= EXTERNAL_BYTES
}

/// Lends large text to V8. Returns the text if it is small, or if this runtime cannot borrow it.
fn external(env: &Env, text: JsText) -> std::result::Result<Unknown<'_>, JsText> {
    let Ok(bytes) = i64::try_from(text.memory()) else { return Err(text) };
    if !is_lent(&text) {
        return Err(text);
    }
    adjust(env.raw(), bytes);
    let lent = Box::into_raw(Box::new(Lent { text, bytes }));
    let (mut string, mut copied) = (ptr::null_mut(), false);
    // SAFETY: env is live, the text is valid until `take_back`, which is called once and after V8's last use of it, and the
    // out-pointers are valid for the call.
    let status = unsafe {
        match &(*lent).text {
            JsText::Latin1(units) => sys::node_api_create_external_string_latin1(
                env.raw(),
                units.as_ptr().cast(),
                units.len().cast_signed(),
                Some(take_back),
                lent.cast(),
                &raw mut string,
                &raw mut copied,
            ),
            JsText::Utf16(units) => sys::node_api_create_external_string_utf16(
                env.raw(),
                units.as_ptr(),
                units.len().cast_signed(),
                Some(take_back),
                lent.cast(),
                &raw mut string,
                &raw mut copied,
            ),
        }
    };
    if status != sys::Status::napi_ok {
        adjust(env.raw(), -bytes);
        // SAFETY: made above. Text within V8's limits fails only where Node-API lacks the function.
        return Err(unsafe { Box::from_raw(lent) }.text);
    }
    // SAFETY: the string was just made in this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), string) })
}

/// Frees text that V8 no longer uses. V8 calls this within garbage collection or, with a null environment, when the
/// isolate ends, and it may not use JavaScript.
unsafe extern "C" fn take_back(env: sys::node_api_basic_env, _text: *mut c_void, lent: *mut c_void) {
    // SAFETY: made by `external`, and called once.
    let lent = unsafe { Box::from_raw(lent.cast::<Lent>()) };
    if !env.is_null() {
        adjust(env.cast(), -lent.bytes);
    }
}

/// Tells V8 how much memory its strings keep alive. Otherwise it would collect them far too late.
fn adjust(env: sys::napi_env, bytes: i64) {
    let mut total = 0;
    // SAFETY: the environment is live, and the out-pointer is valid for the call, which finalizers may make.
    unsafe { sys::napi_adjust_external_memory(env, bytes, &raw mut total) };
}
