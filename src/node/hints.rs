//! Warnings about options that are ignored and were probably meant to be others. Each name is told of once per process.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, Result, ValueType};

use super::abort::quietly;
use super::bytes::value_of;
use super::input::{option, own_names, read};
use super::settle::warn;
use crate::error::Operation;
use crate::input::Input;
use crate::names::{means_ttl, meant};

/// Options of unstorage's and of frameworks, which are no misspelt ones of ours.
const OF_OTHERS: [&str; 2] = ["watch", "driver"];

static TOLD: Mutex<Option<HashSet<String>>> = Mutex::new(None);

fn tell_once(env: &Env, name: String, hint: &str) {
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(name) {
        warn(env, &format!("[unstorage] [aws-dynamodb] {hint}"));
    }
}

/// Warns of the options in `object` that are none and look like one. `within` is the option that holds them, with its dot.
pub(super) fn unknown_options(env: &Env, object: &Object<'_>, within: &str, known: &[&str]) {
    for name in names_of(env, object) {
        let of_other_stores = || (within.is_empty() && means_ttl(&name)).then_some("ttl");
        if !known.contains(&name.as_str())
            && !OF_OTHERS.contains(&name.as_str())
            && let Some(meant) = meant(&name, known).or_else(of_other_stores)
        {
            let hint = format!("Unknown option `{within}{name}` is ignored; did you mean `{within}{meant}`?");
            tell_once(env, format!("{within}{name}"), &hint);
        }
    }
}

/// The time to live in the options of a call. Where there is none, what other stores call it is warned of.
pub(super) fn time_to_live(env: &Env, operation: Operation, options: &Unknown<'_>) -> Result<Input> {
    let ttl = option(options, "ttl")?;
    if ttl.is_absent() && options.get_type()? == ValueType::Object {
        // SAFETY: the type was just checked.
        let options: Object<'_> = unsafe { value_of(options).cast() }?;
        for name in names_of(env, &options).into_iter().filter(|name| means_ttl(name)) {
            let operation = operation.name();
            let hint =
                format!("`{operation}` ignores the option `{name}`; the time to live of an item is `ttl`, in seconds");
            // Apart from the driver's option of that name.
            tell_once(env, format!("call {name}"), &hint);
        }
    }
    Ok(ttl)
}

/// The well-formed names in an object. Traps that throw have none: a hint fails no call.
fn names_of(env: &Env, object: &Object<'_>) -> Vec<String> {
    let names = || -> Result<Vec<String>> {
        let names = own_names(object)?;
        let mut texts = Vec::new();
        for index in 0..names.get_array_length()? {
            if let Input::Text(name) = read(names.get_element(index)?)? {
                texts.push(name);
            }
        }
        Ok(texts)
    };
    quietly(env, names()).unwrap_or_default()
}
