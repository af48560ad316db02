//! The contestants of the benchmark in Rust: the same signed requests, sent in three ways.
//!
//! `floor` has one bare hyper connection per request in flight. It has no retries, timeouts, pool or JavaScript:
//! everything above this is the driver's own cost. The others use the pooled client of `hyper-util`, and AWS's SDK.
//! All have one thread, the addon's allocator, and, except for the SDK, which derives it again, a kept signing key.
//!
//! `bench-floor SPEC`, where SPEC is the JSON that every contestant of `npm run bench` receives. Prints one line of
//! JSON.

mod client;
mod request;
mod sdk;
mod signature;

use std::cell::RefCell;
use std::error::Error;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use tokio::task::LocalSet;
// Linked for its feature, which removes the SDK's logging.
use tracing as _;

use client::{Client, Contestant};
use request::Operation;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Failure = Box<dyn Error + Send + Sync>;

/// The specification of a measurement, the same for every contestant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    contestant: Contestant,
    /// `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`
    endpoint: String,
    /// The file with the certificates that TLS trusts.
    authorities: Option<PathBuf>,
    table: String,
    operation: Operation,
    /// The number of items that are read or written in turn.
    keys: usize,
    /// The file with the value to write.
    value_file: PathBuf,
    /// Requests before the measured ones.
    warm_up: usize,
    count: usize,
    in_flight: usize,
    /// The driver's maximum.
    connections: usize,
}

/// The processor time of all threads.
fn cpu_time() -> Result<Duration, Failure> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

/// The peak memory of this process in bytes; `None` if the system has no `/proc`.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Sends one client's share of the requests sequentially.
async fn work(mut client: Client, turns: Rc<RefCell<Range<usize>>>) -> Result<Client, Failure> {
    let next = || turns.borrow_mut().next();
    while let Some(turn) = next() {
        client.call(turn).await?;
    }
    Ok(client)
}

/// Sends `count` requests with all clients. Returns the clients.
async fn round(clients: Vec<Client>, count: usize) -> Result<Vec<Client>, Failure> {
    let turns = Rc::new(RefCell::new(0..count));
    let workers: Vec<_> =
        clients.into_iter().map(|client| tokio::task::spawn_local(work(client, Rc::clone(&turns)))).collect();
    let mut clients = Vec::new();
    for worker in workers {
        clients.push(worker.await??);
    }
    Ok(clients)
}

#[expect(clippy::disallowed_methods, reason = "a bench takes the time")]
async fn run(spec: Spec) -> Result<(), Failure> {
    let clients = round(Client::open(&spec).await?, spec.warm_up).await?;
    let before = cpu_time()?;
    let start = Instant::now();
    round(clients, spec.count).await?;
    let wall = start.elapsed();
    let cpu = cpu_time()? - before;
    let result = serde_json::json!({
        "operations": spec.count,
        "wall": wall.as_secs_f64() * 1e6,
        "cpu": cpu.as_secs_f64() * 1e6,
        "peakRss": peak_rss(),
    });
    println!("{result}");
    Ok(())
}

fn main() -> ExitCode {
    let outcome = (|| {
        let spec = std::env::args().nth(1).ok_or("usage: bench-floor SPEC")?;
        let spec = serde_json::from_str(&spec)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, run(spec))
    })();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench-floor: {failure}");
            ExitCode::FAILURE
        }
    }
}
