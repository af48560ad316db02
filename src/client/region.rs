//! The region of a driver.

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;
use aws_sdk_dynamodb::config::Region;

use crate::error::{Error, ErrorKind};
use crate::options::{Options, region_from_environment};

/// The variables of the environment, the first one first. An empty one counts as absent, as in the JavaScript SDK.
const VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// The region: the option, else the environment, else the profile. Checked, because it becomes part of a host name.
pub(super) async fn find(options: &Options) -> Result<Region, Error> {
    if let Some(region) = &options.region {
        return Ok(Region::new(region.clone()));
    }
    for variable in VARIABLES {
        let value = std::env::var_os(variable).unwrap_or_default();
        if !value.is_empty() {
            return region_from_environment(value.to_string_lossy().into_owned(), variable).map(Region::new);
        }
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let region = profile.build().region().await.filter(|region| !region.as_ref().is_empty()).ok_or_else(missing)?;
    region_from_environment(region.to_string(), "`region` of the AWS profile").map(Region::new)
}

fn missing() -> Error {
    Error::new(
        ErrorKind::NoRegion,
        "Missing region: set the option `region`, the environment variable AWS_REGION, or `region` in the AWS \
         profile. (A local engine takes any.)",
    )
}
