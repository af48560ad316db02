//! The operations that a caller can start.

/// Declares [`Operation`]: the method name of each operation, whether it may change stored data, and its extent.
macro_rules! operations {
    ($($operation:ident: $name:literal, $effect:ident, $extent:ident;)+) => {
        /// A method of the driver, `createTable`, or a check of the command line's `doctor`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Operation {
            $(#[doc = concat!("`", $name, "`")] $operation,)+
        }

        impl Operation {
            /// All operations, in the order of declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$operation),+];

            /// The name of the method.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$operation => $name,)+
                }
            }

            fn effect(self) -> Effect {
                match self {
                    $(Self::$operation => Effect::$effect,)+
                }
            }

            /// The extent of a call.
            pub(crate) fn extent(self) -> Extent {
                match self {
                    $(Self::$operation => Extent::$extent,)+
                }
            }
        }
    };
}

enum Effect {
    Reads,
    Writes,
}

/// What a call works on, which decides how its time is limited.
pub(crate) enum Extent {
    /// One item.
    Item,
    /// The items that the caller lists.
    Items,
    /// All rows of the table.
    Rows,
    /// The table itself.
    Table,
}

operations! {
    GetItem: "getItem", Reads, Item;
    HasItem: "hasItem", Reads, Item;
    SetItem: "setItem", Writes, Item;
    RemoveItem: "removeItem", Writes, Item;
    GetKeys: "getKeys", Reads, Rows;
    Clear: "clear", Writes, Rows;
    GetItems: "getItems", Reads, Items;
    SetItems: "setItems", Writes, Items;
    GetItemRaw: "getItemRaw", Reads, Item;
    SetItemRaw: "setItemRaw", Writes, Item;
    GetMeta: "getMeta", Reads, Item;
    Sweep: "sweep", Writes, Rows;
    CreateTable: "createTable", Writes, Table;
    Doctor: "doctor", Reads, Table;
}

impl Operation {
    /// Whether the operation may change stored data.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self.effect(), Effect::Writes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start}"));
        rest.split(end).next().expect("a first part")
    }

    /// The methods of the driver. The others are a function of the package, a method of `getInstance()`, and a
    /// command.
    fn methods() -> BTreeSet<&'static str> {
        let others = ["createTable", "sweep", "doctor"];
        Operation::ALL.iter().map(|operation| operation.name()).filter(|name| !others.contains(name)).collect()
    }

    #[test]
    fn the_driver_and_its_types_have_exactly_the_methods() {
        let driver = between(include_str!("../../js/driver.cjs"), "METHODS = words(", ");");
        let bound = between(driver, "\"", "\"").split(' ').collect::<BTreeSet<_>>();
        assert_eq!(bound, methods());
        let types = between(include_str!("../../types.d.ts"), "interface DynamoDbDriver {\n", "\n}");
        let names = types.lines().filter_map(|line| line.strip_prefix("  ")?.split_once('(')).map(|(name, _)| name);
        let declared = names.filter(|name| name.chars().all(char::is_alphabetic)).collect::<BTreeSet<_>>();
        // These two send no requests.
        let unsent = ["getInstance", "dispose"];
        assert_eq!(declared, methods().into_iter().chain(unsent).collect());
    }

    #[test]
    fn the_method_tests_and_the_guide_cover_every_method() {
        let tested = include_str!("../../__test__/helpers/methods.ts");
        let guide = [
            include_str!("../../docs/guide/methods.md"),
            include_str!("../../docs/guide/costs.md"),
            include_str!("../../docs/guide/permissions.md"),
        ];
        for method in methods() {
            assert!(tested.contains(&format!("\"{method}\",")), "{method}");
            // With or without arguments.
            let names = [format!("`{method}`"), format!("`{method}(")];
            assert!(guide.iter().all(|page| names.iter().any(|name| page.contains(name))), "{method}");
        }
    }
}
