//! Any options are accepted or rejected, and no secret is printed.
#![no_main]

use std::convert::Infallible;

use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::environment::Environment;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{Nested, Options, RawOptions, Source};

const SECRET: &str = "CANARY0SECRET0CANARY";

#[derive(Arbitrary, Debug)]
enum Any<'a> {
    Absent,
    Text(&'a str),
    IllFormed,
    Number(f64),
    Whole(u32),
    Boolean(bool),
    Other,
    /// A text that is probably valid.
    Known(u8),
}

const KNOWN: [&str; 17] = [
    "cache",
    "eu-west-1",
    "10",
    "0",
    "key",
    "value",
    "ttl",
    "true",
    "http://localhost:8000",
    "https://h/p",
    "a/1.0 b",
    "arn:aws:dynamodb:eu-west-1:123456789012:table/t-1",
    "http://u:p@h",
    "default",
    "a:",
    "1e3",
    "gzip",
];

impl From<Any<'_>> for Input {
    fn from(any: Any<'_>) -> Self {
        match any {
            Any::Absent => Self::Absent,
            Any::Text(text) => Self::Text(text.to_owned()),
            Any::IllFormed => Self::IllFormedText(vec![0xd800]),
            Any::Number(number) => Self::Number(number),
            Any::Whole(number) => Self::Number(number.into()),
            Any::Boolean(on) => Self::Boolean(on),
            Any::Other => Self::Other("an object"),
            Any::Known(which) => Self::Text(KNOWN[usize::from(which) % KNOWN.len()].to_owned()),
        }
    }
}

/// Returns arbitrary values for whatever options the driver reads.
struct Given<'a> {
    bytes: Unstructured<'a>,
    within: &'static str,
}

impl Source for Given<'_> {
    type Error = Infallible;

    fn input(&mut self, name: &'static str) -> Result<Input, Infallible> {
        Ok(match (self.within, name) {
            ("credentials", "secretAccessKey") => SECRET.into(),
            // Without a table, no other option would be checked.
            ("", "table") if self.bytes.ratio(3, 4).unwrap_or(true) => "cache".into(),
            _ => self.bytes.arbitrary::<Any<'_>>().map_or(Input::Absent, Input::from),
        })
    }

    fn nested(&mut self, name: &'static str) -> Result<Nested<Self>, Infallible> {
        if self.bytes.arbitrary().unwrap_or(false) {
            return self.input(name).map(Nested::Plain);
        }
        let length = self.bytes.len() / 4;
        let bytes = Unstructured::new(self.bytes.bytes(length).unwrap_or_default());
        Ok(Nested::Object(Self { bytes, within: name }))
    }

    fn provider(&mut self, _: &'static str) -> Result<Option<SharedCredentialsProvider>, Infallible> {
        Ok(None)
    }

    fn finish(self) {}
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(raw) = RawOptions::read(Given { bytes: Unstructured::new(bytes), within: "" }, Environment::default());
    let options = Options::parse(raw);
    let shown = match &options {
        Ok(options) => {
            assert!(options.table_name.len() >= 3 && options.limits.max_connections >= 1);
            assert!(options.attributes.key != options.attributes.value);
            format!("{options:?}")
        }
        Err(error) => {
            assert_eq!(error.kind().code(), "ERR_DYNAMODB_INVALID_OPTION");
            format!("{error} {error:?}")
        }
    };
    assert!(!shown.contains(SECRET));
});
