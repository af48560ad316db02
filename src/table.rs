//! Compares a table's description with what the driver expects. Does no I/O; `src/store/create_table.rs` sends the
//! requests.

pub(crate) mod index;

use crate::json::{KeySchemaElement, TableDescription, TimeToLiveDescription};

/// The maximum size of the TTL attribute's name in bytes:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TimeToLiveSpecification.html>
pub(crate) const MAX_TTL_NAME_BYTES: usize = 255;

/// Whether a table can be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    /// The table is still being created.
    Creating,
    /// The table cannot be used, for this reason.
    Unavailable(String),
}

/// Whether the table can be used. Reads and writes still work during an update, such as a change of capacity.
pub(crate) fn readiness(table: &TableDescription) -> Readiness {
    match table.table_status.as_deref() {
        Some("ACTIVE" | "UPDATING") => Readiness::Ready,
        Some("CREATING") => Readiness::Creating,
        Some("DELETING") => Readiness::Unavailable("the table is being deleted; call again once it is gone".to_owned()),
        Some(other) => Readiness::Unavailable(format!("the table cannot be used: its status is {other}")),
        None => Readiness::Unavailable("the table cannot be used: it has no status".to_owned()),
    }
}

/// Describes how the table's key differs from a single String partition key named `expected`. Returns `None` if it does
/// not.
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

/// The TTL state of a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TtlState {
    /// Enabled, or being enabled, for the expected attribute.
    On,
    Off,
    /// Enabled for this other attribute.
    OnAnother(String),
    /// Being disabled. It cannot be changed until that completes.
    TurningOff,
}

/// Returns the TTL state for a driver that stores the expiry in the attribute `expected`.
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
    fn a_string_key_with_the_expected_name_matches() {
        let mut indexed = table(&[("pk", "HASH", "S")]);
        assert_eq!(key_difference(&indexed, "pk"), None);
        // The definitions also contain the key attributes of indexes.
        indexed.attribute_definitions = Some(vec![definition("other", "N"), definition("pk", "S")]);
        assert_eq!(key_difference(&indexed, "pk"), None);
    }

    #[test]
    fn every_difference_is_reported() {
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
    fn a_table_is_usable_when_active_or_being_updated() {
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
    fn ttl_is_on_while_it_is_being_enabled() {
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
