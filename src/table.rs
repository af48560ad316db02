//! The table that the driver expects, and what another one has in its place. Pure: `src/store/create_table.rs` asks.

use crate::json::{KeySchemaElement, TableDescription, TimeToLiveDescription};

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
    match table.table_status.as_deref() {
        Some("ACTIVE" | "UPDATING") => Readiness::Ready,
        Some("CREATING") => Readiness::Creating,
        Some("DELETING") => Readiness::Unavailable("the table is being deleted; call again once it is gone".to_owned()),
        Some(other) => Readiness::Unavailable(format!("the table cannot be used: its status is {other}")),
        None => Readiness::Unavailable("the table cannot be used: it has no status".to_owned()),
    }
}

/// What sets the table's key apart from one String partition key `expected`; `None` where nothing does.
pub(crate) fn key_difference(table: &TableDescription, expected: &str) -> Option<String> {
    let elements = || table.key_schema.iter().flatten();
    let named = |kind: &str| elements().find(|element| element.key_type == kind);
    let mut differences = Vec::new();
    match named("HASH").map(|KeySchemaElement { attribute_name, .. }| attribute_name) {
        None => differences.push("it has no partition key".to_owned()),
        Some(name) => {
            if name != expected {
                differences
                    .push(format!("its partition key is {name:?}, and not {expected:?} (option `attributes.key`)"));
            }
            let mut definitions = table.attribute_definitions.iter().flatten();
            let key_type = definitions
                .find(|definition| definition.attribute_name == *name)
                .map(|definition| definition.attribute_type.as_str());
            if key_type != Some("S") {
                differences.push(format!("its partition key is of type {}, and not String", type_name(key_type)));
            }
        }
    }
    if let Some(sort) = named("RANGE") {
        differences.push(format!("it has a sort key, {:?}", sort.attribute_name));
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}

fn type_name(key_type: Option<&str>) -> &str {
    match key_type {
        Some("S") => "String",
        Some("N") => "Number",
        Some("B") => "Binary",
        Some(other) => other,
        None => "unknown",
    }
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
    let name = ttl.and_then(|ttl| ttl.attribute_name.as_deref()).unwrap_or_default();
    match ttl.and_then(|ttl| ttl.time_to_live_status.as_deref()) {
        Some("ENABLED" | "ENABLING") if name == expected => TtlState::On,
        Some("ENABLED" | "ENABLING") => TtlState::OnAnother(name.to_owned()),
        Some("DISABLING") => TtlState::TurningOff,
        _ => TtlState::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::json::AttributeDefinition;

    fn table(keys: &[(&str, &str, &str)]) -> TableDescription {
        let element = |(name, kind, _): &(&str, &str, &str)| KeySchemaElement {
            attribute_name: (*name).to_owned(),
            key_type: (*kind).to_owned(),
        };
        TableDescription {
            key_schema: Some(keys.iter().map(element).collect()),
            attribute_definitions: Some(keys.iter().map(|(name, _, of)| definition(name, of)).collect()),
            ..TableDescription::default()
        }
    }

    fn definition(name: &str, of: &str) -> AttributeDefinition {
        AttributeDefinition { attribute_name: name.to_owned(), attribute_type: of.to_owned() }
    }

    #[test]
    fn one_text_key_of_the_right_name_has_no_difference() {
        let mut indexed = table(&[("pk", "HASH", "S")]);
        assert_eq!(key_difference(&indexed, "pk"), None);
        // Attributes of indexes are defined beside the key's.
        indexed.attribute_definitions = Some(vec![definition("other", "N"), definition("pk", "S")]);
        assert_eq!(key_difference(&indexed, "pk"), None);
    }

    #[test]
    fn every_difference_is_named() {
        let all = key_difference(&table(&[("a\"b\n", "HASH", "N"), ("when", "RANGE", "S")]), "key");
        assert_eq!(
            all.as_deref(),
            Some(
                "its partition key is \"a\\\"b\\n\", and not \"key\" (option `attributes.key`); its partition key is \
                 of type Number, and not String; it has a sort key, \"when\""
            )
        );
        let binary = key_difference(&table(&[("key", "HASH", "B")]), "key");
        assert_eq!(binary.as_deref(), Some("its partition key is of type Binary, and not String"));
        assert_eq!(key_difference(&table(&[]), "key").as_deref(), Some("it has no partition key"));
        assert_eq!(key_difference(&TableDescription::default(), "key").as_deref(), Some("it has no partition key"));
    }

    #[test]
    fn a_table_can_be_used_when_active_also_while_it_is_updated() {
        let with = |status: &str| {
            readiness(&TableDescription { table_status: Some(status.to_owned()), ..TableDescription::default() })
        };
        assert_eq!(with("ACTIVE"), Readiness::Ready);
        assert_eq!(with("UPDATING"), Readiness::Ready);
        assert_eq!(with("CREATING"), Readiness::Creating);
        for status in ["ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "SOMETHING_NEW"] {
            let Readiness::Unavailable(reason) = with(status) else { panic!("{status} is usable") };
            assert!(reason.contains(status), "{reason}");
        }
        assert!(matches!(with("DELETING"), Readiness::Unavailable(reason) if reason.contains("being deleted")));
        assert!(matches!(readiness(&TableDescription::default()), Readiness::Unavailable(_)));
    }

    #[test]
    fn ttl_counts_as_on_from_the_moment_it_is_asked_for() {
        let state = |status: &str, name: Option<&str>| {
            let ttl = TimeToLiveDescription {
                time_to_live_status: Some(status.to_owned()),
                attribute_name: name.map(ToOwned::to_owned),
            };
            ttl_state(Some(&ttl), "ttl")
        };
        assert_eq!(state("ENABLED", Some("ttl")), TtlState::On);
        assert_eq!(state("ENABLING", Some("ttl")), TtlState::On);
        assert_eq!(state("ENABLING", Some("other")), TtlState::OnAnother("other".to_owned()));
        assert_eq!(state("DISABLING", Some("ttl")), TtlState::TurningOff);
        assert_eq!(state("DISABLED", None), TtlState::Off);
        assert_eq!(ttl_state(None, "ttl"), TtlState::Off);
    }
}
