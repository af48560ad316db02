//! Error responses, and responses that cannot be parsed.

use serde_json::error::Category;
use serde_json::value::RawValue;

use super::attribute::{Members, Text};

/// Why a response could not be parsed. Omits the response itself, which may be user data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the response {what} (line {line}, column {column})")]
pub(crate) struct ResponseError {
    what: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for ResponseError {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Eof => "ends too early",
            Category::Data => "has members or attribute types that this operation does not have",
            Category::Io | Category::Syntax => "is not JSON",
        };
        Self { what, line: error.line(), column: error.column() }
    }
}

/// The content of an error response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// AWS's name of the error, without the namespace.
    pub(crate) name: Option<String>,
    pub(crate) message: Option<String>,
}

/// Reads as much of an error response as possible. `header` is `x-amzn-errortype`, which takes precedence.
///
/// Members may occur in any order, repeatedly, and with values other than text; the first text in the order of
/// precedence is used. Names and precedence are those of the AWS SDKs for Rust and JavaScript.
pub(crate) fn error_body(header: Option<&str>, body: &[u8]) -> ErrorBody {
    let members: Option<Members<'_, &RawValue>> = serde_json::from_slice(body).ok();
    let text = |name: &str| {
        let named = members.iter().flat_map(Members::iter).rev().filter(|(of, _)| *of == name);
        named.filter_map(|(_, value)| serde_json::from_str(value.get()).ok()).map(|Text(text)| text).next()
    };
    let names = [header.map(Into::into), text("code"), text("__type")];
    let name = names.iter().flatten().map(|name| bare_name(name)).find(|name| !name.is_empty());
    let message = ["message", "Message", "errorMessage"].into_iter().filter_map(text).find(|text| !text.is_empty());
    ErrorBody { name: name.map(ToOwned::to_owned), message: message.map(Into::into) }
}

/// Strips a namespace before the name (`com.amazonaws…#Name`), and a URL or another name after it (`Name:http://…`).
fn bare_name(name: &str) -> &str {
    let name = name.split([':', ',']).next().unwrap_or_default();
    name.split_once('#').map_or(name, |(_, name)| name).trim()
}

#[cfg(test)]
mod tests {
    use super::super::{GetItemOutput, read};
    use super::*;

    #[test]
    fn an_error_contains_the_position_but_no_content() {
        let (types, json, end) = ("attribute types", "not JSON", "too early");
        for (response, problem) in [
            (&br#"{"Item":{"value":{"BOOL":"CANARY"}}}"#[..], types),
            (br#"{"Item":{"value":{"CANARY":"CANARY"}}}"#, types),
            (br#"{"Item":{"value":{"S":["CANARY"]}}}"#, types),
            (br#"{"Item":{"value":{"S":"CANARY\ud800"}}}"#, types),
            (br#"{"Item":{"value":{"S":"CANARY\x"}}}"#, json),
            (br#"{"Item":{"value":{"S":"CANARY"#, end),
            (b"{\"Item\":{\"value\":{\"S\":\"CANARY\xc3", end),
            (b"{\"Item\":{\"value\":{\"S\":\"CANARY\xff\"}}}", json),
            (b"<CANARY>\xff", json),
            (b"CANARY", json),
        ] {
            let error = ResponseError::from(read::<GetItemOutput<'_>>(response).err().expect("unreadable"));
            let all = format!("{error} {error:?}");
            assert!(!all.contains("CANARY") && all.contains(problem), "{problem}: {all}");
            assert!(all.contains("(line 1, column ") && !all.contains("column 0"), "{all}");
        }
    }

    /// [ANS-6]
    #[test]
    fn error_responses_are_parsed_in_all_forms_of_the_sdks() {
        let read = |header: Option<&str>, body: &str| {
            let ErrorBody { name, message } = error_body(header, body.as_bytes());
            (name.unwrap_or_default(), message.unwrap_or_default())
        };
        let pair = |name: &str, message: &str| (name.to_owned(), message.to_owned());
        for (body, name, message) in [
            (r#"{"__type":"com.amazonaws.dynamodb.v20120810#Throttling","message":"slow"}"#, "Throttling", "slow"),
            (r#"{"message":"slow","__type":"Throttling"}"#, "Throttling", "slow"),
            (r#"{"__type":"A:http://x/","Message":"m"}"#, "A", "m"),
            (r#"{"__type":"ns#A:http://x/#y","errorMessage":"m"}"#, "A", "m"),
            (r#"{"__type":"A,B"}"#, "A", ""),
            // Both spellings in either order, or one of them twice.
            (r#"{"__type":"A","message":"m","Message":"M"}"#, "A", "m"),
            (r#"{"Message":"M","message":"m","__type":"A"}"#, "A", "m"),
            (r#"{"Message":"M","message":null,"errorMessage":{},"__type":"A"}"#, "A", "M"),
            (r#"{"Message":"M","message":"","__type":"A"}"#, "A", "M"),
            (r#"{"message":"1","message":"2","__type":"A","__type":"B"}"#, "B", "2"),
            // Other members of any type and depth, before and after.
            (
                r#"{"a":[{"__type":"no","message":"no"}],"message":"m","b":{"code":"no"},"__type":"A","c":1e9}"#,
                "A",
                "m",
            ),
            (r#"{"code":"B","__type":"A"}"#, "B", ""),
            (r#"{"code":17,"__type":"A"}"#, "A", ""),
            (r#"{"code":"","__type":"A"}"#, "A", ""),
            (r#"{"__type":1,"message":{"a":1}}"#, "", ""),
            (r#"{"_\u005ftype":"\u0041","message":"\u00e9"}"#, "A", "é"),
            // An invalid message does not hide the name.
            (r#"{"message":"\ud800","__type":"A"}"#, "A", ""),
            ("", "", ""),
            ("{}", "", ""),
            ("[]", "", ""),
            ("null", "", ""),
            (r#"["A","m"]"#, "", ""),
        ] {
            assert_eq!(read(None, body), pair(name, message), "{body}");
        }
        assert_eq!(read(Some("H:x"), r#"{"__type":"A","message":"m"}"#), pair("H", "m"));
        assert_eq!(read(Some("ns#H:x,I"), "<html>"), pair("H", ""));
        assert_eq!(read(Some(""), r#"{"__type":"A"}"#), pair("A", ""));
    }
}
