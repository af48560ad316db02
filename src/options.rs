//! The driver's options: read once, checked once, then settled.

mod credentials;
mod endpoint;
mod table;

use std::fmt;

pub use credentials::{RawCredentials, StaticCredentials};
pub use endpoint::Endpoint;
pub(crate) use endpoint::from_environment as endpoint_from_environment;

use crate::error::{Error, ErrorKind};
use crate::expiry::{TTL_ALLOWED, Ttl};
use crate::input::Input;
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
            client: Input::Absent,
        }
    }
}

/// Options that were checked.
#[derive(Clone)]
pub struct Options {
    /// The table's name.
    pub table: String,
    /// The region, where the caller gave one.
    pub region: Option<String>,
    /// The credentials, where the caller gave some; else the AWS default chain.
    pub credentials: Option<StaticCredentials>,
    /// The attribute names.
    pub attributes: Attributes,
    /// The time to live of items that are written without one.
    pub default_ttl: Option<Ttl>,
    /// The endpoint, where the caller gave one.
    pub endpoint: Option<Endpoint>,
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
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Checks the options.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`], naming the first option that is not allowed and what is.
    pub fn parse(raw: RawOptions) -> Result<Self, Error> {
        let table = table::parse(raw.table)?;
        let named = |error: Error| error.on_table(Some(&table));
        refuse_client(&raw.client).map_err(named)?;
        Ok(Self {
            region: parse_region(raw.region).map_err(named)?,
            credentials: credentials::parse(raw.credentials).map_err(named)?,
            attributes: parse_attributes(raw.attributes).map_err(named)?,
            default_ttl: parse_default_ttl(&raw.expire_in, &raw.ttl).map_err(named)?,
            endpoint: endpoint::parse(raw.endpoint).map_err(named)?,
            table,
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

/// A region is part of a host name: letters, digits and hyphens.
fn parse_region(region: Input) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "a region's name such as \"eu-west-1\"";
    match region {
        Input::Absent => Ok(None),
        Input::Text(name)
            if (1..=63).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') =>
        {
            Ok(Some(name))
        }
        Input::Text(name) if !name.is_empty() => {
            Err(Error::option("region", ALLOWED, "a string with other characters than letters, digits and hyphens"))
        }
        other => Err(Error::option("region", ALLOWED, other.kind())),
    }
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
