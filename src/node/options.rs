//! The JavaScript options object as a [`Source`]; src/options.rs lists what is read of it.

use aws_credential_types::provider::SharedCredentialsProvider;
use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, Error, JsValue, Result, ValueType};

use super::credentials::provider;
use super::environment::environment;
use super::hints::unknown_options;
use super::input::read;
use crate::input::Input;
use crate::options::{Nested, RawOptions, Source};

/// Reads each known option once, warns of unknown ones that look like one, and reads JavaScript's environment.
pub(super) fn read_options(env: &Env, options: &Object<'_>, variables: Unknown<'_>) -> Result<RawOptions> {
    let environment = environment(variables)?;
    RawOptions::read(Reader { env, object: *options, within: None, known: Vec::new() }, environment)
}

struct Reader<'a> {
    env: &'a Env,
    object: Object<'a>,
    /// The option that the object is.
    within: Option<&'static str>,
    /// The names that were asked for.
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn value(&mut self, name: &'static str) -> Result<Unknown<'a>> {
        self.known.push(name);
        self.object.get_named_property(name)
    }
}

impl Source for Reader<'_> {
    type Error = Error;

    /// An empty string, which is what a variable that is not set becomes in a configuration, is none.
    fn input(&mut self, name: &'static str) -> Result<Input> {
        self.value(name).and_then(read).map(Input::given)
    }

    fn nested(&mut self, name: &'static str) -> Result<Nested<Self>> {
        let value = self.value(name)?;
        if value.get_type()? != ValueType::Object || value.is_array()? {
            return read(value).map(|value| Nested::Plain(value.given()));
        }
        // SAFETY: the type was just checked.
        let object = unsafe { value.cast() }?;
        Ok(Nested::Object(Self { env: self.env, object, within: Some(name), known: Vec::new() }))
    }

    fn provider(&mut self, name: &'static str) -> Result<Option<SharedCredentialsProvider>> {
        let value = self.value(name)?;
        if value.get_type()? == ValueType::Function { provider(self.env, value).map(Some) } else { Ok(None) }
    }

    fn finish(self) {
        let within = self.within.map(|option| format!("{option}.")).unwrap_or_default();
        unknown_options(self.env, &self.object, &within, &self.known);
    }
}
