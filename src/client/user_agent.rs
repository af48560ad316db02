//! Adds the option `userAgent` to what the SDK says of itself.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

const USER_AGENT: &str = "user-agent";

/// The client's interceptor.
#[derive(Debug)]
pub(super) struct Addition(pub(super) String);

impl Intercept for Addition {
    fn name(&self) -> &'static str {
        "UserAgentAddition"
    }

    /// Before transmit: the SDK has written the header by then, and signatures leave it out.
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
