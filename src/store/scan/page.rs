//! One Scan request: a page of keys.
//!
//! A page is 1 MB of items *before* the filter, so one may be empty and not the last; the end is the absence of a
//! start key for the next:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.Pagination>

use aws_sdk_dynamodb::types::AttributeValue;

use super::Rows;
use super::segment::Segment;
use crate::error::{Error, ErrorKind};
use crate::expiry;
use crate::item::Row;
use crate::key::{Base, Key};
use crate::store::call::Call;

/// An item without a Number in its TTL attribute never expires, see [`expiry::is_alive`].
const ALIVE: &str = "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)";

/// A literal prefix: the base is a value, never part of the expression.
const UNDER_BASE: &str = "begins_with(#k, :base)";

/// What one request brought.
pub(super) struct Page {
    pub(super) keys: Vec<Key>,
    /// Behind which key the segment goes on; `None` at its end.
    pub(super) last: Option<Row>,
}

impl Call {
    /// Reads the segment's next page.
    pub(super) async fn scan_page(
        &self,
        base: &Base,
        rows: Rows,
        consistent: bool,
        segment: &Segment,
    ) -> Result<Page, Error> {
        let client = self.client().await?;
        let options = &self.session.options;
        let mut request = client
            .sdk
            .scan()
            .table_name(&options.table)
            .set_consistent_read(consistent.then_some(true))
            .projection_expression("#k")
            .expression_attribute_names("#k", &options.attributes.key)
            .set_segment(segment.part().map(|part| part.number))
            .set_total_segments(segment.part().map(|part| part.of))
            .set_exclusive_start_key(segment.start().cloned())
            .set_limit(options.scan.page_size);
        let mut filter = Vec::with_capacity(2);
        if rows == Rows::Alive {
            filter.push(ALIVE);
            request = request
                .expression_attribute_names("#t", &options.attributes.ttl)
                .expression_attribute_values(":number", AttributeValue::S("N".to_owned()))
                .expression_attribute_values(":now", expiry::current_second(self.session.clock.now()));
        }
        if let Some(prefix) = base.prefix() {
            filter.push(UNDER_BASE);
            request = request.expression_attribute_values(":base", AttributeValue::S(prefix.to_owned()));
        }
        if !filter.is_empty() {
            request = request.filter_expression(filter.join(" AND "));
        }

        let answer = self.send(client, "Scan", || request.send()).await?;
        let keys = answer.items.unwrap_or_default().into_iter().map(|row| self.key_of(row));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        self.counters().read(keys.len());
        Ok(Page {
            keys,
            // DynamoDB ends with an absent key; an empty one is an odd engine's way to say the same.
            last: answer.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    fn key_of(&self, mut row: Row) -> Result<Key, Error> {
        let options = &self.session.options;
        let name = &options.attributes.key;
        row.remove(name).and_then(|key| Key::from_attribute(key, &options.base)).ok_or_else(|| {
            self.fail(Error::new(
                ErrorKind::SchemaMismatch,
                format!("the table has a row without text in \"{name}\" (option `attributes.key`)"),
            ))
        })
    }
}
