//! The key index of a table: whether it can be read, how it differs from what `getKeys` needs, and how to add it.

use serde::Serialize;

use crate::json::{AttributeDefinitionInput, IndexDescription, KeyIndexInput, NewIndex, TableDescription};

/// The state of a table's index.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IndexState {
    Ready,
    /// Being created together with the table, or about to be built.
    Creating,
    /// DynamoDB is copying the rows of an existing table, which may take hours.
    Building,
    Deleting,
}

/// Finds an index of the table by name.
pub(crate) fn find<'t>(table: &'t TableDescription, name: &str) -> Option<&'t IndexDescription> {
    table.global_secondary_indexes.iter().flatten().find(|index| index.index_name.as_deref() == Some(name))
}

pub(crate) fn state(index: &IndexDescription) -> IndexState {
    match index.index_status.as_deref() {
        Some("DELETING") => IndexState::Deleting,
        // DynamoDB omits `Backfilling` for indexes that were created with the table.
        Some("CREATING") if index.backfilling.is_some() => IndexState::Building,
        Some("CREATING") => IndexState::Creating,
        // A capacity change keeps the index readable. Local engines may omit the status.
        _ => IndexState::Ready,
    }
}

/// Describes how the index differs from one with only the partition key `key` that projects `ttl`. Returns `None` if it
/// does not. Further projected attributes are allowed and only cost more.
pub(crate) fn difference(index: &IndexDescription, key: &str, ttl: &str) -> Option<String> {
    let mut differences = Vec::new();
    let elements: Vec<_> = index.key_schema.iter().flatten().collect();
    if !matches!(elements.as_slice(), [only] if only.attribute_name == key) {
        let names: Vec<_> = elements.iter().map(|element| format!("{:?}", element.attribute_name)).collect();
        differences.push(format!("its key is {}, and not {key:?} (option `attributes.key`) alone", names.join(", ")));
    }
    let projection = index.projection.as_ref();
    let projected = || projection.and_then(|projection| projection.non_key_attributes.as_ref()).into_iter().flatten();
    let kind = projection.and_then(|projection| projection.projection_type.as_deref());
    if kind != Some("ALL") && !projected().any(|name| name == ttl) {
        differences.push(format!("it does not project the attribute {ttl:?} (option `attributes.ttl`)"));
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}

/// Returns the command that adds the index to an existing table.
pub(crate) fn command(table: &str, index: &str, key: &str, ttl: &str) -> serde_json::Result<String> {
    let definitions = quoted(&[AttributeDefinitionInput::text(key)])?;
    let updates = quoted(&[NewIndex { create: KeyIndexInput::new(index, key, ttl) }])?;
    Ok(format!(
        "aws dynamodb update-table --table-name {table} --attribute-definitions {definitions} \
         --global-secondary-index-updates {updates}"
    ))
}

/// Quotes a JSON argument for a POSIX shell.
fn quoted(argument: &impl Serialize) -> serde_json::Result<String> {
    Ok(format!("'{}'", serde_json::to_string(argument)?.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{KeySchemaElement, Projection};

    fn index(keys: &[&str], kind: &str, projected: &[&str]) -> IndexDescription {
        let element =
            |name: &&str| KeySchemaElement { attribute_name: (*name).to_owned(), key_type: "HASH".to_owned() };
        IndexDescription {
            key_schema: Some(keys.iter().map(element).collect()),
            projection: Some(Projection {
                projection_type: Some(kind.to_owned()),
                non_key_attributes: Some(projected.iter().map(|name| (*name).to_owned()).collect()),
            }),
            ..IndexDescription::default()
        }
    }

    /// [IDX-8]
    #[test]
    fn an_index_with_key_and_expiry_matches() {
        for fits in [
            index(&["pk"], "INCLUDE", &["ttl"]),
            index(&["pk"], "INCLUDE", &["more", "ttl"]),
            index(&["pk"], "ALL", &[]),
        ] {
            assert_eq!(difference(&fits, "pk", "ttl"), None);
        }
    }

    /// [IDX-8]
    #[test]
    fn every_difference_is_reported() {
        let all = difference(&index(&["other", "when"], "KEYS_ONLY", &[]), "key", "ttl");
        assert_eq!(
            all.as_deref(),
            Some(
                "its key is \"other\", \"when\", and not \"key\" (option `attributes.key`) alone; it does not project the \
                 attribute \"ttl\" (option `attributes.ttl`)"
            )
        );
        for other in [
            index(&["key", "when"], "INCLUDE", &["ttl"]),
            index(&["other"], "ALL", &[]),
            index(&[], "ALL", &[]),
            index(&["key"], "INCLUDE", &["TTL"]),
            IndexDescription::default(),
        ] {
            assert!(difference(&other, "key", "ttl").is_some(), "{other:?}");
        }
    }

    /// [IDX-7]
    #[test]
    fn an_index_of_an_existing_table_is_building() {
        let with = |status: &str, backfilling| {
            let index_status = Some(status.to_owned());
            state(&IndexDescription { index_status, backfilling, ..IndexDescription::default() })
        };
        assert_eq!(with("ACTIVE", None), IndexState::Ready);
        assert_eq!(with("UPDATING", None), IndexState::Ready);
        assert_eq!(with("CREATING", None), IndexState::Creating);
        assert_eq!(with("CREATING", Some(false)), IndexState::Building);
        assert_eq!(with("CREATING", Some(true)), IndexState::Building);
        assert_eq!(with("DELETING", None), IndexState::Deleting);
    }

    /// [IDX-8] Attribute names may contain any character, including quotes.
    #[test]
    fn the_command_is_quoted_for_a_shell() {
        let command = command("cache", "keys", "it's", "e\"x").expect("JSON");
        assert_eq!(
            command,
            "aws dynamodb update-table --table-name cache \
             --attribute-definitions '[{\"AttributeName\":\"it'\\''s\",\"AttributeType\":\"S\"}]' \
             --global-secondary-index-updates '[{\"Create\":{\"IndexName\":\"keys\",\
             \"KeySchema\":[{\"AttributeName\":\"it'\\''s\",\"KeyType\":\"HASH\"}],\
             \"Projection\":{\"ProjectionType\":\"INCLUDE\",\"NonKeyAttributes\":[\"e\\\"x\"]}}}]'"
        );
    }
}
