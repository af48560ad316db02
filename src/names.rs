//! Recognises misspelt option names, and those of other stores.

/// The names that other stores and caches use for an item's time to live, in lower case.
const OTHER_TTLS: [&str; 17] = [
    "ex",
    "exat",
    "expirationttl",
    "expiration",
    "expire",
    "expireat",
    "expireafter",
    "expirein",
    "expires",
    "expiresat",
    "expiresin",
    "lifetime",
    "maxage",
    "max_age",
    "px",
    "pxat",
    "timetolive",
];

/// Returns the known name that an unknown one is probably meant to be: the closest within one edit, or within two if
/// the known name is long enough that a different word is unlikely to be so close.
#[must_use]
pub fn suggestion<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    /// The minimum length of names that may differ by two edits.
    const LONG: usize = 6;
    let unknown = unknown.to_ascii_lowercase();
    let near = known.iter().filter_map(|name| {
        let allowed = if name.len() < LONG { 1 } else { 2 };
        let edits = edits(&unknown, &name.to_ascii_lowercase());
        (edits <= allowed).then_some((edits, *name))
    });
    near.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// Whether a call option is probably meant to be `ttl`.
#[must_use]
pub fn means_ttl(name: &str) -> bool {
    name != "ttl" && (suggestion(name, &["ttl"]).is_some() || OTHER_TTLS.contains(&name.to_ascii_lowercase().as_str()))
}

/// The minimum number of insertions, deletions, substitutions and swaps of adjacent letters that turns one text into the other
/// (optimal string alignment distance).
fn edits(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let width = other.len() + 1;
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (vec![0; width], (0..width).collect());
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
    let mut previous = None;
    for (row, letter) in (1..).zip(&one) {
        let mut line = vec![row];
        for (column, theirs) in (1..).zip(&other) {
            let replaced = at(&last, column - 1) + usize::from(letter != theirs);
            let mut fewest = replaced.min(at(&last, column) + 1).min(at(&line, column - 1) + 1);
            let is_swapped = column > 1 && previous == Some(theirs) && other.get(column - 2) == Some(letter);
            if is_swapped {
                fewest = fewest.min(at(&before, column - 2) + 1);
            }
            line.push(fewest);
        }
        before = std::mem::replace(&mut last, line);
        previous = Some(letter);
    }
    at(&last, width - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::names;
    use proptest::prelude::*;

    /// [OPT-30]
    #[test]
    fn a_misspelt_name_suggests_the_closest_known_one() {
        let known = names();
        for (unknown, option) in [
            ("expiresIn", "expireIn"),
            ("expirein", "expireIn"),
            ("regoin", "region"),
            ("Region", "region"),
            ("tabel", "table"),
            ("tables", "table"),
            ("TTL", "ttl"),
            ("bas", "base"),
            ("endPoint", "endpoint"),
            ("endpiont", "endpoint"),
            ("consistentReads", "consistentRead"),
            ("maxAttempt", "maxAttempts"),
            ("conectTimeout", "connectTimeout"),
            ("credential", "credentials"),
            ("time_out", "timeout"),
        ] {
            assert_eq!(suggestion(unknown, &known), Some(option), "{unknown}");
        }
    }

    /// [OPT-30]
    #[test]
    fn a_different_word_suggests_nothing() {
        let known = names();
        for unknown in [
            "driver", "name", "mount", "url", "tls", "host", "port", "path", "prefix", "db", "database", "options",
            "flags", "readOnly", "ignore", "version", "cluster", "password", "bucket", "account", "label", "cache", "",
            "é",
        ] {
            assert_eq!(suggestion(unknown, &known), None, "{unknown}");
        }
    }

    /// [TTL-11]
    #[test]
    fn names_for_a_time_to_live_in_other_stores() {
        for name in ["maxAge", "expires", "EX", "PX", "expireIn", "expiresIn", "expirationTtl", "Ttl", "tll", "ttls"] {
            assert!(means_ttl(name), "{name}");
        }
        for name in ["ttl", "url", "consistentRead", "signal", "type", "removeMeta", "nativeOnly", "swr", ""] {
            assert!(!means_ttl(name), "{name}");
        }
    }

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edits(one, other), count, "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn edits_are_symmetric(one in "[abc]{0,6}", other in "[abc]{0,6}") {
            let count = edits(&one, &other);
            prop_assert_eq!(count, edits(&other, &one));
            prop_assert_eq!(count == 0, one == other);
            prop_assert!(count <= one.len().max(other.len()));
        }
    }
}
