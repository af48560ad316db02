//! A buffer of UTF-16.

use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Text in UTF-16. The buffers of large texts are kept for the next ones.
///
/// One thread fills them and another drops them. An allocator makes such memory available late, so each call would use
/// memory that no call has used before, and the system would have to provide each of its pages.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Utf16(Vec<u16>);

/// The smallest capacity of a buffer that is kept, and the unit in which larger ones grow, so that texts of similar lengths
/// fit.
const GRAIN: usize = 1 << 14;

/// The largest capacity of a buffer that is kept: that of the largest text of an item and a NUL.
const MAX_KEPT: usize = (crate::item::MAX_ITEM_BYTES + 1).next_multiple_of(GRAIN);

/// How many buffers are kept, at most 3.4 MB.
const MAX_SPARE: usize = 4;

static SPARE: Mutex<Vec<Vec<u16>>> = Mutex::new(Vec::new());

fn spare() -> MutexGuard<'static, Vec<Vec<u16>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Utf16 {
    /// An empty buffer with room for so many units.
    #[must_use]
    pub fn with_capacity(units: usize) -> Self {
        if !(GRAIN..=MAX_KEPT).contains(&units) {
            return Self(Vec::with_capacity(units));
        }
        let mut spare = spare();
        let fitting = spare.iter().enumerate().filter(|(_, buffer)| buffer.capacity() >= units);
        let smallest = fitting.min_by_key(|(_, buffer)| buffer.capacity()).map(|(position, _)| position);
        let kept = smallest.map(|position| spare.remove(position));
        drop(spare);
        Self(kept.unwrap_or_else(|| Vec::with_capacity(units.next_multiple_of(GRAIN))))
    }

    /// Copies the text to a buffer of its size.
    pub(super) fn fitted(self) -> Self {
        let mut fitted = Self(Vec::with_capacity(self.len().next_multiple_of(GRAIN)));
        fitted.extend_from_slice(&self);
        fitted
    }

    /// Returns the units.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u16> {
        take(&mut self.0)
    }
}

impl Drop for Utf16 {
    fn drop(&mut self) {
        if (GRAIN..=MAX_KEPT).contains(&self.0.capacity()) {
            let mut buffer = take(&mut self.0);
            buffer.clear();
            let mut spare = spare();
            let oldest = (spare.len() >= MAX_SPARE).then(|| spare.remove(0));
            spare.push(buffer);
            drop(spare);
            drop(oldest);
        }
    }
}

impl Deref for Utf16 {
    type Target = Vec<u16>;

    fn deref(&self) -> &Vec<u16> {
        &self.0
    }
}

impl DerefMut for Utf16 {
    fn deref_mut(&mut self) -> &mut Vec<u16> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_room_and_is_empty_whoever_used_it_before() {
        for units in [0, 1, GRAIN - 1, GRAIN, GRAIN + 1, MAX_KEPT, MAX_KEPT + 1, 3 * GRAIN, GRAIN] {
            let mut buffer = Utf16::with_capacity(units);
            assert!(buffer.is_empty() && buffer.capacity() >= units);
            buffer.resize(units, 7);
        }
    }

    #[test]
    fn few_buffers_are_kept_and_none_that_is_too_large() {
        let many: Vec<_> = (0..10).map(|_| Utf16::with_capacity(GRAIN)).collect();
        drop(many);
        drop(Utf16::with_capacity(MAX_KEPT + 1));
        assert!(spare().len() <= MAX_SPARE);
        assert!(spare().iter().all(|buffer| buffer.capacity() <= MAX_KEPT));
    }
}
