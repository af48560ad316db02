//! `clear`: scans the table and deletes each page while the scan continues.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Store;
use super::batch_write::{Done, Write};
use super::call::Call;
use super::scan::{Listed, Rows, Scan, Source};
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::key::Key;

/// Large values that are removed at the same time.
const CONCURRENT_LARGE: usize = 8;

impl Store {
    /// Removes every row under `base`, including expired ones. Holds a bounded number of keys, however large the table.
    ///
    /// # Errors
    ///
    /// Fails on an invalid base or a failed request. Some rows are then gone, and another call continues.
    pub async fn clear(&self, base: Input) -> Result<(), Error> {
        let call = self.begin(Operation::Clear)?;
        let base = call.base(base)?;
        let cleared = call.watch(async {
            // The key index is not used: it is eventually consistent, and a row that it lacks would remain.
            let source = Source::Table { consistent: call.session.options.consistent_read };
            let mut scan = Scan::new(&call, &base, Rows::All, source);
            let mut removed = 0;
            while let Some(page) = scan.next_page().await? {
                let done = Done::none_of(page.len());
                let closed = call.session.order.close_flights(page.iter().map(|row| &row.key));
                let result = scan.during(call.remove_page(page, &done)).await;
                drop(closed);
                removed += done.count();
                if let Err(error) = result {
                    let note = format!(" ({removed} items had been removed; calling clear again continues)");
                    return Err(error.adding(&note));
                }
            }
            Ok(())
        });
        cleared.await?;
        call.succeed();
        Ok(())
    }
}

impl Call {
    /// Removes the rows of a page. A large value is removed before its chunks, so that no reader misses one, and chunks
    /// only with their value or as orphans: others belong to a value that is just being written.
    async fn remove_page(&self, page: Vec<Listed>, done: &Done) -> Result<(), Error> {
        let (mut others, mut large, mut chunks) = (Vec::new(), Vec::new(), Vec::new());
        for (index, Listed { key, is_large }) in page.into_iter().enumerate() {
            if key.is_chunk() {
                chunks.push(key);
            } else if is_large {
                large.push((index, key));
            } else {
                others.push(Write { key, content: None, index });
            }
        }
        self.write_all(others, done).await?;
        let removals = large.into_iter().map(|(index, key)| self.remove_large(index, key, done));
        stream::iter(removals).buffer_unordered(CONCURRENT_LARGE).try_collect::<()>().await?;
        self.remove_orphans(chunks).await.map(drop)
    }

    async fn remove_large(&self, index: usize, key: Key, done: &Done) -> Result<(), Error> {
        self.delete_large(&key).await?;
        done.set(index);
        Ok(())
    }
}
