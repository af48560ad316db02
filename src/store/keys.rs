//! `getKeys`: Scan to the end.

use super::Store;
use super::scan::{Rows, Scan};
use crate::error::{Error, Operation};
use crate::input::Input;
use crate::key::{Key, MAX_DEPTH_ALLOWED, MaxDepth};

impl Store {
    /// Every key alive under `base`, no deeper than `max_depth`: complete, or an error. `consistent` goes over the
    /// store's default.
    ///
    /// # Errors
    /// A bad argument, or a failed request.
    pub async fn keys(&self, base: Input, max_depth: Input, consistent: Input) -> Result<Vec<String>, Error> {
        let call = self.begin(Operation::GetKeys)?;
        let base = call.base(base)?;
        let depth = MaxDepth::parse(&max_depth).map_err(|found| call.argument("maxDepth", MAX_DEPTH_ALLOWED, found))?;
        let consistent = call.consistent_read(&consistent)?;
        let keys = call.watch(async {
            let mut scan = Scan::new(&call, &base, Rows::Alive).consistently(consistent);
            let mut keys = Vec::new();
            while let Some(page) = scan.next_page().await? {
                keys.extend(page.into_iter().filter(|key| depth.admits(key.as_str())).map(Key::into_string));
            }
            Ok(keys)
        });
        let keys = keys.await?;
        Ok(call.done(keys))
    }
}
