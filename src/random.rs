//! Random identifiers that are unique across processes and machines.

use ring::rand::{SecureRandom, SystemRandom};

/// Returns `N` random bytes in hexadecimal, or `None` if the operating system has no randomness.
///
/// Unlike the generator for jitter, its source is not copied with the memory of a process, so two copies of a snapshot
/// never return the same identifier.
pub(crate) fn id<const N: usize>() -> Option<String> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_distinct_and_have_twice_their_bytes_as_digits() {
        let ids: HashSet<_> = (0..1_000).map(|_| id::<12>().expect("random")).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 24 && id.bytes().all(|digit| digit.is_ascii_hexdigit())));
    }
}
