//! Classifies JavaScript values by their internal slots instead of their constructor: a Map, a Date or bytes from
//! another realm (of a test runner or `node:vm`) are recognised, and objects that merely imitate them are not.

use std::cell::OnceCell;

use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::js::{Reference, builtin, copy_handle};

/// The kinds of objects that can be stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A `Buffer`, typed array, `DataView`, `ArrayBuffer` or `SharedArrayBuffer`.
    Bytes,
    /// An array, or a Proxy of one.
    List,
    Set,
    Map,
    /// An object written as `{}` in any realm, one without a prototype, or a Proxy of either.
    Plain,
    /// Anything else: its properties are not all of its data, or it is not data.
    Other,
}

/// A function of `node:util`'s `types`.
type Check<'a> = Function<'a, Unknown<'a>, bool>;

/// An environment's realm. Its functions are looked up at the first use and kept, so that later changes to the globals
/// have no effect.
#[derive(Default)]
pub(super) struct Realm(OnceCell<Functions>);

struct Functions {
    types: Reference,
    is_map: Reference,
    is_set: Reference,
    is_array: Reference,
    array_from: Reference,
    map_entries: Reference,
    set_values: Reference,
    object: Reference,
    object_prototype: Reference,
    get_prototype_of: Reference,
    object_to_string: Reference,
    function_to_string: Reference,
    /// A Map from the signals that calls listen to, to their slots in `abort`.
    signals: Reference,
    map_get: Reference,
    map_set: Reference,
    map_delete: Reference,
}

impl Functions {
    fn new(env: &Env) -> Result<Self> {
        // SAFETY: the global object is an object.
        let global: Object<'_> = unsafe { env.get_global()?.to_unknown().cast() }?;
        let types: Object<'_> = builtin(env, "node:util")?.get_named_property("types")?;
        let (object, array) = (member(&global, "Object")?, member(&global, "Array")?);
        let prototype = |name| member(&member(&global, name)?, "prototype");
        let object_prototype = member(&object, "prototype")?;
        let (map, map_prototype) =
            (global.get_named_property::<Function<'_, (), Unknown<'_>>>("Map")?, prototype("Map")?);
        // SAFETY: a Map is an object.
        let signals: Object<'_> = unsafe { map.new_instance(())?.cast() }?;
        Ok(Self {
            signals: signals.create_ref()?,
            map_get: member(&map_prototype, "get")?.create_ref()?,
            map_set: member(&map_prototype, "set")?.create_ref()?,
            map_delete: member(&map_prototype, "delete")?.create_ref()?,
            map_entries: member(&map_prototype, "entries")?.create_ref()?,
            is_map: member(&types, "isMap")?.create_ref()?,
            is_set: member(&types, "isSet")?.create_ref()?,
            is_array: member(&array, "isArray")?.create_ref()?,
            array_from: member(&array, "from")?.create_ref()?,
            set_values: member(&prototype("Set")?, "values")?.create_ref()?,
            object_to_string: member(&object_prototype, "toString")?.create_ref()?,
            function_to_string: member(&prototype("Function")?, "toString")?.create_ref()?,
            get_prototype_of: member(&object, "getPrototypeOf")?.create_ref()?,
            object_prototype: object_prototype.create_ref()?,
            object: object.create_ref()?,
            types: types.create_ref()?,
        })
    }
}

impl Realm {
    fn functions(&self, env: &Env) -> Result<&Functions> {
        if let Some(functions) = self.0.get() {
            return Ok(functions);
        }
        let functions = Functions::new(env)?;
        Ok(self.0.get_or_init(|| functions))
    }

    /// The kind of an object. Fails if a trap or getter throws.
    pub(super) fn kind_of(&self, env: &Env, value: &Unknown<'_>) -> Result<Kind> {
        // These checks do not see through a Proxy, which has no slots of its own.
        if value.is_array()? {
            return Ok(Kind::List);
        }
        if value.is_typedarray()? || value.is_dataview()? || value.is_arraybuffer()? {
            return Ok(Kind::Bytes);
        }
        let functions = self.functions(env)?;
        if function::<Check<'_>>(env, &functions.is_map)?.call(copy_handle(value))? {
            return Ok(Kind::Map);
        }
        if function::<Check<'_>>(env, &functions.is_set)?.call(copy_handle(value))? {
            return Ok(Kind::Set);
        }
        // The tag excludes objects that have the prototype of a plain object and are none: `arguments`, `Math`, or an
        // Error whose prototype was replaced. A module namespace has its own tag, and is plain.
        match self.tag(env, value)?.as_str() {
            "[object Object]" | "[object Module]" if self.is_plain(env, value)? => Ok(Kind::Plain),
            "[object Array]" if self.is_array(env, value)? => Ok(Kind::List),
            _ if self.is(env, "isSharedArrayBuffer", value)? => Ok(Kind::Bytes),
            _ => Ok(Kind::Other),
        }
    }

    /// Names an object of [`Kind::Other`] in an error.
    pub(super) fn describe(&self, env: &Env, value: &Unknown<'_>) -> Result<&'static str> {
        Ok(if self.is(env, "isProxy", value)? {
            "a Proxy of something other than an array or a plain object"
        } else {
            "an instance of a class"
        })
    }

    /// Whether the value is an array or a Proxy of one.
    pub(super) fn is_array(&self, env: &Env, value: &Unknown<'_>) -> Result<bool> {
        function::<Check<'_>>(env, &self.functions(env)?.is_array)?.call(copy_handle(value))
    }

    /// Runs a check of `node:util`'s `types`.
    pub(super) fn is(&self, env: &Env, check: &str, value: &Unknown<'_>) -> Result<bool> {
        let check: Check<'_> = self.functions(env)?.types.get_value(env)?.get_named_property(check)?;
        check.call(copy_handle(value))
    }

    /// Returns `[object …]`. May run a getter of the value.
    pub(super) fn tag(&self, env: &Env, value: &Unknown<'_>) -> Result<String> {
        let to_string = &self.functions(env)?.object_to_string;
        function::<Function<'_, (), String>>(env, to_string)?.apply(copy_handle(value), ())
    }

    /// Whether an object has no prototype or that of `{}`, in this realm or another.
    fn is_plain(&self, env: &Env, value: &Unknown<'_>) -> Result<bool> {
        let functions = self.functions(env)?;
        // SAFETY: the caller checked that it is an object.
        let mut prototype = unsafe { copy_handle(value).cast::<Object<'_>>() }?.get_prototype()?;
        if prototype.get_type()? == ValueType::Null {
            // Node-API returns null for every Proxy; `Object.getPrototypeOf` runs its trap.
            prototype = function::<Function<'_, Unknown<'_>, Unknown<'_>>>(env, &functions.get_prototype_of)?
                .call(copy_handle(value))?;
        }
        if prototype.get_type()? == ValueType::Null
            || env.strict_equals(copy_handle(&prototype), functions.object_prototype.get_value(env)?.to_unknown())?
        {
            return Ok(true);
        }
        // SAFETY: a prototype that is not null is an object or a function.
        let prototype: Object<'_> = unsafe { prototype.cast() }?;
        Ok(prototype.get_prototype()?.get_type()? == ValueType::Null && self.is_object_prototype(env, &prototype)?)
    }

    /// Whether this is `Object.prototype` of some realm: its constructor is that realm's native `Object`.
    fn is_object_prototype(&self, env: &Env, value: &Object<'_>) -> Result<bool> {
        let constructor: Unknown<'_> = value.get_named_property("constructor")?;
        if !value.has_own_property("constructor")? || constructor.get_type()? != ValueType::Function {
            return Ok(false);
        }
        let functions = self.functions(env)?;
        let source =
            |of: Unknown<'_>| function::<Function<'_, (), String>>(env, &functions.function_to_string)?.apply(of, ());
        if source(copy_handle(&constructor))? != source(functions.object.get_value(env)?.to_unknown())? {
            return Ok(false);
        }
        // SAFETY: a function is an object.
        let prototype: Unknown<'_> = unsafe { constructor.cast::<Object<'_>>() }?.get_named_property("prototype")?;
        env.strict_equals(prototype, value.to_unknown())
    }

    /// The `[name, value]` pairs of a Map of any realm, as an array.
    pub(super) fn entries<'env>(&self, env: &'env Env, map: &Unknown<'_>) -> Result<Object<'env>> {
        self.to_array(env, &self.functions(env)?.map_entries, map)
    }

    /// The elements of a Set of any realm, as an array.
    pub(super) fn elements<'env>(&self, env: &'env Env, set: &Unknown<'_>) -> Result<Object<'env>> {
        self.to_array(env, &self.functions(env)?.set_values, set)
    }

    fn to_array<'env>(&self, env: &'env Env, iterate: &Reference, value: &Unknown<'_>) -> Result<Object<'env>> {
        let iterator = function::<Function<'_, (), Unknown<'_>>>(env, iterate)?.apply(copy_handle(value), ())?;
        let array_from = &self.functions(env)?.array_from;
        function::<Function<'_, Unknown<'_>, Object<'_>>>(env, array_from)?.call(iterator)
    }

    /// Returns the slot of a signal.
    pub(super) fn slot_of(&self, env: &Env, signal: &Object<'_>) -> Result<Option<usize>> {
        let functions = self.functions(env)?;
        let get: Function<'_, Object<'_>, Option<u32>> = function(env, &functions.map_get)?;
        let slot = get.apply(functions.signals.get_value(env)?, *signal)?;
        Ok(slot.and_then(|slot| usize::try_from(slot).ok()))
    }

    pub(super) fn set_slot(&self, env: &Env, signal: &Object<'_>, slot: usize) -> Result<()> {
        let functions = self.functions(env)?;
        let set: Function<'_, FnArgs<(Object<'_>, u32)>, Unknown<'_>> = function(env, &functions.map_set)?;
        let slot = u32::try_from(slot).unwrap_or(u32::MAX);
        set.apply(functions.signals.get_value(env)?, (*signal, slot).into()).map(|_| ())
    }

    pub(super) fn forget_slot(&self, env: &Env, signal: &Object<'_>) -> Result<()> {
        let functions = self.functions(env)?;
        let delete: Function<'_, Object<'_>, bool> = function(env, &functions.map_delete)?;
        delete.apply(functions.signals.get_value(env)?, *signal).map(|_| ())
    }
}

/// A property that is a function or another object.
fn member<'env>(object: &Object<'env>, name: &str) -> Result<Object<'env>> {
    let member: Unknown<'env> = object.get_named_property(name)?;
    // SAFETY: a function is an object; anything else fails at its first use.
    unsafe { member.cast() }
}

fn function<F: FromNapiValue>(env: &Env, reference: &Reference) -> Result<F> {
    // SAFETY: the callers ask for functions only.
    unsafe { reference.get_value(env)?.to_unknown().cast() }
}
