//! Large values: any manifest with any chunks yields the whole value or an error.
#![no_main]

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::input::Input::Absent;
use unstorage_dynamodb::value::Reading;
use unstorage_dynamodb_fuzz::with_responses;

#[derive(Arbitrary, Debug)]
struct Given<'a> {
    parts: Vec<&'a [u8]>,
    is_text: bool,
    damage: Damage,
}

#[derive(Arbitrary, Debug)]
enum Damage {
    None,
    Flipped {
        part: u8,
        at: u16,
        bits: u8,
    },
    /// A response that is not a chunk.
    Missing {
        part: u8,
    },
    Swapped {
        one: u8,
        other: u8,
    },
    Claims {
        chunks: u32,
        bytes: u32,
        size: u32,
    },
    Encoding(u8),
    Manifest(String),
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

fuzz_target!(|given: Given<'_>| {
    let Given { mut parts, is_text, damage } = given;
    parts.truncate(16);
    let content = parts.concat();
    let original = match String::from_utf8(content.clone()) {
        Ok(text) if is_text => AttributeValue::S(text),
        _ => AttributeValue::B(content.clone().into()),
    };
    let mut parts: Vec<Option<Vec<u8>>> = parts.into_iter().map(|part| Some(part.to_vec())).collect();
    let mut encoding = if original.is_s() { "s" } else { "b" };
    let (mut chunks, mut bytes, mut size) = (parts.len(), content.len(), content.len());
    let place = |number: u8| usize::from(number) % chunks.max(1);
    let mut manifest = None;
    let is_whole = matches!(damage, Damage::None) && chunks > 0;
    // The content may be gzip.
    let may_differ = matches!(damage, Damage::Encoding(_));
    match damage {
        Damage::None => {}
        Damage::Flipped { part, at, bits } => {
            let part = parts.get_mut(place(part)).and_then(Option::as_mut).filter(|part| !part.is_empty());
            if let Some(part) = part {
                let at = usize::from(at) % part.len();
                part[at] ^= bits;
            }
        }
        Damage::Missing { part } => parts.iter_mut().skip(place(part)).take(1).for_each(|part| *part = None),
        Damage::Swapped { one, other } if chunks > 0 => parts.swap(place(one), place(other)),
        Damage::Swapped { .. } => {}
        Damage::Claims { chunks: some, bytes: long, size: large } => {
            (chunks, bytes, size) = (some as usize, long as usize, large as usize);
        }
        Damage::Encoding(other) => encoding = ["s", "b", "gz1s", "gz1b", "", "x"][usize::from(other) % 6],
        Damage::Manifest(text) => manifest = Some(text),
    }
    let manifest = manifest.unwrap_or_else(|| {
        let (id, crc) = ("6b49d200".repeat(4), crc32(&content));
        format!(
            r#"{{"id":"{id}","chunks":{chunks},"bytes":{bytes},"crc32":{crc},"encoding":"{encoding}","size":{size}}}"#
        )
    });
    let quoted = manifest.replace('\\', r"\\").replace('"', r#"\""#);
    let head = format!(r#"{{"Item":{{"value":{{"S":"{quoted}"}},"enc":{{"S":"ch1"}}}}}}"#);
    let chunk = |part: &Option<Vec<u8>>| match part {
        Some(part) => format!(r#"{{"Item":{{"value":{{"B":"{}"}},"enc":{{"S":"ch1p"}}}}}}"#, base64::encode(part)),
        None => "{}".to_owned(),
    };
    let bodies = std::iter::once(head.clone()).chain(parts.iter().map(chunk)).chain([head]);
    let responses = bodies.map(|body| (200, body.into_bytes())).collect();
    match with_responses(responses, async |store| store.get("k".into(), Reading::Plain, Absent).await) {
        Ok(found) => {
            let found = found.expect("no error, so a value");
            let same = match &found {
                AttributeValue::S(text) => text.as_bytes() == content,
                AttributeValue::B(bytes) => bytes.as_ref() == content,
                _ => false,
            };
            assert!(same || may_differ, "{found:?}");
        }
        // On a busy machine.
        Err(error) if error.kind() == ErrorKind::Timeout => {}
        Err(error) => {
            assert!(!is_whole, "{error}");
            assert!(matches!(error.kind(), ErrorKind::Format | ErrorKind::Response), "{error}");
        }
    }
});
