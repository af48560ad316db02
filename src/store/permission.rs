//! Remembers whether a batch operation is allowed. Batch permissions are optional: when AWS denies one, the driver
//! warns once and falls back to single requests.

use std::sync::atomic::{AtomicBool, Ordering};

use super::notice::Notice;

/// The permission for one batch operation.
#[derive(Debug)]
pub(super) struct Permission {
    allowed: AtomicBool,
    notice: Notice,
}

impl Permission {
    /// Starts with the value of the option `batch`.
    pub(super) fn new(allowed: bool) -> Self {
        Self { allowed: AtomicBool::new(allowed), notice: Notice::default() }
    }

    pub(super) fn allowed(&self) -> bool {
        self.allowed.load(Ordering::Relaxed)
    }

    /// Records a denial. The first one creates a notice.
    pub(super) fn deny(&self, action: &str) {
        if self.allowed.swap(false, Ordering::Relaxed) {
            self.notice.raise(|| {
                format!(
                    "[unstorage] [aws-dynamodb] The credentials may not call dynamodb:{action}, so single requests are \
                     sent instead. Allow it, which is faster, or set the option `batch` to false."
                )
            });
        }
    }

    /// The notice for the user. Returned at most once.
    pub(super) fn take_notice(&self) -> Option<String> {
        self.notice.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_remembered_and_reported_once() {
        let permission = Permission::new(true);
        assert!(permission.allowed());
        assert_eq!(permission.take_notice(), None);
        permission.deny("BatchGetItem");
        permission.deny("BatchGetItem");
        assert!(!permission.allowed());
        assert!(permission.take_notice().is_some_and(|notice| notice.contains("dynamodb:BatchGetItem")));
        permission.deny("BatchGetItem");
        assert_eq!(permission.take_notice(), None);
    }

    #[test]
    fn disabled_by_the_user_leaves_no_notice() {
        let permission = Permission::new(false);
        permission.deny("BatchGetItem");
        assert_eq!(permission.take_notice(), None);
    }
}
