//! What the caller called.

/// Declares [`Operation`]: of each operation the method's name.
macro_rules! operations {
    ($($operation:ident: $name:literal;)+) => {
        /// A method of the driver, or `createTable`, as the caller knows it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Operation {
            $(#[doc = concat!("`", $name, "`")] $operation,)+
        }

        impl Operation {
            /// Every operation, in the order of their declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$operation),+];

            /// The method's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$operation => $name,)+
                }
            }
        }
    };
}

operations! {
    GetItem: "getItem";
    HasItem: "hasItem";
    SetItem: "setItem";
    RemoveItem: "removeItem";
    GetKeys: "getKeys";
    Clear: "clear";
    GetItems: "getItems";
    SetItems: "setItems";
    GetItemRaw: "getItemRaw";
    SetItemRaw: "setItemRaw";
    GetMeta: "getMeta";
    CreateTable: "createTable";
}

impl Operation {
    /// Whether it may change what is stored.
    #[must_use]
    pub fn writes(self) -> bool {
        match self {
            Self::SetItem | Self::RemoveItem | Self::Clear | Self::SetItems | Self::SetItemRaw | Self::CreateTable => {
                true
            }
            Self::GetItem | Self::HasItem | Self::GetKeys | Self::GetItems | Self::GetItemRaw | Self::GetMeta => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_a_method_or_function_of_the_types() {
        let types = include_str!("../../types.d.ts").to_owned() + include_str!("../../index.d.ts");
        for operation in Operation::ALL {
            assert!(types.contains(&format!("{}(", operation.name())), "{operation:?}");
        }
    }
}
