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

/// What the requests of one call have moved, on all the connections that they use.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// By exchanges that have ended.
    ended: AtomicU64,
    /// The connections of those under way, with the totals when they began.
    under_way: Mutex<Vec<(Arc<Meter>, u64)>>,
}

impl Traffic {
    /// Bytes moved either way.
    pub(crate) fn bytes(&self) -> u64 {
        let under_way = self.under_way().iter().map(|(meter, begun)| moved_since(meter, *begun)).sum::<u64>();
        self.ended.load(Ordering::Relaxed) + under_way
    }

    /// Whether no exchange is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.under_way().is_empty()
    }

    /// Counts what a connection moves until the exchange ends.
    pub(super) fn follow(&self, meter: &Arc<Meter>) -> Followed<'_> {
        let begun = meter.total.load(Ordering::Relaxed);
        self.under_way().push((Arc::clone(meter), begun));
        Followed { traffic: self, meter: Arc::clone(meter) }
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<(Arc<Meter>, u64)>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn moved_since(meter: &Meter, begun: u64) -> u64 {
    meter.total.load(Ordering::Relaxed).saturating_sub(begun)
}

/// An exchange that is counted until it is dropped.
#[derive(Debug)]
pub(super) struct Followed<'a> {
    traffic: &'a Traffic,
    meter: Arc<Meter>,
}

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        let mut under_way = self.traffic.under_way();
        if let Some(place) = under_way.iter().position(|(meter, _)| Arc::ptr_eq(meter, &self.meter)) {
            let (meter, begun) = under_way.swap_remove(place);
            self.traffic.ended.fetch_add(moved_since(&meter, begun), Ordering::Relaxed);
        }
    }
}
