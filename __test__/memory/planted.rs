//! A bug on purpose: `asan.mjs` fails unless AddressSanitizer, switched on as for the core's tests, sees it.

fn main() {
    let freed = Box::into_raw(Box::new(1_u8));
    // SAFETY: none, on purpose: the second line reads what the first one has freed.
    let read = unsafe {
        drop(Box::from_raw(freed));
        freed.read_volatile()
    };
    println!("the read of freed memory was not reported: {read}");
}
