//! The trace ID of AWS Lambda, which X-Ray uses to assign requests to invocations.

use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use percent_encoding::{CONTROLS, percent_encode};

use crate::environment::Environment;

/// The trace ID of the latest call. It is the only environment variable that changes with each invocation. `None`
/// outside AWS Lambda. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct TraceId(Option<Arc<Mutex<Option<HeaderValue>>>>);

impl TraceId {
    /// Reads the trace ID from the environment.
    pub(crate) fn new(environment: &Environment) -> Self {
        let in_lambda = environment.get("AWS_LAMBDA_FUNCTION_NAME").is_some();
        Self(in_lambda.then(|| Arc::new(Mutex::new(environment.get("_X_AMZN_TRACE_ID").and_then(header)))))
    }

    /// Whether the process runs in AWS Lambda.
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the header for a request.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores the trace ID of a call.
    pub(crate) fn set(&self, id: Option<&str>) {
        if let Some(trace_id) = &self.0 {
            *trace_id.lock().unwrap_or_else(PoisonError::into_inner) = id.and_then(header);
        }
    }
}

fn header(id: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(percent_encode(id.as_bytes(), CONTROLS).to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> TraceId {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        TraceId::new(&Environment::new(variables))
    }

    /// [ENV-6]
    #[test]
    fn the_trace_id_changes_with_each_call_only_in_lambda() {
        let outside = of(&[("_X_AMZN_TRACE_ID", "Root=1-a")]);
        outside.set(Some("Root=1-b"));
        assert_eq!(outside.header(), None);
        let inside = of(&[("AWS_LAMBDA_FUNCTION_NAME", "f"), ("_X_AMZN_TRACE_ID", "Root=1-a")]);
        assert_eq!(inside.header(), Some(HeaderValue::from_static("Root=1-a")));
        inside.set(Some("Root=1-\n"));
        assert_eq!(inside.header(), Some(HeaderValue::from_static("Root=1-%0A")));
        inside.set(None);
        assert_eq!(inside.header(), None);
    }
}
