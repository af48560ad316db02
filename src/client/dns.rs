//! Resolves host names.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock};

use super::single_flight::SingleFlight;

type Found = Result<Arc<[SocketAddr]>, Arc<io::Error>>;
type Lookup = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The system's resolver, shared by the process. `getaddrinfo` cannot be cancelled, so a name that hangs occupies one
/// thread until the system gives up, regardless of the number of drivers and retries.
static SYSTEM: LazyLock<Resolver> =
    LazyLock::new(|| Resolver::new(|host| (host, 0).to_socket_addrs().map(Iterator::collect)));

/// Resolves host names, with one lookup at a time per name.
#[derive(Clone)]
pub(super) struct Resolver {
    lookup: Arc<Lookup>,
    under_way: SingleFlight<String, Found>,
}

impl Resolver {
    pub(super) fn system() -> Self {
        SYSTEM.clone()
    }

    /// Creates a resolver from a blocking lookup. The ports that it returns are ignored.
    pub(super) fn new(lookup: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup), under_way: SingleFlight::new() }
    }

    /// Resolves the host of a URI. Keeps the system's order. Results are not cached.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Arc<io::Error>> {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let lookup = Arc::clone(&self.lookup);
        // Host names are case-insensitive.
        let name = host.to_ascii_lowercase();
        let found = self.under_way.run(name.clone(), |promise| {
            // The runtime drops this task when it shuts down, even if the blocking task is still queued.
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
