//! The arrays that `getItems` and `setItems` take.

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::options::{CallOptions, conditions, time_to_live};
use super::value::given;
use super::{option, read};
use crate::error::Operation;
use crate::input::Input;
use crate::node::realm::Realm;
use crate::store::{NewItem, WantedItem, WriteOptions};
use crate::value::Given;

/// An array, or another value that was passed instead.
pub(in crate::node) type List<T> = std::result::Result<Vec<T>, Input>;

/// Reads the items of `getItems`: a key or `{ key, options? }` each. Adds the options of single items to `options`.
pub(in crate::node) fn wanted_items<'env>(
    env: &Env,
    realm: &Realm,
    items: Unknown<'env>,
    options: &mut CallOptions<'env>,
) -> Result<List<WantedItem>> {
    each(env, realm, items, |item| {
        let Some(object) = object(&item)? else {
            return read(item).map(WantedItem::from);
        };
        let key = read(object.get_named_property("key")?)?;
        let consistent = match options.add_those_of(env, &object)? {
            Some(options) => option(&options, "consistentRead")?,
            None => Input::Absent,
        };
        Ok(WantedItem { key, consistent })
    })
}

/// Reads the items of `setItems`: `{ key, value, options? }` each. Adds the options of single items to `options`.
pub(in crate::node) fn new_items<'env>(
    env: &Env,
    realm: &Realm,
    items: Unknown<'env>,
    options: &mut CallOptions<'env>,
) -> Result<List<NewItem>> {
    each(env, realm, items, |item| {
        let Some(object) = object(&item)? else {
            // The error is about the missing key.
            let value = Given::Refused(String::new());
            return Ok(NewItem { key: Input::Absent, value, options: WriteOptions::default() });
        };
        Ok(NewItem {
            key: read(object.get_named_property("key")?)?,
            value: given(env, realm, object.get_named_property("value")?)?,
            options: match options.add_those_of(env, &object)? {
                Some(options) => WriteOptions {
                    ttl: time_to_live(env, Operation::SetItems, &options)?,
                    conditions: conditions(&options)?,
                },
                None => WriteOptions::default(),
            },
        })
    })
}

/// Reads each element of an array, or of a Proxy of one, such as Vue's reactive arrays.
fn each<'env, T>(
    env: &Env,
    realm: &Realm,
    items: Unknown<'env>,
    mut item: impl FnMut(Unknown<'env>) -> Result<T>,
) -> Result<List<T>> {
    if !items.is_array()? && (items.get_type()? != ValueType::Object || !realm.is_array(env, &items)?) {
        return read(items).map(Err);
    }
    // SAFETY: an array is an object.
    let items: Object<'env> = unsafe { items.cast() }?;
    (0..items.get_named_property::<u32>("length")?)
        .map(|index| item(items.get_element(index)?))
        .collect::<Result<_>>()
        .map(Ok)
}

fn object<'env>(item: &Unknown<'env>) -> Result<Option<Object<'env>>> {
    if item.get_type()? != ValueType::Object {
        return Ok(None);
    }
    // SAFETY: the type was just checked.
    unsafe { item.cast() }.map(Some)
}
