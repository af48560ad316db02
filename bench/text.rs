//! `cargo bench --no-default-features`: converts 380,000 units of UTF-16 to UTF-8, with this crate and with
//! `encoding_rs`.

use std::hint::black_box;
use std::time::Duration;

use encoding_rs::mem;
use memchr::memmem;
use tokio::time::Instant;
use unstorage_dynamodb::text;

const PAGE: &str = include_str!("texts/page.html");
const UNITS: usize = 380_000;
const ROUNDS: usize = 500;

/// More than one size of character: neither ASCII nor Latin-1 suffices.
const TRANSLATION: &str = "<p>Alle Optionen sind „freiwillig“, außer daß Tabelle und Region irgendwo genannt werden müssen; \
    Όλες οι επιλογές είναι προαιρετικές; すべてのオプションは「任意」です。</p>\n";

fn main() {
    let page: Vec<String> = PAGE.lines().map(|line| format!("{line}\n{TRANSLATION}")).collect();
    let units: Vec<u16> = page.iter().cycle().flat_map(|line| line.encode_utf16()).take(UNITS).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| text::from_utf16(black_box(&units))));
        theirs.push(timed(|| with_encoding_rs(black_box(&units))));
    }
    assert_eq!(text::from_utf16(&units), with_encoding_rs(&units));
    let (ours, theirs) = (median(ours), median(theirs));
    println!("from_utf16 {ours:?}, encoding_rs {theirs:?}: {:.2}×", theirs.as_secs_f64() / ours.as_secs_f64());
}

/// `encoding_rs` replaces lone surrogates. Validating before takes longer than looking for replacements afterwards.
fn with_encoding_rs(units: &[u16]) -> Option<String> {
    let mut text = String::with_capacity(units.len() + units.len() / 8);
    let mut bytes = [0; 4096];
    let buffer = std::str::from_utf8_mut(&mut bytes).ok()?;
    let mut rest = units;
    while !rest.is_empty() {
        let (read, written) = mem::convert_utf16_to_str_partial(rest, buffer);
        text.push_str(buffer.get(..written)?);
        rest = rest.get(read..)?;
    }
    let replaced = memmem::find(text.as_bytes(), "\u{fffd}".as_bytes()).is_some();
    (!replaced || mem::utf16_valid_up_to(units) == units.len()).then_some(text)
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    black_box(work());
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
