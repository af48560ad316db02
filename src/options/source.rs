//! Reads options from any source, and declares them.

use aws_credential_types::provider::SharedCredentialsProvider;

use super::RawCredentials;
use crate::input::Input;

/// An object with options: a JavaScript object in src/node/, a fake in tests.
pub trait Source: Sized {
    /// Why an option could not be read.
    type Error;

    /// Returns an option.
    ///
    /// # Errors
    ///
    /// Returns the error of the source.
    fn input(&mut self, name: &'static str) -> Result<Input, Self::Error>;

    /// Returns an option that may be an object.
    ///
    /// # Errors
    ///
    /// Returns the error of the source.
    fn nested(&mut self, name: &'static str) -> Result<Nested<Self>, Self::Error>;

    /// Returns an option if it is a function.
    ///
    /// # Errors
    ///
    /// Returns the error of the source.
    fn provider(&mut self, name: &'static str) -> Result<Option<SharedCredentialsProvider>, Self::Error>;

    /// Called after all options of the object have been read. Any other names in it are unknown.
    fn finish(self);
}

/// An option that may be an object.
#[derive(Clone)]
pub enum Nested<T> {
    /// Not an object.
    Plain(Input),
    /// An object.
    Object(T),
}

impl<T> Default for Nested<T> {
    fn default() -> Self {
        Self::Plain(Input::Absent)
    }
}

impl<T> From<T> for Nested<T> {
    fn from(object: T) -> Self {
        Self::Object(object)
    }
}

/// A struct declared by [`options!`].
pub(super) trait Group: Sized {
    fn read<S: Source>(source: S) -> Result<Self, S::Error>;
}

/// The type of an option.
pub(super) trait Property: Sized {
    fn read<S: Source>(source: &mut S, name: &'static str) -> Result<Self, S::Error>;
}

impl Property for Input {
    fn read<S: Source>(source: &mut S, name: &'static str) -> Result<Self, S::Error> {
        source.input(name)
    }
}

impl<T: Group> Property for Nested<T> {
    fn read<S: Source>(source: &mut S, name: &'static str) -> Result<Self, S::Error> {
        Ok(match source.nested(name)? {
            Nested::Plain(input) => Self::Plain(input),
            Nested::Object(object) => Self::Object(T::read(object)?),
        })
    }
}

impl Property for RawCredentials {
    fn read<S: Source>(source: &mut S, name: &'static str) -> Result<Self, S::Error> {
        if let Some(provider) = source.provider(name)? {
            return Ok(Self::Provider(provider));
        }
        Nested::read(source, name).map(Self::Given)
    }
}

/// Declares options before validation: the field of each, its type, and its name in JavaScript. Fields after `and` are
/// not options.
macro_rules! options {
    (
        $(#[$meta:meta])*
        $group:ident { $($field:ident: $kind:ty = $name:literal,)+ }
        $(and { $(#[$own_meta:meta])* $own:ident: $own_kind:ty })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default)]
        pub struct $group {
            $(#[doc = concat!("`", $name, "`")] pub $field: $kind,)+
            $($(#[$own_meta])* pub $own: $own_kind,)?
        }

        impl $crate::options::source::Group for $group {
            fn read<S: $crate::options::source::Source>(mut source: S) -> Result<Self, S::Error> {
                let group = Self {
                    $($field: $crate::options::source::Property::read(&mut source, $name)?,)+
                    $($own: <$own_kind>::default(),)?
                };
                source.finish();
                Ok(group)
            }
        }
    };
}

pub(super) use options;
