//! When AWS refuses credentials that can be looked up again: look them up, and send the request once more.

use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;

use crate::client::credentials::CredentialsKeeper;
use crate::client::progress;

/// AWS's names for credentials that have expired or were withdrawn.
const REFUSALS: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"];

/// The client's retry classifier for it. The second attempt is one of `maxAttempts`.
#[derive(Debug)]
pub(super) struct Renewal(pub(super) CredentialsKeeper);

impl ClassifyRetry for Renewal {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if is_refusal(context) && progress::may_renew(|serial| self.0.drop_refused(serial)) {
            // Not a transient error: the connection is fine and stays.
            return RetryAction::client_error();
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "CredentialsRenewal"
    }
}

/// Reads the error's name from the answer: a classifier of all operations does not know their error types.
fn is_refusal(context: &InterceptorContext) -> bool {
    let answer = context.response().filter(|answer| answer.status().is_client_error());
    let body = answer.and_then(|answer| answer.body().bytes()).unwrap_or_default();
    let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let name = answer.as_ref().and_then(|answer| answer.get("__type")).and_then(serde_json::Value::as_str);
    name.is_some_and(|name| REFUSALS.contains(&name.rsplit('#').next().unwrap_or(name)))
}
