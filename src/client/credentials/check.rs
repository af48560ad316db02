//! Whether credentials can be sent at all. A line break or a byte-order mark, left by a copy or by an editor, would
//! otherwise fail deep inside the SDK, or come back from AWS as a wrong signature.

use aws_config::profile::Profile;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature as Feature;
use aws_credential_types::provider::error::CredentialsError;

use crate::error::CredentialsFailure;
use crate::options::credential_flaw;

/// What a source calls the three parts.
type Names = [&'static str; 3];

const OF_ENVIRONMENT: Names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const OF_PROFILE: Names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
const OF_ANSWERS: Names = ["AccessKeyId", "SecretAccessKey", "SessionToken"];

/// Checks the environment's keys.
pub(super) fn environment(keys: &Credentials) -> Result<(), CredentialsError> {
    parts(OF_ENVIRONMENT, keys, "the environment")
}

/// Checks the keys of a profile, which the SDK may sign with before anything of it comes here.
pub(super) fn profile(profile: &Profile) -> Result<(), CredentialsError> {
    let source = || format!("the AWS profile {:?}", profile.name());
    OF_PROFILE.into_iter().try_for_each(|name| match profile.get(name) {
        Some(value) => part(name, value, source),
        None => Ok(()),
    })
}

/// Checks what a source gave.
pub(super) fn given(credentials: &Credentials, source: &str) -> Result<(), CredentialsError> {
    parts(OF_ANSWERS, credentials, source)
}

/// Where credentials of the chain came from.
pub(super) fn source(credentials: &Credentials) -> &'static str {
    let known = |feature: &Feature| match feature {
        Feature::CredentialsEnvVars => Some("the environment"),
        Feature::CredentialsProcess => Some("the `credential_process` of the AWS profile"),
        Feature::CredentialsSso => Some("IAM Identity Center (SSO)"),
        Feature::CredentialsProfileLogin => Some("the session of `aws login`"),
        Feature::CredentialsHttp => Some("the container's credentials endpoint"),
        Feature::CredentialsImds => Some("the instance metadata service"),
        Feature::CredentialsStsAssumeRole => Some("AWS STS (an assumed role)"),
        Feature::CredentialsProfileStsWebIdToken => Some("AWS STS (a web identity)"),
        Feature::CredentialsProfile => Some("the AWS profile"),
        _ => None,
    };
    let features = credentials.get_property::<Vec<Feature>>();
    features.and_then(|features| features.iter().find_map(known)).unwrap_or("the AWS default chain")
}

fn parts([id, secret, token]: Names, credentials: &Credentials, source: &str) -> Result<(), CredentialsError> {
    let source = || source.to_owned();
    part(id, credentials.access_key_id(), source)?;
    part(secret, credentials.secret_access_key(), source)?;
    credentials.session_token().map_or(Ok(()), |value| part(token, value, source))
}

fn part(name: &str, value: &str, source: impl FnOnce() -> String) -> Result<(), CredentialsError> {
    match credential_flaw(value) {
        None => Ok(()),
        Some((allowed, found)) => Err(CredentialsError::invalid_configuration(CredentialsFailure::new(format!(
            "`{name}` of {} must be {allowed}; it is {found}",
            source()
        )))),
    }
}
