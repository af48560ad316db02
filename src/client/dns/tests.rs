use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use futures_util::future::join_all;

use super::*;

/// Returns a resolver whose lookups block until a result is sent, the sender, and the number of lookups.
fn blocked_resolver() -> (Resolver, Sender<io::Result<Vec<SocketAddr>>>, Arc<AtomicUsize>) {
    let (end, ends) = channel();
    let ends = Mutex::new(ends);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let resolver = Resolver::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        ends.lock().expect("no panic").recv().expect("a result")
    });
    (resolver, end, count)
}

fn some() -> Vec<SocketAddr> {
    vec![([192, 0, 2, 1], 0).into()]
}

/// [NET-5]
#[tokio::test]
async fn concurrent_lookups_of_a_name_are_shared() {
    let (resolver, end, count) = blocked_resolver();
    let begun = Arc::clone(&count);
    let asking = join_all((0..50_u16).map(|port| {
        let (resolver, end, begun) = (resolver.clone(), end.clone(), Arc::clone(&begun));
        async move {
            // The lookup ends only after the last caller has joined it.
            let name = if port % 2 == 0 { "db.internal" } else { "DB.Internal" };
            let mut asked = Box::pin(resolver.addresses(name, port));
            assert!(futures_util::poll!(&mut asked).is_pending());
            if port == 49 {
                while begun.load(Ordering::SeqCst) == 0 {
                    tokio::task::yield_now().await;
                }
                end.send(Ok(some())).expect("a waiting lookup");
            }
            asked.await.expect("found")
        }
    }));
    for (port, found) in asking.await.into_iter().enumerate() {
        assert_eq!(found, [SocketAddr::from(([192, 0, 2, 1], u16::try_from(port).expect("small")))]);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// [NET-5]
#[tokio::test]
async fn dropping_a_waiter_does_not_end_the_lookup() {
    let (resolver, end, count) = blocked_resolver();
    let mut first = Box::pin(resolver.addresses("db.internal", 1));
    assert!(futures_util::poll!(&mut first).is_pending());
    drop(first);
    let mut second = Box::pin(resolver.addresses("db.internal", 2));
    assert!(futures_util::poll!(&mut second).is_pending());
    end.send(Ok(some())).expect("a waiting lookup");
    assert!(second.await.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// [NET-5]
#[tokio::test]
async fn results_are_not_cached() {
    let (resolver, end, count) = blocked_resolver();
    for failed in [io::Error::other("no server"), io::Error::from(io::ErrorKind::TimedOut)] {
        end.send(Err(failed)).expect("open");
        assert!(resolver.addresses("db.internal", 1).await.is_err());
    }
    end.send(Ok(Vec::new())).expect("open");
    assert!(resolver.addresses("db.internal", 1).await.is_err());
    for _ in 0..2 {
        end.send(Ok(some())).expect("open");
        assert!(resolver.addresses("db.internal", 1).await.is_ok());
    }
    assert_eq!(count.load(Ordering::SeqCst), 5);
}

/// [NET-6]
#[tokio::test]
async fn a_hanging_lookup_does_not_delay_others() {
    let (end, ends) = channel::<()>();
    let ends = Mutex::new(ends);
    let resolver = Resolver::new(move |name| {
        if name == "hangs" {
            let _ended = ends.lock().expect("no panic").recv();
        }
        Ok(some())
    });
    let mut hanging: Vec<_> = (0..100).map(|port| Box::pin(resolver.addresses("hangs", port))).collect();
    for asked in &mut hanging {
        assert!(futures_util::poll!(asked).is_pending());
    }
    assert!(resolver.addresses("answers", 1).await.is_ok());
    drop(end);
    assert!(join_all(hanging).await.iter().all(Result::is_ok));
}

/// [NET-6]
#[tokio::test]
async fn a_panic_fails_only_its_own_lookup() {
    let is_first = AtomicUsize::new(0);
    let resolver = Resolver::new(move |_| {
        assert!(is_first.fetch_add(1, Ordering::SeqCst) > 0, "expected by this test");
        Ok(some())
    });
    let failed = join_all((0..3).map(|port| resolver.addresses("db.internal", port))).await;
    assert!(failed.iter().all(Result::is_err), "{failed:?}");
    assert!(resolver.addresses("db.internal", 1).await.is_ok());
}

/// [NET-6] The resolver belongs to the process and outlives the runtime.
#[test]
fn no_lookup_survives_its_runtime() {
    let (begun, begins) = channel();
    let (end, ends) = channel::<()>();
    let (begun, ends) = (Mutex::new(begun), Mutex::new(ends));
    let resolver = Resolver::new(move |_| {
        begun.lock().expect("no panic").send(()).expect("open");
        let _ended = ends.lock().expect("no panic").recv();
        Ok(some())
    });
    // The first lookup occupies the only thread; the second is still queued when the runtime shuts down.
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
    let mut first = Box::pin(resolver.addresses("first", 1));
    let mut second = Box::pin(resolver.addresses("second", 1));
    runtime.block_on(async {
        assert!(futures_util::poll!(&mut first).is_pending() && futures_util::poll!(&mut second).is_pending());
        // Let the first task start its lookup and the second queue its own.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    });
    begins.recv().expect("begun");
    runtime.shutdown_background();
    let next = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert!(next.block_on(first).is_err());
    assert!(next.block_on(second).is_err());
    drop(end);
    assert!(next.block_on(resolver.addresses("first", 2)).is_ok());
}

#[tokio::test]
async fn an_address_needs_no_lookup() {
    let resolver = Resolver::new(|name| panic!("{name} was looked up"));
    assert_eq!(resolver.addresses("[::1]", 8000).await.expect("found"), ["[::1]:8000".parse().expect("an address")]);
    assert_eq!(resolver.addresses("127.0.0.1", 1).await.expect("found"), ["127.0.0.1:1".parse().expect("an address")]);
}
