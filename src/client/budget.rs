//! The retry budgets of a driver: when much fails, requests are sent once and not again.
//!
//! A bucket of tokens, with the prices of the SDK's standard mode. Each retry costs some; a success gives back what its
//! last retry cost, or one token where it needed none. The driver's own, because one driver's bad minute must not
//! switch off the retries of another; and one more for bulk work, whose hundreds of requests must not use up the retries
//! of a call that somebody waits for.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::retry::Kind;

/// The tokens of the SDK's own budget.
const TOKENS: usize = 500;

/// What a retry costs at most.
const HIGHEST_PRICE: usize = 10;

/// What a retry costs.
fn price(kind: Kind) -> usize {
    match kind {
        Kind::Transient => HIGHEST_PRICE,
        Kind::Throttled | Kind::Server | Kind::Credentials => 5,
    }
}

/// What a request is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A call for one item.
    Single,
    /// A call for many: it may send any number of requests.
    Bulk,
}

/// Both budgets of a driver.
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

/// The tokens left.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: AtomicUsize,
    most: usize,
}

/// What a request took from the budget for its last retry.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paid(usize);

impl Budget {
    /// The SDK's own budget, or enough that every request in flight can be sent again with new credentials.
    fn new(max_connections: usize) -> Self {
        let most = max_connections.saturating_mul(HIGHEST_PRICE).max(TOKENS);
        Self { tokens: AtomicUsize::new(most), most }
    }

    /// Pays for a retry; `None` where there is not enough left.
    pub(super) fn pay(&self, kind: Kind) -> Option<Paid> {
        let price = price(kind);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.tokens.fetch_update(set, fetch, |left| left.checked_sub(price)).ok().map(|_| Paid(price))
    }

    /// A request that paid this for its last retry succeeded.
    pub(super) fn succeeded(&self, Paid(last): Paid) {
        // The usual case: nothing has failed for long.
        if self.tokens.load(Ordering::Relaxed) >= self.most {
            return;
        }
        let back = last.max(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let _always = self.tokens.fetch_update(set, fetch, |left| Some((left + back).min(self.most)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(budget: &Budget, kind: Kind) -> usize {
        std::iter::from_fn(|| budget.pay(kind)).count()
    }

    #[test]
    fn lasts_for_fifty_transient_failures_or_a_hundred_others() {
        assert_eq!(retries(&Budget::new(50), Kind::Transient), 50);
        assert_eq!(retries(&Budget::new(50), Kind::Throttled), 100);
        assert_eq!(retries(&Budget::new(1_000), Kind::Credentials), 2_000);
    }

    #[test]
    fn a_success_gives_back_what_its_last_retry_cost_or_one() {
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
    fn is_never_more_than_full() {
        let budget = Budget::new(50);
        for _ in 0..1_000 {
            budget.succeeded(Paid(10));
        }
        assert_eq!(retries(&budget, Kind::Transient), 50);
    }
}
