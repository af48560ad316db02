//! From options and environment to a DynamoDB client: region, endpoint, credentials, retries, timeouts.

mod action;
pub(crate) mod answer;
mod attempt;
pub(crate) mod authorities;
mod budget;
mod channel;
mod connect;
mod connection;
pub(crate) mod credentials;
mod dns;
mod explain;
mod failure;
mod http;
mod meter;
mod patience;
mod pool;
mod profile;
mod region;
mod request;
mod retry;
pub(crate) mod setup;
mod signature;
mod single_flight;
mod skew;
pub(crate) mod slots;
mod tcp;
mod template;
mod throttles;
mod tls;
mod trace;
mod trust;
mod tunnel;
mod user_agent;

pub(crate) use action::Action;
pub(crate) use budget::Work;
pub(crate) use explain::Target;
pub(crate) use meter::Traffic;
pub(crate) use request::{Observers, Sending, Step};
pub(crate) use throttles::{RequestThrottles, Throttles};
pub(crate) use trace::TraceId;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ::http::uri::Authority;
use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{FrameworkMetadata, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_types::os_shim_internal::Env;
use aws_types::service_config::ServiceConfigKey;
use futures_util::FutureExt;

use crate::backoff;
use crate::clock::SharedClock;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::json::AnswerError;
use crate::options::{Endpoint, GivenCredentials, Limits, Options, StaticCredentials, endpoint_from_environment};
use authorities::Authorities;
use channel::{Network, Reply};
use credentials::{CredentialsKeeper, Source};
use explain::{explain, no_credentials};
use failure::Failure;
use http::PoolSettings;
use request::{Identity, Requests};
use tcp::SocketSettings;

/// What a client is made with, in addition to its options.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) clock: SharedClock,
    pub(crate) authorities: Authorities,
    pub(crate) trace_id: TraceId,
    /// Replaces the network in tests.
    pub(crate) http: Option<SharedHttpClient>,
}

/// A DynamoDB client and what it is pointed at.
#[derive(Debug)]
pub(crate) struct Client {
    requests: Requests,
    pub(crate) target: Target,
    /// Absent where credentials are simply given.
    credentials: Option<CredentialsKeeper>,
    /// What the user should be told once. Absent where all is well.
    notice: Option<Mutex<Option<String>>>,
}

impl Client {
    /// Reads the environment and the shared config files, and makes a client. Sends nothing yet: credentials are
    /// looked for with the first request.
    pub(crate) async fn connect(options: &Options, surroundings: Surroundings) -> Result<Self, Error> {
        let Surroundings { clock, authorities, trace_id, http } = surroundings;
        profile::check(&options.environment, options.profile.as_deref()).await?;
        // Asked for apart from the loader's own chain, which would go on to the instance metadata service and make
        // a machine without a region wait for seconds.
        let region = region::find(options).await?;
        let settings = PoolSettings {
            proxy: options.proxy.clone(),
            environment: options.environment.clone(),
            authorities,
            sockets: SocketSettings { user_timeout: options.limits.attempt_timeout, ..SocketSettings::default() },
            clock: Arc::clone(&clock),
        };
        let shared = http.clone().unwrap_or_else(|| http::by_scheme(settings.clone()));
        let profile = options.profile.clone();
        let load = loader(profile, region.clone(), shared);
        // Ours come later, see `keeper`.
        let config = load(options.environment.sdk(), &options.limits).no_credentials().load().await;
        let endpoint = match &options.endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => configured_endpoint(&config, &options.environment)?,
        };
        let network = if let Some(http) = http {
            Network::Given(http)
        } else {
            let pools = settings.pools(endpoint.as_ref().is_some_and(Endpoint::is_plain_http));
            Network::Pools { pools: Arc::new(pools), connect_timeout: options.limits.connect_timeout }
        };
        let credentials = keeper(options, load, Arc::clone(&clock));
        let mut config = aws_sdk_dynamodb::config::Builder::from(&config);
        config.set_endpoint_url(endpoint.as_ref().map(|endpoint| endpoint.as_str().to_owned()));
        let config = config.identity_cache(IdentityCache::no_cache());
        let config = match &options.user_agent {
            Some(text) => config.interceptor(user_agent::Addition(text.clone())),
            None => config,
        }
        .build();
        let identity = match (&credentials, &options.credentials) {
            (Some(keeper), _) => Identity::Kept(keeper.clone()),
            (None, Some(GivenCredentials::Static(given))) => Identity::Given(static_credentials(given)),
            (None, _) => return Err(Error::new(ErrorKind::Internal, "there is no source of credentials")),
        };
        let notice = endpoint.as_ref().filter(|endpoint| endpoint.is_exposed()).and_then(exposed);
        Ok(Self {
            requests: Requests::new(config, network, options, clock, identity, trace_id),
            target: Target {
                table: options.table_name.clone(),
                arn: (options.table != options.table_name).then(|| options.table.clone()),
                region: region.to_string(),
                endpoint: endpoint.map(|endpoint| endpoint.as_str().to_owned()),
                key_attribute: options.attributes.key.clone(),
            },
            credentials,
            notice: notice.map(|notice| Mutex::new(Some(notice))),
        })
    }

    /// What the user should be told, once.
    pub(crate) fn take_notice(&self) -> Option<String> {
        self.notice.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The region of the requests.
    pub(crate) fn region(&self) -> &str {
        &self.target.region
    }

    /// The host and port of the endpoint, once a request was prepared for it.
    pub(crate) fn authority(&self) -> Option<Authority> {
        self.requests.authority()
    }

    /// Whether a request need not wait for credentials.
    pub(crate) fn is_ready(&self) -> bool {
        self.credentials.as_ref().is_none_or(CredentialsKeeper::is_ready)
    }

    /// Waits until there are credentials.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        match &self.credentials {
            Some(keeper) => keeper.ready().await.map_err(|failure| no_credentials(&failure)),
            None => Ok(()),
        }
    }

    /// Ends the search for credentials. Requests that have some go on.
    pub(crate) fn close(&self) {
        if let Some(keeper) = &self.credentials {
            keeper.close();
        }
    }

    /// Sends a request until a response counts, or AWS refuses the credentials.
    pub(crate) async fn advance(&self, sending: &mut Sending<'_>) -> Step {
        self.requests.advance(sending).await
    }

    /// The error of a request that failed.
    pub(crate) fn explain(&self, failure: Failure, sending: &Sending<'_>) -> Error {
        explain(failure, sending.action.name(), sending.times_sent(), &self.target)
    }

    /// The error of a response that cannot be read.
    pub(crate) fn unreadable(&self, error: serde_json::Error, reply: &Reply, sending: &Sending<'_>) -> Error {
        let failure = Failure {
            http_status: Some(reply.status.as_u16()),
            request_id: reply.request_id(),
            ..Failure::unreadable(&AnswerError::from(error), None)
        };
        self.explain(failure, sending)
    }
}

/// The warning of an endpoint on a public host that is not encrypted; one is enough for a process.
fn exposed(endpoint: &Endpoint) -> Option<String> {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    (!IS_TOLD.swap(true, Ordering::Relaxed)).then(|| {
        format!(
            "[unstorage] [aws-dynamodb] The endpoint {} is on a public host and not encrypted: everything sent there can \
             be read on the way. Use https.",
            endpoint.as_str()
        )
    })
}

/// The keeper of credentials that are looked up; absent where they are simply given.
fn keeper(
    options: &Options,
    load: impl Fn(Env, &Limits) -> ConfigLoader + Send + Sync + 'static,
    clock: SharedClock,
) -> Option<CredentialsKeeper> {
    let source = match &options.credentials {
        Some(GivenCredentials::Static(_)) => return None,
        Some(GivenCredentials::Provider(provider)) => Source::Caller(provider.clone()),
        None => Source::Chain(Arc::new(credentials::Settings {
            load: Box::new(move |environment| load(environment, &Limits::default()).load().boxed()),
            environment: options.environment.clone(),
            profile: options.profile.clone(),
        })),
    };
    Some(CredentialsKeeper::new(source, clock))
}

/// Begins to load what an environment and the shared config files say, with our own limits over them.
fn loader(
    profile: Option<String>,
    region: Region,
    http: SharedHttpClient,
) -> impl Fn(Env, &Limits) -> ConfigLoader + Send + Sync + 'static {
    move |environment, limits| {
        let mut loader: ConfigLoader = aws_config::defaults(behavior_version())
            .env(environment)
            .region(region.clone())
            .http_client(http.clone())
            // Given explicitly: ill-formed AWS_MAX_ATTEMPTS or AWS_RETRY_MODE would panic in the SDK's own loading.
            .retry_config(retries(limits))
            .timeout_config(timeouts(limits))
            // DynamoDB's answers are small, and the timeouts above bound them; the watchdog has a history of false alarms.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(profile) = &profile {
            loader = loader.profile_name(profile);
        }
        if let Ok(this) = FrameworkMetadata::new("unstorage-dynamodb", Some(env!("CARGO_PKG_VERSION"))) {
            loader = loader.framework_metadata(this);
        }
        loader
    }
}

fn retries(limits: &Limits) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(limits.max_attempts)
        .with_initial_backoff(backoff::INITIAL)
        .with_max_backoff(backoff::LONGEST)
}

/// A limit that is off is said to be so: the SDK fills in what is left open.
fn timeouts(limits: &Limits) -> TimeoutConfig {
    let config = TimeoutConfig::builder();
    let config = match limits.connect_timeout {
        Some(time) => config.connect_timeout(time),
        None => config.disable_connect_timeout(),
    };
    let config = match limits.attempt_timeout {
        Some(time) => config.operation_attempt_timeout(time),
        None => config.disable_operation_attempt_timeout(),
    };
    match limits.timeout {
        Some(time) => config.operation_timeout(time),
        None => config.disable_operation_timeout(),
    }
    .build()
}

/// Pinned: an update of the SDK must not change retries or HTTP behaviour unnoticed.
fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn static_credentials(credentials: &StaticCredentials) -> Credentials {
    Credentials::new(
        credentials.access_key_id.clone(),
        credentials.secret_access_key.clone(),
        credentials.session_token.clone(),
        None,
        "option `credentials`",
    )
}

/// The endpoint of the environment or the profile, the service's own setting first.
///
/// Read here because the SDK drops an ill-formed one with a log line and goes on to AWS.
fn configured_endpoint(config: &SdkConfig, environment: &Environment) -> Result<Option<Endpoint>, Error> {
    let key =
        ServiceConfigKey::builder().service_id("DynamoDB").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let (Ok(key), Some(settings)) = (key, config.service_config()) else {
        return Ok(None);
    };
    // An empty one counts as absent, as in the JavaScript SDK.
    let Some(text) = settings.load_config(key).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let source = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find(|name| environment.get(name).is_some())
        .unwrap_or("`endpoint_url` of the AWS profile");
    endpoint_from_environment(&text, source).map(Some)
}
