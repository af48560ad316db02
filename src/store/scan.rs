//! Scans the keys of a table: several segments in parallel, as fast as the table allows.
//!
//! The first page is requested without segments, so a table of one page costs one request. If there are more, that page
//! is discarded and every segment is read from its start: a start key is valid only in the scan that returned it, and
//! keeping page 1 would return its keys twice.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan>

mod concurrency;
mod page;
mod segment;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, Either, select};
use futures_util::stream::FuturesUnordered;

use self::concurrency::Concurrency;
use self::page::Page;
use self::segment::Segment;
use super::call::Call;
use crate::client::Throttles;
use crate::error::{Error, ErrorKind};
use crate::key::{Base, Key};

/// The rows that a scan returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Only unexpired items, filtered by DynamoDB. Chunks of large values are omitted.
    Alive,
    /// Every row, expired ones and chunks included.
    All,
}

/// A row that a scan returned.
pub(super) struct Listed {
    pub(super) key: Key,
    /// Whether its value is stored in chunks. Known only for all rows of the table.
    pub(super) is_large: bool,
}

/// The source of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'a> {
    Table {
        consistent: bool,
    },
    /// The key index with this name. DynamoDB has no consistent reads of such indexes.
    Index(&'a str),
}

/// A scan that returns every row once, in no particular order, or an error.
///
/// It advances only while polled, by [`next_page`](Self::next_page) or [`during`](Self::during). A page in flight that
/// is not polled for long would time out.
pub(super) struct Scan<'a> {
    call: &'a Call,
    base: &'a Base,
    rows: Rows,
    source: Source<'a>,
    concurrency: Concurrency,
    throttles: Throttles,
    /// Segments with more pages, read in turn to spread the load over the table's partitions.
    waiting: VecDeque<Segment>,
    in_flight: FuturesUnordered<BoxFuture<'a, Event>>,
    /// The number of segments that are backing off.
    backing_off: usize,
    /// Pages that were read but not yet taken. Together with those in flight they stay within the concurrency limit, so
    /// that a slow caller slows the scan down and memory does not grow with the table.
    ready: VecDeque<Vec<Listed>>,
    failed: Option<Error>,
}

enum Event {
    Page(PageResult),
    BackedOff(Segment),
}

/// The result of one request.
struct PageResult {
    segment: Segment,
    page: Result<Page, Error>,
    /// Whether none of its attempts was throttled.
    calm: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(call: &'a Call, base: &'a Base, rows: Rows, source: Source<'a>) -> Self {
        Self {
            call,
            base,
            rows,
            source,
            concurrency: Concurrency::new(call.session.options.scan.concurrency),
            throttles: Throttles::default(),
            waiting: VecDeque::from([Segment::whole()]),
            in_flight: FuturesUnordered::new(),
            backing_off: 0,
            ready: VecDeque::new(),
            failed: None,
        }
    }

    /// Returns the rows of another page, at least one, or `None` at the end of the scan. After an error there are no
    /// more pages.
    pub(super) async fn next_page(&mut self) -> Result<Option<Vec<Listed>>, Error> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(rows));
            }
            if !self.step().await {
                return Ok(None);
            }
        }
    }

    /// Runs `work` while the scan continues to read ahead.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match select(work.as_mut(), pin!(self.step())).await {
                Either::Left((done, _)) => return done,
                Either::Right((true, _)) => {}
                Either::Right((false, _)) => return work.await,
            }
        }
    }

    /// Waits for the next event. Returns `false` if there is none until a page is taken. Safe to cancel.
    async fn step(&mut self) -> bool {
        self.send();
        match self.in_flight.next().await {
            Some(Event::Page(page)) => self.accept(page),
            Some(Event::BackedOff(segment)) => {
                self.backing_off -= 1;
                self.waiting.push_back(segment);
            }
            None => return false,
        }
        true
    }

    /// Requests as many pages as the limit allows.
    fn send(&mut self) {
        self.concurrency.throttled(self.throttles.take());
        while self.in_flight.len() - self.backing_off + self.ready.len() < self.concurrency.limit() {
            let Some(segment) = self.waiting.pop_front() else {
                return;
            };
            let (call, base, rows, source) = (self.call, self.base, self.rows, self.source);
            let throttles = self.throttles.of_request();
            self.in_flight.push(Box::pin(async move {
                let page = call.scan_page(base, rows, source, &segment, &throttles).await;
                Event::Page(PageResult { segment, page, calm: throttles.is_zero() })
            }));
        }
    }

    fn accept(&mut self, PageResult { mut segment, page, calm }: PageResult) {
        // Includes throttles of pages still in flight, so that the limit does not grow while they back off.
        self.concurrency.throttled(self.throttles.take());
        if calm {
            self.concurrency.answered();
        }
        let Page { rows, last } = match page {
            Ok(page) => page,
            // Failing would lose the pages already read, so a throttled page is requested again as long as the scan
            // makes progress. (Page 1 has nothing to lose.)
            Err(error) if error.kind() == ErrorKind::Throttled && !segment.is_page_1() => {
                self.call.throttled(error);
                self.backing_off += 1;
                self.in_flight.push(Box::pin(async move {
                    segment.back_off().await;
                    Event::BackedOff(segment)
                }));
                return;
            }
            Err(error) => return self.fail(error),
        };
        let segments = self.call.session.options.scan.segments;
        match last {
            // With one segment, the first page need not be read again.
            Some(_) if segment.part().is_none() && segments > 1 => {
                self.waiting.extend(Segment::all(segments));
                return;
            }
            Some(last) => {
                if !segment.advance(last) {
                    return self.fail(self.call.fail(Error::new(ErrorKind::Response, "the scan does not advance")));
                }
                self.waiting.push_back(segment);
            }
            None => {}
        }
        if !rows.is_empty() {
            self.ready.push_back(rows);
        }
    }

    /// A partial result is useless, so the scan stops and drops its requests.
    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        self.waiting.clear();
        self.in_flight.clear();
        self.backing_off = 0;
        self.ready.clear();
    }
}
