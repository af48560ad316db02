//! Text in both forms of JavaScript, and stored text: any is converted as the standard library converts it, or rejected.
#![no_main]

use aws_sdk_dynamodb::types::AttributeValue;
use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::text::{JsText, from_utf16};
use unstorage_dynamodb::value::Reading;
use unstorage_dynamodb_fuzz::with_response;

fuzz_target!(|input: (u16, &[u8])| {
    let (before, bytes) = input;
    // A run of ASCII, so that the ends of chunks and of vectors fall anywhere.
    let before = "a".repeat(usize::from(before) % 5_000);
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = before.encode_utf16().chain(pairs.iter().map(|pair| u16::from_le_bytes(*pair))).collect();
    assert_eq!(from_utf16(&units), String::from_utf16(&units).ok());

    // The content of a JSON string: escapes, and bytes that are not UTF-8.
    let body = [br#"{"Item":{"value":{"S":""#, before.as_bytes(), bytes, br#""}}}"#].concat();
    let stored = with_response(200, &body, async |store| store.get("k".into(), Reading::Plain, Input::Absent).await);
    if let Ok(Some(AttributeValue::S(text))) = stored {
        look_at(text);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        look_at(before + text);
    }
});

fn look_at(text: String) {
    let expected: Vec<u16> = text.encode_utf16().collect();
    match JsText::from(text) {
        JsText::Latin1(units) => assert!(units.into_iter().map(u16::from).eq(expected)),
        JsText::Utf16(units) => assert_eq!(*units, expected),
    }
}
