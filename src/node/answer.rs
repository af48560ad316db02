//! What a call of the core gives, on its way to JavaScript.

use aws_sdk_dynamodb::types::AttributeValue;
use napi::bindgen_prelude::{Null, ToNapiValue};
use napi::{Result, sys};

use super::found::Found;
use super::items::FoundItems;
use super::meta::FoundMeta;
use super::table::NativeTable;
use crate::key::KeyText;
use crate::store::Meta;

/// One kind per result type of the methods.
pub(super) enum Answer {
    Nothing,
    Flag(bool),
    Value(Option<AttributeValue>),
    Values(Vec<(KeyText, Option<AttributeValue>)>),
    Meta(Option<Meta>),
    Keys(Vec<String>),
    Table(NativeTable),
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Nothing
    }
}

impl From<bool> for Answer {
    fn from(given: bool) -> Self {
        Self::Flag(given)
    }
}

impl From<Option<AttributeValue>> for Answer {
    fn from(given: Option<AttributeValue>) -> Self {
        Self::Value(given)
    }
}

impl From<Vec<(KeyText, Option<AttributeValue>)>> for Answer {
    fn from(given: Vec<(KeyText, Option<AttributeValue>)>) -> Self {
        Self::Values(given)
    }
}

impl From<Option<Meta>> for Answer {
    fn from(given: Option<Meta>) -> Self {
        Self::Meta(given)
    }
}

impl From<Vec<String>> for Answer {
    fn from(given: Vec<String>) -> Self {
        Self::Keys(given)
    }
}

impl From<NativeTable> for Answer {
    fn from(given: NativeTable) -> Self {
        Self::Table(given)
    }
}

impl Answer {
    /// Makes the JavaScript value.
    ///
    /// # Safety
    /// `env` must be live, and this its thread.
    pub(super) unsafe fn into_js(self, env: sys::napi_env) -> Result<sys::napi_value> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Nothing => ToNapiValue::to_napi_value(env, ()),
                Self::Flag(on) => ToNapiValue::to_napi_value(env, on),
                Self::Value(value) => ToNapiValue::to_napi_value(env, Found(value)),
                Self::Values(values) => ToNapiValue::to_napi_value(env, FoundItems(values)),
                Self::Meta(Some(meta)) => ToNapiValue::to_napi_value(env, FoundMeta(meta)),
                Self::Meta(None) => ToNapiValue::to_napi_value(env, Null),
                Self::Keys(keys) => ToNapiValue::to_napi_value(env, keys),
                Self::Table(table) => ToNapiValue::to_napi_value(env, table),
            }
        }
    }
}
