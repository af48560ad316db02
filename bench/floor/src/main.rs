//! The floor of the benchmark: the cost of the bare requests.
//!
//! Signs with `aws-sigv4`, sends with plain hyper over as many connections as the driver has, and parses responses with
//! `serde_json`. Has no retries, timeouts, pool or JavaScript: everything above this is the driver's own cost.
//!
//! `bench-floor SPEC`, where SPEC is the JSON that every contestant of `npm run bench` receives. Prints one line of
//! JSON.

mod request;

use std::cell::RefCell;
use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use request::{Operation, Requests};

type Failure = Box<dyn Error>;
type Sender = SendRequest<Full<Bytes>>;

/// The specification of a measurement, the same for every contestant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    /// `http://127.0.0.1:PORT`
    endpoint: String,
    table: String,
    operation: Operation,
    /// The number of items that are read or written in turn.
    keys: usize,
    /// The file with the value to write.
    value_file: String,
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

async fn connect(authority: &str) -> Result<Sender, Failure> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

/// Sends one connection's share of the requests sequentially.
async fn work(mut sender: Sender, turns: Rc<RefCell<Range<usize>>>, requests: Rc<Requests>) -> Result<Sender, Failure> {
    let next = || turns.borrow_mut().next();
    while let Some(turn) = next() {
        sender.ready().await?;
        let answer = sender.send_request(requests.signed(turn)?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        requests.check(&body)?;
    }
    Ok(sender)
}

/// Sends `count` requests over all connections. Returns the connections.
async fn round(senders: Vec<Sender>, count: usize, requests: &Rc<Requests>) -> Result<Vec<Sender>, Failure> {
    let turns = Rc::new(RefCell::new(0..count));
    let workers: Vec<_> = senders
        .into_iter()
        .map(|sender| tokio::task::spawn_local(work(sender, Rc::clone(&turns), Rc::clone(requests))))
        .collect();
    let mut senders = Vec::new();
    for worker in workers {
        senders.push(worker.await??);
    }
    Ok(senders)
}

#[expect(clippy::disallowed_methods, reason = "a bench takes the time")]
async fn run(spec: Spec) -> Result<(), Failure> {
    let authority = spec.endpoint.strip_prefix("http://").ok_or("the endpoint is not plain http")?;
    let value = std::fs::read_to_string(&spec.value_file)?;
    let requests = Rc::new(Requests::new(&spec.endpoint, spec.operation, &spec.table, spec.keys, value));
    let mut senders = Vec::new();
    for _ in 0..spec.in_flight.min(spec.connections) {
        senders.push(connect(authority).await?);
    }
    let senders = round(senders, spec.warm_up, &requests).await?;
    let before = cpu_time()?;
    let start = Instant::now();
    round(senders, spec.count, &requests).await?;
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
