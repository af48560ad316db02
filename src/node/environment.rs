//! From JavaScript's `process.env` to an [`Environment`].

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::abort::quietly;
use crate::environment::Environment;

/// Reads every variable once. What a program put in the place of `process.env` may hold other values than strings:
/// numbers and booleans are taken as the text that they spell, as `process.env` itself does, and the rest is left out.
pub(super) fn environment(variables: Unknown<'_>) -> Result<Environment> {
    if variables.get_type()? != ValueType::Object {
        return Ok(Environment::default());
    }
    // SAFETY: the type was just checked.
    let variables: Object<'_> = unsafe { variables.cast() }?;
    let env = Env::from_raw(variables.value().env);
    let mut read = Vec::new();
    for name in Object::keys(&variables)? {
        // A getter of a variable that does not matter fails no call.
        let Some(value) = quietly(&env, variables.get_named_property::<Unknown<'_>>(&name)) else { continue };
        if let ValueType::String | ValueType::Number | ValueType::Boolean = value.get_type()? {
            read.push((name, value.coerce_to_string()?.into_utf8()?.into_owned()?));
        }
    }
    let home =
        home(&env, |name| read.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value));
    read.push(("HOME".to_owned(), home));
    Ok(Environment::new(read))
}

/// The home directory, found as the SDK for JavaScript finds it. The SDK for Rust, without one, would take the shared config
/// files from a directory called `~`.
fn home<'a>(env: &Env, variable: impl Fn(&str) -> Option<&'a String>) -> String {
    if let Some(home) = variable("HOME").or_else(|| variable("USERPROFILE")) {
        return home.clone();
    }
    if let Some(path) = variable("HOMEPATH") {
        return format!("{}{path}", variable("HOMEDRIVE").map_or("C:\\", String::as_str));
    }
    quietly(env, of_the_system(env)).unwrap_or_else(|| "/nonexistent".to_owned())
}

fn of_the_system(env: &Env) -> Result<String> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let module: Function<'_, FnArgs<(&str,)>, Object<'_>> = process.get_named_property("getBuiltinModule")?;
    let os = module.apply(process, ("node:os",).into())?;
    let homedir: Function<'_, (), String> = os.get_named_property("homedir")?;
    homedir.apply(os, ())
}
