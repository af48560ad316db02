//! The driver's requests, and the parsing of their responses.

use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use serde::Deserialize;

use crate::signature::{self, Signed, Signer};
use crate::{Failure, Spec};

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
    uri: Uri,
    host: String,
    operation: Operation,
    target: &'static str,
    /// The JSON before and after the key's number.
    body: [String; 2],
    keys: usize,
    value_length: usize,
    signer: Signer,
}

/// The placeholder for the key's number.
const PLACE: &str = "{number}";

/// The attributes that the driver reads.
pub(crate) const PROJECTION: &str = "#v, #t, #e";
pub(crate) const NAMES: [(&str, &str); 3] = [("#v", "value"), ("#t", "ttl"), ("#e", "enc")];

impl Requests {
    /// `uri` is what the client expects: hyper's connections take a path, and its pool a whole address.
    pub(crate) fn new(spec: &Spec, value: &str, uri: Uri) -> Result<Self, Failure> {
        let key = serde_json::json!({ "S": format!("bench:item:{PLACE}") });
        let (target, body) = match spec.operation {
            Operation::GetItem => (
                "DynamoDB_20120810.GetItem",
                serde_json::json!({
                    "TableName": spec.table,
                    "Key": { "key": key },
                    "ProjectionExpression": PROJECTION,
                    "ExpressionAttributeNames": serde_json::Map::from_iter(
                        NAMES.map(|(name, attribute)| (name.to_owned(), attribute.into())),
                    ),
                }),
            ),
            Operation::SetItem => (
                "DynamoDB_20120810.PutItem",
                serde_json::json!({ "TableName": spec.table, "Item": { "key": key, "value": { "S": value } } }),
            ),
        };
        let body = body.to_string();
        let (before, after) = body.split_once(PLACE).unwrap_or((&body, ""));
        let host = spec.endpoint.parse::<Uri>()?.authority().ok_or("the endpoint has no host")?.to_string();
        Ok(Self {
            uri,
            operation: spec.operation,
            target,
            body: [before.to_owned(), after.to_owned()],
            keys: spec.keys,
            value_length: value.len(),
            signer: Signer::new(host.clone(), target),
            host,
        })
    }

    #[expect(clippy::disallowed_methods, reason = "a signature has a time")]
    pub(crate) fn signed(&self, turn: usize) -> Result<Request<Full<Bytes>>, Failure> {
        let [before, after] = &self.body;
        let body = format!("{before}{}{after}", turn % self.keys);
        let Signed { date, authorization } =
            self.signer.sign(SystemTime::now().duration_since(UNIX_EPOCH)?, body.as_bytes())?;
        let request = Request::post(self.uri.clone())
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, signature::CONTENT_TYPE)
            .header("x-amz-target", self.target)
            .header("x-amz-date", date)
            .header(AUTHORIZATION, authorization);
        Ok(request.body(Full::new(Bytes::from(body)))?)
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
