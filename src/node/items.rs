//! The arrays of `getItems` and `setItems`, in and out.

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{JsObjectValue, Object, ToNapiValue, Unknown};
use napi::{Env, JsString, JsValue, Result, ValueType, sys};

use super::bytes::value_of;
use super::event_loop::EventLoop;
use super::found::Found;
use super::hints::time_to_live;
use super::input::{option, read};
use super::value::given;
use crate::error::Operation;
use crate::input::Input;
use crate::key::KeyText;
use crate::store::{NewItem, WantedItem};
use crate::value::Given;

/// What `getItems` gives: one object per item asked.
pub struct FoundItems(pub(super) Vec<(KeyText, Option<AttributeValue>)>);

impl ToNapiValue for FoundItems {
    unsafe fn to_napi_value(env: sys::napi_env, items: Self) -> Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut array = env.create_array(u32::try_from(items.0.len()).unwrap_or(u32::MAX))?;
        for (index, (key, value)) in (0..).zip(items.0) {
            let mut item = Object::new(&env)?;
            item.set_named_property("key", given_key(&env, key)?)?;
            item.set_named_property("value", Found(value))?;
            array.set(index, item)?;
        }
        Ok(array.raw())
    }
}

/// A key as the caller gave it, lone surrogates included.
fn given_key(env: &Env, key: KeyText) -> Result<JsString<'_>> {
    match key {
        KeyText::Text(text) => env.create_string(text),
        KeyText::IllFormed(units) => env.create_string_utf16(units),
    }
}

/// An array, or what was given in its place.
pub(super) type List<T> = std::result::Result<Vec<T>, Input>;

/// A Proxy of an array, such as a reactive one of Vue, is an array as well.
fn array<'env>(env: &Env, items: Unknown<'env>) -> Result<std::result::Result<Object<'env>, Input>> {
    let is_array = items.is_array()?
        || (items.get_type()? == ValueType::Object && EventLoop::of(env)?.host(env)?.is_array(env, &items)?);
    // SAFETY: an array is an object.
    Ok(if is_array { Ok(unsafe { items.cast() }?) } else { Err(read(items)?) })
}

/// The items that `getItems` is asked for: `{ key, options? }` each, or the key itself. Adds to `common`, the options of all
/// items, those that single items have.
pub(super) fn wanted_items<'env>(
    env: &'env Env,
    items: Unknown<'env>,
    common: &mut Vec<Unknown<'env>>,
) -> Result<List<WantedItem>> {
    let items = match array(env, items)? {
        Ok(items) => items,
        Err(other) => return Ok(Err(other)),
    };
    let item = |index| {
        let item: Unknown<'_> = items.get_element::<Unknown<'_>>(index)?;
        if item.get_type()? != ValueType::Object {
            return read(item).map(WantedItem::from);
        }
        // SAFETY: the type was just checked.
        let item: Object<'_> = unsafe { item.cast() }?;
        let key = read(item.get_named_property("key")?)?;
        let consistent = match own_options(env, &item, common)? {
            Some(options) => option(&options, "consistentRead")?,
            None => Input::Absent,
        };
        Ok(WantedItem { key, consistent })
    };
    (0..items.get_named_property::<u32>("length")?).map(item).collect::<Result<_>>().map(Ok)
}

/// The items that `setItems` is given: `{ key, value, options? }` each. Adds to `common` as [`wanted_items`] does.
pub(super) fn new_items<'env>(
    env: &'env Env,
    items: Unknown<'env>,
    common: &mut Vec<Unknown<'env>>,
) -> Result<List<NewItem>> {
    let items = match array(env, items)? {
        Ok(items) => items,
        Err(other) => return Ok(Err(other)),
    };
    let item = |index| {
        let item: Unknown<'_> = items.get_element::<Unknown<'_>>(index)?;
        if item.get_type()? != ValueType::Object {
            // No key is an error that names the key.
            return Ok(NewItem { key: Input::Absent, value: Given::Refused(String::new()), ttl: Input::Absent });
        }
        // SAFETY: the type was just checked.
        let item: Object<'_> = unsafe { item.cast() }?;
        Ok(NewItem {
            key: read(item.get_named_property("key")?)?,
            value: given(env, item.get_named_property("value")?)?,
            ttl: match own_options(env, &item, common)? {
                Some(options) => time_to_live(env, Operation::SetItems, &options)?,
                None => Input::Absent,
            },
        })
    };
    (0..items.get_named_property::<u32>("length")?).map(item).collect::<Result<_>>().map(Ok)
}

/// The options of one item, where they are not those of all: unstorage hands each item the common ones again.
fn own_options<'env>(env: &Env, item: &Object<'env>, common: &mut Vec<Unknown<'env>>) -> Result<Option<Unknown<'env>>> {
    let options: Unknown<'env> = item.get_named_property("options")?;
    if options.get_type()? != ValueType::Object {
        return Ok(None);
    }
    if let Some(first) = common.first()
        && env.strict_equals(value_of(first), value_of(&options))?
    {
        return Ok(None);
    }
    common.push(value_of(&options));
    Ok(Some(options))
}
