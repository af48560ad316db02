//! The key index: a global secondary index with the table's own partition key that projects the expiry, so that
//! `getKeys` reads keys without values.
//!
//! An unusable index changes no result: the table is scanned instead, and the next `getKeys` tries the index again,
//! because a rejected request costs nothing. An index with a different schema must not be used. A role that may only
//! scan cannot describe a table, so a Scan request checks the schema before the first use.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;

use super::call::Call;
use super::notice::Notice;
use crate::client::Action;
use crate::error::{Error, ErrorKind};
use crate::item::Row;
use crate::json::{self, Filter, ScanInput};
use crate::options::Options;

/// The state of a driver's key index.
#[derive(Debug, Default)]
pub(super) struct KeyIndex {
    checked: AtomicBool,
    notice: Notice,
}

impl KeyIndex {
    /// Returns the notice for the user, at most once.
    pub(super) fn take_notice(&self) -> Option<String> {
        self.notice.take()
    }
}

impl Call {
    /// Returns the name of the index if it is configured and usable.
    pub(super) async fn key_index(&self) -> Result<Option<&str>, Error> {
        let Some(index) = self.session.options.index.as_deref() else { return Ok(None) };
        let checked = &self.session.key_index.checked;
        if checked.load(Ordering::Relaxed) {
            return Ok(Some(index));
        }
        match self.check_index(index).await {
            Ok(()) => {
                checked.store(true, Ordering::Relaxed);
                Ok(Some(index))
            }
            Err(error) if has_other_key(&error) => {
                let key = &self.session.options.attributes.key;
                self.warn_of_index(index, &format!("its key is not {key:?} alone (option `attributes.key`)"));
                Ok(None)
            }
            Err(error) => self.give_up_index(index, error).map(|()| None),
        }
    }

    /// Returns `Ok` if the index cannot be used and the table has to be scanned. Otherwise returns the error.
    pub(super) fn give_up_index(&self, index: &str, error: Error) -> Result<(), Error> {
        let Some(why) = self.why_unusable(&error) else { return Err(error) };
        self.session.key_index.checked.store(false, Ordering::Relaxed);
        self.warn_of_index(index, &why);
        Ok(())
    }

    /// Requests one entry after a start key that consists of the table's partition key. DynamoDB rejects it if the
    /// index has a different key. The start key need not exist.
    pub(super) async fn check_index(&self, index: &str) -> Result<(), Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let start = Row::from([(attributes.key.clone(), AttributeValue::S("-".to_owned()))]);
        let body = || {
            let mut input = ScanInput::new(table, Some(index), attributes, Filter::default(), Some(&start));
            input.limit = Some(1);
            self.body(&input)
        };
        self.request(Action::Scan, body, json::acknowledged).await?;
        self.progress();
        Ok(())
    }

    /// Why the index cannot be used, or `None` if the error has another cause.
    fn why_unusable(&self, error: &Error) -> Option<String> {
        let ttl = &self.session.options.attributes.ttl;
        match (error.kind(), error.reason()) {
            (ErrorKind::AccessDenied, _) => Some("the credentials may not call dynamodb:Scan on it".to_owned()),
            (ErrorKind::Validation, said) if said.starts_with("The table does not have the specified index") => {
                Some("the table does not have it (createTable with the same options says how to add it)".to_owned())
            }
            (ErrorKind::Validation, said)
                if said.starts_with("Cannot read from backfilling global secondary index") =>
            {
                Some("DynamoDB is still building it".to_owned())
            }
            (ErrorKind::Validation, said)
                if said.contains("lobal secondary index") && said.contains("does not project") =>
            {
                Some(format!("it does not project the attribute {ttl:?} (option `attributes.ttl`)"))
            }
            _ => None,
        }
    }

    fn warn_of_index(&self, index: &str, why: &str) {
        self.session.key_index.notice.raise(|| {
            format!(
                "[unstorage] [aws-dynamodb] The table \"{}\" is scanned for keys instead of its index {index:?} (option \
                 `index`), which costs more: {why}. Every later scan tries the index again.",
                self.session.options.table_name
            )
        });
    }
}

/// Whether the start key was rejected.
fn has_other_key(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::SchemaMismatch => true,
        ErrorKind::Validation => error.reason().starts_with("The provided starting key is invalid"),
        _ => false,
    }
}
