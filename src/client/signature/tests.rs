use std::time::UNIX_EPOCH;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use proptest::prelude::*;

use super::*;

/// Everything that is part of a signature.
#[derive(Debug, Clone)]
struct Case {
    id: String,
    secret: String,
    token: Option<String>,
    scope: Scope,
    host: String,
    path: String,
    user_agent: String,
    target: String,
    body: Vec<u8>,
    at: Duration,
}

impl Case {
    fn credentials(&self) -> Credentials {
        Credentials::new(self.id.clone(), self.secret.clone(), self.token.clone(), None, "test")
    }

    fn ours(&self) -> Signed {
        let Self { scope, host, path, user_agent, .. } = self.clone();
        Signer::new(self.credentials(), scope, host, &path, &user_agent).sign(self.at, &self.target, &self.body)
    }

    /// The headers from `aws-sigv4` with the SDK's settings for DynamoDB.
    fn theirs(&self) -> Vec<(String, String)> {
        let identity = Identity::from(self.credentials());
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.scope.region)
            .name(&self.scope.service)
            .time(UNIX_EPOCH + self.at)
            .settings(SigningSettings::default())
            .build()
            .expect("complete")
            .into();
        let uri = format!("https://{}{}", self.host, self.path);
        let length = self.body.len().to_string();
        let headers = [
            ("content-type", CONTENT_TYPE),
            ("content-length", &length),
            ("x-amz-target", &self.target),
            ("user-agent", "not signed"),
            ("x-amz-user-agent", &self.user_agent),
        ];
        let request = SignableRequest::new("POST", &uri, headers.into_iter(), SignableBody::Bytes(&self.body));
        let (signed, _) = sign(request.expect("valid"), &params).expect("signed").into_parts();
        signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

fn case() -> impl Strategy<Value = Case> {
    let text = |pattern: &'static str| pattern.prop_map(|text: String| text);
    let credentials =
        (text("[A-Z0-9]{16,24}"), text("[ -~]{1,60}"), prop::option::of("[!-~]{1,40}( {1,3}[!-~]{1,40})?"));
    let scope = (text("[a-z]{2}-[a-z]{4,9}-[0-9]"), text("dynamodb|[a-z]{1,10}"));
    let place = (
        text("[a-z0-9.-]{1,40}(:[1-9][0-9]{3})?"),
        text("/{1,2}|(/{1,2}[a-zA-Z0-9_~-][a-zA-Z0-9._~-]{0,8}){1,3}/|/(%[0-9A-F]{2}|[!$&'()*+,;=:@a-z]){1,8}/"),
    );
    let said = (text("[!-~]{1,40}( [!-~]{1,40}){0,4}"), text("DynamoDB_20120810\\.[A-Za-z]{1,20}"));
    let rest = (prop::collection::vec(any::<u8>(), 0..2_000), 0u64..7_000_000_000_000);
    (credentials, scope, place, said, rest).prop_map(
        |((id, secret, token), (region, service), (host, path), (user_agent, target), (body, milliseconds))| Case {
            id,
            secret,
            token,
            scope: Scope { region, service },
            host,
            path,
            user_agent,
            target,
            body,
            at: Duration::from_millis(milliseconds),
        },
    )
}

proptest! {
    #[test]
    fn signatures_equal_those_of_aws_sigv4(case in case()) {
        let theirs = case.theirs();
        let header = |name: &str| theirs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        let ours = case.ours();
        prop_assert_eq!(Some(ours.date), header("x-amz-date"));
        prop_assert_eq!(Some(ours.authorization), header("authorization"));
    }

    /// The cached key of one day must not sign requests of another.
    #[test]
    fn a_signer_with_a_cached_key_signs_like_a_new_one(case in case(), times in prop::collection::vec(0u64..3_000_000_000, 1..8)) {
        let Case { scope, host, path, user_agent, .. } = case.clone();
        let kept = Signer::new(case.credentials(), scope, host, &path, &user_agent);
        for at in times.into_iter().map(Duration::from_secs) {
            let new = Case { at, ..case.clone() }.ours();
            let signed = kept.sign(at, &case.target, &case.body);
            prop_assert_eq!(signed.authorization, new.authorization);
        }
    }
}

/// A server's `date` header may set the clock to any time.
#[test]
fn a_time_beyond_the_calendar_is_clamped() {
    let credentials = Credentials::new("id", "secret", None, None, "test");
    let scope = Scope { region: "eu-west-1".into(), service: "dynamodb".into() };
    let signer = Signer::new(credentials, scope, "localhost".into(), "/", "");
    for at in [END_OF_CALENDAR, END_OF_CALENDAR + Duration::from_secs(1), Duration::MAX] {
        assert_eq!(signer.sign(at, "", b"").date, "99991231T235959Z");
    }
}

/// From AWS's example: <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>, "AKIDEXAMPLE".
#[test]
fn the_key_equals_that_of_the_aws_example() {
    let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test");
    let scope = Scope { region: "us-east-1".into(), service: "iam".into() };
    let signer = Signer::new(credentials, scope, "iam.amazonaws.com".into(), "/", "");
    // The string to sign and the signature of the example of 2015-08-30.
    let text = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
    let day = signer.day(Duration::from_mins(24_015_636));
    assert_eq!(day.date, "20150830");
    let mut signature = String::new();
    push_hex(&mut signature, hmac::sign(&day.key, text.as_bytes()).as_ref());
    assert_eq!(signature, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}
