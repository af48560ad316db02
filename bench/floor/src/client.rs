//! Three ways to send the same requests over the same number of connections.

use std::rc::Rc;

use http_body_util::{BodyExt, Full};
use hyper::Uri;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use tower_service::Service;

use crate::request::Requests;
use crate::sdk::Sdk;
use crate::{Failure, Spec};

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) enum Contestant {
    /// Bare connections.
    #[default]
    #[serde(rename = "floor")]
    Floor,
    #[serde(rename = "hyper-util (Rust)")]
    Pool,
    #[serde(rename = "aws-sdk-dynamodb (Rust)")]
    Sdk,
}

/// Sends one request at a time.
pub(crate) enum Client {
    Connection(SendRequest<Full<Bytes>>, Rc<Requests>),
    Pool(Rc<Pool<HttpsConnector<HttpConnector>, Full<Bytes>>>, Rc<Requests>),
    Sdk(Rc<Sdk>),
}

impl Client {
    /// Opens as many clients as there are requests in flight, up to the number of connections.
    pub(crate) async fn open(spec: &Spec) -> Result<Vec<Self>, Failure> {
        let count = spec.in_flight.min(spec.connections);
        let value = std::fs::read_to_string(&spec.value_file)?;
        match spec.contestant {
            Contestant::Floor => {
                let requests = Rc::new(Requests::new(spec, &value, Uri::from_static("/"))?);
                let mut connector = connector(spec)?;
                let mut clients = Vec::with_capacity(count);
                for _ in 0..count {
                    let stream = connector.call(spec.endpoint.parse()?).await?;
                    let (sender, connection) = http1::handshake(stream).await?;
                    tokio::task::spawn_local(connection);
                    clients.push(Self::Connection(sender, Rc::clone(&requests)));
                }
                Ok(clients)
            }
            Contestant::Pool => {
                let requests = Rc::new(Requests::new(spec, &value, format!("{}/", spec.endpoint).parse()?)?);
                let pool = Rc::new(Pool::builder(TokioExecutor::new()).build(connector(spec)?));
                Ok((0..count).map(|_| Self::Pool(Rc::clone(&pool), Rc::clone(&requests))).collect())
            }
            Contestant::Sdk => {
                let sdk = Rc::new(Sdk::new(spec, value)?);
                Ok((0..count).map(|_| Self::Sdk(Rc::clone(&sdk))).collect())
            }
        }
    }

    pub(crate) async fn call(&mut self, turn: usize) -> Result<(), Failure> {
        match self {
            Self::Connection(sender, requests) => {
                sender.ready().await?;
                let answer = sender.send_request(requests.signed(turn)?).await?;
                requests.check(&body(answer).await?)
            }
            Self::Pool(pool, requests) => {
                let answer = pool.request(requests.signed(turn)?).await?;
                requests.check(&body(answer).await?)
            }
            Self::Sdk(sdk) => sdk.call(turn).await,
        }
    }
}

async fn body(answer: Response<Incoming>) -> Result<Bytes, Failure> {
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status == StatusCode::OK { Ok(body) } else { Err(format!("{status}: {}", body.escape_ascii()).into()) }
}

fn connector(spec: &Spec) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let mut roots = RootCertStore::empty();
    if let Some(authorities) = &spec.authorities {
        let certificates = CertificateDer::pem_file_iter(authorities)?.collect::<Result<Vec<_>, _>>()?;
        roots.add_parsable_certificates(certificates);
    }
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp))
}
