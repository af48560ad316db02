//! Conditional writes: their conditions, and what a failed one means.

use super::call::Call;
use super::request::FailedRequest;
use crate::condition::{CONDITION_ALLOWED, Conditions, RawConditions};
use crate::error::{Error, ErrorKind};
use crate::json::{self, ConditionInput, GetItemOutput};

impl Call {
    /// Validates the conditions of a write.
    pub(super) fn conditions(&self, raw: RawConditions) -> Result<Option<Conditions>, Error> {
        let conditions =
            Conditions::parse(raw).map_err(|(name, found)| self.argument(name, CONDITION_ALLOWED, found))?;
        if conditions.as_ref().is_some_and(Conditions::needs_etag) && self.session.options.attributes.etag.is_none() {
            let reason = "comparing an etag requires the option `attributes.etag`, with which every write stores one; \
                          \"*\" works without it";
            return Err(self.fail(Error::new(ErrorKind::CasUnsupported, reason)));
        }
        Ok(conditions)
    }

    /// The members of a request that make it conditional.
    pub(super) fn condition<'a>(&'a self, conditions: Option<&'a Conditions>) -> Option<ConditionInput<'a>> {
        let now = self.session.clock.now().as_secs();
        conditions.map(|conditions| ConditionInput::new(&self.session.options.attributes, conditions, now))
    }

    /// Decides what a failed write means. `etag` is the etag that it stores, if any.
    ///
    /// If the response to an attempt is lost, the next attempt fails the condition because of the first. The etag of the
    /// stored item then shows that the write succeeded. Any other item leaves open whether the first attempt was
    /// executed and its item replaced since, or not executed.
    pub(super) fn settled(&self, failed: FailedRequest, etag: Option<&str>) -> Result<(), Error> {
        let FailedRequest { error, unmet, may_have_run } = failed;
        let Some(unmet) = unmet.filter(|_| may_have_run) else { return Err(error) };
        let name = self.session.options.attributes.etag.as_deref();
        let stored = json::read::<GetItemOutput<'_>>(&unmet).ok().and_then(|output| output.item);
        let stored = stored.zip(name).and_then(|(mut item, name)| item.take(name));
        if etag.is_some() && stored.as_ref().and_then(|stored| stored.as_s().ok()).map(String::as_str) == etag {
            return Ok(());
        }
        let reason = "the response to an attempt was lost, and the next attempt did not meet the condition, so the write \
                      may or may not have been executed";
        Err(error.reclassified(ErrorKind::OutcomeUnknown, reason))
    }
}
