//! The option `circuitBreaker`.

use std::time::Duration;

use super::limits::count;
use super::source::{Nested, options};
use crate::error::Error;
use crate::input::Input;

/// The allowed values of the option.
const ALLOWED: &str = "false, true or an object { failures?, cooldown? }";

/// The maximum cooldown: one day, in milliseconds.
const MAX_COOLDOWN: u32 = 86_400_000;

/// When calls fail fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// The number of consecutive requests without a response that open the breaker. Default: 5.
    pub failures: u32,
    /// The time until a request is tried again. Default: 5 s.
    pub cooldown: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { failures: 5, cooldown: Duration::from_secs(5) }
    }
}

options! {
    /// The option `circuitBreaker` before validation.
    RawCircuitBreaker {
        failures: Input = "failures",
        cooldown: Input = "cooldown",
    }
}

/// Validates the option. Returns `None` if there is no breaker.
pub(super) fn parse(raw: &Nested<RawCircuitBreaker>) -> Result<Option<CircuitBreaker>, Error> {
    let default = CircuitBreaker::default();
    match raw {
        Nested::Plain(input) => {
            let is_on = input.as_flag(false).map_err(|found| Error::option("circuitBreaker", ALLOWED, found))?;
            Ok(is_on.then_some(default))
        }
        Nested::Object(RawCircuitBreaker { failures, cooldown }) => Ok(Some(CircuitBreaker {
            failures: count("circuitBreaker.failures", failures, 1..=1_000)?.unwrap_or(default.failures),
            cooldown: count("circuitBreaker.cooldown", cooldown, 1..=MAX_COOLDOWN)?
                .map_or(default.cooldown, |milliseconds| Duration::from_millis(milliseconds.into())),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(failures: Input, cooldown: Input) -> Nested<RawCircuitBreaker> {
        RawCircuitBreaker { failures, cooldown }.into()
    }

    /// [CB-3]
    #[test]
    fn is_off_by_default_and_when_disabled() {
        for off in [Input::Absent, Input::Boolean(false)] {
            assert_eq!(parse(&Nested::Plain(off)), Ok(None));
        }
        let default = Some(CircuitBreaker { failures: 5, cooldown: Duration::from_secs(5) });
        assert_eq!(parse(&Nested::Plain(Input::Boolean(true))), Ok(default));
        assert_eq!(parse(&object(Input::Absent, Input::Absent)), Ok(default));
        let given = Some(CircuitBreaker { failures: 2, cooldown: Duration::from_millis(100) });
        assert_eq!(parse(&object(Input::Number(2.0), "100".into())), Ok(given));
    }

    /// [CB-3]
    #[test]
    fn names_the_option_and_what_is_allowed() {
        for (raw, option, allowed) in [
            (Nested::Plain(Input::Number(3.0)), "`circuitBreaker`", "failures?"),
            (Nested::Plain("soon".into()), "`circuitBreaker`", "failures?"),
            (object(Input::Number(0.0), Input::Absent), "`circuitBreaker.failures`", "1 to 1000"),
            (object(Input::Number(1.5), Input::Absent), "`circuitBreaker.failures`", "1 to 1000"),
            (object(Input::Absent, Input::Number(0.0)), "`circuitBreaker.cooldown`", "1 to 86400000"),
            (object(Input::Absent, Input::Number(f64::NAN)), "`circuitBreaker.cooldown`", "1 to 86400000"),
        ] {
            let message = parse(&raw).expect_err("refused").to_string();
            assert!(message.contains(option) && message.contains(allowed), "{message}");
        }
    }
}
