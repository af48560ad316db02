//! These tests run against a minimal local server.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use http_body_util::BodyExt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::client::authorities::Authorities;
use crate::client::tcp::SocketSettings;
use crate::clock::SystemClock;

/// Sends the same response to every request, and counts connections.
struct Server {
    origin: Uri,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(response: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("bound")).parse().expect("a URI");
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut line = String::new();
                    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                        // The requests of these tests have no body.
                        if line == "\r\n" {
                            stream.write_all(response.as_bytes()).await.expect("written");
                            if response.contains("unannounced") {
                                return;
                            }
                        }
                        line.clear();
                    }
                });
            }
        });
        Self { origin, connections }
    }

    fn pool(&self) -> Pool {
        pools(plain()).of(&self.origin).expect("a URI")
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const CLOSING: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
/// Closes the connection without announcing it.
const UNANNOUNCED: &str = "HTTP/1.1 200 OK\r\nx: unannounced\r\ncontent-length: 2\r\n\r\n{}";

fn plain() -> Connector {
    Connector::plain(SocketSettings::default())
}

fn pools(connector: Connector) -> Pools {
    Pools::new(connector, Arc::new(SystemClock))
}

async fn send(pool: &Pool) -> Result<(Response<Incoming>, Lease), ConnectorError> {
    let request = Request::builder().uri("/").header("host", "here").body(Full::default()).expect("a request");
    let mut request = Some(request);
    loop {
        let mut lease = pool.connection(Some(Duration::from_secs(5))).await?;
        match lease.send(&mut request).await {
            Ok(response) => return Ok((response, lease)),
            Err(SendError::Stale) => {}
            Err(SendError::Failed(error)) => return Err(error),
        }
    }
}

/// Reads the response and returns the connection to the pool.
async fn exchange(pool: &Pool) {
    let (response, lease) = send(pool).await.expect("sent");
    assert_eq!(response.into_body().collect().await.expect("read").to_bytes(), "{}");
    assert!(lease.meter().has_sent(0));
    lease.keep();
}

#[tokio::test]
async fn sequential_requests_share_a_connection() {
    let server = Server::start(OK).await;
    let pool = server.pool();
    for _ in 0..10 {
        exchange(&pool).await;
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn parallel_requests_use_one_connection_each() {
    let server = Server::start(OK).await;
    let pool = server.pool();
    for _ in 0..3 {
        join_all((0..4).map(|_| exchange(&pool))).await;
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_lease_that_is_dropped_closes_its_connection() {
    let server = Server::start(OK).await;
    let pool = server.pool();
    let (response, lease) = send(&pool).await.expect("sent");
    response.into_body().collect().await.expect("read");
    drop(lease);
    // The body was not read, so the connection must not be reused.
    drop(send(&pool).await.expect("sent"));
    exchange(&pool).await;
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn connections_that_the_peer_closed_are_replaced() {
    for response in [CLOSING, UNANNOUNCED] {
        let server = Server::start(response).await;
        let pool = server.pool();
        for _ in 0..20 {
            exchange(&pool).await;
            // Wait for the end of the connection to arrive.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(server.connections(), 20);
    }
}

#[tokio::test]
async fn idle_connections_time_out() {
    let server = Server::start(OK).await;
    let mut pools = pools(plain());
    pools.idle_timeout = Duration::from_millis(500);
    let pool = pools.of(&server.origin).expect("a URI");
    join_all((0..3).map(|_| exchange(&pool))).await;
    while pool.0.idle().has_sweeper {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(pool.0.idle().connections.is_empty());
    exchange(&pool).await;
    assert_eq!(server.connections(), 4);
}

/// [NET-21] Timers do not run while a process is suspended, and the monotonic clock may stop.
#[tokio::test]
async fn a_suspended_process_finds_its_connections_timed_out() {
    type Suspend = fn(&mut IdleConnection);
    let by_timer: Suspend = |idle| idle.since = idle.since.checked_sub(IDLE_TIMEOUT).expect("a moment");
    let by_wall_clock: Suspend = |idle| idle.wall -= IDLE_TIMEOUT;
    for suspend in [by_timer, by_wall_clock] {
        let server = Server::start(OK).await;
        let pool = server.pool();
        join_all((0..3).map(|_| exchange(&pool))).await;
        pool.0.idle().connections.iter_mut().for_each(suspend);
        exchange(&pool).await;
        assert_eq!((server.connections(), pool.0.idle().connections.len()), (4, 1));
    }
}

/// [NET-20]
#[tokio::test]
async fn discarding_a_reused_connection_closes_the_idle_ones() {
    let server = Server::start(OK).await;
    let pool = server.pool();
    let (_response, new) = send(&pool).await.expect("sent");
    join_all((0..3).map(|_| exchange(&pool))).await;
    new.discard();
    assert_eq!(pool.0.idle().connections.len(), 3);
    let (_response, reused) = send(&pool).await.expect("sent");
    reused.discard();
    assert!(pool.0.idle().connections.is_empty());
}

#[tokio::test]
async fn a_dropped_pool_closes_its_idle_connections() {
    let server = Server::start(OK).await;
    let pool = server.pool();
    exchange(&pool).await;
    let (_answer, lease) = send(&pool).await.expect("sent");
    let shared = Arc::downgrade(&pool.0);
    drop(pool);
    assert!(shared.upgrade().is_none());
    lease.keep();
}

#[tokio::test]
async fn a_failure_to_connect_is_classified() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let refusing = format!("http://{}", listener.local_addr().expect("bound")).parse().expect("a URI");
    drop(listener);
    let pool = pools(plain()).of(&refusing).expect("a URI");
    assert!(send(&pool).await.err().expect("refused").is_io());
    // The timeout includes TLS: this server never responds.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let secure = format!("https://{}", silent.local_addr().expect("bound")).parse().expect("a URI");
    let pools = pools(Connector::tls(SocketSettings::default(), Authorities::default(), None));
    let failed = pools.of(&secure).expect("a URI").connection(Some(Duration::from_millis(50))).await;
    assert!(failed.err().expect("too late").is_timeout());
}

#[test]
fn there_is_one_pool_per_origin() {
    let uri = |text: &str| text.parse::<Uri>().expect("a URI");
    let pools = pools(plain());
    let of = |text: &str| Arc::as_ptr(&pools.of(&uri(text)).expect("a URI").0);
    assert_eq!(of("http://here:8000/a?b"), of("http://here:8000/"));
    assert_ne!(of("http://here:8000/"), of("http://here:8001/"));
    assert_ne!(of("http://here/"), of("https://here/"));
    assert_eq!(path(&uri("http://here:8000/a?b")), "/a?b");
    let host = |text: &str| host(uri(text).authority().expect("a host")).expect("a header");
    assert_eq!(host("http://here:8000/"), "here:8000");
    assert_eq!(host("http://me:CANARY@[::1]/"), "[::1]");
}
