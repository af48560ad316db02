//! Limits how many pages of a scan are in flight.
//!
//! A scan consumes as much of a table's capacity as it can get and must not starve the application's own reads.
//! DynamoDB does not report the remaining capacity, so the limit is probed as in TCP congestion control: it starts at
//! one page and quadruples until the first throttle (scans are often short, so doubling would be too slow), is halved
//! by each throttle, and grows by one after that.

/// The limit on pages in flight, adjusted to the responses.
#[derive(Debug)]
pub(super) struct Concurrency {
    limit: usize,
    most: usize,
    /// Consecutive pages read without a throttle since the limit last changed.
    calm: usize,
    throttled: bool,
}

/// The growth factor until the first throttle.
const GROWTH: usize = 4;

impl Concurrency {
    /// Starts at one page. The limit never exceeds `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { limit: 1, most, calm: 0, throttled: false }
    }

    /// The current limit.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Records throttled attempts of any page.
    pub(super) fn throttled(&mut self, attempts: u32) {
        if attempts > 0 {
            self.throttled = true;
            self.calm = 0;
            self.limit = self.limit.checked_shr(attempts).unwrap_or_default().max(1);
        }
    }

    /// Records a page that was read without a throttle.
    pub(super) fn answered(&mut self) {
        self.calm += 1;
        if self.calm >= self.generation() {
            self.calm = 0;
            self.limit = if self.throttled { self.limit + 1 } else { self.limit * GROWTH }.min(self.most);
        }
    }

    /// How many unthrottled pages in a row are needed before the limit grows.
    ///
    /// Initially as many as may be in flight, so that all of them were sent under the current limit. After a throttle,
    /// `most`: pages that were already in flight say nothing about the lowered limit, and a table near its capacity is
    /// probed only occasionally.
    fn generation(&self) -> usize {
        if self.throttled { self.most } else { self.limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 0 is an unthrottled page; any other number is that many throttled attempts.
    fn happens(concurrency: &mut Concurrency, event: u32) {
        match event {
            0 => concurrency.answered(),
            attempts => concurrency.throttled(attempts),
        }
    }

    fn after(most: usize, events: impl IntoIterator<Item = u32>) -> Concurrency {
        let mut concurrency = Concurrency::new(most);
        events.into_iter().for_each(|event| happens(&mut concurrency, event));
        concurrency
    }

    fn calm(pages: usize) -> impl Iterator<Item = u32> {
        std::iter::repeat_n(0, pages)
    }

    /// [SCAN-4]
    #[test]
    fn grows_by_four_after_each_generation() {
        for (pages, limit) in [(0, 1), (1, 4), (4, 4), (5, 16), (20, 16), (21, 64), (1_000, 64)] {
            assert_eq!(after(64, calm(pages)).limit(), limit, "after {pages} pages");
        }
        assert_eq!(after(10, calm(5)).limit(), 10);
        assert_eq!(after(1, calm(100)).limit(), 1);
    }

    /// [SCAN-5]
    #[test]
    fn each_throttle_halves_down_to_one() {
        let mut concurrency = after(16, calm(5));
        for limit in [8, 4, 2, 1, 1] {
            concurrency.throttled(1);
            assert_eq!(concurrency.limit(), limit);
        }
        concurrency = after(16, calm(5));
        concurrency.throttled(0);
        assert_eq!(concurrency.limit(), 16);
        assert_eq!(after(16, calm(5).chain([2])).limit(), 4);
        assert_eq!(after(16, calm(5).chain([3, 4])).limit(), 1);
        assert_eq!(after(16, calm(5).chain([u32::MAX])).limit(), 1);
    }

    /// [SCAN-5]
    #[test]
    fn after_a_throttle_it_grows_by_one_after_a_longer_generation() {
        let throttled = || calm(5).chain([4]);
        for (pages, limit) in [(15, 1), (16, 2), (31, 2), (32, 3), (10_000, 16)] {
            assert_eq!(after(16, throttled().chain(calm(pages))).limit(), limit, "after {pages} pages");
        }
        // A throttle resets the count of unthrottled pages.
        assert_eq!(after(16, throttled().chain(calm(15)).chain([1]).chain(calm(15))).limit(), 1);
    }

    proptest! {
        #[test]
        fn stays_between_one_and_most(most in 1usize..=64, events in prop::collection::vec(0u32..6, 0..500)) {
            let mut concurrency = Concurrency::new(most);
            for event in events {
                let before = concurrency.limit();
                happens(&mut concurrency, event);
                prop_assert!((1..=most).contains(&concurrency.limit()));
                prop_assert!(event == 0 || concurrency.limit() < before || before == 1);
                prop_assert!(event > 0 || concurrency.limit() >= before);
            }
        }
    }
}
