//! From a JavaScript value to a DynamoDB value, as AWS's own `@aws-sdk/lib-dynamodb` does: text, numbers, `BigInt`,
//! booleans, null, bytes, arrays, sets, maps and plain objects. What has no place in a table is refused by name, with
//! the place where it stands, and never dropped.

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::bytes::{bytes, is_instance, value_of};
use super::input::read;
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

/// Reads a value for `setItemRaw`: text and bytes as they are, anything else as JSON text.
pub(super) fn given_raw(env: &Env, value: Unknown<'_>) -> Result<Given> {
    let kind = value.get_type()?;
    if kind == ValueType::String {
        return given(env, value);
    }
    if kind == ValueType::Object {
        if let Some(bytes) = bytes(env, &value)? {
            return Ok(Given::Value(AttributeValue::B(bytes.into())));
        }
        for refused in ["Blob", "ReadableStream", "Promise"] {
            if is_instance(env, &value, refused)? {
                return Ok(Given::Refused(format!("is a {refused}; await its bytes and store those")));
            }
        }
        // SAFETY: the type was just checked.
        let object: Object<'_> = unsafe { value_of(&value).cast() }?;
        if object.get_named_property::<Unknown<'_>>("pipe")?.get_type()? == ValueType::Function {
            return Ok(Given::Refused("is a stream; read it and store its bytes".to_owned()));
        }
    }
    let json: Object<'_> = env.get_global()?.get_named_property("JSON")?;
    let stringify: Function<'_, Unknown<'_>, Unknown<'_>> = json.get_named_property("stringify")?;
    // What throws has no JSON text either: a BigInt, or an object in itself.
    Ok(match stringify.call(value).map(read) {
        Ok(Ok(Input::Text(text))) => Given::Value(AttributeValue::S(text)),
        _ => Given::Refused("has no JSON text; allowed are strings, bytes and what JSON holds".to_owned()),
    })
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
    if let Some(bytes) = bytes(env, &value)? {
        return Ok(AttributeValue::B(bytes.into()));
    }
    if value.is_array()? {
        // SAFETY: an array is an object.
        return list(env, &unsafe { value.cast() }?, path).map(AttributeValue::L);
    }
    if is_instance(env, &value, "Set")? {
        return set(env, value, path);
    }
    if is_instance(env, &value, "Map")? {
        return map(env, call_global(env, "Array", "from", value)?, path);
    }
    // SAFETY: the caller checked the type.
    if is_plain(&unsafe { value.cast() }?)? {
        map(env, call_global(env, "Object", "entries", value)?, path)
    } else {
        Err(path.refuse("an instance of a class", ALLOWED))
    }
}

/// Whether an object was written as `{}` in this realm or another, or has no prototype.
fn is_plain(object: &Object<'_>) -> Result<bool> {
    let prototype = object.get_prototype()?;
    if prototype.get_type()? != ValueType::Object {
        return Ok(true);
    }
    // SAFETY: the type was just checked.
    let above = unsafe { prototype.cast::<Object<'_>>() }?.get_prototype()?;
    Ok(above.get_type()? == ValueType::Null)
}

fn list(env: &Env, array: &Object<'_>, path: &mut Path) -> std::result::Result<Vec<AttributeValue>, Failure> {
    let convert_at = |index| {
        let item = array.get_element::<Unknown<'_>>(index)?;
        path.inside(format!("[{index}]"), |path| convert(env, item, path))
    };
    (0..array.get_array_length()?).map(convert_at).collect()
}

/// A map from the entries of an object or of a `Map`, which both are arrays of name and value.
fn map(env: &Env, entries: Unknown<'_>, path: &mut Path) -> Converted {
    // SAFETY: Object.entries and Array.from make arrays.
    let entries: Object<'_> = unsafe { entries.cast() }?;
    let mut map = std::collections::HashMap::new();
    for index in 0..entries.get_array_length()? {
        let entry: Object<'_> = entries.get_element(index)?;
        let name = match read(entry.get_element(0)?)? {
            Input::Text(name) => name,
            Input::IllFormedText => {
                return Err(path.refuse("a property whose name holds a lone surrogate", "names must be well-formed"));
            }
            _ => return Err(path.refuse("a Map with a key that is no string", "all of its keys must be strings")),
        };
        let value: Unknown<'_> = entry.get_element(1)?;
        let value = path.inside(format!(".{}", name.escape_debug()), |path| convert(env, value, path))?;
        map.insert(name, value);
    }
    Ok(AttributeValue::M(map))
}

/// A set holds one type: that of its first element.
fn set(env: &Env, value: Unknown<'_>, path: &mut Path) -> Converted {
    const ONE_TYPE: &str = "a set must hold strings, numbers or bytes, all of one type, and at least one";
    let array = call_global(env, "Array", "from", value)?;
    // SAFETY: Array.from makes an array.
    let items = list(env, &unsafe { array.cast() }?, path)?;
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

/// Calls a static method of a global, such as `Array.from(value)`.
fn call_global<'env>(env: &'env Env, owner: &str, method: &str, argument: Unknown<'_>) -> Result<Unknown<'env>> {
    let owner: Unknown<'_> = env.get_global()?.get_named_property(owner)?;
    // SAFETY: a constructor is an object as well.
    let owner: Object<'_> = unsafe { owner.cast() }?;
    let method: Function<'_, Unknown<'_>, Unknown<'_>> = owner.get_named_property(method)?;
    method.apply(owner, argument)
}
