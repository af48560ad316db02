//! One Scan request: a page of keys.
//!
//! A page is 1 MB of items *before* the filter, so one may be empty and not the last; the end is the absence of a
//! start key for the next:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.Pagination>

use aws_sdk_dynamodb::types::AttributeValue;

use super::Rows;
use super::segment::Segment;
use crate::client::Action;
use crate::error::{Error, ErrorKind};
use crate::item::Row;
use crate::json::{self, Filter, Item, ScanInput, ScanOutput};
use crate::key::{Base, Key};
use crate::options::Options;
use crate::store::call::Call;

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
        let Options { table, attributes, scan, .. } = &self.session.options;
        let alive_at = (rows == Rows::Alive).then(|| self.session.clock.now().as_secs());
        let body = || {
            let filter = Filter { alive_at, prefix: base.prefix() };
            let mut input = ScanInput::new(table, attributes, filter, segment.start());
            input.consistent_read = consistent;
            input.limit = scan.page_size;
            input.segment = segment.part().map(|part| part.number);
            input.total_segments = segment.part().map(|part| part.of);
            json::body(&input)
        };
        let read = |response: &[u8]| {
            let ScanOutput { items, last_evaluated_key } = json::read(response)?;
            let keys = items.into_iter().flatten().map(|mut item| item.take(&attributes.key));
            Ok((keys.collect::<Vec<_>>(), last_evaluated_key.map(Item::into_map)))
        };
        let (keys, last) = self.request(Action::Scan, body, read).await?;
        let keys = keys.into_iter().map(|key| self.key_of(key)).collect::<Result<Vec<_>, _>>()?;
        self.counters().read(keys.len());
        self.progress();
        Ok(Page {
            keys,
            // DynamoDB ends with an absent key; some engines with an empty one.
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
