//! The option `nearCache`, which `js/near_cache.cjs` implements.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::limits::count;
use super::source::{Nested, options};
use crate::error::Error;
use crate::input::Input;

/// The allowed values of the option.
const ALLOWED: &str = "false or an object { ttl, maxBytes?, negativeTtl? }";

/// The maximum time: one day, in seconds. A larger value is probably in the wrong unit.
const MAX_SECONDS: f64 = 86_400.0;

/// The least memory, in which a value of 8 KB has its place, and the most, which Node's heap can hold.
const BYTES: RangeInclusive<u32> = 1 << 16..=1 << 30;

/// The default of `maxBytes`.
const DEFAULT_BYTES: u32 = 32 << 20;

/// How values that were read are kept in the process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearCache {
    /// How long a value is kept.
    pub ttl: Duration,
    /// The most memory that entries take.
    pub max_bytes: u32,
    /// How long it is kept that there is no value.
    pub negative_ttl: Duration,
}

options! {
    /// The option `nearCache` before validation.
    RawNearCache {
        ttl: Input = "ttl",
        max_bytes: Input = "maxBytes",
        negative_ttl: Input = "negativeTtl",
    }
}

/// Validates the option. Returns `None` if there is no near cache.
pub(super) fn parse(raw: &Nested<RawNearCache>) -> Result<Option<NearCache>, Error> {
    match raw {
        Nested::Plain(input) if input.is_absent() || input.as_boolean() == Some(false) => Ok(None),
        Nested::Plain(other) => Err(Error::option("nearCache", ALLOWED, other.kind())),
        Nested::Object(RawNearCache { ttl, max_bytes, negative_ttl }) => Ok(Some(NearCache {
            ttl: seconds("nearCache.ttl", ttl, "above 0", |seconds| seconds > 0.0)?,
            max_bytes: count("nearCache.maxBytes", max_bytes, BYTES)?.unwrap_or(DEFAULT_BYTES),
            negative_ttl: match negative_ttl {
                Input::Absent => Duration::ZERO,
                given => seconds("nearCache.negativeTtl", given, "from 0", |seconds| seconds >= 0.0)?,
            },
        })),
    }
}

/// Parses a time, which may have a fraction.
fn seconds(option: &str, input: &Input, lower: &str, is_allowed: fn(f64) -> bool) -> Result<Duration, Error> {
    let allowed = format!("a number of seconds {lower} to {MAX_SECONDS}");
    match input.as_number() {
        Some(seconds) if is_allowed(seconds) && seconds <= MAX_SECONDS => Ok(Duration::from_secs_f64(seconds)),
        Some(seconds) if seconds.is_finite() => Err(Error::option(option, &allowed, &seconds.to_string())),
        _ => Err(Error::option(option, &allowed, input.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(ttl: Input, max_bytes: Input, negative_ttl: Input) -> Nested<RawNearCache> {
        RawNearCache { ttl, max_bytes, negative_ttl }.into()
    }

    /// [NEAR-1]
    #[test]
    fn is_off_by_default_and_when_disabled() {
        for off in [Input::Absent, "".into(), Input::Boolean(false), "false".into()] {
            assert_eq!(parse(&Nested::Plain(off)), Ok(None));
        }
    }

    /// [NEAR-1]
    #[test]
    fn requires_a_time_and_has_defaults_for_the_rest() {
        let only = object("0.5".into(), Input::Absent, Input::Absent);
        let default =
            NearCache { ttl: Duration::from_millis(500), max_bytes: 33_554_432, negative_ttl: Duration::ZERO };
        assert_eq!(parse(&only), Ok(Some(default)));
        let given = object(Input::Number(60.0), "65536".into(), Input::Number(0.25));
        let expected =
            NearCache { ttl: Duration::from_mins(1), max_bytes: 65_536, negative_ttl: Duration::from_millis(250) };
        assert_eq!(parse(&given), Ok(Some(expected)));
    }

    /// [NEAR-1]
    #[test]
    fn names_the_option_and_what_is_allowed() {
        let (none, one) = (|| Input::Absent, || Input::Number(1.0));
        for (raw, option, allowed) in [
            (Nested::Plain(Input::Boolean(true)), "`nearCache`", "{ ttl,"),
            (Nested::Plain(one()), "`nearCache`", "{ ttl,"),
            (object(none(), none(), none()), "`nearCache.ttl`", "above 0 to 86400"),
            (object(Input::Number(0.0), none(), none()), "`nearCache.ttl`", "above 0 to 86400"),
            (object(Input::Number(86_401.0), none(), none()), "`nearCache.ttl`", "above 0 to 86400"),
            (object(Input::Number(f64::NAN), none(), none()), "`nearCache.ttl`", "it is NaN"),
            (object(Input::Boolean(true), none(), none()), "`nearCache.ttl`", "it is a boolean"),
            (object(one(), Input::Number(65_535.0), none()), "`nearCache.maxBytes`", "65536 to 1073741824"),
            (object(one(), Input::Number(65_536.5), none()), "`nearCache.maxBytes`", "65536 to 1073741824"),
            (object(one(), none(), Input::Number(-1.0)), "`nearCache.negativeTtl`", "from 0 to 86400"),
        ] {
            let message = parse(&raw).expect_err("refused").to_string();
            assert!(message.contains(option) && message.contains(allowed), "{message}");
        }
    }
}
