//! Answers that are errors, and answers that cannot be read.

use serde::Deserialize;
use serde_json::error::Category;

/// Why an answer could not be read. Holds nothing of the answer itself, which may be the user's data.
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
            Category::Data => "is not what was asked for",
            Category::Io | Category::Syntax => "is no JSON",
        };
        Self { what, line: error.line(), column: error.column() }
    }
}

/// What an error answer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// AWS's name of the error, without namespace.
    pub(crate) name: Option<String>,
    pub(crate) message: Option<String>,
}

/// Reads an error answer, as far as it can be read. `header` is `x-amzn-errortype`, which goes first.
pub(crate) fn error_body(header: Option<&str>, body: &[u8]) -> ErrorBody {
    let Said { code, kind, message } = serde_json::from_slice(body).unwrap_or_default();
    let name = header.map(ToOwned::to_owned).or(code.0).or(kind.0);
    ErrorBody { name: name.as_deref().map(bare).map(ToOwned::to_owned), message: message.0 }
}

/// The name without what AWS puts before (`com.amazonaws…#`) and behind it (`:http://…`).
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    name.split_once('#').map_or(name, |(_, name)| name)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: Lenient,
    #[serde(rename = "__type")]
    kind: Lenient,
    #[serde(alias = "Message", alias = "errorMessage")]
    message: Lenient,
}

/// Text, or something else, which is passed over.
#[derive(Default)]
struct Lenient(Option<String>);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(if let serde_json::Value::String(text) = value { Some(text) } else { None }))
    }
}
