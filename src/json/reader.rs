//! Reads long text faster than `serde_json`, which unescapes it into a buffer that grows and then copies it.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

/// Reads text.
pub(super) fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let json = <&RawValue>::deserialize(deserializer)?.get();
    // Leaves other escapes, and values of other types, to `serde_json`.
    match short_escapes(json) {
        Some(text) => Ok(text),
        // The position in the error would be that within the value.
        None => serde_json::from_str(json).map_err(|_| D::Error::custom("not well-formed text")),
    }
}

/// Reads text that has no escapes but those of two characters. The JSON is valid.
fn short_escapes(json: &str) -> Option<String> {
    let mut rest = json.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(rest.len());
    while let Some(position) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(position);
        text.push_str(plain);
        let (escape, after) = escape.split_at_checked(2)?;
        text.push(match escape {
            r#"\""# => '"',
            r"\\" => '\\',
            r"\/" => '/',
            r"\b" => '\u{8}',
            r"\f" => '\u{c}',
            r"\n" => '\n',
            r"\r" => '\r',
            r"\t" => '\t',
            _ => return None,
        });
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> serde_json::Result<String> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let text = read_text(&mut deserializer)?;
        deserializer.end().map(|()| text)
    }

    proptest! {
        #[test]
        fn text_is_read_as_serde_json_reads_it(text in r#"([\x00-\x24]|[a-c\\"/]|\PC){0,60}"#) {
            let json = serde_json::to_string(&text).expect("text");
            prop_assert_eq!(read(&json).expect("text"), text);
        }

        /// Escapes of every kind, well-formed or not.
        #[test]
        fn any_json_is_read_or_refused_as_serde_json_does(
            parts in proptest::collection::vec(r#"\\["\\/bfnrtuax]|\\u[0-9a-f]{0,4}|\\ud83d\\ude00|\\ud83d|[a-zé€"]{0,9}"#, 0..8)
        ) {
            let json = format!("\"{}\"", parts.concat());
            prop_assert_eq!(read(&json).ok(), serde_json::from_str::<String>(&json).ok());
        }
    }

    #[test]
    fn only_text_is_read() {
        for json in ["1", "null", "[\"a\"]", "{}", "\"a", "\"\u{1}\"", "\"\\\"", "\"\\", "\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
