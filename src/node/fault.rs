//! Panics and worse on demand, for the tests that show what a panic does to a process, and that `AddressSanitizer` sees.
//! Behind a feature that no package is built with.

/// Panics where the environment variable `UNSTORAGE_DYNAMODB_FAULT` names this place. Where it says `use after free`, any
/// place is where that happens.
#[expect(clippy::disallowed_methods, reason = "set for the whole process, by tests alone")]
pub(super) fn strike(place: &str) {
    let chosen = std::env::var("UNSTORAGE_DYNAMODB_FAULT").unwrap_or_default();
    assert!(chosen != place, "a panic on purpose, {place}");
    if chosen == "use after free" {
        read_freed();
    }
}

/// Undefined, on purpose. In an addon that `AddressSanitizer` watches, the end of the process, with a report.
fn read_freed() {
    let freed = Box::into_raw(Box::new(1_u8));
    // SAFETY: none: the second line reads what the first one has freed. Only a test that expects the report asks for it.
    let read = unsafe {
        drop(Box::from_raw(freed));
        freed.read_volatile()
    };
    std::hint::black_box(read);
}
