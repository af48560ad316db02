//! Reads the options of a driver and of a call, and warns about misspelt ones.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::callbacks::credentials_provider;
use super::{option, own_names, read};
use crate::condition::RawConditions;
use crate::environment::Environment;
use crate::error::Operation;
use crate::input::Input;
use crate::names::{means_ttl, suggestion};
use crate::node::js::{builtin, copy_handle, discard_error, warn};
use crate::options::{Nested, RawOptions, Source};

/// Options of unstorage and of frameworks, which are not misspelt options of the driver.
const FOREIGN_OPTIONS: [&str; 2] = ["watch", "driver"];

/// The names that the process was warned about.
static WARNED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// The options of a call, and those of single items in it.
pub(in crate::node) struct CallOptions<'env> {
    common: Option<Unknown<'env>>,
    of_items: Vec<Unknown<'env>>,
}

impl<'env> CallOptions<'env> {
    /// Ignores options that are not an object.
    pub(in crate::node) fn new(common: Option<Unknown<'env>>) -> Result<Self> {
        let is_object = common.as_ref().map(Unknown::get_type).transpose()? == Some(ValueType::Object);
        Ok(Self { common: common.filter(|_| is_object), of_items: Vec::new() })
    }

    pub(in crate::node) fn common(&self) -> Option<&Unknown<'env>> {
        self.common.as_ref()
    }

    pub(in crate::node) fn iter(&self) -> impl Iterator<Item = &Unknown<'env>> {
        self.common.iter().chain(&self.of_items)
    }

    /// Adds the options of an item unless they are the common options, which unstorage repeats for each item.
    pub(super) fn add_those_of(&mut self, env: &Env, item: &Object<'env>) -> Result<Option<Unknown<'env>>> {
        let options: Unknown<'env> = item.get_named_property("options")?;
        if options.get_type()? != ValueType::Object {
            return Ok(None);
        }
        if let Some(common) = &self.common
            && env.strict_equals(copy_handle(common), copy_handle(&options))?
        {
            return Ok(None);
        }
        self.of_items.push(copy_handle(&options));
        Ok(Some(options))
    }
}

/// Reads the option `ttl` of a call. Warns if it is missing and an option has the name that other stores use.
pub(in crate::node) fn time_to_live(env: &Env, operation: Operation, options: &Unknown<'_>) -> Result<Input> {
    let ttl = option(options, "ttl")?;
    if ttl.is_absent() && options.get_type()? == ValueType::Object {
        // SAFETY: the type was just checked.
        let options: Object<'_> = unsafe { copy_handle(options).cast() }?;
        for name in names_of(env, &options).into_iter().filter(|name| means_ttl(name)) {
            let operation = operation.name();
            let hint =
                format!("`{operation}` ignores the option `{name}`; the time to live of an item is `ttl`, in seconds");
            // Does not suppress the warning about a driver option of the same name.
            warn_once(env, format!("call {name}"), &hint);
        }
    }
    Ok(ttl)
}

/// Reads the conditions of a write. `null` is not absent: it would turn a conditional write with a missing etag into an
/// unconditional one.
pub(in crate::node) fn conditions(options: &Unknown<'_>) -> Result<RawConditions> {
    if options.get_type()? != ValueType::Object {
        return Ok(RawConditions::default());
    }
    // SAFETY: the type was just checked.
    let options: Object<'_> = unsafe { copy_handle(options).cast() }?;
    let condition = |name| {
        let value: Unknown<'_> = options.get_named_property(name)?;
        if value.get_type()? == ValueType::Null { Ok(Input::Other("null")) } else { read(value) }
    };
    Ok(RawConditions { if_match: condition("ifMatch")?, if_none_match: condition("ifNoneMatch")? })
}

/// Reads the options of a driver, and the environment variables.
pub(in crate::node) fn read_options(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<RawOptions> {
    let environment = environment(variables)?;
    RawOptions::read(Reader { env, object: *options, within: None, known: Vec::new() }, environment)
}

struct Reader<'a> {
    env: &'a Env,
    object: Object<'a>,
    /// The name of the option that holds the object; `None` for the driver's options.
    within: Option<&'static str>,
    /// The names that were read.
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn value(&mut self, name: &'static str) -> Result<Unknown<'a>> {
        self.known.push(name);
        self.object.get_named_property(name)
    }
}

impl Source for Reader<'_> {
    type Error = napi::Error;

    /// An empty string counts as absent: configurations produce it from unset variables.
    fn input(&mut self, name: &'static str) -> Result<Input> {
        self.value(name).and_then(read).map(Input::given)
    }

    fn nested(&mut self, name: &'static str) -> Result<Nested<Self>> {
        let value = self.value(name)?;
        if value.get_type()? != ValueType::Object || value.is_array()? {
            return read(value).map(|value| Nested::Plain(value.given()));
        }
        // SAFETY: the type was just checked.
        let object = unsafe { value.cast() }?;
        Ok(Nested::Object(Self { env: self.env, object, within: Some(name), known: Vec::new() }))
    }

    fn provider(&mut self, name: &'static str) -> Result<Option<SharedCredentialsProvider>> {
        let value = self.value(name)?;
        let is_function = value.get_type()? == ValueType::Function;
        if is_function { credentials_provider(self.env, value).map(Some) } else { Ok(None) }
    }

    /// Warns about options that were not read and resemble one that was.
    fn finish(self) {
        let within = self.within.map(|option| format!("{option}.")).unwrap_or_default();
        for name in names_of(self.env, &self.object) {
            let of_other_stores = || (within.is_empty() && means_ttl(&name)).then_some("ttl");
            if !self.known.contains(&name.as_str())
                && !FOREIGN_OPTIONS.contains(&name.as_str())
                && let Some(suggestion) = suggestion(&name, &self.known).or_else(of_other_stores)
            {
                let hint = format!("Unknown option `{within}{name}` is ignored; did you mean `{within}{suggestion}`?");
                warn_once(self.env, format!("{within}{name}"), &hint);
            }
        }
    }
}

/// Reads `process.env`. A program may have replaced it with an object that has other values than strings: as in the
/// original, numbers and booleans become text. Anything else is ignored.
pub(in crate::node) fn environment(variables: Unknown<'_>) -> Result<Environment> {
    if variables.get_type()? != ValueType::Object {
        return Ok(Environment::default());
    }
    // SAFETY: the type was just checked.
    let variables: Object<'_> = unsafe { variables.cast() }?;
    let env = Env::from_raw(variables.value().env);
    let mut read = Vec::new();
    for name in Object::keys(&variables)? {
        // A getter that throws may belong to a variable that is not used.
        let Some(value) = discard_error(&env, variables.get_named_property::<Unknown<'_>>(&name)) else { continue };
        if let ValueType::String | ValueType::Number | ValueType::Boolean = value.get_type()? {
            read.push((name, value.coerce_to_string()?.into_utf8()?.into_owned()?));
        }
    }
    let home =
        home(&env, |name| read.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value));
    read.push(("HOME".to_owned(), home));
    Ok(Environment::new(read))
}

/// The home directory, found as the SDK for JavaScript does. Without one, the SDK for Rust would read the shared config files
/// from a directory called `~`.
fn home<'a>(env: &Env, variable: impl Fn(&str) -> Option<&'a String>) -> String {
    if let Some(home) = variable("HOME").or_else(|| variable("USERPROFILE")) {
        return home.clone();
    }
    if let Some(path) = variable("HOMEPATH") {
        return format!("{}{path}", variable("HOMEDRIVE").map_or("C:\\", String::as_str));
    }
    let homedir = || -> Result<String> {
        let os = builtin(env, "node:os")?;
        os.get_named_property::<Function<'_, (), String>>("homedir")?.apply(os, ())
    };
    discard_error(env, homedir()).unwrap_or_else(|| "/nonexistent".to_owned())
}

/// The well-formed names in an object; none if reading them fails, because a hint must not fail a call.
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
    discard_error(env, names()).unwrap_or_default()
}

fn warn_once(env: &Env, name: String, hint: &str) {
    if WARNED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(name) {
        warn(env, &format!("[unstorage] [aws-dynamodb] {hint}"));
    }
}
