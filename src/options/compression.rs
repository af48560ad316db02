//! The option `compression`.

use crate::error::Error;
use crate::input::Input;

/// The allowed values of the option.
const ALLOWED: &str = "false or \"gzip\"";

/// Whether written values are compressed. Compressed values are read in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Values are stored uncompressed.
    Off,
    /// Values are compressed with gzip if that saves a write unit.
    Gzip,
}

/// Validates the option.
pub(super) fn parse(input: &Input) -> Result<Compression, Error> {
    match input {
        input if input.is_absent() || input.as_boolean() == Some(false) => Ok(Compression::Off),
        Input::Text(name) if name == "gzip" => Ok(Compression::Gzip),
        Input::Text(_) => Err(Error::option("compression", ALLOWED, "another string")),
        other => Err(Error::option("compression", ALLOWED, other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [ZIP-9]
    #[test]
    fn is_off_or_gzip() {
        for off in [Input::Absent, "".into(), Input::Boolean(false), "false".into(), "FALSE".into()] {
            assert_eq!(parse(&off), Ok(Compression::Off));
        }
        assert_eq!(parse(&"gzip".into()), Ok(Compression::Gzip));
        for refused in
            [Input::Boolean(true), "true".into(), "zstd".into(), Input::Number(1.0), Input::Other("an object")]
        {
            let message = parse(&refused).expect_err("refused").to_string();
            assert!(message.contains("`compression`") && message.contains(ALLOWED), "{message}");
        }
    }
}
