//! The option `table`.

use crate::error::{Error, ErrorKind};
use crate::input::Input;

/// What a table may be called:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
const ALLOWED: &str = "a table name of 3 to 255 characters out of a-z, A-Z, 0-9, _ . and -";

/// Checks the table's name.
pub(super) fn parse(table: Input) -> Result<String, Error> {
    match table {
        Input::Absent => Err(missing()),
        Input::Text(name) if name.is_empty() => Err(missing()),
        Input::Text(name) if !(3..=255).contains(&name.len()) => {
            Err(Error::option("table", ALLOWED, &format!("{} bytes long", name.len())))
        }
        Input::Text(name) if name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c)) => Ok(name),
        Input::Text(_) => Err(Error::option("table", ALLOWED, "a string with other characters")),
        other => Err(Error::option("table", ALLOWED, other.kind())),
    }
}

/// In the words of unstorage's own drivers.
fn missing() -> Error {
    Error::new(ErrorKind::InvalidOption, "Missing required option `table`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_dynamodb_takes() {
        for name in ["abc", "My_table-1.cache", &"x".repeat(255)] {
            assert_eq!(parse(name.into()).expect("valid"), name);
        }
    }

    #[test]
    fn names_the_option_and_what_is_allowed() {
        for absent in [Input::Absent, "".into()] {
            let message = parse(absent).expect_err("missing").to_string();
            assert_eq!(message, "[unstorage] [aws-dynamodb] Missing required option `table`.");
        }
        for refused in ["ab".into(), "a b c".into(), "täble".into(), Input::Text("x".repeat(256)), Input::Number(1.0)]
        {
            let message = parse(refused).expect_err("refused").to_string();
            assert!(message.contains("`table`") && message.contains("3 to 255"), "{message}");
        }
    }
}
