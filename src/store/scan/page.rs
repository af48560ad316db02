//! Requests one page of keys with Scan.
//!
//! The 1 MB limit of a page applies *before* the filter, so a page can be empty without being the last one. Only a
//! missing `LastEvaluatedKey` marks the end:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.Pagination>

use aws_sdk_dynamodb::types::AttributeValue;

use super::segment::Segment;
use super::{Listed, Rows, Source};
use crate::client::{Action, RequestThrottles};
use crate::compression::Encoding;
use crate::error::{Error, ErrorKind};
use crate::item::Row;
use crate::json::{self, Filter, Item, ScanInput, ScanOutput, Units};
use crate::key::{Base, Key};
use crate::options::Options;
use crate::store::call::Call;

/// The result of one Scan request.
pub(super) struct Page {
    pub(super) rows: Vec<Listed>,
    /// The key after which the segment continues; `None` at its end.
    pub(super) last: Option<Row>,
}

impl Call {
    /// Requests the segment's next page.
    pub(super) async fn scan_page(
        &self,
        base: &Base,
        rows: Rows,
        source: Source<'_>,
        segment: &Segment,
        throttles: &RequestThrottles,
    ) -> Result<Page, Error> {
        let Options { table, attributes, scan, .. } = &self.session.options;
        let alive_at = (rows == Rows::Alive).then(|| self.session.clock.now().as_secs());
        let body = || {
            let filter = Filter { alive_at, prefix: base.prefix() };
            let (index, consistent) = match source {
                Source::Table { consistent } => (None, consistent),
                Source::Index(name) => (Some(name), false),
            };
            let mut input = ScanInput::new(table, index, attributes, filter, segment.start());
            if rows == Rows::All {
                input.add_encoding(attributes);
            }
            input.consistent_read = consistent;
            input.limit = scan.page_size;
            input.segment = segment.part().map(|part| part.number);
            input.total_segments = segment.part().map(|part| part.of);
            self.body(&input)
        };
        let read = |response: &[u8]| {
            let ScanOutput { items, last_evaluated_key, consumed_capacity } = json::read(response)?;
            let row = |mut item: Item<'_>| {
                let encoding = item.take(&attributes.encoding);
                let is_large = encoding.as_ref().and_then(Encoding::of) == Some(Encoding::Manifest);
                (item.take(&attributes.key), is_large)
            };
            let page =
                (items.into_iter().flatten().map(row).collect::<Vec<_>>(), last_evaluated_key.map(Item::into_map));
            Ok((page, Units::of(&consumed_capacity)))
        };
        let (found, last) = self.observed_request(Action::Scan, body, read, Some(throttles)).await?;
        let listed = |(key, is_large)| self.key_of(key).map(|key| Listed { key, is_large });
        let mut found = found.into_iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        self.counters().read(found.len());
        self.progress();
        if rows == Rows::Alive {
            found.retain(|row| !row.key.is_chunk());
        }
        Ok(Page {
            rows: found,
            // DynamoDB omits the key on the last page; some local engines send an empty one.
            last: last.filter(|key| !key.is_empty()),
        })
    }

    fn key_of(&self, key: Option<AttributeValue>) -> Result<Key, Error> {
        let options = &self.session.options;
        key.and_then(|key| Key::from_attribute(key, &options.base)).ok_or_else(|| {
            let name = &options.attributes.key;
            self.fail(Error::new(
                ErrorKind::SchemaMismatch,
                format!("the table has a row without text in \"{name}\" (option `attributes.key`)"),
            ))
        })
    }
}
