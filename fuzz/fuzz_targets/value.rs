//! Converts stored values, as DynamoDB would send them, to JavaScript: nothing panics, no number is rounded, and no
//! size is implausible.
#![no_main]

use aws_sdk_dynamodb::types::AttributeValue;
use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::value::{Number, Reading, certain_size, number, number_text, size};
use unstorage_dynamodb_fuzz::with_response;

fuzz_target!(|value: &[u8]| {
    let body = [br#"{"Item":{"value":"#.as_slice(), value, b"}}"].concat();
    for reading in [Reading::Plain, Reading::Raw] {
        let found =
            with_response(200, &body, async |store| store.get("k".into(), reading, Input::Absent).await).ok().flatten();
        let Some(found) = found else { continue };
        assert!(certain_size(&found) <= size(&found));
        assert!(certain_size(&found) <= value.len());
        look_at(&found);
    }
    if let Ok(text) = std::str::from_utf8(value) {
        look_at_number(text);
    }
});

fn look_at(value: &AttributeValue) {
    match value {
        AttributeValue::N(text) => look_at_number(text),
        AttributeValue::Ns(texts) => texts.iter().for_each(|text| look_at_number(text)),
        AttributeValue::L(list) => list.iter().for_each(look_at),
        AttributeValue::M(map) => map.values().for_each(look_at),
        _ => (),
    }
}

fn look_at_number(text: &str) {
    match number(text) {
        // A number that JavaScript can represent is written back unchanged.
        Number::Double(double) => {
            let written = number_text(double).expect("a number that was read can be written");
            assert_eq!(number(&written), Number::Double(double), "{text}");
        }
        Number::Integer(digits) => {
            assert!(digits.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()), "{text}");
            assert!(digits.len() <= text.len() + 126, "{text}");
        }
        Number::Text(kept) => assert_eq!(kept, text),
    }
}
