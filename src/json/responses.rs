//! The parts of item responses that the store needs.

use serde::Deserialize;
use serde::de::Error;
use serde_json::Result;

use super::attribute::{Item, Members};
use crate::stats::UNIT_SCALE;

/// Parses a response.
pub(crate) fn read<'a, T: Deserialize<'a>>(response: &'a [u8]) -> Result<T> {
    let output = match simdutf8::basic::from_utf8(response) {
        Ok(text) => serde_json::from_str(text)?,
        // `serde_json` validates each string by itself, which takes several times as long, but knows what else is wrong.
        Err(_) => serde_json::from_slice(response)?,
    };
    // Serde also accepts an array for a struct.
    if response.trim_ascii_start().starts_with(b"{") {
        Ok(output)
    } else {
        Err(serde_json::Error::custom("a response that is not an object"))
    }
}

/// Parses the response of a write.
pub(crate) fn acknowledged(response: &[u8]) -> Result<((), Units)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        consumed_capacity: Option<ConsumedCapacity>,
    }
    let Output { consumed_capacity } = read(response)?;
    Ok(((), Units::of(&consumed_capacity)))
}

/// Parses the response of a write that may return the item before the write, which `read` takes.
pub(crate) fn replaced<T>(response: &[u8], read: impl FnOnce(Option<Item<'_>>) -> T) -> Result<(T, Units)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output<'a> {
        #[serde(borrow)]
        attributes: Option<Item<'a>>,
        consumed_capacity: Option<ConsumedCapacity>,
    }
    let Output { attributes, consumed_capacity } = self::read(response)?;
    Ok((read(attributes), Units::of(&consumed_capacity)))
}

/// The capacity units that a request consumed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConsumedCapacity {
    capacity_units: Option<f64>,
}

/// Read or write units, in thousandths. 0 if none were reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Units(pub(crate) u64);

impl Units {
    /// Adds up the units of the requests on an item or a table.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, at 0 and far above any bill"
    )]
    pub(crate) fn of<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> Self {
        let units: f64 = consumed.into_iter().filter_map(|consumed| consumed.capacity_units).sum();
        Self((units * UNIT_SCALE) as u64)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetItemOutput<'a> {
    /// `None` if the item does not exist.
    #[serde(borrow)]
    pub(crate) item: Option<Item<'a>>,
    pub(crate) consumed_capacity: Option<ConsumedCapacity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScanOutput<'a> {
    #[serde(borrow)]
    pub(crate) items: Option<Vec<Item<'a>>>,
    /// `None` on the last page.
    #[serde(borrow)]
    pub(crate) last_evaluated_key: Option<Item<'a>>,
    pub(crate) consumed_capacity: Option<ConsumedCapacity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchGetItemOutput<'a> {
    /// The items found, by table.
    #[serde(borrow)]
    responses: Option<Members<'a, Vec<Item<'a>>>>,
    /// The keys that were not read, by table.
    #[serde(borrow)]
    unprocessed_keys: Option<Members<'a, KeysAndAttributes<'a>>>,
    /// One per table.
    consumed_capacity: Option<Vec<ConsumedCapacity>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeysAndAttributes<'a> {
    #[serde(borrow)]
    keys: Vec<Item<'a>>,
}

impl<'a> BatchGetItemOutput<'a> {
    pub(crate) fn units(&self) -> Units {
        Units::of(self.consumed_capacity.iter().flatten())
    }

    /// Returns the items found and the keys that were not read. All belong to one table, because requests name only
    /// one.
    pub(crate) fn into_items(self) -> (impl Iterator<Item = Item<'a>>, impl Iterator<Item = Item<'a>>) {
        let items = self.responses.into_iter().flat_map(Members::into_values).flatten();
        let tables = self.unprocessed_keys.into_iter().flat_map(Members::into_values);
        (items, tables.flat_map(|table| table.keys))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchWriteItemOutput<'a> {
    /// The writes that were not performed, by table.
    #[serde(borrow)]
    unprocessed_items: Option<Members<'a, Vec<WriteRequest<'a>>>>,
    /// One per table.
    consumed_capacity: Option<Vec<ConsumedCapacity>>,
}

#[derive(Deserialize)]
enum WriteRequest<'a> {
    PutRequest {
        #[serde(rename = "Item", borrow)]
        item: Item<'a>,
    },
    DeleteRequest {
        #[serde(rename = "Key", borrow)]
        key: Item<'a>,
    },
}

impl<'a> BatchWriteItemOutput<'a> {
    pub(crate) fn units(&self) -> Units {
        Units::of(self.consumed_capacity.iter().flatten())
    }

    /// Returns the items that were not put and the keys that were not deleted. All belong to one table, because
    /// requests name only one.
    pub(crate) fn into_unprocessed(self) -> impl Iterator<Item = Item<'a>> {
        let writes = self.unprocessed_items.into_iter().flat_map(Members::into_values).flatten();
        writes.map(|write| match write {
            WriteRequest::PutRequest { item } => item,
            WriteRequest::DeleteRequest { key } => key,
        })
    }
}
