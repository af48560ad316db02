//! What the store needs of the responses to its operations on items.

use serde::Deserialize;
use serde::de::Error;
use serde_json::Result;

use super::attribute::{Item, Members};
use crate::stats::PARTS_OF_A_UNIT;

/// Reads a whole response.
pub(crate) fn read<'a, T: Deserialize<'a>>(response: &'a [u8]) -> Result<T> {
    let output = serde_json::from_slice(response)?;
    // Serde also takes an array for a struct.
    if response.trim_ascii_start().starts_with(b"{") {
        Ok(output)
    } else {
        Err(serde_json::Error::custom("a response that is not an object"))
    }
}

/// Reads the response of a write.
pub(crate) fn acknowledged(response: &[u8]) -> Result<((), Units)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        consumed_capacity: Option<ConsumedCapacity>,
    }
    let Output { consumed_capacity } = read(response)?;
    Ok(((), Units::of(&consumed_capacity)))
}

/// The units that a request took of a table and its indexes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConsumedCapacity {
    capacity_units: Option<f64>,
}

/// Read or write units, in thousandths; 0 where nothing was reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Units(pub(crate) u64);

impl Units {
    /// Of the requests on one item or one table.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, at 0 and far above any bill"
    )]
    pub(crate) fn of<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> Self {
        let units: f64 = consumed.into_iter().filter_map(|consumed| consumed.capacity_units).sum();
        Self((units * PARTS_OF_A_UNIT) as u64)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetItemOutput<'a> {
    /// Absent where there is no such item.
    #[serde(borrow)]
    pub(crate) item: Option<Item<'a>>,
    pub(crate) consumed_capacity: Option<ConsumedCapacity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScanOutput<'a> {
    #[serde(borrow)]
    pub(crate) items: Option<Vec<Item<'a>>>,
    /// Absent on the last page.
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

    /// The items found, and the keys that were not read. Requests name one table, so all are of that.
    pub(crate) fn into_items(self) -> (impl Iterator<Item = Item<'a>>, impl Iterator<Item = Item<'a>>) {
        let items = self.responses.into_iter().flat_map(Members::into_values).flatten();
        let tables = self.unprocessed_keys.into_iter().flat_map(Members::into_values);
        (items, tables.flat_map(|table| table.keys))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchWriteItemOutput<'a> {
    /// The writes that were not done, by table.
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

    /// The items that were not put, and the keys that were not deleted. Requests name one table, so all are of that.
    pub(crate) fn into_unprocessed(self) -> impl Iterator<Item = Item<'a>> {
        let writes = self.unprocessed_items.into_iter().flat_map(Members::into_values).flatten();
        writes.map(|write| match write {
            WriteRequest::PutRequest { item } => item,
            WriteRequest::DeleteRequest { key } => key,
        })
    }
}
