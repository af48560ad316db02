//! The option `table`, a name or an ARN, and the option `index`, whose names follow the same rules.

use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::input::Input;

/// The variable that replaces an absent option, so that configurations need not contain the environment.
const VARIABLE: &str = "UNSTORAGE_DYNAMODB_TABLE";

/// The allowed table names:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
const ALLOWED: &str = "a table name of 3 to 255 characters out of a-z, A-Z, 0-9, _ . and -, or a table's ARN";

/// The identifiers of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// The name or ARN that requests contain.
    pub(super) id: String,
    /// The name without the ARN.
    pub(super) name: String,
    /// The region of an ARN.
    pub(super) region: Option<String>,
}

/// The maximum number of characters of a base that a message shows.
const SHOWN_BASE_CHARS: usize = 100;

/// Validates the option, or the environment variable if it is absent. `base` identifies a driver without a table in the
/// message.
pub(super) fn parse(table: Input, base: &Input, environment: &Environment) -> Result<Table, Error> {
    match table {
        Input::Absent => match environment.filled(VARIABLE) {
            Some(text) => read(text.to_owned()).map_err(|found| {
                Error::new(
                    ErrorKind::InvalidOption,
                    format!("The table in the environment variable {VARIABLE} must be {ALLOWED}; it is {found}."),
                )
            }),
            None => Err(missing(base)),
        },
        Input::Text(text) if text.is_empty() => Err(missing(base)),
        Input::Text(text) => read(text).map_err(|found| Error::option("table", ALLOWED, &found)),
        other => Err(Error::option("table", ALLOWED, other.kind())),
    }
}

/// Validates the option `index`.
pub(super) fn parse_index(index: Input) -> Result<Option<String>, Error> {
    /// Same page as [`ALLOWED`].
    const INDEX_ALLOWED: &str = "the name of an index, 3 to 255 characters out of a-z, A-Z, 0-9, _ . and -";
    match index {
        Input::Absent => Ok(None),
        Input::Text(name) => match check_name(&name) {
            Ok(()) => Ok(Some(name)),
            Err(found) => Err(Error::option("index", INDEX_ALLOWED, &found)),
        },
        other => Err(Error::option("index", INDEX_ALLOWED, other.kind())),
    }
}

fn read(text: String) -> Result<Table, String> {
    if text.starts_with("arn:") {
        return read_arn(&text)
            .ok_or_else(|| "an ARN of another form than arn:aws:dynamodb:REGION:ACCOUNT:table/NAME".to_owned());
    }
    check_name(&text)?;
    Ok(Table { id: text.clone(), name: text, region: None })
}

fn check_name(name: &str) -> Result<(), String> {
    if !(3..=255).contains(&name.len()) {
        return Err(format!("{} bytes long", name.len()));
    }
    if !name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c)) {
        return Err("a string with other characters".to_owned());
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>
fn read_arn(text: &str) -> Option<Table> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "dynamodb", region, account, resource] = parts.as_slice() else {
        return None;
    };
    let name = resource.strip_prefix("table/")?;
    let is_right = (*partition == "aws" || partition.starts_with("aws-"))
        && super::region::is_region(partition)
        && super::region::is_region(region)
        && account.len() == 12
        && account.bytes().all(|c| c.is_ascii_digit())
        && check_name(name).is_ok();
    is_right.then(|| Table { id: text.to_owned(), name: name.to_owned(), region: Some((*region).to_owned()) })
}

/// The beginning is worded as in unstorage's own drivers.
fn missing(base: &Input) -> Error {
    let driver = match base {
        Input::Text(base) if !base.is_empty() => {
            let shown: String = base.chars().take(SHOWN_BASE_CHARS).collect();
            format!(" of the driver with the `base` {shown:?}")
        }
        _ => String::new(),
    };
    Error::new(
        ErrorKind::InvalidOption,
        format!(
            "Missing required option `table`. Set the option{driver}, or the environment variable {VARIABLE} before \
             the driver's first call."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(table: Input) -> Result<Table, Error> {
        parse(table, &Input::Absent, &Environment::default())
    }

    #[test]
    fn accepts_the_names_that_dynamodb_accepts() {
        for name in ["abc", "My_table-1.cache", &"x".repeat(255)] {
            let table = option(name.into()).expect("valid");
            assert_eq!((table.id.as_str(), table.name.as_str(), table.region), (name, name, None));
        }
    }

    #[test]
    fn parses_name_and_region_of_an_arn() {
        for (partition, region) in [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-east-1")] {
            let arn = format!("arn:{partition}:dynamodb:{region}:123456789012:table/My_table-1.cache");
            let table = option(Input::Text(arn.clone())).expect("valid");
            assert_eq!((table.id, table.name.as_str()), (arn, "My_table-1.cache"));
            assert_eq!(table.region.as_deref(), Some(region));
        }
    }

    #[test]
    fn names_the_option_and_what_is_allowed() {
        for absent in [Input::Absent, "".into()] {
            let message = option(absent).expect_err("missing").to_string();
            assert!(message.starts_with("[unstorage] [aws-dynamodb] Missing required option `table`."), "{message}");
            assert!(message.contains(VARIABLE) && !message.contains("base"), "{message}");
        }
        let refused = [
            "ab".into(),
            "a b c".into(),
            "täble".into(),
            Input::Text("x".repeat(256)),
            Input::Number(1.0),
            "arn:aws:s3:eu-west-1:123456789012:table/abc".into(),
            "arn:aws:dynamodb:eu-west-1:123456789012:table/ab".into(),
            "arn:aws:dynamodb:eu-west-1:123456789012:table/abc/index/by-date".into(),
            "arn:aws:dynamodb:eu-west-1:12345:table/abc".into(),
            "arn:aws:dynamodb::123456789012:table/abc".into(),
            "arn:evil:dynamodb:eu-west-1:123456789012:table/abc".into(),
        ];
        for refused in refused {
            let message = option(refused).expect_err("refused").to_string();
            assert!(message.contains("`table`") && message.contains("3 to 255"), "{message}");
            assert!(message.contains("ARN"), "{message}");
        }
    }

    /// [IDX-1]
    #[test]
    fn index_names_follow_the_rules_of_table_names() {
        assert_eq!(parse_index(Input::Absent).expect("valid"), None);
        for name in ["keys", "A-z_0.9", &"x".repeat(255)] {
            assert_eq!(parse_index(name.into()).expect("valid").as_deref(), Some(name));
        }
        let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/abc/index/keys";
        for refused in ["ab".into(), "a b".into(), arn.into(), Input::Text("x".repeat(256)), Input::Boolean(true)] {
            let message = parse_index(refused).expect_err("refused").to_string();
            assert!(message.contains("`index`") && message.contains("3 to 255"), "{message}");
        }
    }

    #[test]
    fn defaults_to_the_environment_variable() {
        let with = |table: Input, value: &str| {
            parse(table, &Input::Absent, &Environment::new([(VARIABLE.to_owned(), value.to_owned())]))
        };
        assert_eq!(with(Input::Absent, "sessions").expect("valid").name, "sessions");
        assert_eq!(with("cache".into(), "sessions").expect("valid").name, "cache");
        assert!(with(Input::Absent, "").expect_err("missing").to_string().contains("Missing required option"));
        let message = with(Input::Absent, "a b").expect_err("refused").to_string();
        assert!(message.contains(VARIABLE) && message.contains("3 to 255"), "{message}");
    }

    /// [OPT-1]
    #[test]
    fn a_missing_table_names_the_base_of_the_driver() {
        let missing =
            |base: Input| parse(Input::Absent, &base, &Environment::default()).expect_err("missing").to_string();
        assert!(missing("cache:\npages".into()).contains(r#"the `base` "cache:\npages""#));
        assert!(missing(Input::Text("x".repeat(5_000))).len() < 400);
        for nothing in [Input::Absent, "".into(), Input::Number(1.0)] {
            assert!(!missing(nothing).contains("base"));
        }
    }
}
