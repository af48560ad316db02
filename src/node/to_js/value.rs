//! Converts a stored value to JavaScript as `@aws-sdk/lib-dynamodb` does, except for numbers: one that a double cannot
//! represent exactly becomes a `BigInt` or, if it has a fraction, a string. It is never rounded.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{Array, BufferSlice, Function, JsObjectValue, Null, Object, Unknown};
use napi::{Env, JsValue, Property, PropertyAttributes, Result};

use super::text::{prepare, string};
use super::unknown;
use crate::text::JsText;
use crate::value::Number;

/// A value. If it is text, the worker has converted it, and the JavaScript thread only copies it.
pub(in crate::node) enum Prepared {
    Text(JsText),
    Other(AttributeValue),
}

impl From<AttributeValue> for Prepared {
    fn from(value: AttributeValue) -> Self {
        match value {
            AttributeValue::S(text) => Self::Text(prepare(text)),
            other => Self::Other(other),
        }
    }
}

impl Prepared {
    pub(super) fn into_js(self, env: &Env) -> Result<Unknown<'_>> {
        match self {
            Self::Text(text) => string(env, text),
            Self::Other(value) => self::value(env, value),
        }
    }
}

fn value(env: &Env, value: AttributeValue) -> Result<Unknown<'_>> {
    match value {
        AttributeValue::S(text) => string(env, prepare(text)),
        AttributeValue::N(text) => number(env, &text),
        AttributeValue::B(bytes) => unknown(env, BufferSlice::copy_from(env, bytes)?),
        AttributeValue::Bool(on) => unknown(env, on),
        AttributeValue::L(list) => array(env, list).map(|array| array.to_unknown()),
        AttributeValue::M(map) => object(env, map).map(|object| object.to_unknown()),
        AttributeValue::Ss(elements) => set(env, elements.into_iter().map(AttributeValue::S).collect()),
        AttributeValue::Ns(elements) => set(env, elements.into_iter().map(AttributeValue::N).collect()),
        AttributeValue::Bs(elements) => set(env, elements.into_iter().map(AttributeValue::B).collect()),
        // Null, and types that DynamoDB may add later.
        _ => unknown(env, Null),
    }
}

fn number<'env>(env: &'env Env, text: &str) -> Result<Unknown<'env>> {
    match crate::value::number(text) {
        Number::Double(double) => unknown(env, double),
        Number::Text(text) => unknown(env, text),
        Number::Integer(digits) => {
            let big_int: Function<'_, String, Unknown<'_>> = env.get_global()?.get_named_property("BigInt")?;
            big_int.call(digits)
        }
    }
}

fn array(env: &Env, list: Vec<AttributeValue>) -> Result<Array<'_>> {
    let mut array = env.create_array(u32::try_from(list.len()).unwrap_or(u32::MAX))?;
    for (index, item) in (0..).zip(list) {
        array.set(index, value(env, item)?)?;
    }
    Ok(array)
}

/// Properties are defined, not assigned, because the name `__proto__` is plain data here.
fn object(env: &Env, map: HashMap<String, AttributeValue>) -> Result<Object<'_>> {
    let mut object = Object::new(env)?;
    // Sorted, because the order of a HashMap varies, and the same item should look the same each time.
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let plain = PropertyAttributes::Writable | PropertyAttributes::Enumerable | PropertyAttributes::Configurable;
    let mut properties = Vec::with_capacity(entries.len());
    for (name, item) in entries {
        let item = value(env, item)?;
        properties.push(Property::new().with_name(env, name)?.with_value(&item).with_property_attributes(plain));
    }
    object.define_properties(&properties)?;
    Ok(object)
}

fn set(env: &Env, elements: Vec<AttributeValue>) -> Result<Unknown<'_>> {
    let elements = array(env, elements)?;
    let set: Function<'_, Unknown<'_>, Unknown<'_>> = env.get_global()?.get_named_property("Set")?;
    set.new_instance(elements.to_unknown())
}
