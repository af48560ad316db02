//! From the JavaScript options object to [`RawOptions`]; the core checks them.

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::credentials::provider;
use super::environment::environment;
use super::input::{property, read};
use crate::input::Input;
use crate::options::{RawAttributes, RawCircuitBreaker, RawCredentials, RawLimits, RawOptions, RawScan};

/// Reads each known option once, and the variables of JavaScript's environment.
pub(super) fn read_options(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<RawOptions> {
    Ok(RawOptions {
        environment: environment(variables)?,
        table: property(options, "table")?,
        region: property(options, "region")?,
        credentials: credentials(env, options)?,
        attributes: attributes(options)?,
        expire_in: property(options, "expireIn")?,
        ttl: property(options, "ttl")?,
        endpoint: property(options, "endpoint")?,
        base: property(options, "base")?,
        batch: property(options, "batch")?,
        consistent_read: property(options, "consistentRead")?,
        limits: RawLimits {
            max_attempts: property(options, "maxAttempts")?,
            connect_timeout: property(options, "connectTimeout")?,
            attempt_timeout: property(options, "attemptTimeout")?,
            timeout: property(options, "timeout")?,
            max_connections: property(options, "maxConnections")?,
        },
        circuit_breaker: circuit_breaker(options)?,
        profile: property(options, "profile")?,
        user_agent: property(options, "userAgent")?,
        proxy: property(options, "proxy")?,
        scan: scan(options)?,
        client: property(options, "client")?,
    })
}

fn credentials(env: &Env, options: &Object<'_>) -> Result<RawCredentials> {
    let value: Unknown<'_> = options.get_named_property("credentials")?;
    if value.get_type()? == ValueType::Function {
        return provider(env, value).map(RawCredentials::Provider);
    }
    Ok(match nested(value)? {
        Nested::Object(credentials) => RawCredentials::Object {
            access_key_id: property(&credentials, "accessKeyId")?,
            secret_access_key: property(&credentials, "secretAccessKey")?,
            session_token: property(&credentials, "sessionToken")?,
        },
        Nested::Absent => RawCredentials::Absent,
        Nested::Other(kind) => RawCredentials::Other(kind),
    })
}

fn attributes(options: &Object<'_>) -> Result<RawAttributes> {
    Ok(match nested(options.get_named_property("attributes")?)? {
        Nested::Object(attributes) => RawAttributes::Object {
            key: property(&attributes, "key")?,
            value: property(&attributes, "value")?,
            ttl: property(&attributes, "ttl")?,
            mtime: property(&attributes, "mtime")?,
        },
        Nested::Absent => RawAttributes::Absent,
        Nested::Other(kind) => RawAttributes::Other(kind),
    })
}

fn scan(options: &Object<'_>) -> Result<RawScan> {
    Ok(match nested(options.get_named_property("scan")?)? {
        Nested::Object(scan) => RawScan::Object {
            segments: property(&scan, "segments")?,
            concurrency: property(&scan, "concurrency")?,
            page_size: property(&scan, "pageSize")?,
        },
        Nested::Absent => RawScan::Absent,
        Nested::Other(kind) => RawScan::Other(kind),
    })
}

fn circuit_breaker(options: &Object<'_>) -> Result<RawCircuitBreaker> {
    let value: Unknown<'_> = options.get_named_property("circuitBreaker")?;
    if let Nested::Object(breaker) = nested(value)? {
        return Ok(RawCircuitBreaker::Object {
            failures: property(&breaker, "failures")?,
            cooldown: property(&breaker, "cooldown")?,
        });
    }
    property(options, "circuitBreaker").map(RawCircuitBreaker::Plain)
}

/// An option that is an object itself.
enum Nested<'a> {
    Absent,
    Object(Object<'a>),
    Other(&'static str),
}

fn nested(value: Unknown<'_>) -> Result<Nested<'_>> {
    if value.get_type()? == ValueType::Object && !value.is_array()? {
        // SAFETY: the type was just checked.
        return Ok(Nested::Object(unsafe { value.cast() }?));
    }
    Ok(match read(value)? {
        Input::Absent => Nested::Absent,
        other => Nested::Other(other.kind()),
    })
}
