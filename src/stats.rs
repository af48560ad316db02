//! Statistics of a store per method, for dashboards and tests. Costs a few atomic additions per request.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Operation;

/// Declares [`OperationStats`] and [`Counters`]: the field of each counter and its name in JavaScript.
macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $count:ident: $name:literal $(/ $parts:ident)?;)+) => {
        /// The statistics of one method. All counters except `in_flight` only increase.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct OperationStats {
            $($(#[doc = $doc])+ pub $count: u64,)+
        }

        impl OperationStats {
            /// Returns every counter with its name in JavaScript. Capacity units are in DynamoDB's unit.
            #[must_use]
            #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 bytes, which is 9 PB")]
            pub fn named(self) -> [(&'static str, f64); [$($name),+].len()] {
                [$(($name, self.$count as f64 $(/ $parts)?)),+]
            }
        }

        impl AddAssign for OperationStats {
            fn add_assign(&mut self, other: Self) {
                $(self.$count += other.$count;)+
            }
        }

        /// The counters of one method.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $($count: AtomicU64,)+
        }

        impl Counters {
            pub(crate) fn snapshot(&self) -> OperationStats {
                OperationStats { $($count: self.$count.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

/// Capacity units are counted in thousandths, because an eventually consistent read consumes half a unit.
pub(crate) const UNIT_SCALE: f64 = 1_000.0;

counters! {
    /// HTTP requests sent, including retries.
    requests: "requests";
    /// Requests that were retries.
    retries: "retries";
    /// Requests that AWS throttled.
    throttles: "throttles";
    /// Calls of the method that failed or were aborted.
    errors: "errors";
    /// Rows that DynamoDB returned. For `getKeys` and `clear`, keys.
    items_read: "itemsRead";
    /// Rows put or deleted.
    items_written: "itemsWritten";
    /// Bytes of request bodies, including retries.
    bytes_sent: "bytesSent";
    /// Bytes of response bodies.
    bytes_received: "bytesReceived";
    /// Read units that DynamoDB reported, in thousandths.
    read_units: "readUnits" / UNIT_SCALE;
    /// Write units that DynamoDB reported, in thousandths.
    write_units: "writeUnits" / UNIT_SCALE;
    /// Reads that shared the request of another read of the same key.
    coalesced: "coalesced";
    /// Calls that have started and not ended.
    in_flight: "inFlight";
}

/// The increase of the counters by some requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Effort {
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) throttles: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) read_units: u64,
    pub(crate) write_units: u64,
    pub(crate) coalesced: u64,
}

impl Counters {
    /// Adds the statistics of requests.
    pub(crate) fn add(&self, effort: Effort) {
        let Effort { requests, retries, throttles, bytes_sent, bytes_received, read_units, write_units, coalesced } =
            effort;
        add(&self.requests, requests);
        add(&self.retries, retries);
        add(&self.throttles, throttles);
        add(&self.bytes_sent, bytes_sent);
        add(&self.bytes_received, bytes_received);
        add(&self.read_units, read_units);
        add(&self.write_units, write_units);
        add(&self.coalesced, coalesced);
    }

    /// Counts rows that were read.
    pub(crate) fn read(&self, rows: usize) {
        add(&self.items_read, rows as u64);
    }

    /// Counts rows that were put or deleted.
    pub(crate) fn written(&self, rows: usize) {
        add(&self.items_written, rows as u64);
    }

    /// Counts the start of a call.
    pub(crate) fn begun(&self) {
        add(&self.in_flight, 1);
    }

    /// Counts the end of a call.
    pub(crate) fn ended(&self, succeeded: bool) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        add(&self.errors, u64::from(!succeeded));
    }
}

/// Skips the atomic addition of 0, the most common case.
fn add(count: &AtomicU64, more: u64) {
    if more > 0 {
        count.fetch_add(more, Ordering::Relaxed);
    }
}

/// The counters of a store.
#[derive(Debug, Default)]
pub(crate) struct Stats([Counters; Operation::ALL.len()]);

impl Stats {
    /// Returns the counters of one method.
    pub(crate) fn of(&self, operation: Operation) -> &Counters {
        #[expect(clippy::indexing_slicing, reason = "there are as many counters as operations")]
        &self.0[operation as usize]
    }

    /// Returns the current statistics of every method.
    pub(crate) fn snapshot(&self) -> impl Iterator<Item = (Operation, OperationStats)> {
        Operation::ALL.into_iter().zip(self.0.iter().map(Counters::snapshot))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_operation_has_separate_counters() {
        let stats = Stats::default();
        for (position, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, position, "{operation:?} stands in its place");
            stats.of(operation).read(position + 1);
        }
        let counted: Vec<_> = stats.snapshot().map(|(_, counts)| counts.items_read).collect();
        assert_eq!(counted, (1..=Operation::ALL.len() as u64).collect::<Vec<_>>());
    }

    /// [STAT-2]
    #[test]
    fn the_types_have_exactly_the_counts() {
        let types = include_str!("../types.d.ts");
        let interface = types.split("interface DynamoDbCounts {").nth(1).and_then(|rest| rest.split('}').next());
        let fields = interface.expect("the interface").lines().filter_map(|line| line.trim().strip_suffix(": number;"));
        let names = OperationStats::default().named().map(|(name, _)| name);
        assert_eq!(fields.collect::<Vec<_>>(), names);
    }

    #[test]
    fn a_retry_is_a_request_as_well() {
        let counters = Counters::default();
        counters.add(Effort { requests: 1, bytes_sent: 10, bytes_received: 100, ..Effort::default() });
        let retried =
            Effort { requests: 3, retries: 2, throttles: 2, bytes_sent: 30, bytes_received: 100, ..Effort::default() };
        counters.add(retried);
        let expected = OperationStats {
            requests: 4,
            retries: 2,
            throttles: 2,
            bytes_sent: 40,
            bytes_received: 200,
            ..OperationStats::default()
        };
        assert_eq!(counters.snapshot(), expected);
    }

    #[test]
    fn totals_are_the_sum_of_every_count() {
        let counters = Counters::default();
        counters.add(Effort {
            requests: 2,
            retries: 1,
            throttles: 1,
            bytes_sent: 3,
            bytes_received: 4,
            read_units: 500,
            write_units: 1_000,
            coalesced: 7,
        });
        counters.read(5);
        counters.written(6);
        counters.begun();
        counters.begun();
        counters.ended(false);
        let once = counters.snapshot();
        let mut twice = once;
        twice += once;
        let expected = OperationStats {
            requests: 4,
            retries: 2,
            throttles: 2,
            errors: 2,
            items_read: 10,
            items_written: 12,
            bytes_sent: 6,
            bytes_received: 8,
            read_units: 1_000,
            write_units: 2_000,
            coalesced: 14,
            in_flight: 2,
        };
        assert_eq!(twice, expected);
        let named: HashMap<_, _> = twice.named().into_iter().collect();
        assert_eq!((named["readUnits"], named["writeUnits"], named["bytesSent"]), (1.0, 2.0, 6.0));
    }
}
