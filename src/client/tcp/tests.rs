//! A listener with a full backlog accepts no connections: a black hole, like a network that drops packets.

use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::error::chain;

/// An address that accepts no connections, and the open sockets that fill its backlog.
struct BlackHole {
    address: SocketAddr,
    _kept: (TcpListener, Vec<TcpStream>),
}

impl BlackHole {
    async fn open() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let listener = socket.listen(1).expect("listening");
        let address = listener.local_addr().expect("bound");
        let mut kept = Vec::new();
        // Fill the backlog until a connection hangs.
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            kept.push(stream);
        }
        Self { address, _kept: (listener, kept) }
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// An address that refuses connections.
async fn closed() -> SocketAddr {
    listener().await.1
}

fn dialer() -> Dialer {
    Dialer::new(SocketSettings::default())
}

async fn dial(dialer: &Dialer, addresses: &[SocketAddr]) -> SocketAddr {
    let limit = Duration::from_mins(1);
    timeout(limit, dialer.dial(addresses, Some(limit))).await.expect("in time").expect("connected").1
}

/// [NET-1]
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_black_hole_only_delays_the_next_address() {
    let (hole, other) = (BlackHole::open().await, BlackHole::open().await);
    let (_open, address) = listener().await;
    for limit in [None, Some(Duration::from_mins(1))] {
        let dialer = dialer();
        // The kernel would give up only after minutes.
        let addresses = [hole.address, other.address, address];
        let connected = timeout(Duration::from_secs(30), dialer.dial(&addresses, limit)).await;
        assert_eq!(connected.expect("in time").expect("connected").1, address);
        // Addresses that hung are tried last.
        assert_eq!(dialer.order(&addresses)[0], address);
    }
}

/// [NET-1] Every address is tried, however short the limit and however many the addresses.
#[test]
fn the_limit_is_shared_by_all_addresses() {
    for limit in [1, 300, 3100, 86_400_000].map(Duration::from_millis) {
        for addresses in 1..=MAX_TRIED {
            let head_start = head_start(Some(limit), addresses);
            assert!(head_start <= HEAD_START && head_start * u32::try_from(addresses).expect("few") <= limit / 2);
        }
    }
    assert_eq!((head_start(None, 5), head_start(Some(Duration::from_mins(1)), 0)), (HEAD_START, HEAD_START));
}

/// [NET-2]
#[cfg(target_os = "linux")]
#[tokio::test]
async fn addresses_that_hung_to_the_end_of_the_limit_are_tried_last() {
    let hole = BlackHole::open().await;
    let dialer = dialer();
    let limit = Duration::from_millis(200);
    assert!(timeout(limit, dialer.dial(&[hole.address], Some(limit))).await.is_err());
    let other = closed().await;
    assert_eq!(dialer.order(&[hole.address, other]), [other, hole.address]);
}

/// [NET-2]
#[tokio::test]
async fn addresses_that_failed_are_tried_last_until_they_answer_again() {
    let dialer = dialer();
    let (_open, address) = listener().await;
    let failing = closed().await;
    assert_eq!(dial(&dialer, &[failing, address]).await, address);
    assert_eq!(dialer.order(&[failing, address]), [address, failing]);
    // The first address is available again, and the other one is not.
    let _again = TcpListener::bind(failing).await.expect("the port");
    dialer.avoid(address);
    assert_eq!(dial(&dialer, &[failing, address]).await, failing);
    assert_eq!(dialer.order(&[address, failing]), [failing, address]);
    // If all addresses have failed, the earliest failure is tried first.
    dialer.avoid(failing);
    assert_eq!(dialer.order(&[failing, address]), [address, failing]);
}

/// [NET-2]
#[tokio::test]
async fn failures_are_forgotten_after_a_while_and_take_bounded_memory() {
    let dialer = dialer();
    let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
    for port in 0..200 {
        dialer.avoid(address(port));
    }
    assert_eq!(dialer.avoided().len(), MAX_AVOIDED);
    for (_, at) in &mut *dialer.avoided() {
        *at = at.checked_sub(AVOIDED_FOR).expect("a moment");
    }
    assert_eq!(dialer.order(&[address(199), address(1)])[0], address(199));
}

/// [NET-1]
#[tokio::test]
async fn address_families_alternate() {
    let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"].map(|text| text.parse().expect("one"));
    let order = dialer().order(&addresses);
    assert_eq!(order, [0, 3, 1, 4, 2].map(|index| addresses[index]));
    assert_eq!(dialer().order(&addresses[3..]), addresses[3..]);
}

#[tokio::test]
async fn the_first_failure_is_reported() {
    let refused = [closed().await, closed().await];
    let error = dialer().dial(&refused, None).await.expect_err("refused");
    let kinds = chain(&*error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    assert_eq!(kinds.collect::<Vec<_>>(), [io::ErrorKind::ConnectionRefused]);
    assert!(dialer().dial(&[], None).await.is_err());
}

/// [NET-7]
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sockets_have_the_configured_options() {
    let (_open, address) = listener().await;
    for seconds in [2, 5] {
        let user_timeout = Some(Duration::from_secs(seconds));
        let dialer = Dialer::new(SocketSettings { user_timeout, ..SocketSettings::default() });
        let (stream, _) = dialer.dial(&[address], None).await.expect("connected");
        let socket = socket2::SockRef::from(stream.inner());
        assert_eq!(socket.tcp_user_timeout().expect("read"), user_timeout);
        assert_eq!((socket.tcp_nodelay().expect("read"), socket.keepalive().expect("read")), (true, true));
        assert_eq!(socket.tcp_keepalive_time().expect("read"), KEEPALIVE);
        // Linux reports twice the size for bookkeeping, and may allow less.
        assert!(socket.send_buffer_size().expect("read") <= 2 * (256 << 10));
    }
    let unlimited = Dialer::new(SocketSettings { user_timeout: None, ..SocketSettings::default() });
    let (stream, _) = unlimited.dial(&[address], None).await.expect("connected");
    assert_eq!(socket2::SockRef::from(stream.inner()).tcp_user_timeout().expect("read"), None);
}
