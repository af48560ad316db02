//! Reads the options of a driver and of a call, and warns about misspelt ones.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::callbacks::credentials_provider;
use super::{option, own_names, read};
use crate::bridge::js::{builtin, copy_handle, discard_error, warn};
use crate::environment::Environment;
use crate::error::Operation;
use crate::input::Input;
use crate::names::{means_ttl, meant};
use crate::options::{RawAttributes, RawCircuitBreaker, RawCredentials, RawLimits, RawOptions, RawScan};

/// Options of unstorage and of frameworks, which are not misspelt ones of ours.
const FOREIGN_OPTIONS: [&str; 2] = ["watch", "driver"];

/// The names that the process was warned about.
static WARNED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// The options of a call, and those of single items in it.
pub(in crate::bridge) struct CallOptions<'env> {
    common: Option<Unknown<'env>>,
    of_items: Vec<Unknown<'env>>,
}

impl<'env> CallOptions<'env> {
    pub(in crate::bridge) fn new(common: Option<Unknown<'env>>) -> Self {
        Self { common, of_items: Vec::new() }
    }

    pub(in crate::bridge) fn common(&self) -> Option<&Unknown<'env>> {
        self.common.as_ref()
    }

    pub(in crate::bridge) fn iter(&self) -> impl Iterator<Item = &Unknown<'env>> {
        self.common.iter().chain(&self.of_items)
    }

    /// Adds the options of an item unless they are the common ones, which unstorage passes again with each item.
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
pub(in crate::bridge) fn time_to_live(env: &Env, operation: Operation, options: &Unknown<'_>) -> Result<Input> {
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

/// Reads the options of a driver, and the environment variables.
pub(in crate::bridge) fn read_options(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<RawOptions> {
    let mut options = Reader::new(*options, "");
    let raw = RawOptions {
        environment: environment(variables)?,
        table: options.input("table")?,
        region: options.input("region")?,
        credentials: credentials(env, options.value("credentials")?)?,
        attributes: attributes(env, options.value("attributes")?)?,
        expire_in: options.input("expireIn")?,
        ttl: options.input("ttl")?,
        endpoint: options.input("endpoint")?,
        base: options.input("base")?,
        batch: options.input("batch")?,
        consistent_read: options.input("consistentRead")?,
        limits: RawLimits {
            max_attempts: options.input("maxAttempts")?,
            connect_timeout: options.input("connectTimeout")?,
            attempt_timeout: options.input("attemptTimeout")?,
            timeout: options.input("timeout")?,
            max_connections: options.input("maxConnections")?,
        },
        circuit_breaker: circuit_breaker(env, options.value("circuitBreaker")?)?,
        profile: options.input("profile")?,
        user_agent: options.input("userAgent")?,
        proxy: options.input("proxy")?,
        scan: scan(env, options.value("scan")?)?,
        client: options.input("client")?,
    };
    options.warn_of_unknown(env);
    Ok(raw)
}

/// Reads an object of options, and remembers the names that it was asked for, so that no separate list is needed.
struct Reader<'a> {
    object: Object<'a>,
    /// The name of the option that holds the object, with a dot; empty for the driver's options.
    within: &'static str,
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(object: Object<'a>, within: &'static str) -> Self {
        Self { object, within, known: Vec::new() }
    }

    fn value(&mut self, name: &'static str) -> Result<Unknown<'a>> {
        self.known.push(name);
        self.object.get_named_property(name)
    }

    /// An option. An empty string counts as absent: configurations produce it from unset variables.
    fn input(&mut self, name: &'static str) -> Result<Input> {
        self.value(name).and_then(read).map(Input::given)
    }

    /// Warns about options that were not read and resemble one that was.
    fn warn_of_unknown(&self, env: &Env) {
        let within = self.within;
        for name in names_of(env, &self.object) {
            let of_other_stores = || (within.is_empty() && means_ttl(&name)).then_some("ttl");
            if !self.known.contains(&name.as_str())
                && !FOREIGN_OPTIONS.contains(&name.as_str())
                && let Some(meant) = meant(&name, &self.known).or_else(of_other_stores)
            {
                let hint = format!("Unknown option `{within}{name}` is ignored; did you mean `{within}{meant}`?");
                warn_once(env, format!("{within}{name}"), &hint);
            }
        }
    }
}

fn credentials(env: &Env, value: Unknown<'_>) -> Result<RawCredentials> {
    if value.get_type()? == ValueType::Function {
        return credentials_provider(env, value).map(RawCredentials::Provider);
    }
    Ok(match nested(value, "credentials.")? {
        Nested::Object(mut credentials) => {
            let raw = RawCredentials::Object {
                access_key_id: credentials.input("accessKeyId")?,
                secret_access_key: credentials.input("secretAccessKey")?,
                session_token: credentials.input("sessionToken")?,
            };
            credentials.warn_of_unknown(env);
            raw
        }
        Nested::Absent => RawCredentials::Absent,
        Nested::Other(kind) => RawCredentials::Other(kind),
    })
}

fn attributes(env: &Env, value: Unknown<'_>) -> Result<RawAttributes> {
    Ok(match nested(value, "attributes.")? {
        Nested::Object(mut attributes) => {
            let raw = RawAttributes::Object {
                key: attributes.input("key")?,
                value: attributes.input("value")?,
                ttl: attributes.input("ttl")?,
                mtime: attributes.input("mtime")?,
            };
            attributes.warn_of_unknown(env);
            raw
        }
        Nested::Absent => RawAttributes::Absent,
        Nested::Other(kind) => RawAttributes::Other(kind),
    })
}

fn scan(env: &Env, value: Unknown<'_>) -> Result<RawScan> {
    Ok(match nested(value, "scan.")? {
        Nested::Object(mut scan) => {
            let raw = RawScan::Object {
                segments: scan.input("segments")?,
                concurrency: scan.input("concurrency")?,
                page_size: scan.input("pageSize")?,
            };
            scan.warn_of_unknown(env);
            raw
        }
        Nested::Absent => RawScan::Absent,
        Nested::Other(kind) => RawScan::Other(kind),
    })
}

fn circuit_breaker(env: &Env, value: Unknown<'_>) -> Result<RawCircuitBreaker> {
    let plain = read(value).map(Input::given)?;
    let Nested::Object(mut breaker) = nested(value, "circuitBreaker.")? else {
        return Ok(RawCircuitBreaker::Plain(plain));
    };
    let raw = RawCircuitBreaker::Object { failures: breaker.input("failures")?, cooldown: breaker.input("cooldown")? };
    breaker.warn_of_unknown(env);
    Ok(raw)
}

/// An option that may be an object.
enum Nested<'a> {
    Absent,
    Object(Reader<'a>),
    Other(&'static str),
}

fn nested<'a>(value: Unknown<'a>, within: &'static str) -> Result<Nested<'a>> {
    if value.get_type()? == ValueType::Object && !value.is_array()? {
        // SAFETY: the type was just checked.
        return Ok(Nested::Object(Reader::new(unsafe { value.cast() }?, within)));
    }
    let value = read(value)?;
    Ok(if value.is_absent() { Nested::Absent } else { Nested::Other(value.kind()) })
}

/// Reads `process.env`. A program may have replaced it by an object with other values than strings: numbers and booleans
/// become text, as in the original, and anything else is ignored.
pub(in crate::bridge) fn environment(variables: Unknown<'_>) -> Result<Environment> {
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
