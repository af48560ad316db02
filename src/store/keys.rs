//! `getKeys`: scans the key index if there is one, and the table otherwise.

use super::Store;
use super::call::Call;
use super::scan::{Rows, Scan, Source};
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::key::{Base, Key, MAX_DEPTH_ALLOWED, MaxDepth};

impl Store {
    /// Returns every unexpired key under `base` up to `max_depth`, or an error. `consistent` overrides the store's
    /// default.
    ///
    /// # Errors
    ///
    /// Fails on an invalid argument or a failed request.
    pub async fn keys(&self, base: Input, max_depth: Input, consistent: Input) -> Result<Vec<String>, Error> {
        let call = self.begin(Operation::GetKeys)?;
        let base = call.base(base)?;
        let depth = MaxDepth::parse(&max_depth).map_err(|found| call.argument("maxDepth", MAX_DEPTH_ALLOWED, found))?;
        let consistent = call.consistent_read(&consistent)?;
        let keys = call.watch(async {
            if !consistent && let Some(index) = call.key_index().await? {
                match call.list(&base, depth, Source::Index(index)).await {
                    Err(error) => call.give_up_index(index, error)?,
                    listed => return listed,
                }
            }
            call.list(&base, depth, Source::Table { consistent }).await
        });
        let keys = keys.await?;
        Ok(call.done(keys))
    }
}

impl Call {
    async fn list(&self, base: &Base, depth: MaxDepth, source: Source<'_>) -> Result<Vec<String>, Error> {
        let mut scan = Scan::new(self, base, Rows::Alive, source);
        let mut keys = Vec::new();
        while let Some(page) = scan.next_page().await? {
            let found = page.into_iter().map(|row| row.key);
            keys.extend(found.filter(|key| depth.admits(key.as_str())).map(Key::into_string));
        }
        Ok(keys)
    }
}
