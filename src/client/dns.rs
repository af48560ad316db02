//! Names and their addresses.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock};

use super::single_flight::SingleFlight;

type Found = Result<Arc<[SocketAddr]>, Arc<io::Error>>;
type Lookup = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The system's resolver, for the whole process: `getaddrinfo` has no time-out of ours and cannot be cancelled, so a name
/// that hangs occupies one thread, however many drivers and retries ask for it, until the system gives up.
static SYSTEM: LazyLock<Resolver> =
    LazyLock::new(|| Resolver::new(|host| (host, 0).to_socket_addrs().map(Iterator::collect)));

/// Finds the addresses of hosts, with one lookup at a time per name.
#[derive(Clone)]
pub(super) struct Resolver {
    lookup: Arc<Lookup>,
    under_way: SingleFlight<String, Found>,
}

impl Resolver {
    pub(super) fn system() -> Self {
        SYSTEM.clone()
    }

    /// With a blocking lookup, whose ports are not used.
    pub(super) fn new(lookup: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup), under_way: SingleFlight::new() }
    }

    /// The addresses of the host of a URI, in the system's order. A failure is not kept.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Arc<io::Error>> {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let lookup = Arc::clone(&self.lookup);
        // Names are the same in any case.
        let name = host.to_ascii_lowercase();
        let found = self.under_way.run(name.clone(), |promise| {
            // A task that the end of the runtime drops, unlike a blocking one that waits for a thread.
            tokio::spawn(async move {
                if let Ok(found) = tokio::task::spawn_blocking(move || find(&*lookup, &name)).await {
                    promise.settle(found);
                }
            });
        });
        let found = found.await.unwrap_or_else(|| Err(Arc::new(io::Error::other("the lookup was given up"))))?;
        let with_port = |mut address: SocketAddr| {
            address.set_port(port);
            address
        };
        Ok(found.iter().copied().map(with_port).collect())
    }
}

fn find(lookup: &Lookup, name: &str) -> Found {
    let addresses = lookup(name)?;
    if addresses.is_empty() {
        return Err(Arc::new(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    }
    Ok(addresses.into())
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

#[cfg(test)]
mod tests;
