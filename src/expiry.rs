//! Time to live: parses it, converts it to the stored expiry, and decides when an item has expired.
//!
//! DynamoDB deletes expired items only after some time ("typically within two days"), and reads and scans return them
//! until then. Therefore every read checks the expiry:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::input::Input;

/// The longest time to live, in seconds: the largest safe integer of JavaScript (2^53 - 1).
pub const MAX_TTL_SECONDS: f64 = 9_007_199_254_740_991.0;

/// The lifetime of an item in seconds. May be fractional.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ttl(f64);

/// The values that are allowed, worded to follow "… must be" in an error message.
pub const TTL_ALLOWED: &str =
    "a number of seconds or a numeric string, 0 or more and at most 9007199254740991 (0 or false: never expires)";

impl Ttl {
    /// Parses a time to live. Returns `Ok(None)` if none was given. `false` means 0, as in unstorage's other drivers.
    ///
    /// # Errors
    /// Returns the kind of the input if it is negative, NaN, infinite, too large or not a number.
    pub fn parse(input: &Input) -> Result<Option<Self>, &'static str> {
        if input.is_absent() {
            return Ok(None);
        }
        if input.as_boolean() == Some(false) {
            return Ok(Some(Self(0.0)));
        }
        match input.as_number() {
            Some(seconds) if (0.0..=MAX_TTL_SECONDS).contains(&seconds) => Ok(Some(Self(seconds))),
            Some(seconds) if seconds > MAX_TTL_SECONDS && seconds.is_finite() => Err("a larger number"),
            Some(seconds) => Err(Input::Number(seconds).kind()),
            None => Err(match input {
                Input::Text(_) => "a string that is no number",
                other => other.kind(),
            }),
        }
    }

    /// The epoch second to store, or `None` for an item that never expires.
    ///
    /// Rounded up, so that an item never expires early.
    #[must_use]
    pub fn expires_at(self, now: Duration) -> Option<u64> {
        if self.0 == 0.0 {
            return None;
        }
        let whole = self.0.trunc();
        let fraction = Duration::from_secs_f64(self.0 - whole);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ..= 2^53 - 1, see parse")]
        let end = Duration::from_secs(whole as u64).saturating_add(fraction).saturating_add(now);
        Some(end.as_secs().saturating_add(u64::from(end.subsec_nanos() > 0)))
    }
}

/// The last second of the lifetime of an item with this TTL attribute, or `None` if it never expires.
///
/// As in DynamoDB itself, only a Number makes an item expire.
#[must_use]
pub fn last_second(attribute: Option<&AttributeValue>) -> Option<f64> {
    attribute?.as_n().ok()?.parse().ok()
}

/// Whether an item with this last second has not expired yet.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 stay far below 2^53")]
pub fn is_current(last_second: Option<f64>, now: Duration) -> bool {
    last_second.is_none_or(|last| last >= now.as_secs() as f64)
}

/// Whether an item with this TTL attribute has not expired yet.
#[must_use]
pub fn is_alive(attribute: Option<&AttributeValue>, now: Duration) -> bool {
    is_current(last_second(attribute), now)
}

/// The remaining lifetime of an unexpired item in seconds. It is rounded up to at least 1, because 0 would mean "never
/// expires" if passed back as a `ttl`. `None` if the attribute is not a Number or is too large.
#[must_use]
pub fn time_left(attribute: Option<&AttributeValue>, now: Duration) -> Option<u64> {
    let expires_at: f64 = attribute?.as_n().ok()?.parse().ok()?;
    let left = Duration::try_from_secs_f64(expires_at.max(0.0)).ok()?.saturating_sub(now);
    Some((left.as_secs() + u64::from(left.subsec_nanos() > 0)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ttl(seconds: f64) -> Ttl {
        Ttl::parse(&Input::Number(seconds)).expect("valid").expect("given")
    }

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(text.to_owned())
    }

    #[test]
    fn parses_numbers_and_numeric_strings() {
        assert_eq!(Ttl::parse(&Input::Absent), Ok(None));
        assert_eq!(Ttl::parse(&Input::from("")), Ok(None));
        assert_eq!(Ttl::parse(&Input::Boolean(false)), Ok(Some(Ttl(0.0))));
        assert_eq!(Ttl::parse(&Input::from("false")), Ok(Some(Ttl(0.0))));
        assert_eq!(Ttl::parse(&Input::from("300")), Ok(Some(Ttl(300.0))));
        assert_eq!(Ttl::parse(&Input::Number(0.5)), Ok(Some(Ttl(0.5))));
        assert_eq!(Ttl::parse(&Input::Number(MAX_TTL_SECONDS)), Ok(Some(Ttl(MAX_TTL_SECONDS))));
    }

    #[test]
    fn rejects_invalid_values() {
        let refused = [
            (Input::Number(-1.0), "a negative number"),
            (Input::Number(f64::NAN), "NaN"),
            (Input::Number(f64::INFINITY), "an infinite number"),
            (Input::Number(1e308), "a larger number"),
            (Input::from("-1"), "a negative number"),
            (Input::from("5 minutes"), "a string that is no number"),
            (Input::Boolean(true), "a boolean"),
            (Input::Other("an object"), "an object"),
        ];
        for (input, kind) in refused {
            assert_eq!(Ttl::parse(&input), Err(kind));
        }
    }

    #[test]
    fn stores_the_ceiling_of_now_plus_ttl() {
        let now = Duration::new(1_000, 0);
        assert_eq!(ttl(0.0).expires_at(now), None);
        assert_eq!(ttl(300.0).expires_at(now), Some(1_300));
        assert_eq!(ttl(0.2).expires_at(now), Some(1_001));
        assert_eq!(ttl(1.0).expires_at(Duration::from_millis(1_000_500)), Some(1_002));
        assert_eq!(ttl(0.5).expires_at(Duration::from_millis(1_000_500)), Some(1_001));
        assert_eq!(ttl(MAX_TTL_SECONDS).expires_at(now), Some(9_007_199_254_741_991));
    }

    #[test]
    fn is_alive_through_the_whole_stored_second() {
        let now = Duration::from_millis(1_000_900);
        assert!(is_alive(Some(&number("1001")), now));
        assert!(is_alive(Some(&number("1000")), now));
        assert!(!is_alive(Some(&number("999")), now));
        assert!(!is_alive(Some(&number("999.5")), now));
        assert!(!is_alive(Some(&number("-1E+10")), now));
    }

    #[test]
    fn only_a_number_expires_an_item() {
        let now = Duration::from_secs(1_000);
        assert!(is_alive(None, now));
        assert!(is_alive(Some(&AttributeValue::S("1".to_owned())), now));
        assert!(is_alive(Some(&AttributeValue::Bool(false)), now));
    }

    /// [META-3]
    #[test]
    fn time_left_requires_a_number() {
        let now = Duration::from_millis(1_000_250);
        assert_eq!(time_left(Some(&number("1300")), now), Some(300));
        assert_eq!(time_left(Some(&number("1001")), now), Some(1));
        assert_eq!(time_left(Some(&number("1000.3")), now), Some(1));
        assert_eq!(time_left(Some(&number("1300")), Duration::from_secs(1_000)), Some(300));
        assert_eq!(time_left(Some(&number("1E+40")), now), None);
        assert_eq!(time_left(Some(&AttributeValue::S("1300".to_owned())), now), None);
        assert_eq!(time_left(None, now), None);
    }

    proptest! {
        #[test]
        fn an_item_lives_at_least_its_ttl_and_less_than_two_seconds_more(
            seconds in 0.001f64..1e9, now_ms in 0u64..4_000_000_000_000
        ) {
            let now = Duration::from_millis(now_ms);
            let stored = ttl(seconds).expires_at(now).expect("expires");
            let attribute = number(&stored.to_string());
            prop_assert!(is_alive(Some(&attribute), now + Duration::from_secs_f64(seconds)));
            prop_assert!(!is_alive(Some(&attribute), now + Duration::from_secs_f64(seconds + 2.0)));
        }

        /// [META-3]
        #[test]
        fn an_unexpired_item_never_has_0_seconds_left(stored in 0.0f64..1e10, later_ms in 0u64..20_000_000_000_000) {
            let (attribute, now) = (number(&stored.to_string()), Duration::from_millis(later_ms));
            if is_alive(Some(&attribute), now) {
                prop_assert!(time_left(Some(&attribute), now).is_some_and(|left| left >= 1));
            }
        }

        #[test]
        fn any_number_is_rejected_or_gives_a_storable_expiry(seconds in any::<f64>(), now_ms in 0u64..4_000_000_000_000) {
            let now = Duration::from_millis(now_ms);
            match Ttl::parse(&Input::Number(seconds)) {
                Ok(Some(ttl)) => {
                    prop_assert!((0.0..=MAX_TTL_SECONDS).contains(&seconds));
                    prop_assert_eq!(ttl.expires_at(now).is_none(), seconds == 0.0);
                    prop_assert!(ttl.expires_at(now).is_none_or(|end| end < 20_000_000_000_000_000 && end >= now.as_secs()));
                }
                other => prop_assert!(other.is_err() && !(0.0..=MAX_TTL_SECONDS).contains(&seconds)),
            }
        }
    }
}
