//! Injects panics and invalid reads for tests. Packages are built without this feature.

/// Panics if the environment variable `UNSTORAGE_DYNAMODB_FAULT` names this place. If it is `use after free`, reads freed
/// memory at any place.
#[expect(clippy::disallowed_methods, reason = "set for the whole process, by tests only")]
pub(super) fn inject(place: &str) {
    let chosen = std::env::var("UNSTORAGE_DYNAMODB_FAULT").unwrap_or_default();
    assert!(chosen != place, "a panic on purpose, {place}");
    if chosen == "use after free" {
        read_freed();
    }
}

/// Undefined behaviour that `AddressSanitizer` reports before it ends the process.
fn read_freed() {
    let freed = Box::into_raw(Box::new(1_u8));
    // SAFETY: none; only a test that expects the report calls this.
    let read = unsafe {
        drop(Box::from_raw(freed));
        freed.read_volatile()
    };
    std::hint::black_box(read);
}
