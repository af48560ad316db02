//! Panics on demand, for the test that shows what a panic does to a process. Behind a feature that no package is built
//! with.

/// Panics where the environment variable `UNSTORAGE_DYNAMODB_FAULT` names this place.
#[expect(clippy::panic, reason = "what this is for")]
pub(super) fn strike(place: &str) {
    if std::env::var("UNSTORAGE_DYNAMODB_FAULT").is_ok_and(|chosen| chosen == place) {
        panic!("a panic on purpose, {place}");
    }
}
