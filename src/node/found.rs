//! From a DynamoDB value to a JavaScript value, as AWS's own `@aws-sdk/lib-dynamodb` does, but for numbers: one that
//! a double does not hold exactly becomes a `BigInt` or, with a fraction, a string, and is never rounded.

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{Array, BufferSlice, Function, JsObjectValue, Object, ToNapiValue, Unknown};
use napi::{Env, JsValue, Property, PropertyAttributes, Result, sys};

use crate::value::{Number, number};

/// A value read, on its way to JavaScript; `None` is `null`.
pub struct Found(pub(super) Option<AttributeValue>);

impl ToNapiValue for Found {
    unsafe fn to_napi_value(env: sys::napi_env, found: Self) -> Result<sys::napi_value> {
        match found.0 {
            // The hot path: text needs none of what follows.
            // SAFETY: env is that of the call being settled, on the JavaScript thread.
            Some(AttributeValue::S(text)) => unsafe { ToNapiValue::to_napi_value(env, text) },
            Some(value) => Ok(js_value(&Env::from_raw(env), value)?.raw()),
            // SAFETY: as above.
            None => unsafe { ToNapiValue::to_napi_value(env, napi::bindgen_prelude::Null) },
        }
    }
}

/// Makes the JavaScript value.
pub(super) fn js_value(env: &Env, value: AttributeValue) -> Result<Unknown<'_>> {
    match value {
        AttributeValue::S(text) => unknown(env, text),
        AttributeValue::N(text) => js_number(env, &text),
        AttributeValue::B(bytes) => unknown(env, BufferSlice::copy_from(env, bytes)?),
        AttributeValue::Bool(on) => unknown(env, on),
        AttributeValue::L(list) => js_array(env, list).map(|array| array.to_unknown()),
        AttributeValue::M(map) => js_object(env, map).map(|object| object.to_unknown()),
        AttributeValue::Ss(set) => js_set(env, set.into_iter().map(AttributeValue::S).collect()),
        AttributeValue::Ns(set) => js_set(env, set.into_iter().map(AttributeValue::N).collect()),
        AttributeValue::Bs(set) => js_set(env, set.into_iter().map(AttributeValue::B).collect()),
        // Null, and whatever DynamoDB may add that this version does not know.
        _ => unknown(env, napi::bindgen_prelude::Null),
    }
}

fn unknown(env: &Env, value: impl ToNapiValue) -> Result<Unknown<'_>> {
    // SAFETY: env is live, and the value was just made in it.
    unsafe {
        let raw = ToNapiValue::to_napi_value(env.raw(), value)?;
        Ok(Unknown::from_raw_unchecked(env.raw(), raw))
    }
}

fn js_number<'env>(env: &'env Env, text: &str) -> Result<Unknown<'env>> {
    match number(text) {
        Number::Double(double) => unknown(env, double),
        Number::Text(text) => unknown(env, text),
        Number::Integer(digits) => {
            let big_int: Function<'_, String, Unknown<'_>> = env.get_global()?.get_named_property("BigInt")?;
            big_int.call(digits)
        }
    }
}

fn js_array(env: &Env, list: Vec<AttributeValue>) -> Result<Array<'_>> {
    let mut array = env.create_array(u32::try_from(list.len()).unwrap_or(u32::MAX))?;
    for (index, item) in (0..).zip(list) {
        array.set(index, js_value(env, item)?)?;
    }
    Ok(array)
}

/// Names are defined, not assigned: a map may have one called `__proto__`, which is plain data here.
fn js_object(env: &Env, map: std::collections::HashMap<String, AttributeValue>) -> Result<Object<'_>> {
    let mut object = Object::new(env)?;
    // DynamoDB keeps no order; the same item should still look the same twice.
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let mut properties = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let value = js_value(env, value)?;
        let plain = PropertyAttributes::Writable | PropertyAttributes::Enumerable | PropertyAttributes::Configurable;
        properties.push(Property::new().with_name(env, name)?.with_value(&value).with_property_attributes(plain));
    }
    object.define_properties(&properties)?;
    Ok(object)
}

fn js_set(env: &Env, items: Vec<AttributeValue>) -> Result<Unknown<'_>> {
    let items = js_array(env, items)?;
    let set: Function<'_, Unknown<'_>, Unknown<'_>> = env.get_global()?.get_named_property("Set")?;
    set.new_instance(items.to_unknown())
}
