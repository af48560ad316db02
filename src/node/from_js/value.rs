//! Converts a JavaScript value to the stored form. `setItem` follows `@aws-sdk/lib-dynamodb`; `setItemRaw` stores text
//! and bytes as they are, and anything else as JSON. A value that cannot be stored is rejected with the path to the
//! invalid part; nothing is dropped.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, Status, ValueType};

use super::{bytes, given_text, own_names, read};
use crate::input::Input;
use crate::node::js::copy_handle;
use crate::node::realm::{Kind, Realm};
use crate::value::{Given, number_text};

/// The maximum nesting depth that DynamoDB stores:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes>
const MAX_DEPTH: usize = 32;

const ALLOWED: &str = "allowed are strings, finite numbers up to 2^53 - 1, BigInt, booleans, null, bytes, arrays, sets, \
                       Maps and plain objects";

const RAW_ALLOWED: &str =
    "allowed are strings, bytes and what JSON holds: plain objects, arrays and what has a toJSON method";

/// Why a value cannot be stored.
enum Rejected {
    /// The value is not allowed, for this reason.
    Refused(String),
    /// Reading the value failed, for example because a getter threw.
    Failed(napi::Error),
}

impl From<napi::Error> for Rejected {
    fn from(error: napi::Error) -> Self {
        Self::Failed(error)
    }
}

type Converted<T = AttributeValue> = std::result::Result<T, Rejected>;

/// Reads a value for `setItem`.
pub(in crate::node) fn given(env: &Env, realm: &Realm, value: Unknown<'_>) -> Result<Given> {
    // The most common case: unstorage passes text.
    if value.get_type()? == ValueType::String {
        return given_text(&value);
    }
    match (Converter { env, realm, path: Vec::new() }).convert(value) {
        Ok(value) => Ok(Given::Value(value)),
        Err(Rejected::Refused(reason)) => Ok(Given::Refused(reason)),
        Err(Rejected::Failed(error)) => Err(error),
    }
}

struct Converter<'a> {
    env: &'a Env,
    realm: &'a Realm,
    /// The path of the current part: property names and positions, never values.
    path: Vec<String>,
}

impl Converter<'_> {
    fn refuse(&self, found: &str, allowed: &str) -> Rejected {
        let place = if self.path.is_empty() { String::new() } else { format!("holds at {} what ", self.path.concat()) };
        Rejected::Refused(format!("{place}is {found}; {allowed}"))
    }

    fn convert_at(&mut self, step: String, value: Unknown<'_>) -> Converted {
        if self.path.len() >= MAX_DEPTH {
            return Err(Rejected::Refused(format!("is nested deeper than {MAX_DEPTH} levels, or in itself")));
        }
        self.path.push(step);
        let result = self.convert(value);
        self.path.pop();
        result
    }

    fn convert(&mut self, value: Unknown<'_>) -> Converted {
        match value.get_type()? {
            ValueType::Null => Ok(AttributeValue::Null(true)),
            ValueType::Object => self.object(value),
            ValueType::BigInt => {
                let digits = value.coerce_to_string()?.into_utf8()?.into_owned()?;
                Ok(AttributeValue::N(digits))
            }
            _ => match read(value)? {
                Input::Text(text) => Ok(AttributeValue::S(text)),
                Input::Boolean(on) => Ok(AttributeValue::Bool(on)),
                Input::Number(number) => number_text(number)
                    .map(AttributeValue::N)
                    .map_err(|found| self.refuse(found, "use BigInt or a string")),
                Input::Absent => Err(self.refuse("undefined", ALLOWED)),
                other => Err(self.refuse(other.kind(), ALLOWED)),
            },
        }
    }

    fn object(&mut self, value: Unknown<'_>) -> Converted {
        let (env, realm) = (self.env, self.realm);
        match realm.kind_of(env, &value)? {
            Kind::Bytes => Ok(AttributeValue::B(bytes(env, &value)?.into())),
            // SAFETY: an array is an object.
            Kind::List => self.list(&unsafe { value.cast() }?).map(AttributeValue::L),
            Kind::Set => self.set(&realm.elements(env, &value)?),
            Kind::Map => self.map(&realm.entries(env, &value)?),
            // SAFETY: the caller checked the type.
            Kind::Plain => self.plain(&unsafe { value.cast() }?),
            Kind::Other => Err(self.refuse(realm.describe(env, &value)?, ALLOWED)),
        }
    }

    /// The length is read as a property, because the array may be a Proxy.
    fn list(&mut self, array: &Object<'_>) -> Converted<Vec<AttributeValue>> {
        let element = |index| self.convert_at(format!("[{index}]"), array.get_element(index)?);
        (0..array.get_named_property::<u32>("length")?).map(element).collect()
    }

    /// Converts the own enumerable properties of a plain object.
    fn plain(&mut self, object: &Object<'_>) -> Converted {
        let names = own_names(object)?;
        let mut map = HashMap::new();
        for index in 0..names.get_array_length()? {
            let name: Unknown<'_> = names.get_element(index)?;
            self.add(&mut map, copy_handle(&name), object.get_property_unchecked(name)?)?;
        }
        Ok(AttributeValue::M(map))
    }

    /// Converts the entries of a `Map`.
    fn map(&mut self, entries: &Object<'_>) -> Converted {
        let mut map = HashMap::new();
        for index in 0..entries.get_array_length()? {
            let entry: Object<'_> = entries.get_element(index)?;
            self.add(&mut map, entry.get_element(0)?, entry.get_element(1)?)?;
        }
        Ok(AttributeValue::M(map))
    }

    fn add(
        &mut self,
        map: &mut HashMap<String, AttributeValue>,
        name: Unknown<'_>,
        value: Unknown<'_>,
    ) -> Converted<()> {
        let name = match read(name)? {
            Input::Text(name) => name,
            Input::IllFormedText(_) => {
                return Err(self.refuse("a property whose name holds a lone surrogate", "names must be well-formed"));
            }
            _ => return Err(self.refuse("a Map with a key that is no string", "all of its keys must be strings")),
        };
        let value = self.convert_at(format!(".{}", name.escape_debug()), value)?;
        map.insert(name, value);
        Ok(())
    }

    /// All elements of a DynamoDB set have one type.
    fn set(&mut self, elements: &Object<'_>) -> Converted {
        const ONE_TYPE: &str = "a set must hold strings, numbers or bytes, all of one type, and at least one";
        let (mut texts, mut numbers, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
        for item in self.list(elements)? {
            match item {
                AttributeValue::S(text) => texts.push(text),
                AttributeValue::N(number) => numbers.push(number),
                AttributeValue::B(bytes) => blobs.push(bytes),
                _ => return Err(self.refuse("a set of another type", ONE_TYPE)),
            }
        }
        match (texts.is_empty(), numbers.is_empty(), blobs.is_empty()) {
            (true, true, true) => Err(self.refuse("an empty set", ONE_TYPE)),
            (false, true, true) => Ok(AttributeValue::Ss(texts)),
            (true, false, true) => Ok(AttributeValue::Ns(numbers)),
            (true, true, false) => Ok(AttributeValue::Bs(blobs)),
            _ => Err(self.refuse("a set of several types", ONE_TYPE)),
        }
    }
}

/// Reads a value for `setItemRaw`.
///
/// `JSON.stringify` turns an object whose data is not in its properties (a Map, a Response, an Error) into `{}`, so every
/// object in the value must be plain, an array, a boxed primitive, or have a `toJSON`.
pub(in crate::node) fn given_raw(env: &Env, realm: &'static Realm, value: Unknown<'_>) -> Result<Given> {
    let kind = value.get_type()?;
    if kind == ValueType::String {
        return given(env, realm, value);
    }
    if kind == ValueType::Object && realm.kind_of(env, &value)? == Kind::Bytes {
        return Ok(Given::Value(AttributeValue::B(bytes(env, &value)?.into())));
    }
    let refusal = Rc::new(RefCell::new(None));
    let reported = Rc::clone(&refusal);
    let replacer: Function<'_, FnArgs<(Unknown<'_>, Unknown<'_>)>, Unknown<'static>> = env
        .create_function_from_closure("replacer", move |context| {
            let value: Unknown<'static> = context.get(1)?;
            match hidden_from_json(context.env, realm, &value)? {
                None => Ok(value),
                Some(found) => {
                    *reported.borrow_mut() = Some(refused(context.get(0)?, &found)?);
                    // Ends the traversal. The reason is in `reported`.
                    Err(napi::Error::from_status(Status::InvalidArg))
                }
            }
        })?;
    let json: Object<'_> = env.get_global()?.get_named_property("JSON")?;
    let stringify: Function<'_, FnArgs<(Unknown<'_>, Unknown<'_>)>, Unknown<'_>> =
        json.get_named_property("stringify")?;
    let json = stringify.call((value, replacer.to_unknown()).into());
    if let Some(reason) = refusal.borrow_mut().take() {
        return Ok(Given::Refused(reason));
    }
    // `JSON.stringify` also throws: for a BigInt, a cycle, or a getter that throws.
    Ok(match json {
        Ok(text) if text.get_type()? == ValueType::String => given_text(&text)?,
        _ => Given::Refused(format!("has no JSON text; {RAW_ALLOWED}")),
    })
}

/// Names a value that JSON would omit or empty. Called after `toJSON`. (Omitting `undefined` is allowed, as it is what JSON
/// does everywhere.)
fn hidden_from_json(env: &Env, realm: &Realm, value: &Unknown<'_>) -> Result<Option<String>> {
    match value.get_type()? {
        ValueType::Function => return Ok(Some("a function".to_owned())),
        ValueType::Symbol => return Ok(Some("a symbol".to_owned())),
        ValueType::Object => {}
        _ => return Ok(None),
    }
    if matches!(realm.kind_of(env, value)?, Kind::Plain | Kind::List) {
        return Ok(None);
    }
    // SAFETY: the type was just checked.
    let object: Object<'_> = unsafe { copy_handle(value).cast() }?;
    let has = |method| {
        Ok::<_, napi::Error>(object.get_named_property::<Unknown<'_>>(method)?.get_type()? == ValueType::Function)
    };
    if has("toJSON")? {
        return Ok(None);
    }
    for boxed in ["isNumberObject", "isStringObject", "isBooleanObject", "isBigIntObject"] {
        if realm.is(env, boxed, value)? {
            return Ok(None);
        }
    }
    let tag = realm.tag(env, value)?;
    Ok(Some(if value.is_promise()? || has("then")? {
        "a Promise; await it and store its value".to_owned()
    } else if matches!(tag.as_str(), "[object Blob]" | "[object File]" | "[object ReadableStream]") || has("pipe")? {
        "a Blob or a stream; read it and store its bytes".to_owned()
    } else {
        format!("{}, of which JSON shows nothing or a part; {RAW_ALLOWED}", realm.describe(env, value)?)
    }))
}

/// Returns the reason, worded to follow "the value".
fn refused(name: Unknown<'_>, found: &str) -> Result<String> {
    Ok(match read(name)? {
        Input::Text(name) if !name.is_empty() => format!("holds under {name:?} what is {found}"),
        _ => format!("is {found}"),
    })
}
