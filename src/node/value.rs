//! From a JavaScript value to a DynamoDB value, as AWS's own `@aws-sdk/lib-dynamodb` does: text, numbers, `BigInt`,
//! booleans, null, bytes, arrays, sets, maps and plain objects. What has no place in a table is refused by name, with
//! the place where it stands, and never dropped.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::bytes::{bytes, value_of};
use super::event_loop::EventLoop;
use super::input::{own_names, read};
use super::kind::{Kind, describe};
use crate::input::Input;
use crate::value::{Given, number_text};

/// The deepest nesting that DynamoDB stores:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes>
const MAX_DEPTH: usize = 32;

const ALLOWED: &str = "allowed are strings, finite numbers up to 2^53 - 1, BigInt, booleans, null, bytes, arrays, sets, \
                       Maps and plain objects";

/// Why a value cannot be stored, or what JavaScript threw meanwhile.
enum Failure {
    Refused(String),
    Thrown(napi::Error),
}

impl From<napi::Error> for Failure {
    fn from(error: napi::Error) -> Self {
        Self::Thrown(error)
    }
}

type Converted = std::result::Result<AttributeValue, Failure>;

/// Reads a value for `setItem`.
pub(super) fn given(env: &Env, value: Unknown<'_>) -> Result<Given> {
    // The hot path: unstorage hands text.
    if value.get_type()? == ValueType::String {
        return Ok(match read(value)? {
            Input::Text(text) => Given::Value(AttributeValue::S(text)),
            _ => Given::Refused("holds a lone surrogate; text must be well-formed".to_owned()),
        });
    }
    settle(convert(env, value, &mut Path::default()))
}

fn settle(converted: Converted) -> Result<Given> {
    match converted {
        Ok(value) => Ok(Given::Value(value)),
        Err(Failure::Refused(reason)) => Ok(Given::Refused(reason)),
        Err(Failure::Thrown(error)) => Err(error),
    }
}

/// Where in a value the conversion is: property names and positions, never values.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn refuse(&self, found: &str, allowed: &str) -> Failure {
        let place = if self.0.is_empty() { String::new() } else { format!("holds at {} what ", self.0.concat()) };
        Failure::Refused(format!("{place}is {found}; {allowed}"))
    }

    fn inside<T>(
        &mut self,
        step: String,
        convert: impl FnOnce(&mut Self) -> std::result::Result<T, Failure>,
    ) -> std::result::Result<T, Failure> {
        if self.0.len() >= MAX_DEPTH {
            return Err(Failure::Refused(format!("is nested deeper than {MAX_DEPTH} levels, or in itself")));
        }
        self.0.push(step);
        let result = convert(self);
        self.0.pop();
        result
    }
}

fn convert(env: &Env, value: Unknown<'_>, path: &mut Path) -> Converted {
    match value.get_type()? {
        ValueType::Null => Ok(AttributeValue::Null(true)),
        ValueType::Object => object(env, value, path),
        ValueType::BigInt => {
            let digits = value.coerce_to_string()?.into_utf8()?.into_owned()?;
            Ok(AttributeValue::N(digits))
        }
        _ => match read(value)? {
            Input::Text(text) => Ok(AttributeValue::S(text)),
            Input::Boolean(on) => Ok(AttributeValue::Bool(on)),
            Input::Number(number) => {
                number_text(number).map(AttributeValue::N).map_err(|found| path.refuse(found, "use BigInt or a string"))
            }
            Input::Absent => Err(path.refuse("undefined", ALLOWED)),
            other => Err(path.refuse(other.kind(), ALLOWED)),
        },
    }
}

fn object(env: &Env, value: Unknown<'_>, path: &mut Path) -> Converted {
    let host = EventLoop::of(env)?.host(env)?;
    match Kind::of(env, host, &value)? {
        Kind::Bytes => Ok(AttributeValue::B(bytes(env, &value)?.into())),
        // SAFETY: an array is an object.
        Kind::List => list(env, &unsafe { value.cast() }?, path).map(AttributeValue::L),
        Kind::Set => set(env, &host.elements(env, &value)?, path),
        Kind::Map => map(env, &host.entries(env, &value)?, path),
        // SAFETY: the caller checked the type.
        Kind::Plain => plain(env, &unsafe { value.cast() }?, path),
        Kind::Other => Err(path.refuse(describe(env, host, &value)?, ALLOWED)),
    }
}

/// The elements of an array, or of a Proxy of one, which has a length only as a property.
fn list(env: &Env, array: &Object<'_>, path: &mut Path) -> std::result::Result<Vec<AttributeValue>, Failure> {
    let convert_at = |index| {
        let item = array.get_element::<Unknown<'_>>(index)?;
        path.inside(format!("[{index}]"), |path| convert(env, item, path))
    };
    (0..array.get_named_property::<u32>("length")?).map(convert_at).collect()
}

/// A map from a plain object: its own enumerable properties.
fn plain(env: &Env, object: &Object<'_>, path: &mut Path) -> Converted {
    let names = own_names(object)?;
    let mut map = HashMap::new();
    for index in 0..names.get_array_length()? {
        let name: Unknown<'_> = names.get_element(index)?;
        add(env, &mut map, value_of(&name), object.get_property_unchecked(name)?, path)?;
    }
    Ok(AttributeValue::M(map))
}

/// A map from the entries of a `Map`.
fn map(env: &Env, entries: &Object<'_>, path: &mut Path) -> Converted {
    let mut map = HashMap::new();
    for index in 0..entries.get_array_length()? {
        let entry: Object<'_> = entries.get_element(index)?;
        add(env, &mut map, entry.get_element(0)?, entry.get_element(1)?, path)?;
    }
    Ok(AttributeValue::M(map))
}

fn add(
    env: &Env,
    map: &mut HashMap<String, AttributeValue>,
    name: Unknown<'_>,
    value: Unknown<'_>,
    path: &mut Path,
) -> std::result::Result<(), Failure> {
    let name = match read(name)? {
        Input::Text(name) => name,
        Input::IllFormedText(_) => {
            return Err(path.refuse("a property whose name holds a lone surrogate", "names must be well-formed"));
        }
        _ => return Err(path.refuse("a Map with a key that is no string", "all of its keys must be strings")),
    };
    let value = path.inside(format!(".{}", name.escape_debug()), |path| convert(env, value, path))?;
    map.insert(name, value);
    Ok(())
}

/// A set holds one type: that of its first element.
fn set(env: &Env, elements: &Object<'_>, path: &mut Path) -> Converted {
    const ONE_TYPE: &str = "a set must hold strings, numbers or bytes, all of one type, and at least one";
    let items = list(env, elements, path)?;
    let count = items.len();
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    let mut blobs = Vec::new();
    for item in items {
        match item {
            AttributeValue::S(text) => texts.push(text),
            AttributeValue::N(number) => numbers.push(number),
            AttributeValue::B(bytes) => blobs.push(bytes),
            _ => return Err(path.refuse("a set of another type", ONE_TYPE)),
        }
    }
    match (texts.len(), numbers.len(), blobs.len()) {
        (0, 0, 0) => Err(path.refuse("an empty set", ONE_TYPE)),
        (texts_len, 0, 0) if texts_len == count => Ok(AttributeValue::Ss(texts)),
        (0, numbers_len, 0) if numbers_len == count => Ok(AttributeValue::Ns(numbers)),
        (0, 0, _) => Ok(AttributeValue::Bs(blobs)),
        _ => Err(path.refuse("a set of several types", ONE_TYPE)),
    }
}
