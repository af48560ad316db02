//! The condition expressions of writes.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::requests::{ALIVE, Names, Scalar};
use crate::condition::{Conditions, Matcher};
use crate::item::Attributes;

/// The members of a write that make it conditional.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConditionInput<'a> {
    condition_expression: String,
    expression_attribute_names: Names<'a, 3>,
    expression_attribute_values: Values<'a>,
    /// The stored item tells whether an earlier attempt, whose response was lost, was executed.
    return_values_on_condition_check_failure: &'static str,
}

impl<'a> ConditionInput<'a> {
    /// `now` is the current second, which decides whether the stored item is live.
    pub(crate) fn new(attributes: &'a Attributes, conditions: &'a Conditions, now: u64) -> Self {
        let Attributes { value, ttl, etag, .. } = attributes;
        let Conditions { if_match, if_none_match } = conditions;
        let live = format!("attribute_exists(#v) AND {ALIVE}");
        let matching = |matcher: &Matcher, placeholder| match matcher {
            Matcher::Any => live.clone(),
            Matcher::Etag(_) => format!("{live} AND #g = {placeholder}"),
        };
        let parts = [
            if_match.as_ref().map(|matcher| matching(matcher, ":match")),
            if_none_match.as_ref().map(|matcher| format!("NOT ({})", matching(matcher, ":none"))),
        ];
        let etag = etag.as_ref().filter(|_| conditions.needs_etag()).map(|etag| ("#g", etag.as_str()));
        Self {
            condition_expression: parts.into_iter().flatten().collect::<Vec<_>>().join(" AND "),
            expression_attribute_names: Names([Some(("#v", value)), Some(("#t", ttl)), etag]),
            expression_attribute_values: Values { conditions, now },
            return_values_on_condition_check_failure: "ALL_OLD",
        }
    }
}

struct Values<'a> {
    conditions: &'a Conditions,
    now: u64,
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Conditions { if_match, if_none_match } = self.conditions;
        let mut values = serializer.serialize_map(None)?;
        values.serialize_entry(":number", &Scalar::S("N"))?;
        values.serialize_entry(":now", &Scalar::N(self.now.into()))?;
        for (placeholder, matcher) in [(":match", if_match), (":none", if_none_match)] {
            if let Some(Matcher::Etag(etag)) = matcher {
                values.serialize_entry(placeholder, &Scalar::S(etag))?;
            }
        }
        values.end()
    }
}
