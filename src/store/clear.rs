//! `clear`: scans the table and deletes each page while the scan continues.

use super::Store;
use super::batch_write::{Done, Write};
use super::scan::{Rows, Scan, Source};
use crate::error::{Error, Operation};
use crate::input::Input;

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
                let deletes = page.into_iter().enumerate();
                let deletes: Vec<_> = deletes.map(|(index, key)| Write { key, content: None, index }).collect();
                let done = Done::none_of(deletes.len());
                let closed = call.session.order.close_flights(deletes.iter().map(|delete| &delete.key));
                let result = scan.during(call.write_all(deletes, &done)).await;
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
