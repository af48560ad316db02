//! A message for the user that is shown once, however often its cause occurs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Notice {
    raised: AtomicBool,
    text: Mutex<Option<String>>,
}

impl Notice {
    /// Records the message. Only the first one counts.
    pub(super) fn raise(&self, text: impl FnOnce() -> String) {
        if !self.raised.swap(true, Ordering::Relaxed) {
            *self.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(text());
        }
    }

    /// The message. Returned at most once.
    pub(super) fn take(&self) -> Option<String> {
        // Called after every call, so the common case takes no lock.
        if !self.raised.load(Ordering::Relaxed) {
            return None;
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_is_returned_once() {
        let notice = Notice::default();
        assert_eq!(notice.take(), None);
        notice.raise(|| "first".to_owned());
        notice.raise(|| "second".to_owned());
        assert_eq!(notice.take().as_deref(), Some("first"));
        notice.raise(|| "third".to_owned());
        assert_eq!(notice.take(), None);
    }
}
