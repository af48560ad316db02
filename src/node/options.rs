//! From the JavaScript options object to [`RawOptions`]; the core checks them.

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::credentials::provider;
use super::environment::environment;
use super::hints::unknown_options;
use super::input::read;
use crate::input::Input;
use crate::options::{RawAttributes, RawCircuitBreaker, RawCredentials, RawLimits, RawOptions, RawScan};

/// Reads each known option once, warns of unknown ones that look like one, and reads JavaScript's environment.
pub(super) fn read_options(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<RawOptions> {
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
        compression: options.input("compression")?,
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
    options.warn_of_others(env);
    Ok(raw)
}

/// An object of options. It knows which names were asked for, so that no list of them has to be kept.
struct Reader<'a> {
    object: Object<'a>,
    /// The option that the object is, with its dot, or nothing.
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

    /// An option; an empty string, which is what a variable that is not set becomes in a configuration, is none.
    fn input(&mut self, name: &'static str) -> Result<Input> {
        self.value(name).and_then(read).map(Input::given)
    }

    fn warn_of_others(&self, env: &Env) {
        unknown_options(env, &self.object, self.within, &self.known);
    }
}

fn credentials(env: &Env, value: Unknown<'_>) -> Result<RawCredentials> {
    if value.get_type()? == ValueType::Function {
        return provider(env, value).map(RawCredentials::Provider);
    }
    Ok(match nested(value, "credentials.")? {
        Nested::Object(mut credentials) => {
            let raw = RawCredentials::Object {
                access_key_id: credentials.input("accessKeyId")?,
                secret_access_key: credentials.input("secretAccessKey")?,
                session_token: credentials.input("sessionToken")?,
            };
            credentials.warn_of_others(env);
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
                encoding: attributes.input("encoding")?,
            };
            attributes.warn_of_others(env);
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
            scan.warn_of_others(env);
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
    breaker.warn_of_others(env);
    Ok(raw)
}

/// An option that is an object itself.
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
