//! Builds a DynamoDB client from options and environment: region, endpoint, credentials, retries and timeouts.

mod action;
mod attempt;
pub(crate) mod authorities;
pub(crate) mod body_limit;
mod budget;
mod channel;
mod connect;
mod connection;
pub(crate) mod credentials;
mod dns;
mod explain;
mod failure;
mod meter;
mod pool;
mod profile;
mod region;
mod request;
mod retry;
mod sdk_http;
pub(crate) mod setup;
mod signature;
mod single_flight;
mod skew;
pub(crate) mod slots;
mod tcp;
mod template;
mod throttles;
mod timeouts;
mod tls;
mod trace;
mod trust;
mod tunnel;
mod user_agent;

pub(crate) use action::Action;
pub(crate) use budget::Work;
pub(crate) use explain::Target;
pub(crate) use meter::Traffic;
pub(crate) use request::{Observers, PendingRequest, Repeat, Step};
pub(crate) use throttles::{RequestThrottles, Throttles};
pub(crate) use trace::TraceId;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{FrameworkMetadata, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_types::os_shim_internal::Env;
use aws_types::service_config::ServiceConfigKey;
use futures_util::FutureExt;
use http::uri::Authority;

use crate::backoff;
use crate::clock::SharedClock;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::json::ResponseError;
use crate::options::{Endpoint, GivenCredentials, Limits, Options, StaticCredentials, endpoint_from_environment};
use authorities::Authorities;
use channel::{Response, Transport};
use credentials::{CredentialsCache, Source};
use explain::{explain, no_credentials};
use failure::Failure;
use request::{Identity, Requests};
use sdk_http::PoolSettings;
use tcp::SocketSettings;

/// Everything a client needs in addition to its options.
#[derive(Debug, Clone)]
pub(crate) struct Dependencies {
    pub(crate) clock: SharedClock,
    pub(crate) authorities: Authorities,
    pub(crate) trace_id: TraceId,
    /// Replaces the network in tests.
    pub(crate) http: Option<SharedHttpClient>,
}

/// A DynamoDB client for one table and endpoint.
#[derive(Debug)]
pub(crate) struct Client {
    requests: Requests,
    pub(crate) target: Target,
    /// `None` if static credentials were given.
    credentials: Option<CredentialsCache>,
    /// A warning that is shown once, if there is one.
    notice: Option<Mutex<Option<String>>>,
}

/// The origin of a client's credentials.
pub(crate) struct Origin {
    pub(crate) source: &'static str,
    /// The AWS account that the credentials belong to, if their source says so.
    pub(crate) account: Option<String>,
}

impl Client {
    /// Reads the environment and the shared config files and builds a client. Sends nothing: credentials are looked up
    /// by the first request.
    pub(crate) async fn connect(options: &Options, dependencies: Dependencies) -> Result<Self, Error> {
        let Dependencies { clock, authorities, trace_id, http } = dependencies;
        profile::check(&options.environment, options.profile.as_deref()).await?;
        // The loader's own chain would continue with the instance metadata service and delay a machine without a region
        // by seconds.
        let region = region::find(options).await?;
        let settings = PoolSettings {
            proxy: options.proxy.clone(),
            environment: options.environment.clone(),
            authorities,
            sockets: SocketSettings { user_timeout: options.limits.attempt_timeout, ..SocketSettings::default() },
            clock: Arc::clone(&clock),
        };
        let shared = http.clone().unwrap_or_else(|| sdk_http::client(settings.clone()));
        let profile = options.profile.clone();
        let load = loader(profile, region.clone(), shared);
        // The credentials are added below, see `credentials_cache`.
        let config = load(options.environment.sdk(), &options.limits).no_credentials().load().await;
        let endpoint = match &options.endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => configured_endpoint(&config, &options.environment)?,
        };
        let transport = if let Some(http) = http {
            Transport::Custom(http)
        } else {
            let pools = settings.pools(endpoint.as_ref().is_some_and(Endpoint::is_plain_http));
            Transport::Pools { pools: Arc::new(pools), connect_timeout: options.limits.connect_timeout }
        };
        let credentials = credentials_cache(options, load, Arc::clone(&clock));
        let mut config = aws_sdk_dynamodb::config::Builder::from(&config);
        config.set_endpoint_url(endpoint.as_ref().map(|endpoint| endpoint.as_str().to_owned()));
        let config = config.identity_cache(IdentityCache::no_cache());
        let config = match &options.user_agent {
            Some(text) => config.interceptor(user_agent::Addition(text.clone())),
            None => config,
        }
        .build();
        let identity = match (&credentials, &options.credentials) {
            (Some(credentials_cache), _) => Identity::Cached(credentials_cache.clone()),
            (None, Some(GivenCredentials::Static(given))) => Identity::Static(static_credentials(given)),
            (None, _) => return Err(Error::new(ErrorKind::Internal, "there is no source of credentials")),
        };
        let notice = endpoint.as_ref().filter(|endpoint| endpoint.is_exposed()).and_then(exposed);
        Ok(Self {
            requests: Requests::new(config, transport, options, clock, identity, trace_id),
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

    /// Returns the warning for the user, once.
    pub(crate) fn take_notice(&self) -> Option<String> {
        self.notice.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The region that requests are sent to.
    pub(crate) fn region(&self) -> &str {
        &self.target.region
    }

    /// The host and port of the endpoint, or `None` before the first request.
    pub(crate) fn authority(&self) -> Option<Authority> {
        self.requests.authority()
    }

    /// Whether credentials are available without waiting.
    pub(crate) fn is_ready(&self) -> bool {
        self.credentials.as_ref().is_none_or(CredentialsCache::is_ready)
    }

    /// Waits until credentials are available.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        match &self.credentials {
            Some(credentials_cache) => credentials_cache.ready().await.map_err(|failure| no_credentials(&failure)),
            None => Ok(()),
        }
    }

    /// Looks up the credentials and resolves the endpoint that they lead to. Sends nothing to it.
    pub(crate) async fn prepare(&self) -> Result<Origin, Error> {
        let credentials = self.requests.prepare().await;
        let credentials = credentials.map_err(|failure| explain(failure, "", 0, &self.target))?;
        let source = match &self.credentials {
            Some(credentials_cache) => credentials_cache.source_of(&credentials),
            None => "the option `credentials`",
        };
        Ok(Origin { source, account: credentials.account_id().map(|id| id.as_str().to_owned()) })
    }

    /// Aborts the lookup of credentials. Requests that already have credentials continue.
    pub(crate) fn close(&self) {
        if let Some(credentials_cache) = &self.credentials {
            credentials_cache.close();
        }
    }

    /// Sends a request until it succeeds or fails for good, or until AWS rejects the credentials.
    pub(crate) async fn advance(&self, pending: &mut PendingRequest<'_>) -> Step {
        self.requests.advance(pending).await
    }

    /// Converts the failure of a request into an error.
    pub(crate) fn explain(&self, failure: Failure, request: &PendingRequest<'_>) -> Error {
        explain(failure, request.action.name(), request.times_sent(), &self.target)
    }

    /// Returns the error for a response that cannot be parsed.
    pub(crate) fn unreadable(
        &self,
        error: serde_json::Error,
        response: &Response,
        request: &PendingRequest<'_>,
    ) -> Error {
        let failure = Failure {
            http_status: Some(response.status.as_u16()),
            request_id: response.request_id(),
            ..Failure::unreadable(&ResponseError::from(error), None)
        };
        self.explain(failure, request)
    }
}

/// Returns the warning about an unencrypted endpoint on a public host, once per process.
fn exposed(endpoint: &Endpoint) -> Option<String> {
    static WAS_SHOWN: AtomicBool = AtomicBool::new(false);
    (!WAS_SHOWN.swap(true, Ordering::Relaxed)).then(|| {
        format!(
            "[unstorage] [aws-dynamodb] The endpoint {} is on a public host and not encrypted: everything sent there can \
             be read on the way. Use https.",
            endpoint.as_str()
        )
    })
}

/// Returns the cache for credentials that must be looked up, or `None` for static credentials.
fn credentials_cache(
    options: &Options,
    load: impl Fn(Env, &Limits) -> ConfigLoader + Send + Sync + 'static,
    clock: SharedClock,
) -> Option<CredentialsCache> {
    let source = match &options.credentials {
        Some(GivenCredentials::Static(_)) => return None,
        Some(GivenCredentials::Provider(provider)) => Source::Caller(provider.clone()),
        None => Source::Chain(Arc::new(credentials::Settings {
            load: Box::new(move |environment| load(environment, &Limits::default()).load().boxed()),
            environment: options.environment.clone(),
            profile: options.profile.clone(),
        })),
    };
    Some(CredentialsCache::new(source, clock))
}

/// Returns a function that prepares to load an environment and the shared config files, with the driver's limits.
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
            // Set explicitly: a malformed AWS_MAX_ATTEMPTS or AWS_RETRY_MODE would panic while the SDK loads it.
            .retry_config(retries(limits))
            .timeout_config(timeouts(limits))
            // DynamoDB's responses are small and bounded by the timeouts above, and stalled-stream protection is known
            // for false alarms.
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

/// Disables each limit that is off explicitly, because the SDK would fill in a default.
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

/// Pinned, so that an update of the SDK cannot change retries or HTTP behaviour unnoticed.
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

/// The endpoint from the environment or the profile. The DynamoDB-specific setting takes precedence.
///
/// Read here because the SDK logs and ignores a malformed URL and then sends requests to AWS.
fn configured_endpoint(config: &SdkConfig, environment: &Environment) -> Result<Option<Endpoint>, Error> {
    let key =
        ServiceConfigKey::builder().service_id("DynamoDB").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let (Ok(key), Some(settings)) = (key, config.service_config()) else {
        return Ok(None);
    };
    // An empty value counts as unset, as in the JavaScript SDK.
    let Some(text) = settings.load_config(key).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let source = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find(|name| environment.get(name).is_some())
        .unwrap_or("`endpoint_url` of the AWS profile");
    endpoint_from_environment(&text, source).map(Some)
}
