//! What `npx unstorage-dynamodb doctor` has to know beyond the results of methods. Changes nothing.

use super::Store;
use super::call::Call;
use super::permission::Permission;
use crate::client::Action;
use crate::error::{Error, Operation};
use crate::json::{self, Filter, ScanInput, TableDescription};
use crate::options::Options;
use crate::table::index::{self, IndexState};
use crate::table::{Readiness, TtlState, key_difference, readiness};

/// What is inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Region and endpoint, as options, environment and profile determine them.
    Settings,
    /// The source of the credentials, and the host that they lead to. Sends nothing to DynamoDB.
    Credentials,
    /// DescribeTable.
    Table,
    /// DescribeTimeToLive.
    TimeToLive,
    /// Scan, for one row of the table.
    Scan,
    /// Scan, for one entry of the key index.
    Index,
    /// Which batch actions were denied so far. Sends nothing.
    Batches,
}

/// The names of the subjects in JavaScript.
const SUBJECTS: [(&str, Subject); 7] = [
    ("settings", Subject::Settings),
    ("credentials", Subject::Credentials),
    ("table", Subject::Table),
    ("timeToLive", Subject::TimeToLive),
    ("scan", Subject::Scan),
    ("index", Subject::Index),
    ("batches", Subject::Batches),
];

impl Subject {
    /// Returns the subject with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        SUBJECTS.into_iter().find_map(|(known, subject)| (known == name).then_some(subject))
    }
}

/// What was found, by name. Facts that do not apply are absent.
pub type Facts = Vec<(&'static str, String)>;

impl Store {
    /// Inspects one subject, with at most one request.
    ///
    /// # Errors
    /// Fails as a method does: if the configuration is invalid or the request fails.
    pub async fn inspect(&self, subject: Subject) -> Result<Facts, Error> {
        let call = self.begin(Operation::Doctor)?;
        let facts = match subject {
            Subject::Settings => call.settings().await?,
            Subject::Credentials => call.credentials().await?,
            Subject::Table => call.table().await?,
            Subject::TimeToLive => time_to_live(call.describe_ttl().await?),
            Subject::Scan => call.scan_one().await.map(|()| Facts::new())?,
            Subject::Index => match call.session.options.index.as_deref() {
                Some(index) => call.check_index(index).await.map(|()| Facts::new())?,
                None => Facts::new(),
            },
            Subject::Batches => call.batches(),
        };
        Ok(call.done(facts))
    }
}

impl Call {
    async fn settings(&self) -> Result<Facts, Error> {
        let client = self.client().await.map_err(|error| self.fail(error))?;
        let mut facts = vec![("region", client.target.region.clone())];
        facts.extend(client.target.endpoint.clone().map(|endpoint| ("endpoint", endpoint)));
        Ok(facts)
    }

    async fn credentials(&self) -> Result<Facts, Error> {
        let client = self.client().await.map_err(|error| self.fail(error))?;
        let origin = client.prepare().await.map_err(|error| self.fail(error))?;
        let mut facts = vec![("source", origin.source.to_owned())];
        facts.extend(origin.account.map(|account| ("account", account)));
        facts.extend(client.authority().map(|authority| ("authority", authority.to_string())));
        Ok(facts)
    }

    async fn table(&self) -> Result<Facts, Error> {
        let Options { table: id, attributes, index: name, .. } = &self.session.options;
        let Some(table) = self.describe_table().await? else { return Ok(vec![("state", "missing".to_owned())]) };
        let mut facts = vec![("state", state(&table))];
        facts.extend(table.table_arn.clone().map(|arn| ("arn", arn)));
        facts.extend(key_difference(&table, &attributes.key).map(|difference| ("keyDifference", difference)));
        let Some(name) = name else { return Ok(facts) };
        if let Some(found) = index::find(&table, name) {
            facts.push(("index", index_state(&index::state(found)).to_owned()));
            let difference = index::difference(found, &attributes.key, &attributes.ttl);
            facts.extend(difference.map(|difference| ("indexDifference", difference)));
        } else {
            facts.push(("index", "missing".to_owned()));
            let command = index::command(id, name, &attributes.key, &attributes.ttl);
            facts.extend(command.ok().map(|command| ("indexCommand", command)));
        }
        Ok(facts)
    }

    fn batches(&self) -> Facts {
        let fact = |permission: &Permission| if permission.allowed() { "allowed" } else { "denied" }.to_owned();
        let [get, write] = [&self.session.batch_get, &self.session.batch_write].map(fact);
        vec![(Action::BatchGetItem.name(), get), (Action::BatchWriteItem.name(), write)]
    }

    async fn scan_one(&self) -> Result<(), Error> {
        let Options { table, attributes, .. } = &self.session.options;
        let body = || {
            let mut input = ScanInput::new(table, None, attributes, Filter::default(), None);
            input.limit = Some(1);
            self.body(&input)
        };
        self.request(Action::Scan, body, json::acknowledged).await
    }
}

/// `ready`, or why the table cannot be used.
fn state(table: &TableDescription) -> String {
    match readiness(table) {
        Readiness::Ready => "ready".to_owned(),
        Readiness::Creating => "the table is still being created".to_owned(),
        Readiness::Unavailable(reason) => reason,
    }
}

fn index_state(state: &IndexState) -> &'static str {
    match state {
        IndexState::Ready => "ready",
        IndexState::Creating | IndexState::Building => "building",
        IndexState::Deleting => "deleting",
    }
}

fn time_to_live(state: TtlState) -> Facts {
    match state {
        TtlState::On => vec![("state", "on".to_owned())],
        TtlState::Off => vec![("state", "off".to_owned())],
        TtlState::OnAnother(name) => vec![("state", "another".to_owned()), ("attribute", name)],
        TtlState::TurningOff => vec![("state", "turningOff".to_owned())],
    }
}
