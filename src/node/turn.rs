//! How long a turn of the event loop settles calls, and how a later one goes on.

use std::time::{Duration, Instant};

use napi::bindgen_prelude::{Function, JsObjectValue, Object, ObjectRef, Unknown};
use napi::{Env, JsValue, Result, ValueType};

use super::abort::quietly;
use super::host::builtin;

/// How long one turn of the event loop settles calls. What their promises start runs in the same turn, and may take as long
/// again.
const SLICE: Duration = Duration::from_millis(4);

/// How many calls are settled between two looks at the clock.
const CALLS_PER_LOOK: usize = 8;

/// The part of a turn of the event loop in which calls are settled.
#[derive(Default)]
pub(super) struct Slice {
    settled: usize,
    begin: Option<Instant>,
}

impl Slice {
    /// Counts a call. Few calls never look at the clock.
    #[expect(clippy::disallowed_methods, reason = "how long the thread was held is real time, not the store's")]
    pub(super) fn is_over(&mut self) -> bool {
        self.settled += 1;
        if !self.settled.is_multiple_of(CALLS_PER_LOOK) {
            return false;
        }
        let begin = *self.begin.get_or_insert_with(Instant::now);
        begin.elapsed() >= SLICE
    }
}

/// What has a function called in a later turn of the loop, after timers and I/O: Node's own `setImmediate`. (To call the
/// threadsafe function would not do: Node goes on with it in the same turn.)
pub(super) struct Later(ObjectRef<false>);

impl Later {
    /// `None` where there is none, or one that a test runner put in its place, which may never fire: it is told by its
    /// `clock`.
    pub(super) fn new(env: &Env) -> Option<Self> {
        let find = || -> Result<Option<Self>> {
            let function: Unknown<'_> = builtin(env, "node:timers")?.get_named_property("setImmediate")?;
            if function.get_type()? != ValueType::Function {
                return Ok(None);
            }
            // SAFETY: a function is an object.
            let function: Object<'_> = unsafe { function.cast() }?;
            if function.has_named_property("clock")? { Ok(None) } else { function.create_ref().map(Self).map(Some) }
        };
        quietly(env, find()).flatten()
    }

    /// Has `then` called; `false` where that failed.
    pub(super) fn call(&self, env: &Env, then: impl Fn(&Env) + 'static) -> bool {
        let set = || -> Result<()> {
            let callback: Function<'_, (), ()> = env.create_function_from_closure("settle", move |context| {
                then(context.env);
                Ok(())
            })?;
            // SAFETY: only a function is kept.
            let set: Function<'_, Unknown<'_>, Unknown<'_>> = unsafe { self.0.get_value(env)?.to_unknown().cast() }?;
            set.call(callback.to_unknown()).map(|_| ())
        };
        quietly(env, set()).is_some()
    }
}
