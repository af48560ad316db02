use super::*;
use proptest::prelude::*;

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn bytes(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(bytes.to_vec().into())
}

fn code(encoding: Encoding) -> AttributeValue {
    text(encoding.code())
}

fn decoded(value: AttributeValue, encoding: &AttributeValue) -> Result<AttributeValue, Flaw> {
    Compressed::new(value, encoding)?.decompress()
}

/// Returns the bytes compressed with gzip.
fn gzip(content: &[u8]) -> Vec<u8> {
    let (value, encoding) = compress(&bytes(content), content.len() + 100).expect("fits");
    assert_eq!(encoding, Encoding::GzipBytes);
    value.as_b().expect("bytes").as_ref().to_vec()
}

fn decompressed(gzip: &[u8]) -> Result<Vec<u8>, Flaw> {
    let value = decoded(bytes(gzip), &code(Encoding::GzipBytes))?;
    Ok(value.as_b().expect("bytes").as_ref().to_vec())
}

/// Compressible bytes that are not simply repeated.
fn prose(length: usize) -> Vec<u8> {
    (0_usize..).flat_map(|number| format!("<p>{}</p>", number * number).into_bytes()).take(length).collect()
}

/// [ZIP-1]
#[test]
fn only_text_and_bytes_are_compressed_and_only_within_the_limit() {
    let long = "word ".repeat(1_000);
    let (value, encoding) = compress(&text(&long), 1_000).expect("fits");
    assert_eq!(encoding.code(), "gz1s");
    assert_eq!(decoded(value, &code(encoding)), Ok(text(&long)));
    assert_eq!(compress(&text(&long), 20), None);
    assert_eq!(compress(&text(&long), 0), None);
    let map = AttributeValue::M([("a".to_owned(), text(&long))].into());
    for other in [AttributeValue::N("1".repeat(38)), AttributeValue::L(vec![text(&long)]), map] {
        assert!(!is_compressible(&other));
        assert_eq!(compress(&other, 10_000), None);
    }
}

/// [ZIP-5]
#[test]
fn a_value_that_would_be_too_large_to_read_is_not_compressed() {
    let largest = vec![0; MAX_ORIGINAL_BYTES];
    assert_eq!(decompressed(&gzip(&largest)).as_ref(), Ok(&largest));
    assert!(!is_compressible(&AttributeValue::B(vec![0; MAX_ORIGINAL_BYTES + 1].into())));
}

/// [ZIP-5]
#[test]
fn a_decompression_bomb_is_rejected_before_memory_is_allocated() {
    let mut larger = gzip(&vec![0; MAX_ORIGINAL_BYTES]);
    let at = larger.len() - 4;
    // The trailer states one byte more than allowed, far more, and less than the actual size.
    for (claim, flaw) in [(16_777_217_u32, Flaw::TooLarge), (u32::MAX, Flaw::TooLarge), (1_000, Flaw::Damaged)] {
        larger.splice(at.., claim.to_le_bytes());
        assert_eq!(decompressed(&larger), Err(flaw), "{claim}");
    }
    // 20 bytes of gzip cannot expand to a megabyte.
    let mut small = gzip(b"");
    let at = small.len() - 4;
    small.splice(at.., 1_000_000_u32.to_le_bytes());
    assert_eq!(decompressed(&small), Err(Flaw::TooLarge));
}

/// [ZIP-4]
#[test]
fn damaged_data_is_an_error() {
    let content = prose(3_000);
    let gzip = gzip(&content);
    assert_eq!(decompressed(&gzip).as_ref(), Ok(&content));
    assert_eq!(decompressed(&self::gzip(b"")), Ok(Vec::new()));
    for length in 0..gzip.len() {
        assert!(decompressed(&gzip[..length]).is_err(), "{length} bytes");
    }
    for more in [&b"x"[..], b"trailing bytes", &[0; 8]] {
        assert!(decompressed(&[&gzip, more].concat()).is_err());
    }
    // Several members of equal length, with equal or different content. libdeflate reads only the first.
    for member in [prose(3_000), [b"other", &prose(2_995)[..]].concat()] {
        assert_eq!(decompressed(&[&gzip[..], &self::gzip(&member)].concat()), Err(Flaw::Damaged));
    }
    for more in [8, 18] {
        assert_eq!(decompressed(&[self::gzip(b""), vec![0; more]].concat()), Err(Flaw::Damaged), "{more} zeros");
    }
    for other in [&b""[..], b"plain bytes that are no gzip at all", &[0x1f, 0x8b]] {
        assert!(decompressed(other).is_err());
    }
    let latin = compress(&bytes(&[0xe9; 3_000]), 1_000).expect("fits").0;
    assert_eq!(decoded(latin, &code(Encoding::GzipText)), Err(Flaw::NotText));
}

/// [ZIP-4]
#[test]
fn an_unknown_encoding_is_an_error_and_never_read_as_bytes() {
    let gzip = bytes(&gzip(&prose(3_000)));
    for other in [text("gz2s"), text("GZ1S"), text("gz1"), text(""), bytes(b"gz1s"), AttributeValue::Null(true)] {
        assert_eq!(decoded(gzip.clone(), &other), Err(Flaw::UnknownEncoding), "{other:?}");
    }
    assert_eq!(decoded(text("v"), &code(Encoding::GzipText)), Err(Flaw::NotBinary));
}

/// [ZIP-6]
#[test]
fn the_original_size_is_known_without_decompressing() {
    for length in [0, 1, 3_000, 100_000] {
        let value = bytes(&gzip(&prose(length)));
        assert_eq!(Compressed::new(value, &code(Encoding::GzipBytes)).map(|value| value.original_size()), Ok(length));
    }
}

/// Gzip as other programs write it, with a name and a comment in its header.
#[test]
fn gzip_written_by_other_programs_is_read() {
    let ours = gzip(&prose(2_000));
    let mut theirs = vec![0x1f, 0x8b, 8, 0b0001_1000, 1, 2, 3, 4, 0, 3];
    theirs.extend_from_slice(b"page.html\0a comment\0");
    theirs.extend_from_slice(&ours[10..]);
    assert_eq!(decompressed(&theirs), Ok(prose(2_000)));
}

proptest! {
    /// [ZIP-4]
    #[test]
    fn flipped_bits_cause_an_error_or_have_no_effect(
        length in 0_usize..4_000,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4),
    ) {
        let content = prose(length);
        let mut gzip = gzip(&content);
        for (index, bit) in flips {
            let at = index.index(gzip.len());
            gzip[at] ^= 1 << bit;
        }
        if let Ok(found) = decompressed(&gzip) {
            prop_assert_eq!(found, content);
        }
    }

    #[test]
    fn any_bytes_yield_an_error_or_a_value(gzip in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(found) = decompressed(&gzip) {
            prop_assert!(found.len() <= gzip.len() * MAX_RATIO);
        }
    }

    #[test]
    fn text_is_returned_unchanged(words in prop::collection::vec("\\PC{0,9}", 0..400)) {
        let original = text(&words.concat());
        if let Some((value, encoding)) = compress(&original, 4_000) {
            prop_assert_eq!(decoded(value, &code(encoding)), Ok(original));
        }
    }
}
