//! Reads the shared config files and the driver's profile in them.

use aws_config::profile::{Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::Fs;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

/// Reads the shared config files. Selects the profile `name` or that of `AWS_PROFILE`. Returns `None` if the files
/// cannot be read; callers that need them report that.
pub(super) async fn load(environment: &Environment, name: Option<&str>) -> Option<ProfileSet> {
    let name = name.or_else(|| environment.filled("AWS_PROFILE")).unwrap_or("default").to_owned();
    let files = EnvConfigFiles::default();
    aws_config::profile::load(&Fs::real(), &environment.sdk(), &files, Some(name.into())).await.ok()
}

/// The selected profile, followed by its chain of source profiles.
pub(super) fn lineage(profiles: &ProfileSet) -> Vec<&Profile> {
    let mut lineage: Vec<&Profile> = Vec::new();
    let mut name = Some(profiles.selected_profile());
    while let Some(profile) = name.and_then(|name| profiles.get_profile(name)) {
        if lineage.iter().any(|known| std::ptr::eq(*known, profile)) {
            break;
        }
        lineage.push(profile);
        name = profile.get("source_profile");
    }
    lineage
}

/// Rejects a profile that does not exist. Otherwise region, endpoint and credentials would silently come from
/// elsewhere.
pub(super) async fn check(environment: &Environment, name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name else {
        return Ok(());
    };
    match load(environment, Some(name)).await {
        Some(profiles) if profiles.get_profile(name).is_none() => Err(Error::new(
            ErrorKind::InvalidOption,
            format!("Option `profile`: there is no profile \"{name}\" in the AWS config and credentials files."),
        )),
        _ => Ok(()),
    }
}
