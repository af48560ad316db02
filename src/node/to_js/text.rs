//! Creates strings from text that is already in V8's form.

use napi::bindgen_prelude::Unknown;
use napi::{Env, JsValue, Result};

use crate::text::JsText;

pub(super) fn string(env: &Env, text: JsText) -> Result<Unknown<'_>> {
    let string = match text {
        JsText::Latin1(units) => env.create_string_latin1(units)?,
        JsText::Utf16(units) => env.create_string_utf16(units.as_slice())?,
    };
    Ok(string.to_unknown())
}
