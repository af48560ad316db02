//! Requests through AWS's SDK for Rust, with its own HTTP client and its defaults.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Config, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use crate::request::{NAMES, Operation, PROJECTION};
use crate::{Failure, Spec, signature};

pub(crate) struct Sdk {
    client: Client,
    operation: Operation,
    table: String,
    keys: usize,
    value: String,
}

impl Sdk {
    pub(crate) fn new(spec: &Spec, value: String) -> Result<Self, Failure> {
        let mut trust = TrustStore::empty();
        if let Some(authorities) = &spec.authorities {
            trust.add_pem_certificate(std::fs::read(authorities)?);
        }
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(trust).build()?)
            .build_https();
        let config = Config::builder()
            .endpoint_url(&spec.endpoint)
            .region(Region::new(signature::REGION))
            .credentials_provider(Credentials::new(signature::KEY_ID, signature::SECRET, None, None, "bench"))
            .http_client(http)
            .build();
        let client = Client::from_conf(config);
        let Spec { operation, table, keys, .. } = spec;
        Ok(Self { client, operation: *operation, table: table.clone(), keys: *keys, value })
    }

    pub(crate) async fn call(&self, turn: usize) -> Result<(), Failure> {
        let key = AttributeValue::S(format!("bench:item:{}", turn % self.keys));
        match self.operation {
            Operation::SetItem => {
                let value = AttributeValue::S(self.value.clone());
                let put = self.client.put_item().table_name(&self.table);
                put.item("key", key).item("value", value).send().await?;
            }
            Operation::GetItem => {
                let get = self.client.get_item().table_name(&self.table).key("key", key);
                let get = NAMES.iter().fold(get.projection_expression(PROJECTION), |get, (name, attribute)| {
                    get.expression_attribute_names(*name, *attribute)
                });
                let found = get.send().await?;
                let value = found.item().and_then(|item| item.get("value")).and_then(|value| value.as_s().ok());
                if value.map(String::len) != Some(self.value.len()) {
                    return Err(format!("read a value of {:?} bytes", value.map(String::len)).into());
                }
            }
        }
        Ok(())
    }
}
