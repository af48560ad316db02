//! Caches the credentials of a driver. One lookup serves all waiting requests; credentials are renewed in the
//! background before they expire, and looked up again when AWS rejects them.
//!
//! This replaces the SDK's identity cache, which makes requests wait for a renewal, reloads credentials without an
//! expiry every 15 minutes, keeps rejected credentials, and is subject to the timeout of a single attempt.

mod chain;
mod check;
mod process;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;

use crate::clock::SharedClock;
use crate::error::CredentialsFailure;
use chain::Chain;
pub(super) use chain::Settings;

/// The timeout of a lookup.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);

/// How long before their expiry credentials are renewed, as in the JavaScript SDK. Short-lived credentials are renewed
/// when a fifth of their lifetime is left.
const RENEWAL_MARGIN: Duration = Duration::from_mins(5);

/// How long before their expiry credentials are no longer used, because a request takes some time to arrive. For
/// short-lived credentials, a tenth of their lifetime.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// The maximum backoff between failed lookups. Also the delay after a failed background renewal, and the minimum
/// interval between lookups caused by rejected credentials.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// The backoff after the second consecutive failed lookup, during which requests fail immediately. It doubles with each
/// further failure, up to `MAX_BACKOFF`. After the first failure, the next request retries without a delay.
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);

/// Where credentials are looked up.
pub(super) enum Source {
    /// A provider supplied by the caller.
    Caller(SharedCredentialsProvider),
    /// The AWS default chain.
    Chain(Arc<Settings>),
}

impl Source {
    fn provider(&self) -> SharedCredentialsProvider {
        match self {
            Self::Caller(provider) => provider.clone(),
            Self::Chain(settings) => SharedCredentialsProvider::new(Chain::new(Arc::clone(settings))),
        }
    }

    fn timed_out(&self, timeout: Duration) -> CredentialsError {
        match self {
            Self::Caller(_) => CredentialsError::provider_error(CredentialsFailure::new(format!(
                "the function in the option `credentials` gave none within {} s",
                timeout.as_secs()
            ))),
            Self::Chain(_) => CredentialsError::provider_timed_out(timeout),
        }
    }

    /// Describes the origin of credentials for an error message.
    fn of(&self, credentials: &Credentials) -> &'static str {
        match self {
            Self::Caller(_) => "what the function in the option `credentials` gave",
            Self::Chain(_) => check::source(credentials),
        }
    }
}

/// Why a lookup failed. Shared by all requests that wait for it.
#[derive(Debug, Clone)]
pub(crate) enum LookupError {
    /// The source failed.
    Source(Arc<CredentialsError>),
    /// The driver was closed during the lookup.
    Closed,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source(_) => "no credentials",
            Self::Closed => "the driver was closed",
        })
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Source(error) => Some(&**error),
            Self::Closed => None,
        }
    }
}

/// The result of a successful lookup.
#[derive(Clone)]
struct CachedCredentials {
    credentials: Credentials,
    /// Identifies the lookup that returned them.
    serial: u64,
    /// The time from which they are renewed in the background; `None` if they do not expire.
    due: Option<Duration>,
    /// The time from which they are no longer used; `None` if they do not expire.
    end: Option<Duration>,
}

type Lookup = Shared<BoxFuture<'static, Result<CachedCredentials, LookupError>>>;

#[derive(Default)]
struct State {
    cached: Option<CachedCredentials>,
    lookup: Option<(Lookup, AbortHandle)>,
    /// The source's provider, kept across lookups because it may cache data itself.
    provider: Option<SharedCredentialsProvider>,
    lookups: u64,
    /// The number of consecutive failed lookups, and the last failure.
    failures: u32,
    failure: Option<LookupError>,
    /// No lookup starts before this time after a failure.
    backoff_until: Duration,
    /// No background renewal starts before this time after a failure.
    renewal_backoff_until: Duration,
    /// Credentials rejected before this time do not trigger another lookup.
    rejected_until: Duration,
    is_closed: bool,
}

struct Inner {
    source: Source,
    clock: SharedClock,
    timeout: Duration,
    state: Mutex<State>,
}

/// The credentials cache of a driver. Clones share it.
#[derive(Clone)]
pub(crate) struct CredentialsCache(Arc<Inner>);

impl fmt::Debug for CredentialsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsCache(redacted)")
    }
}

impl CredentialsCache {
    pub(super) fn new(source: Source, clock: SharedClock) -> Self {
        Self::with_timeout(source, clock, LOOKUP_TIMEOUT)
    }

    fn with_timeout(source: Source, clock: SharedClock, timeout: Duration) -> Self {
        Self(Arc::new(Inner { source, clock, timeout, state: Mutex::default() }))
    }

    /// Whether credentials are cached and no renewal is due.
    pub(super) fn is_ready(&self) -> bool {
        let state = self.0.state();
        let cached = state.cached.as_ref();
        // `end` need not be checked, as it is never earlier than `due`.
        cached.is_some_and(|cached| cached.due.is_none_or(|due| self.0.clock.now() < due))
    }

    /// Waits until credentials are available.
    pub(crate) async fn ready(&self) -> Result<(), LookupError> {
        self.get().await.map(drop)
    }

    /// Waits for credentials and returns them with the serial that identifies their lookup.
    pub(super) async fn current(&self) -> Result<(Credentials, u64), LookupError> {
        self.get().await.map(|cached| (cached.credentials, cached.serial))
    }

    /// Describes the source of these credentials.
    pub(super) fn source_of(&self, credentials: &Credentials) -> &'static str {
        match &self.0.source {
            Source::Caller(_) => "the function in the option `credentials`",
            Source::Chain(_) => check::source(credentials),
        }
    }

    /// Discards the credentials with this serial after AWS rejected them. Returns whether the request should be retried
    /// with those that `current` returns next. It should not if rejected credentials were already replaced recently:
    /// otherwise every rejection would trigger another lookup.
    pub(super) fn discard_rejected(&self, serial: u64) -> bool {
        let mut state = self.0.state();
        if state.cached.as_ref().is_none_or(|cached| cached.serial != serial) {
            return true;
        }
        let now = self.0.clock.now();
        if now < state.rejected_until {
            return false;
        }
        state.rejected_until = now + MAX_BACKOFF;
        state.cached = None;
        // Recreate the provider, because its sources (profile files, for example) may have changed.
        state.provider = None;
        true
    }

    /// Aborts a running lookup. Requests that wait for it fail with [`LookupError::Closed`].
    pub(crate) fn close(&self) {
        let mut state = self.0.state();
        state.is_closed = true;
        if let Some((_, task)) = state.lookup.take() {
            task.abort();
        }
    }

    async fn get(&self) -> Result<CachedCredentials, LookupError> {
        let lookup = {
            let mut state = self.0.state();
            let now = self.0.clock.now();
            match state.cached.clone() {
                Some(cached) if cached.end.is_none_or(|end| now < end) => {
                    if cached.due.is_some_and(|due| now >= due) && now >= state.renewal_backoff_until {
                        // The lookup continues in its own task.
                        drop(self.look_up(&mut state));
                    }
                    return Ok(cached);
                }
                _ => match &state.failure {
                    Some(failure) if now < state.backoff_until => return Err(failure.clone()),
                    _ => self.look_up(&mut state),
                },
            }
        };
        lookup.await
    }

    /// Joins the running lookup or starts one. It runs as a separate task because other requests wait for it too, even
    /// if the one that started it is cancelled.
    fn look_up(&self, state: &mut State) -> Lookup {
        if state.is_closed {
            return async { Err(LookupError::Closed) }.boxed().shared();
        }
        if let Some((lookup, _)) = &state.lookup {
            return lookup.clone();
        }
        let cache = Arc::clone(&self.0);
        let provider = state.provider.get_or_insert_with(|| self.0.source.provider()).clone();
        let task = tokio::spawn(async move { cache.run(provider).await });
        let abort = task.abort_handle();
        let lookup = async move { task.await.unwrap_or(Err(LookupError::Closed)) }.boxed().shared();
        state.lookup = Some((lookup.clone(), abort));
        lookup
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, provider: SharedCredentialsProvider) -> Result<CachedCredentials, LookupError> {
        let lookup = AssertUnwindSafe(async { provider.provide_credentials().await }).catch_unwind();
        let result = match tokio::time::timeout(self.timeout, lookup).await {
            Ok(result) => result.unwrap_or_else(|_| Err(panicked())),
            // The instance metadata provider falls back to its last credentials.
            Err(_) => provider.fallback_on_interrupt().ok_or_else(|| self.source.timed_out(self.timeout)),
        };
        let result = result.and_then(|credentials| {
            check::given(&credentials, self.source.of(&credentials))?;
            Ok(credentials)
        });
        let mut state = self.state();
        state.lookup = None;
        match result {
            Ok(credentials) => {
                state.lookups += 1;
                let cached = CachedCredentials::new(credentials, state.lookups, self.clock.now());
                state.cached = Some(cached.clone());
                (state.failures, state.failure) = (0, None);
                Ok(cached)
            }
            Err(error) => {
                let failure = LookupError::Source(Arc::new(error));
                let now = self.clock.now();
                state.renewal_backoff_until = now + MAX_BACKOFF;
                state.backoff_until = now + backoff(state.failures);
                state.failures = state.failures.saturating_add(1);
                state.failure = Some(failure.clone());
                // Recreate the provider, because an invalid file may have been fixed by the next lookup.
                state.provider = None;
                Err(failure)
            }
        }
    }
}

/// The backoff after a failed lookup that follows `failures` consecutive ones.
fn backoff(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        _ => INITIAL_BACKOFF.saturating_mul(2_u32.saturating_pow(failures - 1)).min(MAX_BACKOFF),
    }
}

/// Omits the panic message, which the panic hook has already printed.
fn panicked() -> CredentialsError {
    CredentialsError::provider_error(CredentialsFailure::new("the source of the credentials panicked"))
}

impl CachedCredentials {
    fn new(credentials: Credentials, serial: u64, now: Duration) -> Self {
        let expiry = credentials.expiry().map(|expiry| expiry.duration_since(UNIX_EPOCH).unwrap_or_default());
        let life = expiry.unwrap_or_default().saturating_sub(now);
        let before_expiry = |time: Duration| expiry.map(|expiry| expiry.saturating_sub(time));
        Self {
            credentials,
            serial,
            due: before_expiry(RENEWAL_MARGIN.min(life / 5)),
            end: before_expiry(EXPIRY_MARGIN.min(life / 10)),
        }
    }
}

#[cfg(test)]
mod tests;
