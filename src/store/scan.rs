//! Walks the table page by page, reading keys only.
//!
//! A page is 1 MB of items *before* the filter, so one may be empty and not the last; the end is the absence of a
//! start key for the next:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.Pagination>

use aws_sdk_dynamodb::types::AttributeValue;

use super::call::Call;
use crate::error::{Error, ErrorKind};
use crate::expiry;
use crate::item::Row;
use crate::key::{Base, Key};

/// Which rows a scan yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Only those alive, judged by the server.
    Alive,
    /// Expired ones too.
    All,
}

/// An item without a Number in its TTL attribute never expires, see [`expiry::is_alive`].
const ALIVE: &str = "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)";

/// A literal prefix: the base is a value, never part of the expression.
const UNDER_BASE: &str = "begins_with(#k, :base)";

/// A walk through the table.
pub(super) struct Scan<'a> {
    call: &'a Call,
    base: &'a Base,
    rows: Rows,
    consistent: bool,
    next: Next,
}

enum Next {
    First,
    From(Row),
    End,
}

impl<'a> Scan<'a> {
    pub(super) fn new(call: &'a Call, base: &'a Base, rows: Rows) -> Self {
        Self { call, base, rows, consistent: call.session.options.consistent_read, next: Next::First }
    }

    /// Whether to read consistently, over the store's default.
    pub(super) fn consistently(self, consistent: bool) -> Self {
        Self { consistent, ..self }
    }

    /// The keys of the next page, maybe none; `None` after the last.
    pub(super) async fn next_page(&mut self) -> Result<Option<Vec<Key>>, Error> {
        let start = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return Ok(None),
            Next::First => None,
            Next::From(key) => Some(key),
        };
        let client = self.call.client().await?;
        let options = &self.call.session.options;
        let mut request = client
            .sdk
            .scan()
            .table_name(&options.table)
            .set_consistent_read(self.consistent.then_some(true))
            .projection_expression("#k")
            .expression_attribute_names("#k", &options.attributes.key)
            .set_exclusive_start_key(start.clone());
        let mut filter = Vec::with_capacity(2);
        if self.rows == Rows::Alive {
            filter.push(ALIVE);
            request = request
                .expression_attribute_names("#t", &options.attributes.ttl)
                .expression_attribute_values(":number", AttributeValue::S("N".to_owned()))
                .expression_attribute_values(":now", expiry::current_second(self.call.session.clock.now()));
        }
        if let Some(prefix) = self.base.prefix() {
            filter.push(UNDER_BASE);
            request = request.expression_attribute_values(":base", AttributeValue::S(prefix.to_owned()));
        }
        if !filter.is_empty() {
            request = request.filter_expression(filter.join(" AND "));
        }

        let answer = self.call.send(client, "Scan", || request.send()).await?;
        // DynamoDB ends with an absent key; an empty one is an odd engine's way to say the same.
        if let Some(next) = answer.last_evaluated_key.filter(|key| !key.is_empty()) {
            if start.as_ref() == Some(&next) {
                return Err(self.call.fail(Error::new(ErrorKind::Response, "the scan does not advance")));
            }
            self.next = Next::From(next);
        }
        answer.items.unwrap_or_default().into_iter().map(|row| self.key_of(row)).collect::<Result<_, _>>().map(Some)
    }

    fn key_of(&self, mut row: Row) -> Result<Key, Error> {
        let options = &self.call.session.options;
        let name = &options.attributes.key;
        row.remove(name).and_then(|key| Key::from_attribute(key, &options.base)).ok_or_else(|| {
            self.call.fail(Error::new(
                ErrorKind::SchemaMismatch,
                format!("the table has a row without text in \"{name}\" (option `attributes.key`)"),
            ))
        })
    }
}
