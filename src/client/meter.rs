//! What moves over a connection: the measure of time-outs that count silence, not size.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::Instant;

/// The traffic of one connection, as far as the request under way is concerned.
#[derive(Debug)]
pub(super) struct Meter {
    epoch: Instant,
    /// When a byte last moved either way, in nanoseconds since `epoch`.
    moved: AtomicU64,
    /// Bytes written since the request began.
    written: AtomicUsize,
    /// Whether everything that was written has been handed to the kernel.
    flushed: AtomicBool,
    /// Bytes moved either way since the connection was made, as far as requests and responses are concerned.
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

    /// Begins a request.
    pub(super) fn begin(&self) {
        self.written.store(0, Ordering::Relaxed);
        self.flushed.store(false, Ordering::Relaxed);
        self.progress();
    }

    /// When a byte last moved either way, or the request began.
    pub(super) fn last_progress(&self) -> Instant {
        self.epoch + Duration::from_nanos(self.moved.load(Ordering::Relaxed))
    }

    /// Whether the kernel has all of a request with a body of this size.
    pub(super) fn has_sent(&self, body: usize) -> bool {
        self.flushed.load(Ordering::Relaxed) && self.written.load(Ordering::Relaxed) >= body
    }

    /// A byte moved.
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

    /// A part of a response's body came.
    pub(super) fn received(&self, bytes: usize) {
        self.total.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn flush(&self) {
        self.flushed.store(true, Ordering::Relaxed);
    }
}

/// A stream whose traffic is measured.
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

/// The exchanges of one call that are under way.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<Vec<Exchange>>);

#[derive(Debug)]
struct Exchange {
    meter: Arc<Meter>,
    begun: Instant,
    /// The connection's total when this was last asked.
    seen: u64,
}

impl Traffic {
    /// Whether an exchange has moved so many bytes since this was last asked; with a moment, one that began before it.
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

    /// Whether no exchange is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.exchanges().is_empty()
    }

    /// Counts what a connection moves until the exchange ends.
    pub(super) fn follow(&self, meter: &Arc<Meter>) -> Followed<'_> {
        let seen = meter.total.load(Ordering::Relaxed);
        self.exchanges().push(Exchange { meter: Arc::clone(meter), begun: Instant::now(), seen });
        Followed { traffic: self, meter: Arc::clone(meter) }
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange that is under way until it is dropped.
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
