//! From a JavaScript value to what `setItemRaw` stores: text and bytes as they are, anything else as its JSON text.
//!
//! `JSON.stringify` makes `{}` of whatever keeps its data out of sight (a Map, a Response, an Error), so each object on its
//! way into the text must be one that JSON can show: plain, an array, a boxed primitive, or with a `toJSON` of its own.

use std::cell::RefCell;
use std::rc::Rc;

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, Status, ValueType};

use super::bytes::{bytes, value_of};
use super::event_loop::EventLoop;
use super::host::Host;
use super::input::read;
use super::kind::{Kind, describe};
use super::value::given;
use crate::input::Input;
use crate::value::Given;

const ALLOWED: &str =
    "allowed are strings, bytes and what JSON holds: plain objects, arrays and what has a toJSON method";

/// Reads a value for `setItemRaw`.
pub(super) fn given_raw(env: &Env, value: Unknown<'_>) -> Result<Given> {
    let kind = value.get_type()?;
    if kind == ValueType::String {
        return given(env, value);
    }
    let host = EventLoop::of(env)?.host(env)?;
    if kind == ValueType::Object && Kind::of(env, host, &value)? == Kind::Bytes {
        return Ok(Given::Value(AttributeValue::B(bytes(env, &value)?.into())));
    }
    let refusal = Rc::new(RefCell::new(None));
    let told = Rc::clone(&refusal);
    let replacer: Function<'_, FnArgs<(Unknown<'_>, Unknown<'_>)>, Unknown<'static>> = env
        .create_function_from_closure("replacer", move |context| {
            let value: Unknown<'static> = context.get(1)?;
            match lost(context.env, host, &value)? {
                None => Ok(value),
                Some(found) => {
                    *told.borrow_mut() = Some(refused(context.get(0)?, &found)?);
                    // Ends the walk; the caller looks at what was told.
                    Err(napi::Error::from_status(Status::InvalidArg))
                }
            }
        })?;
    let json: Object<'_> = env.get_global()?.get_named_property("JSON")?;
    let stringify: Function<'_, FnArgs<(Unknown<'_>, Unknown<'_>)>, Unknown<'_>> =
        json.get_named_property("stringify")?;
    let text = stringify.call((value, replacer.to_unknown()).into()).and_then(read);
    if let Some(reason) = refusal.borrow_mut().take() {
        return Ok(Given::Refused(reason));
    }
    // What throws has no JSON text either: a BigInt, an object in itself, a getter.
    Ok(match text {
        Ok(Input::Text(text)) => Given::Value(AttributeValue::S(text)),
        _ => Given::Refused(format!("has no JSON text; {ALLOWED}")),
    })
}

/// What a value is that JSON would drop or empty, after its `toJSON` was asked. (`undefined` is left out by JSON's own
/// rules, which everybody knows.)
fn lost(env: &Env, host: &Host, value: &Unknown<'_>) -> Result<Option<String>> {
    match value.get_type()? {
        ValueType::Function => return Ok(Some("a function".to_owned())),
        ValueType::Symbol => return Ok(Some("a symbol".to_owned())),
        ValueType::Object => {}
        _ => return Ok(None),
    }
    if matches!(Kind::of(env, host, value)?, Kind::Plain | Kind::List) {
        return Ok(None);
    }
    // SAFETY: the type was just checked.
    let object: Object<'_> = unsafe { value_of(value).cast() }?;
    let has = |method| {
        Ok::<_, napi::Error>(object.get_named_property::<Unknown<'_>>(method)?.get_type()? == ValueType::Function)
    };
    if has("toJSON")? {
        return Ok(None);
    }
    for boxed in ["isNumberObject", "isStringObject", "isBooleanObject", "isBigIntObject"] {
        if host.is(env, boxed, value)? {
            return Ok(None);
        }
    }
    let tag = host.tag(env, value)?;
    Ok(Some(if value.is_promise()? || has("then")? {
        "a Promise; await it and store its value".to_owned()
    } else if matches!(tag.as_str(), "[object Blob]" | "[object File]" | "[object ReadableStream]") || has("pipe")? {
        "a Blob or a stream; read it and store its bytes".to_owned()
    } else {
        format!("{}, of which JSON shows nothing or a part; {ALLOWED}", describe(env, host, value)?)
    }))
}

/// Reads on after "the value".
fn refused(name: Unknown<'_>, found: &str) -> Result<String> {
    Ok(match read(name)? {
        Input::Text(name) if !name.is_empty() => format!("holds under {name:?} what is {found}"),
        _ => format!("is {found}"),
    })
}
