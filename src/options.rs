//! The driver's options, read and validated once.

mod circuit_breaker;
mod compression;
mod credentials;
mod endpoint;
mod large_values;
mod limits;
mod names;
mod near_cache;
mod proxy;
mod region;
mod scan;
mod source;
mod table;

pub use circuit_breaker::{CircuitBreaker, RawCircuitBreaker};
pub use compression::Compression;
pub(crate) use credentials::flaw as credential_flaw;
pub use credentials::{GivenCredentials, RawCredentials, RawKeys, RawProvided, StaticCredentials};
pub use endpoint::Endpoint;
pub(crate) use endpoint::from_environment as endpoint_from_environment;
pub use large_values::{LargeValues, RawLargeValues};
pub use limits::Limits;
pub use near_cache::{NearCache, RawNearCache};
pub use proxy::Proxy;
pub(crate) use region::from_environment as region_from_environment;
pub use scan::{RawScan, ScanOptions};
pub use source::{Nested, Source};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::expiry::{TTL_ALLOWED, Ttl};
use crate::input::{FLAG_ALLOWED, Input};
use crate::item::Attributes;
use crate::key::{Base, MAX_KEY_BYTES};
use source::{Group, options};

/// The maximum size of a key attribute's name in bytes:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes>
const MAX_KEY_NAME_BYTES: usize = 255;

/// The maximum size of any other attribute's name in bytes (same page).
const MAX_NAME_BYTES: usize = 65_535;

options! {
    /// The options before validation. Unknown options are not read.
    RawOptions {
        table: Input = "table",
        region: Input = "region",
        profile: Input = "profile",
        credentials: RawCredentials = "credentials",
        attributes: Nested<RawAttributes> = "attributes",
        expire_in: Input = "expireIn",
        ttl: Input = "ttl",
        endpoint: Input = "endpoint",
        base: Input = "base",
        batch: Input = "batch",
        coalesce: Input = "coalesce",
        consistent_read: Input = "consistentRead",
        compression: Input = "compression",
        large_values: Nested<RawLargeValues> = "largeValues",
        max_attempts: Input = "maxAttempts",
        connect_timeout: Input = "connectTimeout",
        attempt_timeout: Input = "attemptTimeout",
        timeout: Input = "timeout",
        max_connections: Input = "maxConnections",
        circuit_breaker: Nested<RawCircuitBreaker> = "circuitBreaker",
        near_cache: Nested<RawNearCache> = "nearCache",
        user_agent: Input = "userAgent",
        proxy: Input = "proxy",
        scan: Nested<RawScan> = "scan",
        index: Input = "index",
        client: Input = "client",
    }
    and {
        /// The variables that replace absent options.
        environment: Environment
    }
}

impl RawOptions {
    /// Reads each option once.
    ///
    /// # Errors
    ///
    /// Returns the error of the source.
    pub fn read<S: Source>(source: S, environment: Environment) -> Result<Self, S::Error> {
        Ok(Self { environment, ..Group::read(source)? })
    }
}

options! {
    /// The option `attributes` before validation.
    RawAttributes {
        key: Input = "key",
        value: Input = "value",
        ttl: Input = "ttl",
        mtime: Input = "mtime",
        encoding: Input = "encoding",
        etag: Input = "etag",
    }
}

/// Validated options.
#[derive(Debug, Clone)]
pub struct Options {
    /// The table name or ARN that requests contain.
    pub table: String,
    /// The table name, for messages.
    pub table_name: String,
    /// The region from the option or the table's ARN, if any.
    pub region: Option<String>,
    /// The caller's credentials. `None` selects the AWS default chain.
    pub credentials: Option<GivenCredentials>,
    /// The attribute names.
    pub attributes: Attributes,
    /// The time to live of items that are written without one.
    pub default_ttl: Option<Ttl>,
    /// The caller's endpoint, if any.
    pub endpoint: Option<Endpoint>,
    /// The prefix of every key in the table. Default: none.
    pub base: Base,
    /// Whether batch operations may be used. Default: yes.
    pub batch: bool,
    /// Whether overlapping reads of one key share a request. Default: yes.
    pub coalesce: bool,
    /// Whether reads are consistent by default. Calls can override it.
    pub consistent_read: bool,
    /// How values are written.
    pub compression: Compression,
    /// Which values are written in several items. `None`: none are.
    pub large_values: Option<LargeValues>,
    /// The limits on requests.
    pub limits: Limits,
    /// When calls fail fast. Default: never.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// How values that were read are kept in the process. Default: not at all.
    pub near_cache: Option<NearCache>,
    /// The caller's profile of the shared config files, if any.
    pub profile: Option<String>,
    /// The text that is appended to the user agent.
    pub user_agent: Option<String>,
    /// The proxy.
    pub proxy: Proxy,
    /// How `getKeys` and `clear` scan the table.
    pub scan: ScanOptions,
    /// The caller's key index, which `getKeys` reads, if any.
    pub index: Option<String>,
    /// The source of settings that the options omit.
    pub environment: Environment,
}

impl Options {
    /// Validates the options.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidOption`] for the first invalid option. The message says what is allowed.
    pub fn parse(raw: RawOptions) -> Result<Self, Error> {
        let limits = limits::parse(&raw);
        let table = table::parse(raw.table, &raw.base, &raw.environment)?;
        let named = |error: Error| error.on_table(Some(&table.name));
        refuse_client(&raw.client).map_err(named)?;
        Ok(Self {
            region: region::parse(raw.region, table.region.clone()).map_err(named)?,
            credentials: credentials::parse(raw.credentials).map_err(named)?,
            attributes: parse_attributes(raw.attributes).map_err(named)?,
            default_ttl: parse_default_ttl(&raw.expire_in, &raw.ttl).map_err(named)?,
            endpoint: endpoint::parse(raw.endpoint).map_err(named)?,
            base: parse_base(raw.base).map_err(named)?,
            batch: flag("batch", &raw.batch, true).map_err(named)?,
            coalesce: flag("coalesce", &raw.coalesce, true).map_err(named)?,
            consistent_read: flag("consistentRead", &raw.consistent_read, false).map_err(named)?,
            compression: compression::parse(&raw.compression).map_err(named)?,
            large_values: large_values::parse(&raw.large_values).map_err(named)?,
            limits: limits.map_err(named)?,
            circuit_breaker: circuit_breaker::parse(&raw.circuit_breaker).map_err(named)?,
            near_cache: near_cache::parse(&raw.near_cache).map_err(named)?,
            profile: names::parse_profile(raw.profile).map_err(named)?,
            user_agent: names::parse_user_agent(raw.user_agent).map_err(named)?,
            proxy: proxy::parse(raw.proxy).map_err(named)?,
            scan: scan::parse(&raw.scan).map_err(named)?,
            index: table::parse_index(raw.index).map_err(named)?,
            environment: raw.environment,
            table: table.id,
            table_name: table.name,
        })
    }
}

impl Options {
    /// Whether a connection may use TLS; `false` only if it is certain that none does.
    #[must_use]
    pub fn may_speak_tls(&self) -> bool {
        let is_plain = self.endpoint.as_ref().is_some_and(Endpoint::is_plain_http);
        !(is_plain && self.credentials.is_some() && self.proxy == Proxy::Off)
    }
}

/// The maximum size of a base, which leaves half of a key's bytes to the caller.
const MAX_BASE_BYTES: usize = MAX_KEY_BYTES / 2;

fn parse_base(base: Input) -> Result<Base, Error> {
    let allowed = || format!("well-formed text of at most {MAX_BASE_BYTES} bytes, which every key begins with");
    let parsed = Base::parse_option(base).map_err(|found| Error::option("base", &allowed(), found))?;
    if parsed.prefix().is_some_and(|prefix| prefix.len() > MAX_BASE_BYTES) {
        return Err(Error::option("base", &allowed(), "longer"));
    }
    Ok(parsed)
}

/// Validates an option that is on or off.
fn flag(option: &str, input: &Input, default: bool) -> Result<bool, Error> {
    input.as_flag(default).map_err(|found| Error::option(option, FLAG_ALLOWED, found))
}

/// A native driver cannot use a JavaScript client.
fn refuse_client(client: &Input) -> Result<(), Error> {
    if matches!(client, Input::Absent) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidOption,
        "Option `client` is not supported: this driver does not go through the JavaScript SDK. Pass what the client \
         was made with: `region`, `credentials` and `endpoint`.",
    ))
}

fn parse_attributes(attributes: Nested<RawAttributes>) -> Result<Attributes, Error> {
    const ALLOWED: &str = "an object { key?, value?, ttl?, mtime?, encoding?, etag? } of attribute names";
    let RawAttributes { key, value, ttl, mtime, encoding, etag } = match attributes {
        Nested::Plain(Input::Absent) => RawAttributes::default(),
        Nested::Plain(other) => return Err(Error::option("attributes", ALLOWED, other.kind())),
        Nested::Object(names) => names,
    };
    let names = Attributes {
        key: attribute_name("attributes.key", key, "key", MAX_KEY_NAME_BYTES)?,
        value: attribute_name("attributes.value", value, "value", MAX_NAME_BYTES)?,
        ttl: attribute_name("attributes.ttl", ttl, "ttl", MAX_NAME_BYTES)?,
        mtime: optional_name("attributes.mtime", mtime)?,
        encoding: attribute_name("attributes.encoding", encoding, "enc", MAX_NAME_BYTES)?,
        etag: optional_name("attributes.etag", etag)?,
    };
    let mut seen: Vec<(&str, &str)> = Vec::with_capacity(6);
    let by_option = [("key", Some(&names.key)), ("value", Some(&names.value)), ("ttl", Some(&names.ttl))];
    let more = [("mtime", names.mtime.as_ref()), ("encoding", Some(&names.encoding)), ("etag", names.etag.as_ref())];
    for (option, name) in by_option.into_iter().chain(more) {
        let Some(name) = name else { continue };
        if let Some((first, _)) = seen.iter().find(|(_, other)| other == name) {
            return Err(Error::new(
                ErrorKind::InvalidOption,
                format!("Options `attributes.{first}` and `attributes.{option}` must be different names."),
            ));
        }
        seen.push((option, name));
    }
    Ok(names)
}

/// The name of an attribute that is not stored by default.
fn optional_name(option: &str, name: Input) -> Result<Option<String>, Error> {
    match name {
        Input::Absent => Ok(None),
        given => attribute_name(option, given, "", MAX_NAME_BYTES).map(Some),
    }
}

fn attribute_name(option: &str, name: Input, default: &str, limit: usize) -> Result<String, Error> {
    let allowed = || format!("an attribute name of 1 to {limit} bytes");
    match name {
        Input::Absent => Ok(default.to_owned()),
        Input::Text(name) if (1..=limit).contains(&name.len()) => Ok(name),
        Input::Text(name) if !name.is_empty() => Err(Error::option(option, &allowed(), "longer")),
        other => Err(Error::option(option, &allowed(), other.kind())),
    }
}

/// The reference driver calls it `expireIn`, its successors `ttl`.
fn parse_default_ttl(expire_in: &Input, ttl: &Input) -> Result<Option<Ttl>, Error> {
    let read = |option, input| Ttl::parse(input).map_err(|found| Error::option(option, TTL_ALLOWED, found));
    match (read("expireIn", expire_in)?, read("ttl", ttl)?) {
        (Some(first), Some(second)) if first != second => Err(Error::new(
            ErrorKind::InvalidOption,
            "Options `expireIn` and `ttl` are two names of one setting and must not differ; give one of them.",
        )),
        (first, second) => Ok(first.or(second)),
    }
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use agreement::names;
