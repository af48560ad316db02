//! One walk through a part of the table: where its next page begins, and whether the pages advance.

use tokio::time::sleep;

use crate::batch::jittered;
use crate::item::Row;

/// A walk through the whole table, or through one of the segments that DynamoDB divides it into.
#[derive(Debug)]
pub(super) struct Segment {
    part: Option<Part>,
    start: Option<Row>,
    /// How often its next page was given up on, because the table is over its capacity.
    throttles: u32,
}

/// Which part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// From 0.
    pub(super) number: i32,
    /// How many there are.
    pub(super) of: i32,
}

impl Segment {
    /// The whole table, from its start.
    pub(super) fn whole() -> Self {
        Self { part: None, start: None, throttles: 0 }
    }

    /// Every segment of a table, from its start.
    pub(super) fn all(of: i32) -> impl Iterator<Item = Self> {
        (0..of).map(move |number| Self { part: Some(Part { number, of }), ..Self::whole() })
    }

    /// `None` for the whole table.
    pub(super) fn part(&self) -> Option<Part> {
        self.part
    }

    /// The key behind which the next page begins; `None` at the segment's own start.
    pub(super) fn start(&self) -> Option<&Row> {
        self.start.as_ref()
    }

    /// Whether nothing has been read before.
    pub(super) fn is_page_1(&self) -> bool {
        self.part.is_none() && self.start.is_none()
    }

    /// Continues behind `last`. `false` where the page just read began there, too: the walk would never end.
    #[must_use]
    pub(super) fn advance(&mut self, last: Row) -> bool {
        let advances = self.start.as_ref() != Some(&last);
        self.start = Some(last);
        self.throttles = 0;
        advances
    }

    /// Waits before its next page is requested again: longer each time, up to about the second in which a table regains
    /// its capacity.
    pub(super) async fn rest(&mut self) {
        /// 50 ms, doubled so often, are 800 ms.
        const DOUBLED: u32 = 4;
        sleep(jittered(self.throttles.min(DOUBLED))).await;
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
    fn goes_on_behind_the_last_key() {
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
