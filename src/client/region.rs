//! The region of a driver.

use aws_sdk_dynamodb::config::Region;

use super::profile;
use crate::error::{Error, ErrorKind};
use crate::options::{Options, region_from_environment};

/// The variables of the environment, the first one first. An empty one counts as absent, as in the JavaScript SDK.
const VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// The region: the option, else the environment, else the profile or one that it names as its source. Checked, because
/// it becomes part of a host name.
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
