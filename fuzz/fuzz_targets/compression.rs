//! Compressed values: any bytes are an error or a value of bounded size, and what was compressed and then damaged is an
//! error or the exact original.
#![no_main]

use aws_sdk_dynamodb::types::AttributeValue;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::compression::{Compressed, Encoding, MAX_ORIGINAL_BYTES, compress};
use unstorage_dynamodb::value::size;

#[derive(Arbitrary, Debug)]
struct Given<'a> {
    is_text: bool,
    damage: Damage,
    /// How often the content is repeated, so that it compresses.
    times: u8,
    content: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Damage {
    None,
    /// The content is taken for gzip as it is.
    NotCompressed,
    Flipped(Vec<(u16, u8)>),
    CutShort(u16),
    Longer(Vec<u8>),
    /// Another length in the trailer.
    Claims(u32),
}

fuzz_target!(|given: Given<'_>| {
    let Given { is_text, damage, times, content } = given;
    let content = content.repeat(usize::from(times) + 1);
    let original = match String::from_utf8(content.clone()) {
        Ok(text) if is_text => AttributeValue::S(text),
        _ => AttributeValue::B(content.clone().into()),
    };
    let (compressed, encoding) = compress(&original, content.len() + 1_000).expect("room for what does not compress");
    let AttributeValue::B(gzip) = compressed else { panic!("gzip is bytes") };
    let mut gzip = gzip.into_inner();
    let is_whole = matches!(damage, Damage::None);
    let is_ours = !matches!(damage, Damage::NotCompressed);
    match damage {
        Damage::None => {}
        Damage::NotCompressed => gzip = content,
        Damage::Flipped(flips) => flips.into_iter().for_each(|(at, bits)| {
            let at = usize::from(at) % gzip.len();
            gzip[at] ^= bits;
        }),
        Damage::CutShort(by) => gzip.truncate(gzip.len() - 1 - usize::from(by) % gzip.len()),
        Damage::Longer(more) => gzip.extend(more),
        Damage::Claims(length) => {
            let at = gzip.len() - 4;
            gzip.splice(at.., length.to_le_bytes());
        }
    }
    let code = AttributeValue::S(encoding.code().to_owned());
    let room = gzip.len().saturating_mul(1_032).min(MAX_ORIGINAL_BYTES);
    let value = Compressed::new(AttributeValue::B(gzip.into()), &code).and_then(|compressed| {
        assert!(compressed.original_size() <= room);
        let value = compressed.decompress()?;
        assert_eq!(size(&value), compressed.original_size());
        Ok(value)
    });
    match value {
        Ok(value) if is_ours => assert_eq!(value, original),
        Ok(value) => assert_eq!(matches!(value, AttributeValue::S(_)), encoding == Encoding::GzipText),
        Err(flaw) => assert!(!is_whole, "{flaw}"),
    }
});
