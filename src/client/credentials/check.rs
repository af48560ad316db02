//! Validates credentials before use. A line break or a byte-order mark, left over from copying or from an editor, would
//! otherwise fail deep inside the SDK or be reported by AWS as an invalid signature.

use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature as Feature;
use aws_credential_types::provider::error::CredentialsError;

use crate::error::CredentialsFailure;
use crate::options::credential_flaw;

/// The names that a source uses for the access key ID, secret access key and session token.
type Names = [&'static str; 3];

const OF_ENVIRONMENT: Names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const OF_PROFILE: Names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
const OF_ANSWERS: Names = ["AccessKeyId", "SecretAccessKey", "SessionToken"];

/// Checks the keys of the environment.
pub(super) fn environment(keys: &Credentials) -> Result<(), CredentialsError> {
    parts(OF_ENVIRONMENT, keys, "the environment")
}

/// Checks the keys of a profile. Done in advance, because the SDK may sign requests with them inside its chain.
pub(super) fn profile(profile: &Profile) -> Result<(), CredentialsError> {
    let source = || format!("the AWS profile {:?}", profile.name());
    OF_PROFILE.into_iter().try_for_each(|name| match profile.get(name) {
        Some(value) => part(name, value, source),
        None => Ok(()),
    })
}

/// Checks that the profile whose identity a profile uses exists. The SDK would go on to the container or the instance, and
/// use another identity.
pub(super) fn source_profile(profile: &Profile, profiles: &ProfileSet) -> Result<(), CredentialsError> {
    match profile.get("source_profile") {
        Some(name) if profiles.get_profile(name).is_none() => {
            let (profile, reason) = (profile.name(), format!("`source_profile` names {name:?}, which does not exist"));
            let failure = CredentialsFailure::new(format!("the AWS profile {profile:?}: {reason}"));
            Err(CredentialsError::invalid_configuration(failure))
        }
        _ => Ok(()),
    }
}

/// Checks the credentials that a source returned.
pub(super) fn given(credentials: &Credentials, source: &str) -> Result<(), CredentialsError> {
    parts(OF_ANSWERS, credentials, source)
}

/// The source in the chain that returned these credentials.
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
