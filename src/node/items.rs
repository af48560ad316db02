//! The arrays of `getItems` and `setItems`, in and out.

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{Array, JsObjectValue, Object, ToNapiValue, Unknown};
use napi::{Env, JsValue, Result, ValueType, sys};

use super::found::Found;
use super::input::{option, read};
use super::value::given;
use crate::input::Input;
use crate::store::NewItem;
use crate::value::Given;

/// What `getItems` gives: one object per item asked.
pub struct FoundItems(pub(super) Vec<(String, Option<AttributeValue>)>);

impl ToNapiValue for FoundItems {
    unsafe fn to_napi_value(env: sys::napi_env, items: Self) -> Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut array = env.create_array(u32::try_from(items.0.len()).unwrap_or(u32::MAX))?;
        for (index, (key, value)) in (0..).zip(items.0) {
            let mut item = Object::new(&env)?;
            item.set_named_property("key", key)?;
            item.set_named_property("value", Found(value))?;
            array.set(index, item)?;
        }
        Ok(array.raw())
    }
}

/// An array, or what was given in its place.
type List<T> = std::result::Result<Vec<T>, Input>;

fn array(items: Unknown<'_>) -> Result<std::result::Result<Array<'_>, Input>> {
    // SAFETY: the type was just checked.
    Ok(if items.is_array()? { Ok(unsafe { items.cast() }?) } else { Err(read(items)?) })
}

/// The keys that `getItems` is asked for: `{ key }` each, or the key itself.
pub(super) fn asked(items: Unknown<'_>) -> Result<List<Input>> {
    let items = match array(items)? {
        Ok(items) => items,
        Err(other) => return Ok(Err(other)),
    };
    let key = |index| {
        let item: Unknown<'_> = items.get_element(index)?;
        if item.get_type()? == ValueType::Object { option(&item, "key") } else { read(item) }
    };
    (0..items.len()).map(key).collect::<Result<_>>().map(Ok)
}

/// The items that `setItems` is given: `{ key, value, options? }` each.
pub(super) fn new_items(env: &Env, items: Unknown<'_>) -> Result<List<NewItem>> {
    let items = match array(items)? {
        Ok(items) => items,
        Err(other) => return Ok(Err(other)),
    };
    let item = |index| {
        let item: Unknown<'_> = items.get_element(index)?;
        if item.get_type()? != ValueType::Object {
            // No key is an error that names the key.
            return Ok(NewItem { key: Input::Absent, value: Given::Refused(String::new()), ttl: Input::Absent });
        }
        // SAFETY: the type was just checked.
        let item: Object<'_> = unsafe { item.cast() }?;
        Ok(NewItem {
            key: read(item.get_named_property("key")?)?,
            value: given(env, item.get_named_property("value")?)?,
            ttl: option(&item.get_named_property("options")?, "ttl")?,
        })
    };
    (0..items.len()).map(item).collect::<Result<_>>().map(Ok)
}
