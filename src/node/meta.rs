//! What `getMeta` gives.

use napi::bindgen_prelude::{JsObjectValue, Object, ToNapiValue};
use napi::{Env, JsValue, Result, sys};

use crate::store::Meta;

/// Time left, size, and the time of the last write where it is known.
pub struct FoundMeta(pub(super) Meta);

impl ToNapiValue for FoundMeta {
    #[expect(clippy::cast_precision_loss, reason = "sizes and milliseconds stay far below 2^53")]
    unsafe fn to_napi_value(env: sys::napi_env, FoundMeta(meta): Self) -> Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut object = Object::new(&env)?;
        // An item without expiry has no time left to tell.
        if let Some(ttl) = meta.ttl {
            object.set_named_property("ttl", ttl as f64)?;
        }
        object.set_named_property("size", meta.size as f64)?;
        if let Some(mtime) = meta.mtime {
            object.set_named_property("mtime", env.create_date(mtime.as_millis() as f64)?)?;
        }
        Ok(object.raw())
    }
}
