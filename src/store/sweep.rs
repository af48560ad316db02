//! `sweep`: removes chunks of large values that no item names, which interrupted writes have left.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Store;
use super::batch_write::{Done, Write};
use super::call::Call;
use super::read::{Projection, StoredRow};
use super::scan::{Rows, Scan, Source};
use crate::error::{Error, Operation};
use crate::key::{Base, Key};
use crate::large::ChunksId;

/// Items that are checked at the same time.
const CONCURRENT_CHECKS: usize = 16;

/// A large value: the key of its item and the id of its chunks.
type Value = (Key, ChunksId);

impl Store {
    /// Removes the chunks under the store's base that are older than an hour and that no item names. Returns their
    /// number.
    ///
    /// # Errors
    /// Fails on a failed request. Another call continues.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let call = self.begin(Operation::Sweep)?;
        let base = call.session.options.base.clone();
        let swept = call.watch(async {
            if let Some(index) = call.key_index().await? {
                match call.sweep(&base, Source::Index(index)).await {
                    Err(error) => call.give_up_index(index, error)?,
                    swept => return swept,
                }
            }
            call.sweep(&base, Source::Table { consistent: false }).await
        });
        let removed = swept.await?;
        Ok(call.done(removed))
    }
}

impl Call {
    async fn sweep(&self, base: &Base, source: Source<'_>) -> Result<usize, Error> {
        let mut scan = Scan::new(self, base, Rows::All, source);
        let mut removed = 0;
        while let Some(page) = scan.next_page().await? {
            let keys = page.into_iter().map(|row| row.key).collect();
            removed += scan.during(self.remove_orphans(keys)).await?;
        }
        Ok(removed)
    }

    /// Removes the chunks among these keys that no item names and that are too old to be named later. Other keys are
    /// ignored.
    pub(super) async fn remove_orphans(&self, keys: Vec<Key>) -> Result<usize, Error> {
        let now = self.session.clock.now();
        let mut values: HashMap<Value, Vec<Key>> = HashMap::new();
        for key in keys {
            let Some((item, id)) = key.chunk_of() else { continue };
            let id = ChunksId::from_key(id);
            if id.is_settled(now) {
                values.entry((item, id)).or_default().push(key);
            }
        }
        let checks = values.into_iter().map(|(value, keys)| self.orphans(value, keys));
        let orphans: Vec<Vec<Key>> = stream::iter(checks).buffer_unordered(CONCURRENT_CHECKS).try_collect().await?;
        let deletes = orphans.into_iter().flatten().enumerate();
        let deletes: Vec<_> = deletes.map(|(index, key)| Write { key, content: None, index }).collect();
        let done = Done::none_of(deletes.len());
        self.write_all(deletes, &done).await?;
        Ok(done.count())
    }

    /// Returns the keys of the chunks of a value if its item does not name them.
    async fn orphans(&self, (item, id): Value, keys: Vec<Key>) -> Result<Vec<Key>, Error> {
        let row = self.fetch(&item, true, Projection::Value).await?;
        let is_named = row.and_then(StoredRow::manifest).is_some_and(|manifest| manifest.id == id);
        Ok(if is_named { Vec::new() } else { keys })
    }
}
