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
const BOUND: Duration = Duration::from_secs(30);

/// How long before their expiry credentials are renewed, as in the JavaScript SDK. Short-lived credentials are renewed
/// when a fifth of their lifetime is left.
const AHEAD: Duration = Duration::from_mins(5);

/// How long before their expiry credentials are no longer used, because a request takes some time to arrive. For
/// short-lived credentials, a tenth of their lifetime.
const MARGIN: Duration = Duration::from_secs(10);

/// The maximum backoff between failed lookups. Also the delay after a failed background renewal, and the minimum
/// interval between lookups caused by rejected credentials.
const REST: Duration = Duration::from_secs(10);

/// The backoff after the second consecutive failed lookup, during which requests fail immediately. It doubles with each
/// further failure, up to `REST`. After the first failure, the next request retries without a delay.
const FIRST_REST: Duration = Duration::from_secs(1);

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

    fn timed_out(&self, bound: Duration) -> CredentialsError {
        match self {
            Self::Caller(_) => CredentialsError::provider_error(CredentialsFailure::new(format!(
                "the function in the option `credentials` gave none within {} s",
                bound.as_secs()
            ))),
            Self::Chain(_) => CredentialsError::provider_timed_out(bound),
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
pub(crate) enum Failure {
    /// The source failed.
    Source(Arc<CredentialsError>),
    /// The driver was closed during the lookup.
    Closed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source(_) => "no credentials",
            Self::Closed => "the driver was closed",
        })
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Source(error) => Some(&**error),
            Self::Closed => None,
        }
    }
}

/// The result of a successful lookup.
#[derive(Clone)]
struct Held {
    credentials: Credentials,
    /// Identifies the lookup that returned them.
    serial: u64,
    /// The time from which they are renewed in the background; `None` if they do not expire.
    due: Option<Duration>,
    /// The time from which they are no longer used; `None` if they do not expire.
    end: Option<Duration>,
}

type Lookup = Shared<BoxFuture<'static, Result<Held, Failure>>>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    lookup: Option<(Lookup, AbortHandle)>,
    /// The source's provider, kept across lookups because it may cache data itself.
    provider: Option<SharedCredentialsProvider>,
    lookups: u64,
    /// The number of consecutive failed lookups, and the last failure.
    failures: u32,
    failure: Option<Failure>,
    /// No lookup starts before this time after a failure.
    rest_until: Duration,
    /// No background renewal starts before this time after a failure.
    renewal_rest_until: Duration,
    /// Credentials rejected before this time do not trigger another lookup.
    refused_until: Duration,
    is_closed: bool,
}

struct Keeper {
    source: Source,
    clock: SharedClock,
    bound: Duration,
    state: Mutex<State>,
}

/// The credentials cache of a driver. Clones share it.
#[derive(Clone)]
pub(crate) struct CredentialsKeeper(Arc<Keeper>);

impl fmt::Debug for CredentialsKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsKeeper(redacted)")
    }
}

impl CredentialsKeeper {
    pub(super) fn new(source: Source, clock: SharedClock) -> Self {
        Self::bounded(source, clock, BOUND)
    }

    fn bounded(source: Source, clock: SharedClock, bound: Duration) -> Self {
        Self(Arc::new(Keeper { source, clock, bound, state: Mutex::default() }))
    }

    /// Whether credentials are cached and no renewal is due.
    pub(super) fn is_ready(&self) -> bool {
        let state = self.0.state();
        let held = state.held.as_ref();
        // `end` need not be checked, as it is never earlier than `due`.
        held.is_some_and(|held| held.due.is_none_or(|due| self.0.clock.now() < due))
    }

    /// Waits until credentials are available.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        self.get().await.map(drop)
    }

    /// Waits for credentials and returns them with the serial that identifies their lookup.
    pub(super) async fn current(&self) -> Result<(Credentials, u64), Failure> {
        self.get().await.map(|held| (held.credentials, held.serial))
    }

    /// Discards the credentials with this serial after AWS rejected them. Returns whether the request should be retried
    /// with those that `current` returns next. It should not if rejected credentials were already replaced recently:
    /// otherwise every rejection would trigger another lookup.
    pub(super) fn drop_refused(&self, serial: u64) -> bool {
        let mut state = self.0.state();
        if state.held.as_ref().is_none_or(|held| held.serial != serial) {
            return true;
        }
        let now = self.0.clock.now();
        if now < state.refused_until {
            return false;
        }
        state.refused_until = now + REST;
        state.held = None;
        // Recreate the provider, because its sources (profile files, for example) may have changed.
        state.provider = None;
        true
    }

    /// Aborts a running lookup. Requests that wait for it fail with [`Failure::Closed`].
    pub(crate) fn close(&self) {
        let mut state = self.0.state();
        state.is_closed = true;
        if let Some((_, task)) = state.lookup.take() {
            task.abort();
        }
    }

    async fn get(&self) -> Result<Held, Failure> {
        let lookup = {
            let mut state = self.0.state();
            let now = self.0.clock.now();
            match state.held.clone() {
                Some(held) if held.end.is_none_or(|end| now < end) => {
                    if held.due.is_some_and(|due| now >= due) && now >= state.renewal_rest_until {
                        // The lookup continues as a task of its own.
                        drop(self.look_up(&mut state));
                    }
                    return Ok(held);
                }
                _ => match &state.failure {
                    Some(failure) if now < state.rest_until => return Err(failure.clone()),
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
            return async { Err(Failure::Closed) }.boxed().shared();
        }
        if let Some((lookup, _)) = &state.lookup {
            return lookup.clone();
        }
        let keeper = Arc::clone(&self.0);
        let provider = state.provider.get_or_insert_with(|| self.0.source.provider()).clone();
        let task = tokio::spawn(async move { keeper.run(provider).await });
        let abort = task.abort_handle();
        let lookup = async move { task.await.unwrap_or(Err(Failure::Closed)) }.boxed().shared();
        state.lookup = Some((lookup.clone(), abort));
        lookup
    }
}

impl Keeper {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, provider: SharedCredentialsProvider) -> Result<Held, Failure> {
        let asked = AssertUnwindSafe(async { provider.provide_credentials().await }).catch_unwind();
        let result = match tokio::time::timeout(self.bound, asked).await {
            Ok(result) => result.unwrap_or_else(|_| Err(panicked())),
            // The instance metadata provider falls back to its last credentials.
            Err(_) => provider.fallback_on_interrupt().ok_or_else(|| self.source.timed_out(self.bound)),
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
                let held = Held::new(credentials, state.lookups, self.clock.now());
                state.held = Some(held.clone());
                (state.failures, state.failure) = (0, None);
                Ok(held)
            }
            Err(error) => {
                let failure = Failure::Source(Arc::new(error));
                let now = self.clock.now();
                state.renewal_rest_until = now + REST;
                state.rest_until = now + rest(state.failures);
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
fn rest(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        _ => FIRST_REST.saturating_mul(2_u32.saturating_pow(failures - 1)).min(REST),
    }
}

/// Omits the panic message, which the panic hook has already printed.
fn panicked() -> CredentialsError {
    CredentialsError::provider_error(CredentialsFailure::new("the source of the credentials panicked"))
}

impl Held {
    fn new(credentials: Credentials, serial: u64, now: Duration) -> Self {
        let expiry = credentials.expiry().map(|expiry| expiry.duration_since(UNIX_EPOCH).unwrap_or_default());
        let life = expiry.unwrap_or_default().saturating_sub(now);
        let before_expiry = |time: Duration| expiry.map(|expiry| expiry.saturating_sub(time));
        Self { credentials, serial, due: before_expiry(AHEAD.min(life / 5)), end: before_expiry(MARGIN.min(life / 10)) }
    }
}

#[cfg(test)]
mod tests;
