//! The table that the driver expects, and what another one has in its place. Pure: `src/store/create_table.rs` asks.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType, TableDescription, TableStatus,
    TimeToLiveDescription, TimeToLiveStatus,
};

/// The longest name of a table's TTL attribute, in bytes:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TimeToLiveSpecification.html>
pub(crate) const MAX_TTL_NAME_BYTES: usize = 255;

/// Whether a table can be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    /// Not yet: it is being made.
    Creating,
    /// Not for now, for this reason.
    Unavailable(String),
}

/// Whether the table can be used. An update (of its capacity, an index) goes on beside reads and writes.
pub(crate) fn readiness(table: &TableDescription) -> Readiness {
    match table.table_status() {
        Some(TableStatus::Active | TableStatus::Updating) => Readiness::Ready,
        Some(TableStatus::Creating) => Readiness::Creating,
        Some(TableStatus::Deleting) => {
            Readiness::Unavailable("the table is being deleted; call again once it is gone".to_owned())
        }
        Some(other) => Readiness::Unavailable(format!("the table cannot be used: its status is {other}")),
        None => Readiness::Unavailable("the table cannot be used: it has no status".to_owned()),
    }
}

/// What sets the table's key apart from one String partition key `expected`; `None` where nothing does.
pub(crate) fn key_difference(table: &TableDescription, expected: &str) -> Option<String> {
    let named = |kind: &KeyType| table.key_schema().iter().find(|element| element.key_type() == kind);
    let mut differences = Vec::new();
    match named(&KeyType::Hash).map(KeySchemaElement::attribute_name) {
        None => differences.push("it has no partition key".to_owned()),
        Some(name) => {
            if name != expected {
                differences
                    .push(format!("its partition key is {name:?}, and not {expected:?} (option `attributes.key`)"));
            }
            let definition =
                table.attribute_definitions().iter().find(|definition| definition.attribute_name() == name);
            let key_type = definition.map(AttributeDefinition::attribute_type);
            if key_type != Some(&ScalarAttributeType::S) {
                differences.push(format!("its partition key is of type {}, and not String", type_name(key_type)));
            }
        }
    }
    if let Some(sort) = named(&KeyType::Range) {
        differences.push(format!("it has a sort key, {:?}", sort.attribute_name()));
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}

fn type_name(key_type: Option<&ScalarAttributeType>) -> &str {
    match key_type {
        Some(ScalarAttributeType::S) => "String",
        Some(ScalarAttributeType::N) => "Number",
        Some(ScalarAttributeType::B) => "Binary",
        Some(other) => other.as_str(),
        None => "unknown",
    }
}

/// The one key of a new table.
pub(crate) fn key_schema(name: &str) -> Result<(KeySchemaElement, AttributeDefinition), BuildError> {
    let element = KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build()?;
    let definition =
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()?;
    Ok((element, definition))
}

/// What a table's TTL is to the driver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TtlState {
    /// On for the attribute expected, or about to be.
    On,
    Off,
    /// On for this attribute.
    OnAnother(String),
    /// Being turned off. Nothing else can be asked of it until it is.
    TurningOff,
}

/// What the table's TTL is to a driver that keeps the expiry in `expected`.
pub(crate) fn ttl_state(ttl: Option<&TimeToLiveDescription>, expected: &str) -> TtlState {
    let name = ttl.and_then(TimeToLiveDescription::attribute_name).unwrap_or_default();
    match ttl.and_then(TimeToLiveDescription::time_to_live_status) {
        Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling) if name == expected => TtlState::On,
        Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling) => TtlState::OnAnother(name.to_owned()),
        Some(TimeToLiveStatus::Disabling) => TtlState::TurningOff,
        _ => TtlState::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(keys: &[(&str, KeyType, ScalarAttributeType)]) -> TableDescription {
        keys.iter()
            .fold(TableDescription::builder(), |table, (name, kind, of)| {
                let element = KeySchemaElement::builder().attribute_name(*name).key_type(kind.clone()).build();
                let definition =
                    AttributeDefinition::builder().attribute_name(*name).attribute_type(of.clone()).build();
                table.key_schema(element.expect("complete")).attribute_definitions(definition.expect("complete"))
            })
            .build()
    }

    #[test]
    fn one_text_key_of_the_right_name_has_no_difference() {
        let (hash, text) = (KeyType::Hash, ScalarAttributeType::S);
        assert_eq!(key_difference(&table(&[("pk", hash.clone(), text.clone())]), "pk"), None);
        // Attributes of indexes are defined beside the key's.
        let index = AttributeDefinition::builder().attribute_name("other").attribute_type(ScalarAttributeType::N);
        let (element, definition) = key_schema("pk").expect("complete");
        let indexed = TableDescription::builder()
            .attribute_definitions(index.build().expect("complete"))
            .attribute_definitions(definition)
            .key_schema(element)
            .build();
        assert_eq!(key_difference(&indexed, "pk"), None);
    }

    #[test]
    fn every_difference_is_named() {
        let (hash, range) = (KeyType::Hash, KeyType::Range);
        let all = key_difference(
            &table(&[("a\"b\n", hash, ScalarAttributeType::N), ("when", range, ScalarAttributeType::S)]),
            "key",
        );
        assert_eq!(
            all.as_deref(),
            Some(
                "its partition key is \"a\\\"b\\n\", and not \"key\" (option `attributes.key`); its partition key is \
                 of type Number, and not String; it has a sort key, \"when\""
            )
        );
        let binary = key_difference(&table(&[("key", KeyType::Hash, ScalarAttributeType::B)]), "key");
        assert_eq!(binary.as_deref(), Some("its partition key is of type Binary, and not String"));
        assert_eq!(key_difference(&table(&[]), "key").as_deref(), Some("it has no partition key"));
    }

    #[test]
    fn a_table_can_be_used_when_active_also_while_it_is_updated() {
        let with = |status: &str| readiness(&TableDescription::builder().table_status(status.into()).build());
        assert_eq!(with("ACTIVE"), Readiness::Ready);
        assert_eq!(with("UPDATING"), Readiness::Ready);
        assert_eq!(with("CREATING"), Readiness::Creating);
        for status in ["ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "SOMETHING_NEW"] {
            let Readiness::Unavailable(reason) = with(status) else { panic!("{status} is usable") };
            assert!(reason.contains(status), "{reason}");
        }
        assert!(matches!(with("DELETING"), Readiness::Unavailable(reason) if reason.contains("being deleted")));
        assert!(matches!(readiness(&TableDescription::builder().build()), Readiness::Unavailable(_)));
    }

    #[test]
    fn ttl_counts_as_on_from_the_moment_it_is_asked_for() {
        let state = |status: &str, name: Option<&str>| {
            let ttl = TimeToLiveDescription::builder().time_to_live_status(status.into());
            ttl_state(Some(&ttl.set_attribute_name(name.map(Into::into)).build()), "ttl")
        };
        assert_eq!(state("ENABLED", Some("ttl")), TtlState::On);
        assert_eq!(state("ENABLING", Some("ttl")), TtlState::On);
        assert_eq!(state("ENABLING", Some("other")), TtlState::OnAnother("other".to_owned()));
        assert_eq!(state("DISABLING", Some("ttl")), TtlState::TurningOff);
        assert_eq!(state("DISABLED", None), TtlState::Off);
        assert_eq!(ttl_state(None, "ttl"), TtlState::Off);
    }
}
