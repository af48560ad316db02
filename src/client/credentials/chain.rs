//! The AWS default chain: environment, profile (keys, SSO, `aws login`, process, assumed roles), web identity,
//! container, instance.
//!
//! Put together here because the Rust SDK's own differs from the JavaScript SDK's, whose users change the import alone:
//! there `AWS_PROFILE` switches the environment's keys off, and any `AWS_EC2_METADATA_DISABLED` but "false" the
//! instance metadata.
//! <https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html>

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{ecs, imds, web_identity_token};

/// Puts the chain together. Asks nobody yet.
pub(super) fn build(config: &ProviderConfig, profile: Option<&str>) -> CredentialsProviderChain {
    let mut of_profile = ProfileFileCredentialsProvider::builder().configure(config);
    if let Some(name) = profile {
        of_profile = of_profile.profile_name(name);
    }
    let of_profile = of_profile.build();
    let chain = if profile.is_some() || is_set("AWS_PROFILE") {
        CredentialsProviderChain::first_try("Profile", of_profile)
    } else {
        CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("Profile", of_profile)
    };
    let chain = chain
        .or_else("WebIdentityToken", web_identity_token::Builder::default().configure(config).build())
        .or_else("EcsContainer", ecs::EcsCredentialsProvider::builder().configure(config).build());
    if is_metadata_off(std::env::var("AWS_EC2_METADATA_DISABLED").ok().as_deref()) {
        return chain;
    }
    let instance = imds::credentials::ImdsCredentialsProvider::builder().configure(config).build();
    chain.or_else("Ec2InstanceMetadata", instance)
}

/// Whether a variable of the environment holds something.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is_metadata_off(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| !value.is_empty() && value != "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CRED-3]
    #[test]
    fn anything_but_false_switches_the_instance_metadata_off() {
        for off in ["true", "TRUE", "1", "yes", "0", "False"] {
            assert!(is_metadata_off(Some(off)), "{off}");
        }
        for on in [None, Some(""), Some("false")] {
            assert!(!is_metadata_off(on), "{on:?}");
        }
    }
}
