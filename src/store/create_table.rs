//! `createTable`: DescribeTable and, if the table does not exist, CreateTable; then DescribeTimeToLive and, if TTL is
//! off, UpdateTimeToLive. An existing table needs only the two Describe requests and their permissions.

use std::time::Duration;

use super::Store;
use super::call::Call;
use crate::client::Action;
use crate::error::{Error, ErrorKind, Operation};
use crate::json::{
    self, CreateTableInput, DescribeTableOutput, DescribeTimeToLiveOutput, KeyIndexInput, TableDescription,
    TableNameInput, Units, UpdateTimeToLiveInput,
};
use crate::options::Options;
use crate::table::index::{self, IndexState};
use crate::table::{MAX_TTL_NAME_BYTES, Readiness, TtlState, key_difference, readiness, ttl_state};

/// The first polling delay, enough for local engines to finish.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The upper bound of the polling delay, which doubles each time. AWS needs about ten seconds to create a table.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The total delay after which waiting for a new table fails.
const TABLE_TIMEOUT: Duration = Duration::from_mins(2);

/// The total delay after which a rejected attempt to enable TTL is final. Until then, it may be caused by a concurrent call that
/// is enabling it.
const TTL_TIMEOUT: Duration = Duration::from_secs(3);

/// The result of `create_table`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreatedTable {
    /// Whether this call created the table.
    pub created: bool,
    /// Whether the key index is ready; `None` without the option `index`.
    pub index_ready: Option<bool>,
}

/// How often and for how long `create_table` polls. Only the delays count: requests have their own timeouts.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first polling delay. Default: 100 ms.
    pub first_pause: Duration,
    /// The maximum polling delay. Default: 5 s.
    pub longest_pause: Duration,
    /// The total delay while waiting for the table to become usable. Default: 120 s.
    pub for_table: Duration,
    /// The total delay while enabling TTL. Default: 3 s.
    pub for_ttl: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first_pause: FIRST_PAUSE, longest_pause: LONGEST_PAUSE, for_table: TABLE_TIMEOUT, for_ttl: TTL_TIMEOUT }
    }
}

impl Patience {
    fn delays(&self, total: Duration) -> Delays {
        Delays { next: self.first_pause, longest: self.longest_pause, left: total }
    }
}

/// Exponentially growing delays, up to a total.
struct Delays {
    next: Duration,
    longest: Duration,
    left: Duration,
}

impl Delays {
    /// Sleeps for the next delay. Returns `false` if the total has been used up.
    async fn pause(&mut self) -> bool {
        let pause = self.next.min(self.left);
        if pause.is_zero() {
            return false;
        }
        tokio::time::sleep(pause).await;
        self.left -= pause;
        self.next = (self.next * 2).min(self.longest);
        true
    }
}

impl Store {
    /// Creates the table that the store expects if it does not exist, waits until it is usable, and enables TTL.
    /// The operation is idempotent and can be repeated after a failure.
    ///
    /// # Errors
    /// Fails if the table or its key index has a different schema, is unavailable or is not ready in time, or if a
    /// request fails.
    pub async fn create_table(&self, patience: Patience) -> Result<CreatedTable, Error> {
        let call = self.begin(Operation::CreateTable)?;
        call.check_ttl_name()?;
        let table = call.ensure_table(patience).await?;
        call.ensure_ttl(patience).await?;
        Ok(call.done(table))
    }
}

impl Call {
    /// The driver accepts longer attribute names than DynamoDB's TTL does. Checked before a table is created.
    fn check_ttl_name(&self) -> Result<(), Error> {
        if self.session.options.attributes.ttl.len() <= MAX_TTL_NAME_BYTES {
            return Ok(());
        }
        let allowed = format!("at most {MAX_TTL_NAME_BYTES} bytes for the table's TTL to use it");
        Err(self.fail(Error::option("attributes.ttl", &allowed, "longer")))
    }

    /// Waits until the table is usable, but not until DynamoDB has built an index of an existing table.
    async fn ensure_table(&self, patience: Patience) -> Result<CreatedTable, Error> {
        let mut delays = patience.delays(patience.for_table);
        let mut created = false;
        loop {
            match self.describe_table().await? {
                Some(table) if self.is_ready(&table)? => match self.index_state(&table)? {
                    Some(IndexState::Creating) => {}
                    state => {
                        let index_ready = state.map(|state| state == IndexState::Ready);
                        return Ok(CreatedTable { created, index_ready });
                    }
                },
                None if !created => created = self.make_table().await?,
                // Still being created, or created but not visible yet (DescribeTable is eventually consistent).
                _ => {}
            }
            if !delays.pause().await {
                let seconds = patience.for_table.as_secs();
                return Err(self.fail(Error::new(
                    ErrorKind::Timeout,
                    format!("the table is still being created after {seconds} s; call again to keep waiting"),
                )));
            }
        }
    }

    /// Whether the table is usable. Fails if waiting would not help.
    fn is_ready(&self, table: &TableDescription) -> Result<bool, Error> {
        let readiness = readiness(table);
        // Checked first because the description of a table being deleted may lack the key schema.
        if let Readiness::Unavailable(reason) = readiness {
            return Err(self.fail(Error::new(ErrorKind::TableUnavailable, reason)));
        }
        match key_difference(table, &self.session.options.attributes.key) {
            Some(difference) => Err(self.another_shape(&difference)),
            None => Ok(readiness == Readiness::Ready),
        }
    }

    /// The state of the key index; `None` without the option `index`. Fails if waiting would not help.
    fn index_state(&self, table: &TableDescription) -> Result<Option<IndexState>, Error> {
        let Options { table: id, attributes, index: name, .. } = &self.session.options;
        let Some(name) = name else { return Ok(None) };
        let Some(found) = index::find(table, name) else {
            let command = index::command(id, name, &attributes.key, &attributes.ttl)
                .map_err(|_| self.fail(Error::new(ErrorKind::Internal, "the command could not be written")))?;
            return Err(self.another_shape(&format!("it has no index {name:?} (option `index`). To add it: {command}")));
        };
        if let Some(difference) = index::difference(found, &attributes.key, &attributes.ttl) {
            return Err(self.another_shape(&format!("of its index {name:?} (option `index`), {difference}")));
        }
        match index::state(found) {
            IndexState::Deleting => Err(self.fail(Error::new(
                ErrorKind::TableUnavailable,
                format!("the index {name:?} (option `index`) is being deleted; call again once it is gone"),
            ))),
            state => Ok(Some(state)),
        }
    }

    /// Enables TTL if it is off. Does not wait for the change to take effect, which takes up to an hour.
    async fn ensure_ttl(&self, patience: Patience) -> Result<(), Error> {
        let mut delays = patience.delays(patience.for_ttl);
        let expected = &self.session.options.attributes.ttl;
        loop {
            match self.describe_ttl().await.map_err(|error| without_ttl(error, "DescribeTimeToLive"))? {
                TtlState::On => return Ok(()),
                TtlState::Off => {}
                TtlState::OnAnother(name) => {
                    return Err(self.another_shape(&format!(
                        "its TTL is on for the attribute {name:?}, and not for {expected:?} (option `attributes.ttl`)"
                    )));
                }
                TtlState::TurningOff => {
                    return Err(self.fail(Error::new(
                        ErrorKind::TableUnavailable,
                        "the table's TTL is being turned off, which may take an hour; call again after that",
                    )));
                }
            }
            let Err(refusal) = self.turn_ttl_on().await else { return Ok(()) };
            if is_unknown(&refusal) {
                return Err(without_ttl(refusal, "UpdateTimeToLive"));
            }
            let may_pass = refusal.kind() == ErrorKind::Validation || is_in_use(&refusal);
            if !may_pass || !delays.pause().await {
                return Err(refusal
                    .adding(" (the table exists, but its TTL is not enabled; calling createTable again continues)"));
            }
        }
    }

    fn another_shape(&self, difference: &str) -> Error {
        let reason = format!("the table exists in another shape: {difference}");
        self.fail(Error::new(ErrorKind::SchemaMismatch, reason))
    }

    /// Describes the table. Returns `None` if it does not exist.
    pub(super) async fn describe_table(&self) -> Result<Option<TableDescription>, Error> {
        let body = || json::body(&TableNameInput { table_name: &self.session.options.table });
        let read =
            |response: &[u8]| json::read(response).map(|DescribeTableOutput { table }| (table, Units::default()));
        match self.request(Action::DescribeTable, body, read).await {
            Ok(Some(table)) => Ok(Some(table)),
            Ok(None) => Err(self.fail(Error::new(ErrorKind::Response, "the response contains no table"))),
            Err(error) if error.kind() == ErrorKind::TableNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates the table. Returns `false` if a concurrent call created it first.
    async fn make_table(&self) -> Result<bool, Error> {
        let Options { table, attributes, index, .. } = &self.session.options;
        let body = || {
            let mut input = CreateTableInput::new(table, &attributes.key);
            input.global_secondary_indexes =
                index.as_ref().map(|name| [KeyIndexInput::new(name, &attributes.key, &attributes.ttl)]);
            json::body(&input)
        };
        match self.request(Action::CreateTable, body, json::acknowledged).await {
            Ok(()) => Ok(true),
            Err(error) if is_in_use(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn describe_ttl(&self) -> Result<TtlState, Error> {
        let options = &self.session.options;
        let body = || json::body(&TableNameInput { table_name: &options.table });
        let read = |response: &[u8]| json::read(response).map(|output| (output, Units::default()));
        let DescribeTimeToLiveOutput { time_to_live_description } =
            self.request(Action::DescribeTimeToLive, body, read).await?;
        Ok(ttl_state(time_to_live_description.as_ref(), &options.attributes.ttl))
    }

    async fn turn_ttl_on(&self) -> Result<(), Error> {
        let options = &self.session.options;
        let body = || json::body(&UpdateTimeToLiveInput::new(&options.table, &options.attributes.ttl));
        self.request(Action::UpdateTimeToLive, body, json::acknowledged).await
    }
}

/// Whether the endpoint does not support the operation. Some local engines have no TTL.
fn is_unknown(error: &Error) -> bool {
    error.name() == "UnknownOperationException"
}

/// Explains what an engine without TTL support means for the table.
fn without_ttl(error: Error, action: &str) -> Error {
    if !is_unknown(&error) {
        return error;
    }
    error.adding(&format!(
        " (the endpoint does not know {action}. The table itself is there and can be used: the driver hides expired items; they are only never deleted)"
    ))
}

/// Whether AWS rejected the request because the table exists or is being changed.
fn is_in_use(error: &Error) -> bool {
    error.name() == "ResourceInUseException"
}
