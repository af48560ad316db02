//! Responses that are errors, and responses that cannot be read.

use serde_json::error::Category;
use serde_json::value::RawValue;

use super::attribute::{Members, Text};

/// Why a response could not be read. Holds nothing of the response itself, which may be the user's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer {what} (line {line}, column {column})")]
pub(crate) struct AnswerError {
    what: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for AnswerError {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Eof => "ends too early",
            Category::Data => "has members or attribute types that this operation does not have",
            Category::Io | Category::Syntax => "is not JSON",
        };
        Self { what, line: error.line(), column: error.column() }
    }
}

/// What an error response says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// AWS's name of the error, without namespace.
    pub(crate) name: Option<String>,
    pub(crate) message: Option<String>,
}

/// Reads an error response as far as possible. `header` is `x-amzn-errortype`, which takes precedence.
///
/// Members may come in any order, repeatedly, and with values of other types than text; the first in the order of
/// precedence that is text counts. Names and precedence are those of the AWS SDKs for Rust and JavaScript.
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

/// The name without a namespace before it (`com.amazonaws…#Name`), and a URL or another name after it (`Name:http://…`).
fn bare_name(name: &str) -> &str {
    let name = name.split([':', ',']).next().unwrap_or_default();
    name.split_once('#').map_or(name, |(_, name)| name).trim()
}
