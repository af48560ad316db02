//! Whether a batch operation may be used. The four base permissions are enough for everything, so a role that lacks
//! the batch ones is no error: the driver remembers, says so once, and goes on with single requests.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

/// One batch operation's permission.
#[derive(Debug)]
pub(super) struct Permission {
    allowed: AtomicBool,
    notice: Mutex<Option<String>>,
}

impl Permission {
    /// Allowed until AWS says otherwise, unless switched off.
    pub(super) fn new(allowed: bool) -> Self {
        Self { allowed: AtomicBool::new(allowed), notice: Mutex::new(None) }
    }

    pub(super) fn allowed(&self) -> bool {
        self.allowed.load(Ordering::Relaxed)
    }

    /// Remembers the denial. The first one leaves a notice.
    pub(super) fn deny(&self, action: &str) {
        if self.allowed.swap(false, Ordering::Relaxed) {
            let notice = format!(
                "[unstorage] [aws-dynamodb] The credentials may not call dynamodb:{action}, so single requests are \
                 sent instead. Allow it, which is faster, or set the option `batch` to false."
            );
            *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice);
        }
    }

    /// What the user should be told, once.
    pub(super) fn take_notice(&self) -> Option<String> {
        if self.allowed() {
            return None;
        }
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_remembered_and_told_once() {
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
    fn switched_off_by_the_user_is_no_news() {
        let permission = Permission::new(false);
        permission.deny("BatchGetItem");
        assert_eq!(permission.take_notice(), None);
    }
}
