//! Checks that every list of options outside Rust matches this module.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::convert::Infallible;

use aws_credential_types::provider::SharedCredentialsProvider;

use super::*;

/// An option, or a member of one: `("scan", "pageSize")`.
type Name = (Option<&'static str>, &'static str);

/// Records which options are read.
struct Recorder<'a> {
    within: Option<&'static str>,
    names: &'a RefCell<Vec<Name>>,
}

impl Source for Recorder<'_> {
    type Error = Infallible;

    fn input(&mut self, name: &'static str) -> Result<Input, Infallible> {
        self.names.borrow_mut().push((self.within, name));
        Ok(Input::Absent)
    }

    fn nested(&mut self, name: &'static str) -> Result<Nested<Self>, Infallible> {
        self.input(name)?;
        Ok(Nested::Object(Self { within: Some(name), names: self.names }))
    }

    fn provider(&mut self, _: &'static str) -> Result<Option<SharedCredentialsProvider>, Infallible> {
        Ok(None)
    }

    fn finish(self) {}
}

fn all() -> Vec<Name> {
    let names = RefCell::default();
    let Ok(_) = RawOptions::read(Recorder { within: None, names: &names }, Environment::default());
    names.into_inner()
}

/// Returns the names of all options that are read, without members.
pub(crate) fn names() -> Vec<&'static str> {
    all().into_iter().filter(|(within, _)| within.is_none()).map(|(_, name)| name).collect()
}

/// All options except `client`, which is only read to be rejected, as `option` or `option.member`.
fn documented() -> BTreeSet<String> {
    let dotted = |(within, name): Name| within.map_or(name.to_owned(), |option| format!("{option}.{name}"));
    all().into_iter().filter(|(_, name)| *name != "client").map(dotted).collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    rest.split(end).next().expect("a first part")
}

/// Returns the names and types of an interface's properties.
fn properties<'a>(types: &'a str, interface: &str) -> Vec<(&'a str, &'a str)> {
    let body = between(types, &format!("interface {interface} {{\n"), "\n}");
    let lines = body.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter_map(|line| line.split_once(": ")).filter_map(property).collect()
}

fn property<'a>((name, kind): (&'a str, &'a str)) -> Option<(&'a str, &'a str)> {
    let name = name.strip_suffix('?').unwrap_or(name);
    name.chars().all(char::is_alphanumeric).then_some((name, kind))
}

#[test]
fn the_types_have_exactly_the_options() {
    let types = include_str!("../../types.d.ts");
    let mut found = BTreeSet::new();
    for (option, kind) in properties(types, "DynamoDbDriverOptions") {
        found.insert(option.to_owned());
        let first = kind.split(' ').next().unwrap_or_default();
        if types.contains(&format!("interface {first} {{")) {
            found.extend(properties(types, first).iter().map(|(part, _)| format!("{option}.{part}")));
        }
    }
    assert_eq!(found, documented());
}

/// The names in the table of options, including those in braces: members of an option that share one row.
fn rows(document: &str) -> BTreeSet<String> {
    let table = between(document, "| option | default |", "\n\n");
    let mut found = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let name = between(row, "`", "`");
        found.insert(name.to_owned());
        found.extend(name.split_once('.').map(|(option, _)| option.to_owned()));
        if let Some((_, parts)) = row.split_once("`{ ") {
            let parts = parts.split(" }").next().unwrap_or_default().split(", ");
            found.extend(parts.map(|part| format!("{name}.{}", part.trim_end_matches('?'))));
        }
    }
    found
}

#[test]
fn the_guide_has_exactly_the_options() {
    assert_eq!(rows(include_str!("../../docs/guide/options.md")), documented());
    let readme = rows(include_str!("../../README.md"));
    assert!(readme.is_subset(&documented()), "{readme:?}");
}

/// [API-5]
#[test]
fn every_option_but_credentials_is_shown() {
    let driver = include_str!("../../js/driver.cjs");
    let quoted = |text: &str| -> Vec<String> {
        text.split('"').skip(1).step_by(2).flat_map(str::split_whitespace).map(str::to_owned).collect()
    };
    let mut found: BTreeSet<_> = quoted(between(driver, "SHOWN_OPTIONS = words(", ");")).into_iter().collect();
    let within = between(driver, "SHOWN_WITHIN = {\n", "};");
    for (option, parts) in within.lines().filter_map(|line| line.trim().split_once(": words(")) {
        found.insert(option.to_owned());
        found.extend(quoted(parts).iter().map(|part| format!("{option}.{part}")));
    }
    let mut expected = documented();
    expected.retain(|name| !name.starts_with("credentials"));
    assert_eq!(found, expected);
}
