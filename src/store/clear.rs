//! `clear`: Scan and delete, one page at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use super::Store;
use super::call::Call;
use super::scan::{Rows, Scan};
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::key::Key;

/// Deletes in flight: leaves slots for the app's own reads while a table is cleared.
const CONCURRENT_DELETES: usize = 32;

impl Store {
    /// Removes every row under `base`, expired ones too. Holds one page of keys at a time.
    ///
    /// # Errors
    /// A bad base, or a failed request: then some rows are gone, some are not, and another call goes on.
    pub async fn clear(&self, base: Input) -> Result<(), Error> {
        let call = self.begin(Operation::Clear)?;
        let base = call.base(base)?;
        let mut scan = Scan::new(&call, &base, Rows::All);
        let mut removed = 0;
        while let Some(page) = scan.next_page().await? {
            call.delete_all(page, &mut removed).await.map_err(|error| {
                error.adding(&format!(" ({removed} items were removed before; calling clear again goes on)"))
            })?;
        }
        Ok(())
    }
}

impl Call {
    /// Deletes these rows. After a failure no further delete begins, and those in flight are waited for.
    async fn delete_all(&self, keys: Vec<Key>, removed: &mut usize) -> Result<(), Error> {
        let failed = AtomicBool::new(false);
        let deletes = keys.into_iter().map(|key| {
            let failed = &failed;
            async move {
                if failed.load(Ordering::Relaxed) {
                    return None;
                }
                let result = self.delete(&key).await;
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                Some(result)
            }
        });
        let mut results = stream::iter(deletes).buffer_unordered(CONCURRENT_DELETES);
        let mut first_error = None;
        while let Some(result) = results.next().await {
            match result {
                Some(Ok(())) => *removed += 1,
                Some(Err(error)) => {
                    first_error.get_or_insert(error);
                }
                None => {}
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}
