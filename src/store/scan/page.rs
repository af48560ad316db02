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
use crate::json;
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
            json::body(&json::Scan {
                table,
                attributes,
                filter: json::Filter { alive_at, prefix: base.prefix() },
                consistent,
                segment: segment.part().map(|part| (part.number, part.of)),
                start: segment.start(),
                limit: scan.page_size,
            })
        };
        let answer = self.request(Action::Scan, body, |answer| json::scan(answer, &attributes.key)).await?;
        let keys = answer.keys.into_iter().map(|key| self.key_of(key)).collect::<Result<Vec<_>, _>>()?;
        self.counters().read(keys.len());
        self.progress();
        Ok(Page {
            keys,
            // DynamoDB ends with an absent key; an empty one is an odd engine's way to say the same.
            last: answer.last.filter(|key| !key.is_empty()),
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
