//! What JavaScript alone knows about values: functions of the environment's own realm, looked up once, so that what a
//! program does to its globals afterwards does not matter.

use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, JsObjectValue, Object, ObjectRef, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::bytes::value_of;

/// Without the leak check: references go with their environment.
type Kept = ObjectRef<false>;

/// A function of `node:util`'s `types`.
type Check<'a> = Function<'a, Unknown<'a>, bool>;

/// Functions and objects of the environment's realm.
pub(super) struct Host {
    types: Kept,
    is_map: Kept,
    is_set: Kept,
    is_array: Kept,
    array_from: Kept,
    map_entries: Kept,
    set_values: Kept,
    object: Kept,
    object_prototype: Kept,
    get_prototype_of: Kept,
    object_to_string: Kept,
    function_to_string: Kept,
    /// A Map from each signal that calls listen to, to its place among them.
    signals: Kept,
    map_get: Kept,
    map_set: Kept,
    map_delete: Kept,
}

impl Host {
    pub(super) fn new(env: &Env) -> Result<Self> {
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

    pub(super) fn is_map(&self, env: &Env, value: &Unknown<'_>) -> Result<bool> {
        function::<Check<'_>>(env, &self.is_map)?.call(value_of(value))
    }

    pub(super) fn is_set(&self, env: &Env, value: &Unknown<'_>) -> Result<bool> {
        function::<Check<'_>>(env, &self.is_set)?.call(value_of(value))
    }

    /// Whether it is an array or a Proxy of one.
    pub(super) fn is_array(&self, env: &Env, value: &Unknown<'_>) -> Result<bool> {
        function::<Check<'_>>(env, &self.is_array)?.call(value_of(value))
    }

    /// Any other check of `node:util`'s `types`.
    pub(super) fn is(&self, env: &Env, check: &str, value: &Unknown<'_>) -> Result<bool> {
        let check: Check<'_> = self.types.get_value(env)?.get_named_property(check)?;
        check.call(value_of(value))
    }

    /// `[object …]`: runs a getter of the value's own, where it has one.
    pub(super) fn tag(&self, env: &Env, value: &Unknown<'_>) -> Result<String> {
        function::<Function<'_, (), String>>(env, &self.object_to_string)?.apply(value_of(value), ())
    }

    /// The prototype of an object; that of a Proxy as its trap tells it.
    pub(super) fn prototype_of<'env>(&self, env: &'env Env, value: &Unknown<'_>) -> Result<Unknown<'env>> {
        function::<Function<'_, Unknown<'_>, Unknown<'_>>>(env, &self.get_prototype_of)?.call(value_of(value))
    }

    /// Whether this is what `{}` has as its prototype, in this realm.
    pub(super) fn is_own_object_prototype(&self, env: &Env, value: &Unknown<'_>) -> Result<bool> {
        env.strict_equals(value_of(value), self.object_prototype.get_value(env)?.to_unknown())
    }

    /// Whether this is what `{}` has as its prototype in some realm: its constructor is an `Object` of the engine's own.
    pub(super) fn is_object_prototype(&self, env: &Env, value: &Object<'_>) -> Result<bool> {
        let constructor: Unknown<'_> = value.get_named_property("constructor")?;
        if !value.has_own_property("constructor")? || constructor.get_type()? != ValueType::Function {
            return Ok(false);
        }
        let source = |function_of: Unknown<'_>| {
            function::<Function<'_, (), String>>(env, &self.function_to_string)?.apply(function_of, ())
        };
        if source(value_of(&constructor))? != source(self.object.get_value(env)?.to_unknown())? {
            return Ok(false);
        }
        // SAFETY: a function is an object.
        let prototype: Unknown<'_> = unsafe { constructor.cast::<Object<'_>>() }?.get_named_property("prototype")?;
        env.strict_equals(prototype, value.to_unknown())
    }

    /// The `[name, value]` pairs of a Map of any realm, as an array.
    pub(super) fn entries<'env>(&self, env: &'env Env, map: &Unknown<'_>) -> Result<Object<'env>> {
        self.listed(env, &self.map_entries, map)
    }

    /// The elements of a Set of any realm, as an array.
    pub(super) fn elements<'env>(&self, env: &'env Env, set: &Unknown<'_>) -> Result<Object<'env>> {
        self.listed(env, &self.set_values, set)
    }

    /// The place that was set for a signal.
    pub(super) fn place_of(&self, env: &Env, signal: &Object<'_>) -> Result<Option<usize>> {
        let get: Function<'_, Object<'_>, Option<u32>> = function(env, &self.map_get)?;
        let place = get.apply(self.signals.get_value(env)?, *signal)?;
        Ok(place.and_then(|place| usize::try_from(place).ok()))
    }

    pub(super) fn set_place(&self, env: &Env, signal: &Object<'_>, place: usize) -> Result<()> {
        let set: Function<'_, FnArgs<(Object<'_>, u32)>, Unknown<'_>> = function(env, &self.map_set)?;
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        set.apply(self.signals.get_value(env)?, (*signal, place).into()).map(|_| ())
    }

    pub(super) fn forget_place(&self, env: &Env, signal: &Object<'_>) -> Result<()> {
        let delete: Function<'_, Object<'_>, bool> = function(env, &self.map_delete)?;
        delete.apply(self.signals.get_value(env)?, *signal).map(|_| ())
    }

    fn listed<'env>(&self, env: &'env Env, iterate: &Kept, value: &Unknown<'_>) -> Result<Object<'env>> {
        let iterator = function::<Function<'_, (), Unknown<'_>>>(env, iterate)?.apply(value_of(value), ())?;
        function::<Function<'_, Unknown<'_>, Object<'_>>>(env, &self.array_from)?.call(iterator)
    }
}

/// One of the runtime's own modules, which no bundler and no test runner replaces.
pub(super) fn builtin<'env>(env: &'env Env, name: &str) -> Result<Object<'env>> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let get: Function<'_, FnArgs<(&str,)>, Object<'env>> = process.get_named_property("getBuiltinModule")?;
    get.apply(process, (name,).into())
}

/// A function, or any other object, by its name.
fn member<'env>(object: &Object<'env>, name: &str) -> Result<Object<'env>> {
    let member: Unknown<'env> = object.get_named_property(name)?;
    // SAFETY: a function is an object; what is neither fails at its first use.
    unsafe { member.cast() }
}

/// A function that was kept.
fn function<F: FromNapiValue>(env: &Env, kept: &Kept) -> Result<F> {
    // SAFETY: only functions are asked for here.
    unsafe { kept.get_value(env)?.to_unknown().cast() }
}
