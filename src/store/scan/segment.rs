//! Tracks the progress of a scan through one segment of the table.

use tokio::time::sleep;

use crate::backoff::jittered;
use crate::item::Row;

/// The scan position in the whole table or in one segment of a parallel scan.
#[derive(Debug)]
pub(super) struct Segment {
    part: Option<Part>,
    start: Option<Row>,
    /// How often in a row the next page was throttled.
    throttles: u32,
}

/// A segment of a parallel scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// The segment number, starting at 0.
    pub(super) number: i32,
    /// The total number of segments.
    pub(super) of: i32,
}

impl Segment {
    /// Covers the whole table.
    pub(super) fn whole() -> Self {
        Self { part: None, start: None, throttles: 0 }
    }

    /// Splits the table into `of` segments.
    pub(super) fn all(of: i32) -> impl Iterator<Item = Self> {
        (0..of).map(move |number| Self { part: Some(Part { number, of }), ..Self::whole() })
    }

    /// `None` for the whole table.
    pub(super) fn part(&self) -> Option<Part> {
        self.part
    }

    /// The key after which the next page begins; `None` at the start of the segment.
    pub(super) fn start(&self) -> Option<&Row> {
        self.start.as_ref()
    }

    /// Whether this is the first page of an unsegmented scan.
    pub(super) fn is_page_1(&self) -> bool {
        self.part.is_none() && self.start.is_none()
    }

    /// Continues after `last`. Returns `false` if the page just read also began there, which would loop forever.
    #[must_use]
    pub(super) fn advance(&mut self, last: Row) -> bool {
        let advances = self.start.as_ref() != Some(&last);
        self.start = Some(last);
        self.throttles = 0;
        advances
    }

    /// Backs off before the next page is requested again. The delay grows to about one second, the interval in which
    /// DynamoDB replenishes capacity.
    pub(super) async fn back_off(&mut self) {
        /// 50 ms doubled four times is 800 ms.
        const MAX_DOUBLINGS: u32 = 4;
        sleep(jittered(self.throttles.min(MAX_DOUBLINGS))).await;
        self.throttles = self.throttles.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    fn row(key: usize) -> Row {
        Row::from([("key".to_owned(), AttributeValue::S(key.to_string()))])
    }

    #[test]
    fn continues_after_the_last_key() {
        let mut segment = Segment::all(2).nth(1).expect("two");
        assert_eq!(segment.part(), Some(Part { number: 1, of: 2 }));
        assert_eq!(segment.start(), None);
        assert!(segment.advance(row(7)));
        assert_eq!(segment.start(), Some(&row(7)));
        assert_eq!(segment.part(), Some(Part { number: 1, of: 2 }));
    }

    #[test]
    fn the_segments_are_numbered_from_0() {
        let parts: Vec<_> = Segment::all(3).filter_map(|segment| segment.part()).collect();
        assert_eq!(parts, [Part { number: 0, of: 3 }, Part { number: 1, of: 3 }, Part { number: 2, of: 3 }]);
        assert_eq!(Segment::whole().part(), None);
    }

    /// [KEYS-9]
    #[test]
    fn a_page_that_ends_where_it_began_does_not_advance() {
        let mut segment = Segment::whole();
        assert!((0..20).all(|key| segment.advance(row(key))));
        assert!(!segment.advance(row(19)));
    }
}
