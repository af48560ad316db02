//! Measures the traffic of connections, for timeouts that depend on progress instead of size.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::Instant;

/// The traffic of one connection.
#[derive(Debug)]
pub(super) struct Meter {
    epoch: Instant,
    /// When a byte was last sent or received, in nanoseconds since `epoch`.
    moved: AtomicU64,
    /// Bytes written since the request started.
    written: AtomicUsize,
    /// Whether everything written has been passed to the kernel.
    flushed: AtomicBool,
    /// Bytes of requests and response bodies since the connection was opened.
    total: AtomicU64,
}

impl Meter {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            epoch: Instant::now(),
            moved: AtomicU64::new(0),
            written: AtomicUsize::new(0),
            flushed: AtomicBool::new(false),
            total: AtomicU64::new(0),
        })
    }

    /// Starts a request.
    pub(super) fn begin(&self) {
        self.written.store(0, Ordering::Relaxed);
        self.flushed.store(false, Ordering::Relaxed);
        self.progress();
    }

    /// When a byte was last sent or received, or when the request started.
    pub(super) fn last_progress(&self) -> Instant {
        self.epoch + Duration::from_nanos(self.moved.load(Ordering::Relaxed))
    }

    /// Whether a request with a body of `body` bytes has been passed to the kernel completely.
    pub(super) fn has_sent(&self, body: usize) -> bool {
        self.flushed.load(Ordering::Relaxed) && self.written.load(Ordering::Relaxed) >= body
    }

    /// Records that data was sent or received.
    pub(super) fn progress(&self) {
        let nanos = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.moved.store(nanos, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
        self.total.fetch_add(bytes as u64, Ordering::Relaxed);
        self.flushed.store(false, Ordering::Relaxed);
        self.progress();
    }

    /// Records a chunk of a response's body.
    pub(super) fn received(&self, bytes: usize) {
        self.total.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn flush(&self) {
        self.flushed.store(true, Ordering::Relaxed);
    }
}

/// A stream that reports its traffic to a meter.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S, meter: Arc<Meter>) -> Self {
        Self { stream, meter }
    }
}

impl<S: Read + Unpin> Read for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.meter.progress();
        Poll::Ready(Ok(()))
    }
}

impl<S: Write + Unpin> Write for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.meter.wrote(bytes);
        Poll::Ready(Ok(bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.meter.flush();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.meter.wrote(bytes);
        Poll::Ready(Ok(bytes))
    }
}

/// The exchanges of a call that are in flight.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<Vec<Exchange>>);

#[derive(Debug)]
struct Exchange {
    meter: Arc<Meter>,
    begun: Instant,
    /// The connection's total at the last call of `has_moved`.
    seen: u64,
}

impl Traffic {
    /// Whether an exchange has transferred at least `bytes` since the last call. With `begun_before`, only exchanges
    /// that started by then count.
    pub(crate) fn has_moved(&self, bytes: u64, begun_before: Option<Instant>) -> bool {
        let mut has_moved = false;
        for exchange in self.exchanges().iter_mut() {
            let total = exchange.meter.total.load(Ordering::Relaxed);
            has_moved |= total.saturating_sub(exchange.seen) >= bytes
                && begun_before.is_none_or(|moment| exchange.begun <= moment);
            exchange.seen = total;
        }
        has_moved
    }

    /// Whether no exchange is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.exchanges().is_empty()
    }

    /// Includes the traffic of a connection until the exchange ends.
    pub(super) fn follow(&self, meter: &Arc<Meter>) -> Followed<'_> {
        let seen = meter.total.load(Ordering::Relaxed);
        self.exchanges().push(Exchange { meter: Arc::clone(meter), begun: Instant::now(), seen });
        Followed { traffic: self, meter: Arc::clone(meter) }
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange in flight. Ends when dropped.
#[derive(Debug)]
pub(super) struct Followed<'a> {
    traffic: &'a Traffic,
    meter: Arc<Meter>,
}

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        let mut exchanges = self.traffic.exchanges();
        if let Some(place) = exchanges.iter().position(|exchange| Arc::ptr_eq(&exchange.meter, &self.meter)) {
            exchanges.swap_remove(place);
        }
    }
}
