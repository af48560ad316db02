//! From JavaScript's `process.env` to an [`Environment`].

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{JsValue, Result, ValueType};

use crate::environment::Environment;

/// Reads every variable once. What a program put in the place of `process.env` may hold other values than strings:
/// numbers and booleans are taken as the text that they spell, as `process.env` itself does, and the rest is left out.
pub(super) fn environment(variables: Unknown<'_>) -> Result<Environment> {
    if variables.get_type()? != ValueType::Object {
        return Ok(Environment::default());
    }
    // SAFETY: the type was just checked.
    let variables: Object<'_> = unsafe { variables.cast() }?;
    let mut read = Vec::new();
    for name in Object::keys(&variables)? {
        let value: Unknown<'_> = variables.get_named_property(&name)?;
        if let ValueType::String | ValueType::Number | ValueType::Boolean = value.get_type()? {
            read.push((name, value.coerce_to_string()?.into_utf8()?.into_owned()?));
        }
    }
    Ok(Environment::new(read))
}
