use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use futures_util::future::join_all;

use super::*;

/// A resolver whose lookups wait until they are told how to end, and their count.
fn held() -> (Resolver, Sender<io::Result<Vec<SocketAddr>>>, Arc<AtomicUsize>) {
    let (end, ends) = channel();
    let ends = Mutex::new(ends);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let resolver = Resolver::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        ends.lock().expect("no panic").recv().expect("told how to end")
    });
    (resolver, end, count)
}

fn some() -> Vec<SocketAddr> {
    vec![([192, 0, 2, 1], 0).into()]
}

/// [NET-5]
#[tokio::test]
async fn who_asks_for_a_name_meanwhile_shares_its_lookup() {
    let (resolver, end, count) = held();
    let begun = Arc::clone(&count);
    let asking = join_all((0..50_u16).map(|port| {
        let (resolver, end, begun) = (resolver.clone(), end.clone(), Arc::clone(&begun));
        async move {
            // The last one asks, too, before the lookup may end.
            let name = if port % 2 == 0 { "db.internal" } else { "DB.Internal" };
            let mut asked = Box::pin(resolver.addresses(name, port));
            assert!(futures_util::poll!(&mut asked).is_pending());
            if port == 49 {
                while begun.load(Ordering::SeqCst) == 0 {
                    tokio::task::yield_now().await;
                }
                end.send(Ok(some())).expect("somebody waits");
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
async fn a_waiter_that_gives_up_ends_no_lookup() {
    let (resolver, end, count) = held();
    let mut first = Box::pin(resolver.addresses("db.internal", 1));
    assert!(futures_util::poll!(&mut first).is_pending());
    drop(first);
    let mut second = Box::pin(resolver.addresses("db.internal", 2));
    assert!(futures_util::poll!(&mut second).is_pending());
    end.send(Ok(some())).expect("somebody waits");
    assert!(second.await.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// [NET-5]
#[tokio::test]
async fn no_result_is_kept() {
    let (resolver, end, count) = held();
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
async fn a_name_that_hangs_holds_up_no_other() {
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
async fn a_lookup_that_panics_is_an_error_and_the_next_begins() {
    let is_first = AtomicUsize::new(0);
    let resolver = Resolver::new(move |_| {
        assert!(is_first.fetch_add(1, Ordering::SeqCst) > 0, "expected by this test");
        Ok(some())
    });
    let failed = join_all((0..3).map(|port| resolver.addresses("db.internal", port))).await;
    assert!(failed.iter().all(Result::is_err), "{failed:?}");
    assert!(resolver.addresses("db.internal", 1).await.is_ok());
}

/// [NET-6] The resolver is the process's, and outlives the runtime.
#[test]
fn a_runtime_that_ends_leaves_no_lookup_behind() {
    let (begun, begins) = channel();
    let (end, ends) = channel::<()>();
    let (begun, ends) = (Mutex::new(begun), Mutex::new(ends));
    let resolver = Resolver::new(move |_| {
        begun.lock().expect("no panic").send(()).expect("open");
        let _ended = ends.lock().expect("no panic").recv();
        Ok(some())
    });
    // One thread, which the first name occupies: the second waits for it when the runtime ends.
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
    let mut first = Box::pin(resolver.addresses("first", 1));
    let mut second = Box::pin(resolver.addresses("second", 1));
    runtime.block_on(async {
        assert!(futures_util::poll!(&mut first).is_pending() && futures_util::poll!(&mut second).is_pending());
        // The first task begins the lookup, and the second queues its own.
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
