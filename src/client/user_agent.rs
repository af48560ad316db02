//! Appends the option `userAgent` to the SDK's user agent.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

const USER_AGENT: &str = "user-agent";

/// The interceptor of the client.
#[derive(Debug)]
pub(super) struct Addition(pub(super) String);

impl Intercept for Addition {
    fn name(&self) -> &'static str {
        "UserAgentAddition"
    }

    /// The SDK has written the header by the time of this hook, and signatures do not include it.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let whole = match headers.get(USER_AGENT) {
            Some(sdk) => format!("{sdk} {}", self.0),
            None => self.0.clone(),
        };
        headers.try_insert(USER_AGENT, whole)?;
        Ok(())
    }
}
