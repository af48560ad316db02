//! The AWS default chain: environment, profile (keys, SSO, `aws login`, process, assumed roles), web identity,
//! container, instance.
//!
//! This is the chain of the Rust SDK, adjusted to match the JavaScript SDK in two points: `AWS_PROFILE` disables the
//! environment's keys, and any value of `AWS_EC2_METADATA_DISABLED` except "false" disables the instance metadata. Both
//! are achieved by changing the environment that the chain sees.
//! <https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html>

use aws_config::SdkConfig;
use aws_config::profile::{Profile, ProfileSet};
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature as Feature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::check;
use super::process::Process;
use crate::client::profile;
use crate::environment::Environment;

const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const OTHER_SECRET_KEY: &str = "SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// Loads the SDK configuration, including its credentials chain, for an environment.
pub(in crate::client) type Load =
    Box<dyn Fn(aws_types::os_shim_internal::Env) -> BoxFuture<'static, SdkConfig> + Send + Sync>;

/// The inputs of the chain.
pub(in crate::client) struct Settings {
    pub(in crate::client) load: Load,
    pub(in crate::client) environment: Environment,
    /// The option `profile`.
    pub(in crate::client) profile: Option<String>,
}

/// The chain. Built by the first lookup and then kept, because its sources cache data. Files are read only once.
pub(super) struct Chain {
    settings: std::sync::Arc<Settings>,
    made: OnceCell<SharedCredentialsProvider>,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chain(redacted)")
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let made = self.made.get_or_try_init(|| self.settings.make()).await?;
            made.provide_credentials().await
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.made.get()?.fallback_on_interrupt()
    }
}

impl Chain {
    /// Does no I/O until the first lookup.
    pub(super) fn new(settings: std::sync::Arc<Settings>) -> Self {
        Self { settings, made: OnceCell::new() }
    }
}

impl Settings {
    async fn make(&self) -> Result<SharedCredentialsProvider, CredentialsError> {
        let Self { environment, profile, load } = self;
        let by_profile = profile.is_some() || environment.filled("AWS_PROFILE").is_some();
        let of_environment = keys(environment).filter(|_| !by_profile);
        if let Some(keys) = of_environment {
            check::environment(&keys)?;
            return Ok(SharedCredentialsProvider::new(keys));
        }
        let config = load(self.environment_of_chain()).await;
        if let Some(profiles) = profile::load(environment, profile.as_deref()).await {
            for profile in profile::lineage(&profiles) {
                check::profile(profile)?;
                check::source_profile(profile, &profiles)?;
            }
            if let Some((base, roles)) = own_base(&profiles, environment)? {
                return Ok(assume(base, roles, &config).await);
            }
        }
        config.credentials_provider().ok_or_else(|| CredentialsError::unhandled("the SDK made no chain"))
    }

    /// The environment for the SDK's chain. The keys are hidden because they have already been considered.
    fn environment_of_chain(&self) -> aws_types::os_shim_internal::Env {
        let mut hidden = vec![ACCESS_KEY, SECRET_KEY, OTHER_SECRET_KEY, SESSION_TOKEN];
        let off = is_metadata_off(self.environment.get(METADATA_DISABLED));
        hidden.push(METADATA_DISABLED);
        self.environment.sdk_with(&hidden, off.then_some((METADATA_DISABLED, "true")))
    }
}

/// The environment's keys, read in the same way as the SDK does.
fn keys(environment: &Environment) -> Option<Credentials> {
    let filled = |name| environment.get(name).filter(|value| !value.trim().is_empty());
    let mut keys = Credentials::builder()
        .access_key_id(filled(ACCESS_KEY)?)
        .secret_access_key(filled(SECRET_KEY).or_else(|| filled(OTHER_SECRET_KEY))?)
        .provider_name("EnvironmentVariable");
    keys.set_session_token(filled(SESSION_TOKEN).map(ToOwned::to_owned));
    keys.set_account_id(filled("AWS_ACCOUNT_ID").map(|id| id.trim().into()));
    let mut keys = keys.build();
    keys.get_property_mut_or_default::<Vec<Feature>>().push(Feature::CredentialsEnvVars);
    Some(keys)
}

/// Base credentials, and the profiles whose roles are assumed with them, last one first.
type OwnBase<'a> = (SharedCredentialsProvider, Vec<&'a Profile>);

/// The base of the selected profile, if the SDK would read it from the environment of the process: a
/// `credential_process`, or keys that are hidden from its chain.
fn own_base<'a>(profiles: &'a ProfileSet, environment: &Environment) -> Result<Option<OwnBase<'a>>, CredentialsError> {
    let mut roles = Vec::new();
    let lineage = profile::lineage(profiles);
    for (nth, profile) in lineage.iter().copied().enumerate() {
        let has = |name| profile.get(name).is_some();
        // In a source profile, static keys take precedence over a role.
        if nth > 0 && has("aws_access_key_id") && has("aws_secret_access_key") {
            return Ok(None);
        }
        if has("role_arn") && !has("web_identity_token_file") {
            roles.push(profile);
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(source), None) if source != profile.name() => continue,
                (Some(_), None) | (None, Some(_)) => {}
                // Invalid. The SDK reports the error.
                _ => return Ok(None),
            }
        }
        if let Some(source) = profile.get("credential_source") {
            let keys = keys(environment).filter(|_| source.eq_ignore_ascii_case("Environment"));
            keys.iter().try_for_each(check::environment)?;
            return Ok(keys.map(|keys| (SharedCredentialsProvider::new(keys), roles)));
        }
        let others = ["web_identity_token_file", "sso_session", "sso_account_id", "sso_role_name", "sso_region"];
        if others.into_iter().chain(["sso_start_url", "login_session"]).any(has) {
            return Ok(None);
        }
        let process = profile.get("credential_process").map(|command| Process {
            command: command.to_owned(),
            account_id: profile.get("aws_account_id").map(ToOwned::to_owned),
            environment: environment.clone(),
        });
        return Ok(process.map(|process| (SharedCredentialsProvider::new(process), roles)));
    }
    Ok(None)
}

/// Chains the roles of these profiles, last one first.
async fn assume(
    base: SharedCredentialsProvider,
    roles: Vec<&Profile>,
    config: &SdkConfig,
) -> SharedCredentialsProvider {
    let mut provider = base;
    for role in roles.into_iter().rev() {
        let mut assumed = AssumeRoleProvider::builder(role.get("role_arn").unwrap_or_default()).configure(config);
        if let Some(id) = role.get("external_id") {
            assumed = assumed.external_id(id);
        }
        if let Some(name) = role.get("role_session_name") {
            assumed = assumed.session_name(name);
        }
        provider = SharedCredentialsProvider::new(assumed.build_from_provider(provider).await);
    }
    provider
}

fn is_metadata_off(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| !value.is_empty() && value != "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CRED-3]
    #[test]
    fn any_value_except_false_disables_the_instance_metadata() {
        for off in ["true", "TRUE", "1", "yes", "0", "False"] {
            assert!(is_metadata_off(Some(off)), "{off}");
        }
        for on in [None, Some(""), Some("false")] {
            assert!(!is_metadata_off(on), "{on:?}");
        }
    }
}
