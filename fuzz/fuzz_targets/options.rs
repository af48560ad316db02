//! Any options: they are taken or refused, and no secret shows.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{Options, RawAttributes, RawCredentials, RawLimits, RawOptions, RawScan};

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
    /// A text that is likely to be taken.
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

#[derive(Arbitrary, Debug)]
struct Given<'a> {
    table: Any<'a>,
    region: Any<'a>,
    id: Any<'a>,
    with_secret: bool,
    attributes: Option<[Any<'a>; 5]>,
    more: [Any<'a>; 12],
    limits: [Any<'a>; 5],
    scan: Option<[Any<'a>; 3]>,
}

fuzz_target!(|given: Given<'_>| {
    let [
        expire_in,
        ttl,
        endpoint,
        base,
        batch,
        consistent_read,
        profile,
        user_agent,
        proxy,
        client,
        token,
        compression,
    ] = given.more.map(Input::from);
    let [max_attempts, connect_timeout, attempt_timeout, timeout, max_connections] = given.limits.map(Input::from);
    let credentials = if given.with_secret {
        RawCredentials::Object {
            access_key_id: given.id.into(),
            secret_access_key: SECRET.into(),
            session_token: token,
        }
    } else {
        RawCredentials::Absent
    };
    let options = Options::parse(RawOptions {
        table: given.table.into(),
        region: given.region.into(),
        credentials,
        attributes: given.attributes.map_or(RawAttributes::Absent, |names| {
            let [key, value, ttl, mtime, encoding] = names.map(Input::from);
            RawAttributes::Object { key, value, ttl, mtime, encoding }
        }),
        expire_in,
        ttl,
        endpoint,
        base,
        batch,
        consistent_read,
        compression,
        limits: RawLimits { max_attempts, connect_timeout, attempt_timeout, timeout, max_connections },
        profile,
        user_agent,
        proxy,
        scan: given.scan.map_or(RawScan::Absent, |scan| {
            let [segments, concurrency, page_size] = scan.map(Input::from);
            RawScan::Object { segments, concurrency, page_size }
        }),
        client,
        ..RawOptions::default()
    });
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
