//! The profile that the option `profile` names.

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use crate::error::{Error, ErrorKind};

/// Refuses the name of a profile that is not there: region, endpoint and credentials would silently come from
/// somewhere else. Files that cannot be read are left to those who need something from them.
pub(super) async fn check(name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name else {
        return Ok(());
    };
    let files = EnvConfigFiles::default();
    match aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await {
        Ok(profiles) if profiles.get_profile(name).is_none() => Err(Error::new(
            ErrorKind::InvalidOption,
            format!("Option `profile`: there is no profile \"{name}\" in the AWS config and credentials files."),
        )),
        _ => Ok(()),
    }
}
