//! Runs a profile's `credential_process` in the driver's environment. The SDK would use the environment of the process.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>

use std::process::Command;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature as Feature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Deserialize;

use super::check;
use crate::environment::Environment;
use crate::error::CredentialsFailure;

/// Runs the command for each lookup. `Debug` hides the command because its arguments may contain secrets.
pub(super) struct Process {
    pub(super) command: String,
    /// The account ID, if the profile specifies one.
    pub(super) account_id: Option<String>,
    pub(super) environment: Environment,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Process(redacted)")
    }
}

impl ProvideCredentials for Process {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let credentials = self.run().await.map_err(CredentialsError::provider_error)?;
            // Checked here because the SDK may use them to assume a role.
            check::given(&credentials, check::source(&credentials))?;
            Ok(credentials)
        })
    }
}

/// The output of the command. Not `Debug`, because it contains secrets.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: u64,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
    account_id: Option<String>,
}

impl Process {
    async fn run(&self) -> Result<Credentials, CredentialsFailure> {
        let mut command = shell(&self.command);
        command.env_clear().envs(self.environment.of_processes());
        // A lookup that times out must not leave the process running.
        let output = tokio::process::Command::from(command).kill_on_drop(true).output().await;
        let output = output.map_err(|error| failed(&format!("could not be run: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or_default().trim();
            return Err(failed(&format!("ended with {}: {said}", output.status)));
        }
        self.read(&output.stdout)
    }

    fn read(&self, printed: &[u8]) -> Result<Credentials, CredentialsFailure> {
        // Drop the serde error, which may quote secrets from the output.
        let printed: Printed = serde_json::from_slice(printed).map_err(|_| {
            failed("must print a JSON object { Version, AccessKeyId, SecretAccessKey, SessionToken?, Expiration? }")
        })?;
        if printed.version != 1 {
            return Err(failed("must print a JSON object with a `Version` of 1"));
        }
        let wrong = || failed("must print an `Expiration` in ISO 8601 format");
        let expiration = printed.expiration.map(|text| {
            let time = DateTime::from_str(&text, Format::DateTimeWithOffset).ok();
            time.and_then(|time| SystemTime::try_from(time).ok()).ok_or_else(wrong)
        });
        let mut credentials = Credentials::builder()
            .access_key_id(printed.access_key_id)
            .secret_access_key(printed.secret_access_key)
            .provider_name("CredentialProcess");
        credentials.set_session_token(printed.session_token);
        credentials.set_expiry(expiration.transpose()?);
        credentials.set_account_id(printed.account_id.or_else(|| self.account_id.clone()).map(Into::into));
        let mut credentials = credentials.build();
        let features = [Feature::CredentialsProcess, Feature::CredentialsProfile];
        credentials.get_property_mut_or_default::<Vec<Feature>>().extend(features);
        Ok(credentials)
    }
}

fn failed(how: &str) -> CredentialsFailure {
    CredentialsFailure::new(format!("the `credential_process` of the AWS profile {how}"))
}

#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    use std::os::windows::process::CommandExt;
    let mut command = Command::new("cmd.exe");
    // `cmd.exe` strips the outer quotes, and does not understand the quoting that `arg` would apply.
    command.arg("/C").raw_arg(format!("\"{line}\""));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Credentials, CredentialsFailure> {
        let process = Process {
            command: String::new(),
            account_id: Some("123456789012".to_owned()),
            environment: Environment::default(),
        };
        process.read(text.as_bytes())
    }

    #[test]
    fn reads_what_the_command_prints() {
        let printed = r#"{ "Version": 1, "AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token",
                          "Expiration": "2027-01-15T08:00:00Z", "More": {} }"#;
        let credentials = read(printed).expect("valid");
        assert_eq!((credentials.access_key_id(), credentials.session_token()), ("id", Some("token")));
        assert_eq!(credentials.expiry(), Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_hours(500_000)));
        assert_eq!(credentials.account_id().map(|id| id.as_str().to_owned()).as_deref(), Some("123456789012"));
    }

    #[test]
    fn invalid_output_is_explained_without_being_shown() {
        for (printed, said) in [
            ("CANARY", "JSON object"),
            (r#"{ "Version": 1, "AccessKeyId": "CANARY" }"#, "JSON object"),
            (r#"{ "Version": 2, "AccessKeyId": "CANARY", "SecretAccessKey": "CANARY" }"#, "`Version`"),
            (
                r#"{ "Version": 1, "AccessKeyId": "CANARY", "SecretAccessKey": "CANARY", "Expiration": "CANARY" }"#,
                "`Expiration`",
            ),
        ] {
            let message = read(printed).expect_err("refused").to_string();
            assert!(message.contains("`credential_process`") && message.contains(said), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
    }
}
