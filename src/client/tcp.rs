//! Opens TCP connections to the first of several addresses that responds, with a head start for each (RFC 8305, "Happy
//! Eyeballs").

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::iter::{Once, once};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::connect::BoxError;
use crate::error::chain;

/// How long a connection is idle before keepalive probes are sent, the interval between them, and how many may fail.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// The maximum head start of an address: the "Connection Attempt Delay" that RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// How many addresses of a name are tried per connection.
const MAX_TRIED: usize = 16;

/// How long an address that failed is moved to the end of the list.
const AVOIDED_FOR: Duration = Duration::from_mins(1);

/// How many failed addresses are remembered.
const MAX_AVOIDED: usize = 64;

/// The socket options.
#[derive(Debug, Clone, Copy)]
pub(super) struct SocketSettings {
    /// How long sent data may stay unacknowledged before the system closes the connection, on systems that support it.
    pub(super) user_timeout: Option<Duration>,
    /// The size of the send buffer in bytes.
    pub(super) send_buffer: Option<usize>,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self { user_timeout: Some(Duration::from_secs(5)), send_buffer: Some(256 << 10) }
    }
}

/// Opens connections, and remembers addresses that failed.
#[derive(Debug)]
pub(super) struct Dialer {
    settings: SocketSettings,
    /// Addresses that failed, and when.
    avoided: Mutex<Vec<(SocketAddr, Instant)>>,
}

impl Dialer {
    pub(super) fn new(settings: SocketSettings) -> Self {
        Self { settings, avoided: Mutex::default() }
    }

    /// Connects to the first address that responds. The caller enforces `limit`; here it only ensures that every
    /// address is tried before the limit expires.
    pub(super) async fn dial(
        &self,
        addresses: &[SocketAddr],
        limit: Option<Duration>,
    ) -> Result<(TokioIo<TcpStream>, SocketAddr), BoxError> {
        let order = self.order(addresses);
        let head_start = head_start(limit, order.len());
        let mut race = Race { dialer: self, head_start, trying: Vec::new() };
        let mut attempts = FuturesUnordered::new();
        let mut error = None;
        let mut waiting = order.into_iter().peekable();
        loop {
            if let Some(address) = waiting.next() {
                race.trying.push((address, Instant::now()));
                attempts.push(self.attempt(address));
            }
            let ended = if waiting.peek().is_some() {
                timeout(head_start, attempts.next()).await
            } else {
                Ok(attempts.next().await)
            };
            match ended {
                Err(_next_address) => {}
                Ok(Some((address, Ok(stream)))) => {
                    race.ended(address);
                    self.readmit(address);
                    return Ok((stream, address));
                }
                Ok(Some((address, Err(failed)))) => {
                    race.ended(address);
                    // A lack of file descriptors is not a failure of the address.
                    if !is_out_of_files(&*failed) {
                        self.avoid(address);
                    }
                    error.get_or_insert(failed);
                }
                Ok(None) => {
                    return Err(error.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable).into()));
                }
            }
        }
    }

    async fn attempt(&self, address: SocketAddr) -> (SocketAddr, Result<TokioIo<TcpStream>, BoxError>) {
        let mut http = HttpConnector::new_with_resolver(FixedResolver(address));
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        http.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
        http.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        http.set_send_buffer_size(self.settings.send_buffer);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        http.set_tcp_user_timeout(self.settings.user_timeout);
        // The resolver ignores the name.
        (address, http.call(Uri::from_static("http://address")).await.map_err(Into::into))
    }

    /// Alternates between the address families in the system's order. Addresses that failed recently come last, the
    /// latest failure at the end.
    fn order(&self, addresses: &[SocketAddr]) -> Vec<SocketAddr> {
        let prefers_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
        let (preferred, others): (Vec<SocketAddr>, Vec<SocketAddr>) =
            addresses.iter().partition(|address| address.is_ipv6() == prefers_v6);
        let (mut preferred, mut others) = (preferred.into_iter(), others.into_iter());
        let mut order = Vec::with_capacity(addresses.len());
        loop {
            let pair = [preferred.next(), others.next()];
            if pair == [None, None] {
                break;
            }
            order.extend(pair.into_iter().flatten());
        }
        let avoided = self.avoided();
        let failed_at = |address: &SocketAddr| {
            let (_, at) = avoided.iter().find(|(avoided, _)| avoided == address)?;
            (at.elapsed() < AVOIDED_FOR).then_some(*at)
        };
        // The sort is stable, and `None` sorts first.
        order.sort_by_key(failed_at);
        order.truncate(MAX_TRIED);
        order
    }

    /// Moves an address to the end of the list for a while.
    pub(super) fn avoid(&self, address: SocketAddr) {
        let mut avoided = self.avoided();
        avoided.retain(|(other, at)| *other != address && at.elapsed() < AVOIDED_FOR);
        if avoided.len() >= MAX_AVOIDED {
            avoided.remove(0);
        }
        avoided.push((address, Instant::now()));
    }

    fn readmit(&self, address: SocketAddr) {
        self.avoided().retain(|(other, _)| *other != address);
    }

    fn avoided(&self) -> MutexGuard<'_, Vec<(SocketAddr, Instant)>> {
        self.avoided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The delay between addresses. All addresses are tried within the first half of the limit.
fn head_start(limit: Option<Duration>, addresses: usize) -> Duration {
    let addresses = u32::try_from(addresses).unwrap_or(u32::MAX);
    let share = limit.and_then(|limit| (limit / 2).checked_div(addresses));
    share.map_or(HEAD_START, |share| share.min(HEAD_START))
}

/// The attempts in progress. When dropped, avoids the addresses that have not responded, whether another one was faster
/// or the caller gave up.
struct Race<'a> {
    dialer: &'a Dialer,
    head_start: Duration,
    trying: Vec<(SocketAddr, Instant)>,
}

impl Race<'_> {
    fn ended(&mut self, address: SocketAddr) {
        self.trying.retain(|(other, _)| *other != address);
    }
}

impl Drop for Race<'_> {
    fn drop(&mut self) {
        for (address, since) in &self.trying {
            if since.elapsed() >= self.head_start {
                self.dialer.avoid(*address);
            }
        }
    }
}

/// A resolver that always returns the same address.
#[derive(Clone, Copy)]
struct FixedResolver(SocketAddr);

impl Service<Name> for FixedResolver {
    type Response = Once<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(once(self.0)))
    }
}

/// Whether the process or the system has too many open files. <https://man7.org/linux/man-pages/man3/errno.3.html>,
/// <https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2>
fn is_out_of_files(error: &(dyn std::error::Error + 'static)) -> bool {
    const CODES: [i32; 2] = if cfg!(windows) { [10_024, 10_024] } else { [24, 23] };
    chain(error).any(|error| {
        let code = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        code.is_some_and(|code| CODES.contains(&code))
    })
}

#[cfg(test)]
mod tests;
