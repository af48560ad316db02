//! Walks the table, reading keys only: in several segments side by side, as fast as the table bears it.
//!
//! The first page is asked of the whole table, so a table that fits one page costs one request. If there is more, that
//! page is discarded, and every segment is read from its own start: a start key is good only in the scan it came from,
//! and whatever of page 1 were kept would come a second time.
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

/// Which rows a scan yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Only those alive, judged by the server.
    Alive,
    /// Expired ones too.
    All,
}

/// What a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'a> {
    Table {
        consistent: bool,
    },
    /// The key index of this name. DynamoDB has no consistent reads of such an index.
    Index(&'a str),
}

/// A walk through the table: every key once, in no order, or an error.
///
/// Nothing happens unless it is polled, by [`next_page`](Self::next_page) or [`during`](Self::during): a page in flight
/// that is left alone for long would be taken for timed out.
pub(super) struct Scan<'a> {
    call: &'a Call,
    base: &'a Base,
    rows: Rows,
    source: Source<'a>,
    concurrency: Concurrency,
    throttles: Throttles,
    /// Segments with more to read. Taken in turn, so that the load spreads over the table's partitions.
    waiting: VecDeque<Segment>,
    in_flight: FuturesUnordered<BoxFuture<'a, Event>>,
    /// Those of them that only rest: they ask for nothing.
    resting: usize,
    /// Pages read and not yet asked for. Together with those in flight they are no more than the concurrency allows,
    /// so that a slow caller slows the scan, and memory does not grow with the table.
    ready: VecDeque<Vec<Key>>,
    failed: Option<Error>,
}

enum Event {
    Answer(Answer),
    Rested(Segment),
}

/// The outcome of one request.
struct Answer {
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
            resting: 0,
            ready: VecDeque::new(),
            failed: None,
        }
    }

    /// The keys of another page, at least one; `None` when every page was given. After an error there are no more.
    pub(super) async fn next_page(&mut self) -> Result<Option<Vec<Key>>, Error> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if let Some(keys) = self.ready.pop_front() {
                return Ok(Some(keys));
            }
            if !self.step().await {
                return Ok(None);
            }
        }
    }

    /// Does `work`, and goes on reading ahead meanwhile.
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

    /// Waits for what comes next; `false` where none is to be had before a page is taken. Loses nothing when it is dropped.
    async fn step(&mut self) -> bool {
        self.send();
        match self.in_flight.next().await {
            Some(Event::Answer(answer)) => self.accept(answer),
            Some(Event::Rested(segment)) => {
                self.resting -= 1;
                self.waiting.push_back(segment);
            }
            None => return false,
        }
        true
    }

    /// Asks for as many pages as are allowed.
    fn send(&mut self) {
        self.concurrency.throttled(self.throttles.take());
        while self.in_flight.len() - self.resting + self.ready.len() < self.concurrency.limit() {
            let Some(segment) = self.waiting.pop_front() else {
                return;
            };
            let (call, base, rows, source) = (self.call, self.base, self.rows, self.source);
            let throttles = self.throttles.of_request();
            self.in_flight.push(Box::pin(async move {
                let page = call.scan_page(base, rows, source, &segment, &throttles).await;
                Event::Answer(Answer { segment, page, calm: throttles.is_zero() })
            }));
        }
    }

    fn accept(&mut self, Answer { mut segment, page, calm }: Answer) {
        // Also those of pages that are still in flight: nothing must grow while they back off.
        self.concurrency.throttled(self.throttles.take());
        if calm {
            self.concurrency.answered();
        }
        let Page { keys, last } = match page {
            Ok(page) => page,
            // The table is over its capacity. That passes, and the pages already read would be lost with this one; so it
            // is asked for again, for as long as others come. (With page 1 nothing is lost.)
            Err(error) if error.kind() == ErrorKind::Throttled && !segment.is_page_1() => {
                self.call.throttled(error);
                self.resting += 1;
                self.in_flight.push(Box::pin(async move {
                    segment.rest().await;
                    Event::Rested(segment)
                }));
                return;
            }
            Err(error) => return self.fail(error),
        };
        let segments = self.call.session.options.scan.segments;
        match last {
            // Of one segment, the whole table is just that: nothing has to be read twice.
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
        if !keys.is_empty() {
            self.ready.push_back(keys);
        }
    }

    /// Part of the keys is no answer, so nothing more is asked, and what is under way is given up.
    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        self.waiting.clear();
        self.in_flight.clear();
        self.resting = 0;
        self.ready.clear();
    }
}
