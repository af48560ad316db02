//! The driver's options: read once, checked once, then settled.

mod credentials;
mod endpoint;
mod limits;
mod names;
mod proxy;
mod region;
mod table;

use std::fmt;

pub use credentials::{GivenCredentials, RawCredentials, RawProvided, StaticCredentials};
pub use endpoint::Endpoint;
pub(crate) use endpoint::from_environment as endpoint_from_environment;
pub use limits::{Limits, RawLimits};
pub use proxy::Proxy;
pub(crate) use region::from_environment as region_from_environment;

use crate::error::{Error, ErrorKind};
use crate::expiry::{TTL_ALLOWED, Ttl};
use crate::input::{FLAG_ALLOWED, Input};
use crate::item::Attributes;

/// The longest attribute name of a key, in bytes:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes>
const MAX_KEY_NAME_BYTES: usize = 255;

/// The longest name of any other attribute, in bytes (same page).
const MAX_NAME_BYTES: usize = 65_535;

/// The options as the caller gave them, each field named as in JavaScript. Unknown ones are not read.
#[derive(Clone)]
pub struct RawOptions {
    /// `table`
    pub table: Input,
    /// `region`
    pub region: Input,
    /// `credentials`
    pub credentials: RawCredentials,
    /// `attributes`
    pub attributes: RawAttributes,
    /// `expireIn`
    pub expire_in: Input,
    /// `ttl`
    pub ttl: Input,
    /// `endpoint`
    pub endpoint: Input,
    /// `consistentRead`
    pub consistent_read: Input,
    /// `maxAttempts`, `connectTimeout`, `attemptTimeout`, `timeout`, `maxConnections`
    pub limits: RawLimits,
    /// `profile`
    pub profile: Input,
    /// `userAgent`
    pub user_agent: Input,
    /// `proxy`
    pub proxy: Input,
    /// `client`: known only to be refused with words.
    pub client: Input,
}

/// `attributes` as the caller gave it.
#[derive(Clone)]
pub enum RawAttributes {
    /// Not given.
    Absent,
    /// An object with these properties.
    Object {
        /// `attributes.key`
        key: Input,
        /// `attributes.value`
        value: Input,
        /// `attributes.ttl`
        ttl: Input,
    },
    /// Anything else, by the name of its kind.
    Other(&'static str),
}

impl Default for RawOptions {
    fn default() -> Self {
        Self {
            table: Input::Absent,
            region: Input::Absent,
            credentials: RawCredentials::Absent,
            attributes: RawAttributes::Absent,
            expire_in: Input::Absent,
            ttl: Input::Absent,
            endpoint: Input::Absent,
            consistent_read: Input::Absent,
            limits: RawLimits::default(),
            profile: Input::Absent,
            user_agent: Input::Absent,
            proxy: Input::Absent,
            client: Input::Absent,
        }
    }
}

/// Options that were checked.
#[derive(Clone)]
pub struct Options {
    /// The table as requests name it: its name or its ARN.
    pub table: String,
    /// The table's name, for messages.
    pub table_name: String,
    /// The region, where the caller gave one, if only in the table's ARN.
    pub region: Option<String>,
    /// The credentials, where the caller gave some; else the AWS default chain.
    pub credentials: Option<GivenCredentials>,
    /// The attribute names.
    pub attributes: Attributes,
    /// The time to live of items that are written without one.
    pub default_ttl: Option<Ttl>,
    /// The endpoint, where the caller gave one.
    pub endpoint: Option<Endpoint>,
    /// Whether reads see every write that was acknowledged before, unless a call says otherwise.
    pub consistent_read: bool,
    /// What bounds a request.
    pub limits: Limits,
    /// The profile of the shared config files, where the caller named one.
    pub profile: Option<String>,
    /// What is added to the user agent.
    pub user_agent: Option<String>,
    /// The proxy.
    pub proxy: Proxy,
}

impl fmt::Debug for Options {
    /// Without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("table", &self.table)
            .field("region", &self.region)
            .field("attributes", &self.attributes)
            .field("default_ttl", &self.default_ttl)
            .field("endpoint", &self.endpoint)
            .field("consistent_read", &self.consistent_read)
            .field("limits", &self.limits)
            .field("profile", &self.profile)
            .field("user_agent", &self.user_agent)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Checks the options.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`], naming the first option that is not allowed and what is.
    pub fn parse(raw: RawOptions) -> Result<Self, Error> {
        let table = table::parse(raw.table, |name| std::env::var(name).ok())?;
        let named = |error: Error| error.on_table(Some(&table.name));
        refuse_client(&raw.client).map_err(named)?;
        Ok(Self {
            region: region::parse(raw.region, table.region.clone()).map_err(named)?,
            credentials: credentials::parse(raw.credentials).map_err(named)?,
            attributes: parse_attributes(raw.attributes).map_err(named)?,
            default_ttl: parse_default_ttl(&raw.expire_in, &raw.ttl).map_err(named)?,
            endpoint: endpoint::parse(raw.endpoint).map_err(named)?,
            consistent_read: raw
                .consistent_read
                .as_flag(false)
                .map_err(|found| named(Error::option("consistentRead", FLAG_ALLOWED, found)))?,
            limits: limits::parse(&raw.limits).map_err(named)?,
            profile: names::parse_profile(raw.profile).map_err(named)?,
            user_agent: names::parse_user_agent(raw.user_agent).map_err(named)?,
            proxy: proxy::parse(raw.proxy).map_err(named)?,
            table: table.id,
            table_name: table.name,
        })
    }
}

/// A ready JavaScript client cannot serve a native driver.
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

fn parse_attributes(attributes: RawAttributes) -> Result<Attributes, Error> {
    let (key, value, ttl) = match attributes {
        RawAttributes::Absent => (Input::Absent, Input::Absent, Input::Absent),
        RawAttributes::Object { key, value, ttl } => (key, value, ttl),
        RawAttributes::Other(kind) => {
            return Err(Error::option("attributes", "an object { key?, value?, ttl? } of attribute names", kind));
        }
    };
    let names = Attributes {
        key: attribute_name("attributes.key", key, "key", MAX_KEY_NAME_BYTES)?,
        value: attribute_name("attributes.value", value, "value", MAX_NAME_BYTES)?,
        ttl: attribute_name("attributes.ttl", ttl, "ttl", MAX_NAME_BYTES)?,
    };
    let by_option = [("key", &names.key), ("value", &names.value), ("ttl", &names.ttl)];
    for ((first, one), (second, other)) in
        [(by_option[0], by_option[1]), (by_option[0], by_option[2]), (by_option[1], by_option[2])]
    {
        if one == other {
            return Err(Error::new(
                ErrorKind::InvalidOption,
                format!("Options `attributes.{first}` and `attributes.{second}` must be different names."),
            ));
        }
    }
    Ok(names)
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

/// `expireIn` is the reference's name, `ttl` its descendants'.
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
mod tests;
