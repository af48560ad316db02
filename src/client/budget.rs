//! The retry budgets of a driver, which stop retries while many requests fail.
//!
//! Each budget is a token bucket with the costs of the SDK's standard mode. A retry takes tokens; a success returns
//! what its last retry cost, or one token if it needed none. Budgets are per driver, so that failures of one driver do
//! not disable the retries of another. Bulk work has a separate budget, so that its hundreds of requests cannot use up
//! the retries of single-item calls.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::retry::Kind;

/// The capacity of the SDK's own budget.
const TOKENS: usize = 500;

/// The cost of the most expensive retry.
const HIGHEST_PRICE: usize = 10;

/// What a retry costs.
fn price(kind: Kind) -> usize {
    match kind {
        Kind::Transient => HIGHEST_PRICE,
        Kind::Throttled | Kind::Server | Kind::Credentials => 5,
    }
}

/// The kind of call that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A call for a single item.
    Single,
    /// A call for many items, which may send any number of requests.
    Bulk,
}

/// The budgets of a driver.
#[derive(Debug)]
pub(super) struct Budgets {
    single: Budget,
    bulk: Budget,
}

impl Budgets {
    pub(super) fn new(max_connections: usize) -> Self {
        Self { single: Budget::new(max_connections), bulk: Budget::new(max_connections) }
    }

    pub(super) fn of(&self, work: Work) -> &Budget {
        match work {
            Work::Single => &self.single,
            Work::Bulk => &self.bulk,
        }
    }
}

/// A token bucket.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: AtomicUsize,
    most: usize,
}

/// The tokens that a request took for its last retry.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paid(usize);

impl Budget {
    /// Starts full, with the SDK's capacity or enough for every request in flight to be retried with new credentials.
    fn new(max_connections: usize) -> Self {
        let most = max_connections.saturating_mul(HIGHEST_PRICE).max(TOKENS);
        Self { tokens: AtomicUsize::new(most), most }
    }

    /// Takes the tokens for a retry. Returns `None` if too few are left.
    pub(super) fn pay(&self, kind: Kind) -> Option<Paid> {
        let price = price(kind);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.tokens.fetch_update(set, fetch, |left| left.checked_sub(price)).ok().map(|_| Paid(price))
    }

    /// Returns tokens after a success, given what the request took for its last retry.
    pub(super) fn succeeded(&self, Paid(last): Paid) {
        // Fast path: skip the atomic update while the bucket is full.
        if self.tokens.load(Ordering::Relaxed) >= self.most {
            return;
        }
        let back = last.max(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let _always_updates = self.tokens.fetch_update(set, fetch, |left| Some((left + back).min(self.most)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(budget: &Budget, kind: Kind) -> usize {
        std::iter::from_fn(|| budget.pay(kind)).count()
    }

    #[test]
    fn allows_fifty_transient_retries_or_a_hundred_others() {
        assert_eq!(retries(&Budget::new(50), Kind::Transient), 50);
        assert_eq!(retries(&Budget::new(50), Kind::Throttled), 100);
        assert_eq!(retries(&Budget::new(1_000), Kind::Credentials), 2_000);
    }

    #[test]
    fn a_success_returns_the_cost_of_its_last_retry_or_one_token() {
        let budget = Budget::new(50);
        let paid = budget.pay(Kind::Transient).expect("full");
        assert_eq!(retries(&budget, Kind::Transient), 49);
        budget.succeeded(paid);
        assert_eq!(retries(&budget, Kind::Transient), 1);
        for _ in 0..9 {
            budget.succeeded(Paid::default());
        }
        assert!(budget.pay(Kind::Transient).is_none());
        budget.succeeded(Paid::default());
        assert_eq!(retries(&budget, Kind::Transient), 1);
    }

    #[test]
    fn never_exceeds_its_capacity() {
        let budget = Budget::new(50);
        for _ in 0..1_000 {
            budget.succeeded(Paid(10));
        }
        assert_eq!(retries(&budget, Kind::Transient), 50);
    }
}
