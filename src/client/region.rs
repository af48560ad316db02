//! Finds the region of a driver.

use aws_sdk_dynamodb::config::Region;

use super::profile;
use crate::error::{Error, ErrorKind};
use crate::options::{Options, region_from_environment};

/// The environment variables, in order of precedence. An empty value counts as unset, as in the JavaScript SDK.
const VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Returns the region of the option, the environment, or the profile and its source profiles, in this order. Validated,
/// because it becomes part of a host name.
pub(super) async fn find(options: &Options) -> Result<Region, Error> {
    if let Some(region) = &options.region {
        return Ok(Region::new(region.clone()));
    }
    for variable in VARIABLES {
        if let Some(region) = options.environment.filled(variable) {
            return region_from_environment(region.to_owned(), variable).map(Region::new);
        }
    }
    let profiles = profile::load(&options.environment, options.profile.as_deref()).await.ok_or_else(missing)?;
    let region = profile::lineage(&profiles).into_iter().find_map(|profile| profile.get("region"));
    let region = region.filter(|region| !region.is_empty()).ok_or_else(missing)?;
    region_from_environment(region.to_owned(), "`region` of the AWS profile").map(Region::new)
}

fn missing() -> Error {
    Error::new(
        ErrorKind::NoRegion,
        "Missing region: set the option `region`, the environment variable AWS_REGION, or `region` in the AWS \
         profile. (A local engine takes any.)",
    )
}
