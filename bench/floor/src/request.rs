//! The driver's requests, and the parsing of their responses.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde::Deserialize;

use crate::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Operation {
    GetItem,
    SetItem,
}

/// The parsed part of a `GetItem` response.
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "Item")]
    item: Option<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    value: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// Builds the requests.
pub(crate) struct Requests {
    endpoint: String,
    operation: Operation,
    /// The JSON before and after the key's number.
    body: [String; 2],
    keys: usize,
    value_length: usize,
    identity: Identity,
}

/// The placeholder for the key's number.
const PLACE: &str = "{number}";

impl Requests {
    pub(crate) fn new(endpoint: &str, operation: Operation, table: &str, keys: usize, value: String) -> Self {
        let value_length = value.len();
        let key = serde_json::json!({ "S": format!("bench:item:{PLACE}") });
        let body = match operation {
            Operation::GetItem => serde_json::json!({
                "TableName": table,
                "Key": { "key": key },
                "ProjectionExpression": "#v, #t, #e",
                "ExpressionAttributeNames": { "#v": "value", "#t": "ttl", "#e": "enc" },
            }),
            Operation::SetItem => serde_json::json!({
                "TableName": table,
                "Item": { "key": key, "value": { "S": value } },
            }),
        }
        .to_string();
        let (before, after) = body.split_once(PLACE).unwrap_or((&body, ""));
        let body = [before.to_owned(), after.to_owned()];
        let identity = Credentials::new("LOCAL", "local", None, None, "bench").into();
        Self { endpoint: format!("{endpoint}/"), operation, body, keys, value_length, identity }
    }

    #[expect(clippy::disallowed_methods, reason = "a signature has a time")]
    pub(crate) fn signed(&self, turn: usize) -> Result<Request<Full<Bytes>>, Failure> {
        let [before, after] = &self.body;
        let body = format!("{before}{}{after}", turn % self.keys);
        let target = match self.operation {
            Operation::GetItem => "DynamoDB_20120810.GetItem",
            Operation::SetItem => "DynamoDB_20120810.PutItem",
        };
        let host = self.endpoint.trim_start_matches("http://").trim_end_matches('/');
        let headers = [("content-type", "application/x-amz-json-1.0"), ("host", host), ("x-amz-target", target)];
        let parameters = v4::SigningParams::builder()
            .identity(&self.identity)
            .region("us-east-1")
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable =
            SignableRequest::new("POST", &self.endpoint, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let mut request = Request::builder().method("POST").uri("/");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Full::new(Bytes::from(body)))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    /// Parses a response. Fails if it is not the expected value.
    pub(crate) fn check(&self, body: &[u8]) -> Result<(), Failure> {
        if self.operation == Operation::SetItem {
            return Ok(());
        }
        let found: Found = serde_json::from_slice(body)?;
        let length = found.item.map(|item| item.value.text.len());
        if length == Some(self.value_length) { Ok(()) } else { Err(format!("read a value of {length:?} bytes").into()) }
    }
}
