//! The options that limit requests: attempts, times and connections.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::RawOptions;
use crate::error::Error;
use crate::input::Input;

/// The maximum time: one day, in milliseconds. A larger value is probably in the wrong unit.
const MAX_MILLISECONDS: u32 = 86_400_000;

/// How long and how often a request is tried, and how many run in parallel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How often a request is sent, including the first time.
    pub max_attempts: u32,
    /// The time for TCP, proxy and TLS set-up. `None`: no limit.
    pub connect_timeout: Option<Duration>,
    /// The maximum time without progress in either direction. `None`: no limit.
    pub attempt_timeout: Option<Duration>,
    /// The time limit of a call for one item, and the maximum time without progress for `getItems` and `setItems`.
    /// `None`: no limit.
    pub timeout: Option<Duration>,
    /// The maximum number of requests in flight, and of connections per endpoint.
    pub max_connections: usize,
    /// The maximum time without progress for `getKeys` and `clear`. Defaults to `timeout` if that is set. `None`: no
    /// limit.
    pub scan_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // The AWS SDKs' default for DynamoDB since retry behaviour 2.1.
            max_attempts: 4,
            // The default of the AWS SDKs.
            connect_timeout: Some(Duration::from_millis(3_100)),
            // The SDK has no limit, and a request into a black hole would hang forever.
            attempt_timeout: Some(Duration::from_secs(5)),
            timeout: Some(Duration::from_secs(15)),
            // The default of the JavaScript SDK.
            max_connections: 50,
            // Throttled pages are requested repeatedly. A table that returns nothing for this long is not merely busy.
            scan_timeout: Some(Duration::from_mins(1)),
        }
    }
}

/// Validates the options.
pub(super) fn parse(raw: &RawOptions) -> Result<Limits, Error> {
    let default = Limits::default();
    let timeout = time("timeout", &raw.timeout, default.timeout)?;
    Ok(Limits {
        max_attempts: count("maxAttempts", &raw.max_attempts, 1..=10)?.unwrap_or(default.max_attempts),
        connect_timeout: time("connectTimeout", &raw.connect_timeout, default.connect_timeout)?,
        attempt_timeout: time("attemptTimeout", &raw.attempt_timeout, default.attempt_timeout)?,
        timeout,
        max_connections: count("maxConnections", &raw.max_connections, 1..=1_000)?
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default.max_connections),
        scan_timeout: if raw.timeout == Input::Absent { default.scan_timeout } else { timeout },
    })
}

/// Parses a time limit. Only an explicit 0 disables it.
fn time(option: &str, input: &Input, default: Option<Duration>) -> Result<Option<Duration>, Error> {
    let allowed = format!("a whole number of milliseconds from 0 (no limit) to {MAX_MILLISECONDS}");
    Ok(match whole(option, input, 0..=MAX_MILLISECONDS, &allowed)? {
        None => default,
        Some(0) => None,
        Some(milliseconds) => Some(Duration::from_millis(milliseconds.into())),
    })
}

/// Parses a whole number within the range. Returns `None` if it is absent.
pub(super) fn count(option: &str, input: &Input, range: RangeInclusive<u32>) -> Result<Option<u32>, Error> {
    let allowed = format!("a whole number from {} to {}", range.start(), range.end());
    whole(option, input, range, &allowed)
}

fn whole(option: &str, input: &Input, range: RangeInclusive<u32>, allowed: &str) -> Result<Option<u32>, Error> {
    if matches!(input, Input::Absent) {
        return Ok(None);
    }
    let Some(number) = input.as_number() else {
        return Err(Error::option(option, allowed, input.kind()));
    };
    if number.fract() != 0.0 || number < (*range.start()).into() || number > (*range.end()).into() {
        let found = if number.is_finite() { number.to_string() } else { input.kind().to_owned() };
        return Err(Error::option(option, allowed, &found));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within the range")]
    Ok(Some(number as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Set = fn(&mut RawOptions, Input);

    fn with(change: impl FnOnce(&mut RawOptions)) -> Result<Limits, Error> {
        let mut raw = RawOptions::default();
        change(&mut raw);
        parse(&raw)
    }

    #[test]
    fn absent_is_the_default() {
        assert_eq!(with(|_| ()).expect("valid"), Limits::default());
    }

    /// [SCAN-7]
    #[test]
    fn the_scan_timeout_defaults_to_a_minute_or_to_timeout() {
        assert_eq!(with(|_| ()).expect("valid").scan_timeout, Some(Duration::from_mins(1)));
        let given = with(|raw| raw.timeout = Input::Number(700.0)).expect("valid");
        assert_eq!(given.scan_timeout, Some(Duration::from_millis(700)));
    }

    #[test]
    fn accepts_whole_numbers_within_the_range() {
        for (given, kept) in [(Input::Number(1.0), 1), ("10".into(), 10), (Input::Number(3.0), 3)] {
            assert_eq!(with(|raw| raw.max_attempts = given).expect("valid").max_attempts, kept);
        }
        assert_eq!(with(|raw| raw.max_connections = Input::Number(1_000.0)).expect("valid").max_connections, 1_000);
        let timeout = |given: Input| with(|raw| raw.timeout = given).expect("valid").timeout;
        assert_eq!(timeout(Input::Number(250.0)), Some(Duration::from_millis(250)));
        assert_eq!(timeout("86400000".into()), Some(Duration::from_hours(24)));
        assert_eq!(timeout(Input::Number(0.0)), None);
        assert_eq!(timeout(Input::Number(-0.0)), None);
    }

    #[test]
    fn rejects_other_values_by_name() {
        let bad = [
            Input::Number(-1.0),
            Input::Number(1.5),
            Input::Number(f64::NAN),
            Input::Number(f64::INFINITY),
            Input::Number(1e9),
            "".into(),
            "soon".into(),
            Input::Boolean(true),
            Input::Other("an object"),
        ];
        let options: [(&str, Set); 5] = [
            ("maxAttempts", |raw, given| raw.max_attempts = given),
            ("connectTimeout", |raw, given| raw.connect_timeout = given),
            ("attemptTimeout", |raw, given| raw.attempt_timeout = given),
            ("timeout", |raw, given| raw.timeout = given),
            ("maxConnections", |raw, given| raw.max_connections = given),
        ];
        for (option, set) in options {
            for given in bad.clone() {
                let message = with(|raw| set(raw, given)).expect_err("refused").to_string();
                assert!(message.contains(&format!("Option `{option}` must be a whole number")), "{message}");
            }
        }
        for (option, set) in [options[0], options[4]] {
            let message = with(|raw| set(raw, Input::Number(0.0))).expect_err("refused").to_string();
            assert!(message.contains(option) && message.contains("from 1 to"), "{message}");
        }
    }
}
