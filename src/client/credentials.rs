//! The credentials of a driver: looked up once for all requests that wait for them, renewed in the background before
//! they expire, and once more when AWS says that they did.
//!
//! In place of the SDK's identity cache, which renews while requests wait, asks again every 15 minutes for what never
//! expires, never drops what AWS refuses, and runs inside the timeouts of one attempt of one request.

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

/// How long a source may take.
const BOUND: Duration = Duration::from_secs(30);

/// How long before their expiry credentials are renewed, at most: as in the JavaScript SDK. Those that live shortly
/// are renewed when a fifth of their life is left.
const AHEAD: Duration = Duration::from_mins(5);

/// How long before their expiry credentials are used no more, at most: a request takes its time. A tenth of a short
/// life.
const MARGIN: Duration = Duration::from_secs(10);

/// The longest time without a lookup after failures: how long a renewal in the background waits after one that failed,
/// and how long credentials are not looked up again that AWS refused.
const REST: Duration = Duration::from_secs(10);

/// How long requests fail without a lookup after the second one in a row that failed; doubles with each further one, up
/// to `REST`. After the first one, the next request looks again.
const FIRST_REST: Duration = Duration::from_secs(1);

/// Where credentials come from when they are not simply given.
pub(super) enum Source {
    /// A provider of the caller's.
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

    /// Where credentials came from, for a message.
    fn of(&self, credentials: &Credentials) -> &'static str {
        match self {
            Self::Caller(_) => "what the function in the option `credentials` gave",
            Self::Chain(_) => check::source(credentials),
        }
    }
}

/// Why there are no credentials, for everyone who waits for them.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// The source failed.
    Source(Arc<CredentialsError>),
    /// The driver was closed in between.
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

/// Credentials that were looked up.
#[derive(Clone)]
struct Held {
    credentials: Credentials,
    /// Tells them from those before and after.
    serial: u64,
    /// From when on they are renewed in the background; `None`: never.
    due: Option<Duration>,
    /// From when on they are not used; `None`: never.
    end: Option<Duration>,
}

type Lookup = Shared<BoxFuture<'static, Result<Held, Failure>>>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    lookup: Option<(Lookup, AbortHandle)>,
    /// The source's provider, kept from one lookup to the next for what it remembers itself.
    provider: Option<SharedCredentialsProvider>,
    lookups: u64,
    /// How many lookups in a row failed, and how the last one did.
    failures: u32,
    failure: Option<Failure>,
    /// After a failure, the source is not asked before this.
    rest_until: Duration,
    /// Nor is it in the background, while there are credentials, before this.
    renewal_rest_until: Duration,
    /// Credentials that AWS refuses before this are not looked up again.
    refused_until: Duration,
    is_closed: bool,
}

struct Keeper {
    source: Source,
    clock: SharedClock,
    bound: Duration,
    state: Mutex<State>,
}

/// The keeper of a driver's credentials. Clones share them.
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

    /// Whether there are credentials, and no renewal is due.
    pub(super) fn is_ready(&self) -> bool {
        let state = self.0.state();
        let held = state.held.as_ref();
        // They are not used any longer only some time after their renewal is due.
        held.is_some_and(|held| held.due.is_none_or(|due| self.0.clock.now() < due))
    }

    /// Waits until there are credentials.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        self.get().await.map(drop)
    }

    /// The credentials, and the serial that tells them from those before and after. Waits until there are some.
    pub(super) async fn current(&self) -> Result<(Credentials, u64), Failure> {
        self.get().await.map(|held| (held.credentials, held.serial))
    }

    /// Takes note that AWS refused the credentials with this serial, and tells whether the request is worth sending again
    /// with others, which `current` waits for. Not where these were just looked up for the same reason: calls would
    /// otherwise ask the source as often as AWS refuses them.
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
        // The files of a profile, say, may hold others by now.
        state.provider = None;
        true
    }

    /// Ends every lookup; who waits for one is told so.
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
                        // The task goes on by itself.
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

    /// Joins the lookup that is under way, or begins one. It is a task of its own: it outlives the request that began
    /// it, and others wait for it as well.
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
            // The instance metadata service keeps the last ones for this.
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
                // A file that was not right, say, may be right by now.
                state.provider = None;
                Err(failure)
            }
        }
    }
}

/// How long the source is not asked after a failure that came after so many others in a row.
fn rest(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        _ => FIRST_REST.saturating_mul(2_u32.saturating_pow(failures - 1)).min(REST),
    }
}

/// The panic itself was printed.
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
