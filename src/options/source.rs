//! How options are read, whatever they are read from, and how they are declared.

use aws_credential_types::provider::SharedCredentialsProvider;

use super::RawCredentials;
use crate::input::Input;

/// An object of options: JavaScript's in src/bridge/, made-up ones in tests.
pub trait Source: Sized {
    /// Why an option could not be read.
    type Error;

    /// The option of this name.
    ///
    /// # Errors
    /// What the source says.
    fn input(&mut self, name: &'static str) -> Result<Input, Self::Error>;

    /// The option of this name, which may be an object of options.
    ///
    /// # Errors
    /// What the source says.
    fn nested(&mut self, name: &'static str) -> Result<Nested<Self>, Self::Error>;

    /// The option of this name, if it is a function.
    ///
    /// # Errors
    /// What the source says.
    fn provider(&mut self, name: &'static str) -> Result<Option<SharedCredentialsProvider>, Self::Error>;

    /// Called when all options of the object have been read: other names in it are unknown.
    fn finish(self);
}

/// An option that may be an object.
#[derive(Clone)]
pub enum Nested<T> {
    /// No object.
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

/// A struct that [`options!`] declared.
pub(super) trait Group: Sized {
    fn read<S: Source>(source: S) -> Result<Self, S::Error>;
}

/// What an option can be.
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

/// Declares options as the caller gave them: of each its field, what it can be, and its name in JavaScript. After `and`
/// stands what is no option.
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
