//! The option `region`, and the same setting in the environment.

use crate::error::{Error, ErrorKind};
use crate::input::Input;

const ALLOWED: &str = "a region's name such as \"eu-west-1\"";

/// Describes an invalid name.
const FOUND: &str = "a string with other characters than letters, digits and hyphens, or a longer one";

/// Whether a text can be a region's name. It becomes part of a host name, so it may have 1 to 63 letters, digits and
/// hyphens.
pub(super) fn is_region(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

/// Validates the option against the region in the table's ARN, if any. The ARN takes precedence over the environment,
/// because DynamoDB serves an ARN only in its own region.
pub(super) fn parse(region: Input, of_table: Option<String>) -> Result<Option<String>, Error> {
    let given = match region {
        Input::Absent => return Ok(of_table),
        Input::Text(name) if is_region(&name) => name,
        Input::Text(name) if !name.is_empty() => return Err(Error::option("region", ALLOWED, FOUND)),
        other => return Err(Error::option("region", ALLOWED, other.kind())),
    };
    match of_table {
        Some(of_table) if of_table != given => Err(Error::new(
            ErrorKind::InvalidOption,
            format!(
                "Options `region` and `table` must not differ: the table's ARN is of region {of_table}, not {given}."
            ),
        )),
        _ => Ok(Some(given)),
    }
}

/// Validates a region from the environment or the profile.
pub(crate) fn from_environment(name: String, source: &str) -> Result<String, Error> {
    if is_region(&name) {
        return Ok(name);
    }
    Err(Error::new(ErrorKind::InvalidOption, format!("The region in {source} must be {ALLOWED}; it is {FOUND}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn must_be_a_valid_host_label() {
        let option = |region: Input| parse(region, None);
        assert_eq!(option("us-gov-east-1".into()).expect("valid").as_deref(), Some("us-gov-east-1"));
        assert_eq!(option(Input::Absent).expect("valid"), None);
        for refused in ["".into(), "eu west".into(), "evil.example/".into(), Input::Number(1.0)] {
            assert!(option(refused).expect_err("refused").to_string().contains("`region`"));
        }
    }

    #[test]
    fn is_taken_from_the_arn_and_must_match_it() {
        let of_table = || Some("eu-west-1".to_owned());
        assert_eq!(parse(Input::Absent, of_table()).expect("valid"), of_table());
        assert_eq!(parse("eu-west-1".into(), of_table()).expect("valid"), of_table());
        let message = parse("us-east-1".into(), of_table()).expect_err("differ").to_string();
        assert!(message.contains("`region` and `table`") && message.contains("eu-west-1"), "{message}");
    }

    #[test]
    fn an_invalid_region_of_the_environment_names_its_source() {
        assert_eq!(from_environment("eu-west-1".to_owned(), "AWS_REGION").expect("valid"), "eu-west-1");
        let error = from_environment("eu west/1".to_owned(), "AWS_REGION").expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().contains("AWS_REGION"), "{error}");
    }
}
