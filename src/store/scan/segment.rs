//! One walk from start to end: where its next page begins, and whether it goes round in a circle.

use tokio::time::sleep;

use crate::batch::jittered;
use crate::item::Row;

/// A walk through the whole table, or through one of the segments that DynamoDB divides it into.
#[derive(Debug)]
pub(super) struct Segment {
    part: Option<Part>,
    start: Option<Row>,
    circle: Circle,
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
        Self { part: None, start: None, circle: Circle::default(), throttles: 0 }
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

    /// Goes on behind `last`. `false` where the walk has been there before and would never end.
    #[must_use]
    pub(super) fn advance(&mut self, last: Row) -> bool {
        let is_new = self.start.as_ref() != Some(&last) && !self.circle.closes(&last);
        self.start = Some(last);
        self.throttles = 0;
        is_new
    }

    /// Waits before its next page is asked for once more: longer each time, and less than a second, in which a table
    /// gets its capacity anew.
    pub(super) async fn rest(&mut self) {
        /// 50 ms, doubled so often, are 800 ms.
        const DOUBLED: u32 = 4;
        sleep(jittered(self.throttles.min(DOUBLED))).await;
        self.throttles = self.throttles.saturating_add(1);
    }
}

/// Finds a circle of any length while remembering one place only (Brent's algorithm): the place is taken anew after
/// 1, 2, 4, … steps, so that it comes to lie on the circle, and for longer than the way round.
#[derive(Debug, Default)]
struct Circle {
    place: Option<Row>,
    steps: u64,
    power: u32,
}

impl Circle {
    fn closes(&mut self, row: &Row) -> bool {
        if self.place.as_ref() == Some(row) {
            return true;
        }
        self.steps += 1;
        if self.steps >> self.power > 0 {
            self.place = Some(row.clone());
            self.steps = 0;
            self.power += 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;
    use proptest::prelude::*;

    fn row(key: usize) -> Row {
        Row::from([("key".to_owned(), AttributeValue::S(key.to_string()))])
    }

    /// How many steps a walk makes before it is stopped.
    fn steps(keys: impl Iterator<Item = usize>) -> usize {
        let mut segment = Segment::whole();
        keys.map(row).take_while(|key| segment.advance(key.clone())).count()
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
    fn the_same_key_twice_in_a_row_is_found_at_once() {
        for before in 0..20 {
            assert_eq!(steps((0..=before).chain([before])), before + 1);
        }
    }

    proptest! {
        /// [KEYS-9]
        #[test]
        fn a_circle_is_found_soon(tail in 0usize..200, length in 1usize..200) {
            let walk = (0..).map(|step| if step < tail { step } else { tail + (step - tail) % length });
            prop_assert!(steps(walk.take(100_000)) <= 3 * (tail + length) + 1);
        }

        #[test]
        fn a_straight_walk_is_never_stopped(length in 0usize..1_000) {
            prop_assert_eq!(steps(0..length), length);
        }
    }
}
