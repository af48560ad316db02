//! The option `scan`: how `getKeys` and `clear` scan the table.

use super::limits::count;
use super::source::{Nested, options};
use crate::error::Error;
use crate::input::Input;

const ALLOWED: &str = "an object { segments?, concurrency?, pageSize? } of whole numbers";

options! {
    /// The option `scan` before validation.
    RawScan {
        segments: Input = "segments",
        concurrency: Input = "concurrency",
        page_size: Input = "pageSize",
    }
}

/// How a table is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanOptions {
    /// The number of segments of a table with more than one page. Default: 16.
    pub segments: i32,
    /// The maximum number of pages in flight. Default: 16.
    pub concurrency: usize,
    /// The maximum number of rows that a page reads. Default: as many as fit into DynamoDB's limit of 1 MB.
    pub page_size: Option<i32>,
}

impl Default for ScanOptions {
    fn default() -> Self {
        // 16 pages in parallel scan a large table about 16 times as fast and leave most of the 50 connections to the
        // app. More segments than pages in flight would only add emptier requests.
        Self { segments: 16, concurrency: 16, page_size: None }
    }
}

/// Validates the option.
pub(super) fn parse(scan: &Nested<RawScan>) -> Result<ScanOptions, Error> {
    let default = ScanOptions::default();
    match scan {
        Nested::Plain(Input::Absent) => Ok(default),
        Nested::Plain(other) => Err(Error::option("scan", ALLOWED, other.kind())),
        Nested::Object(RawScan { segments, concurrency, page_size }) => Ok(ScanOptions {
            segments: count("scan.segments", segments, 1..=1_000)?
                .and_then(|count| count.try_into().ok())
                .unwrap_or(default.segments),
            concurrency: count("scan.concurrency", concurrency, 1..=64)?
                .and_then(|count| count.try_into().ok())
                .unwrap_or(default.concurrency),
            page_size: count("scan.pageSize", page_size, 1..=i32::MAX.unsigned_abs())?
                .and_then(|count| count.try_into().ok()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(segments: Input, concurrency: Input, page_size: Input) -> Result<ScanOptions, Error> {
        parse(&RawScan { segments, concurrency, page_size }.into())
    }

    #[test]
    fn absent_is_the_default() {
        let default = ScanOptions { segments: 16, concurrency: 16, page_size: None };
        assert_eq!(parse(&Nested::default()).expect("valid"), default);
        assert_eq!(scan(Input::Absent, Input::Absent, Input::Absent).expect("valid"), default);
    }

    #[test]
    fn accepts_whole_numbers_and_their_text() {
        let least = ScanOptions { segments: 1, concurrency: 1, page_size: Some(1) };
        assert_eq!(scan(Input::Number(1.0), "1".into(), " 1 ".into()).expect("valid"), least);
        let most = ScanOptions { segments: 1_000, concurrency: 64, page_size: Some(i32::MAX) };
        let given = scan(Input::Number(1_000.0), Input::Number(64.0), Input::Number(2_147_483_647.0));
        assert_eq!(given.expect("valid"), most);
    }

    /// [SCAN-1]
    #[test]
    fn names_the_option_and_what_is_allowed() {
        let bad = || {
            [
                Input::Number(0.0),
                Input::Number(-1.0),
                Input::Number(1.5),
                Input::Number(f64::NAN),
                Input::Number(f64::INFINITY),
                Input::Number(1e10),
                "".into(),
                "many".into(),
                Input::Boolean(true),
                Input::Other("an object"),
            ]
        };
        let refused = |option: &str, allowed: &str, result: Result<ScanOptions, Error>| {
            let message = result.expect_err("refused").to_string();
            assert!(message.contains(&format!("Option `{option}`")) && message.contains(allowed), "{message}");
        };
        for (segments, (concurrency, page_size)) in bad().into_iter().zip(bad().into_iter().zip(bad())) {
            refused("scan.segments", "from 1 to 1000", scan(segments, Input::Absent, Input::Absent));
            refused("scan.concurrency", "from 1 to 64", scan(Input::Absent, concurrency, Input::Absent));
            refused("scan.pageSize", "from 1 to 2147483647", scan(Input::Absent, Input::Absent, page_size));
        }
        refused("scan.segments", "from 1 to 1000", scan(Input::Number(1_001.0), Input::Absent, Input::Absent));
        refused("scan.concurrency", "from 1 to 64", scan(Input::Absent, Input::Number(65.0), Input::Absent));
        refused("scan", "segments?", parse(&Nested::Plain(Input::Number(1.0))));
    }
}
