//! What the caller called.

/// A method of the driver, or a function beside it, as the caller knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// `getItem`
    GetItem,
    /// `hasItem`
    HasItem,
    /// `setItem`
    SetItem,
    /// `removeItem`
    RemoveItem,
    /// `getKeys`
    GetKeys,
    /// `clear`
    Clear,
    /// `getItems`
    GetItems,
    /// `setItems`
    SetItems,
    /// `getItemRaw`
    GetItemRaw,
    /// `setItemRaw`
    SetItemRaw,
    /// `getMeta`
    GetMeta,
    /// `createTable`
    CreateTable,
}

impl Operation {
    /// Every one, in the order of their declaration.
    pub const ALL: [Self; 12] = [
        Self::GetItem,
        Self::HasItem,
        Self::SetItem,
        Self::RemoveItem,
        Self::GetKeys,
        Self::Clear,
        Self::GetItems,
        Self::SetItems,
        Self::GetItemRaw,
        Self::SetItemRaw,
        Self::GetMeta,
        Self::CreateTable,
    ];

    /// The method's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetItem => "getItem",
            Self::HasItem => "hasItem",
            Self::SetItem => "setItem",
            Self::RemoveItem => "removeItem",
            Self::GetKeys => "getKeys",
            Self::Clear => "clear",
            Self::GetItems => "getItems",
            Self::SetItems => "setItems",
            Self::GetItemRaw => "getItemRaw",
            Self::SetItemRaw => "setItemRaw",
            Self::GetMeta => "getMeta",
            Self::CreateTable => "createTable",
        }
    }
}
