//! A planted bug. `asan.mjs` fails unless AddressSanitizer, enabled as for the core's tests, reports it.

fn main() {
    let freed = Box::into_raw(Box::new(1_u8));
    // SAFETY: none, on purpose: reads memory that was just freed.
    let read = unsafe {
        drop(Box::from_raw(freed));
        freed.read_volatile()
    };
    println!("the read of freed memory was not reported: {read}");
}
