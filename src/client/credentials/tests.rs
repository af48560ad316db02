use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use aws_credential_types::provider::future;

use super::*;
use crate::clock::Clock;

#[derive(Debug, Default)]
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl TestClock {
    fn set(&self, seconds: f64) {
        self.0.store(Duration::from_secs_f64(seconds).as_millis().try_into().expect("fits"), Ordering::Relaxed);
    }
}

/// A provider whose credentials are valid for `life` seconds. Counts its lookups, and can be made to fail.
#[derive(Debug, Default, Clone)]
struct TestProvider {
    lookups: Arc<AtomicU32>,
    failing: Arc<AtomicU32>,
    life: Option<f64>,
    hangs: bool,
    panics: bool,
    token: Option<&'static str>,
    clock: Arc<TestClock>,
}

impl ProvideCredentials for TestProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let nth = self.lookups.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::task::yield_now().await;
            if self.hangs {
                std::future::pending::<()>().await;
            }
            assert!(!self.panics || nth > 1, "on purpose");
            if self.failing.load(Ordering::Relaxed) > 0 {
                return Err(CredentialsError::provider_error(CredentialsFailure::new("no")));
            }
            let expiry = self.life.map(|life| UNIX_EPOCH + self.clock.now() + Duration::from_secs_f64(life));
            let token = self.token.map(ToOwned::to_owned);
            Ok(Credentials::new(format!("id{nth}"), "secret", token, expiry, "test"))
        })
    }
}

impl TestProvider {
    fn cache(&self) -> CredentialsCache {
        let source = Source::Caller(SharedCredentialsProvider::new(self.clone()));
        let clock: SharedClock = Arc::<TestClock>::clone(&self.clock);
        CredentialsCache::with_timeout(source, clock, Duration::from_millis(50))
    }

    fn lookups(&self) -> u32 {
        self.lookups.load(Ordering::Relaxed)
    }
}

async fn id(cache: &CredentialsCache) -> String {
    match cache.get().await {
        Ok(cached) => cached.credentials.access_key_id().to_owned(),
        Err(LookupError::Source(error)) => error.to_string(),
        Err(LookupError::Closed) => "closed".to_owned(),
    }
}

/// Lets a background renewal complete.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// [CRED-5]
#[tokio::test]
async fn one_lookup_serves_all_waiting_requests() {
    let provider = TestProvider::default();
    let cache = provider.cache();
    let ids = futures_util::future::join_all((0..100).map(|_| id(&cache))).await;
    assert!(ids.iter().all(|id| id == "id1"));
    assert_eq!(provider.lookups(), 1);
}

/// [CRED-6]
#[tokio::test]
async fn credentials_without_an_expiry_are_kept() {
    let provider = TestProvider::default();
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    provider.clock.set(1e9);
    assert_eq!(id(&cache).await, "id1");
    assert_eq!(provider.lookups(), 1);
}

/// [CRED-6]
#[tokio::test]
async fn credentials_are_renewed_in_the_background_five_minutes_before_they_expire() {
    let provider = TestProvider { life: Some(3_600.0), ..TestProvider::default() };
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    provider.clock.set(3_299.0);
    assert_eq!(id(&cache).await, "id1");
    settle().await;
    assert_eq!(provider.lookups(), 1);
    provider.clock.set(3_301.0);
    assert_eq!(id(&cache).await, "id1", "no call waits");
    settle().await;
    assert_eq!(id(&cache).await, "id2");
    assert_eq!(provider.lookups(), 2);
}

/// [CRED-6]
#[tokio::test]
async fn ten_seconds_before_expiry_a_request_waits_for_new_credentials() {
    let provider = TestProvider { life: Some(3_600.0), ..TestProvider::default() };
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    provider.clock.set(3_591.0);
    assert_eq!(id(&cache).await, "id2");
}

/// [CRED-6]
#[tokio::test]
async fn a_short_lifetime_shortens_the_margins() {
    let provider = TestProvider { life: Some(10.0), ..TestProvider::default() };
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    provider.clock.set(7.9);
    assert_eq!(id(&cache).await, "id1");
    settle().await;
    assert_eq!(provider.lookups(), 1);
    provider.clock.set(9.1);
    assert_eq!(id(&cache).await, "id2");
}

#[tokio::test]
async fn credentials_that_arrive_expired_serve_the_waiting_requests_only() {
    let provider = TestProvider { life: Some(0.0), ..TestProvider::default() };
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    assert_eq!(id(&cache).await, "id2");
}

/// [CRED-6]
#[tokio::test]
async fn a_failed_renewal_keeps_valid_credentials_and_backs_off() {
    let provider = TestProvider { life: Some(3_600.0), ..TestProvider::default() };
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    provider.failing.store(1, Ordering::Relaxed);
    for time in [3_400.0, 3_401.0, 3_409.0] {
        provider.clock.set(time);
        assert_eq!(id(&cache).await, "id1");
        settle().await;
    }
    assert_eq!(provider.lookups(), 2);
    provider.failing.store(0, Ordering::Relaxed);
    provider.clock.set(3_411.0);
    assert_eq!(id(&cache).await, "id1");
    settle().await;
    assert_eq!(id(&cache).await, "id3");
}

#[tokio::test]
async fn a_failure_is_not_cached() {
    let provider = TestProvider::default();
    let cache = provider.cache();
    provider.failing.store(1, Ordering::Relaxed);
    assert!(cache.ready().await.is_err());
    provider.failing.store(0, Ordering::Relaxed);
    assert_eq!(id(&cache).await, "id2");
}

/// [CRED-7]
#[tokio::test]
async fn a_source_that_never_answers_times_out() {
    let provider = TestProvider { hangs: true, ..TestProvider::default() };
    let cache = provider.cache();
    let Err(LookupError::Source(error)) = cache.ready().await else { panic!("no failure") };
    let source = std::error::Error::source(&*error).expect("source").to_string();
    assert!(source.contains("gave none within"), "{source}");
}

/// [CRED-8]
#[tokio::test]
async fn rejected_credentials_are_discarded_once() {
    let provider = TestProvider::default();
    let cache = provider.cache();
    let first = serial(&cache).await;
    assert!(cache.discard_rejected(first));
    assert_eq!(id(&cache).await, "id2");
    assert!(cache.discard_rejected(first));
    assert_eq!(id(&cache).await, "id2");
}

async fn serial(cache: &CredentialsCache) -> u64 {
    cache.get().await.map(|cached| cached.serial).unwrap_or_default()
}

/// [CRED-13]
#[tokio::test]
async fn repeated_rejections_cause_at_most_one_lookup_every_ten_seconds() {
    let provider = TestProvider::default();
    let cache = provider.cache();
    for second in 0..25 {
        provider.clock.set(f64::from(second));
        for _ in 0..100 {
            while cache.discard_rejected(serial(&cache).await) {}
        }
    }
    // The initial lookup, then one each at 0, 10 and 20 s.
    assert_eq!(provider.lookups(), 4);
}

/// [CRED-13]
#[tokio::test]
async fn consecutive_failures_increase_the_backoff() {
    let provider = TestProvider::default();
    let cache = provider.cache();
    provider.failing.store(1, Ordering::Relaxed);
    let mut lookup_times = Vec::new();
    for second in 0..50 {
        provider.clock.set(f64::from(second));
        let before = provider.lookups();
        for _ in 0..100 {
            assert!(cache.ready().await.is_err());
        }
        lookup_times.extend((before..provider.lookups()).map(|_| second));
    }
    assert_eq!(lookup_times, [0, 0, 1, 3, 7, 15, 25, 35, 45]);
    // A success resets the backoff.
    provider.failing.store(0, Ordering::Relaxed);
    provider.clock.set(55.0);
    assert_eq!(id(&cache).await, "id10");
}

/// [CRED-13]
#[tokio::test]
async fn a_failed_renewal_does_not_delay_the_lookup_after_expiry() {
    let provider = TestProvider { life: Some(10.0), ..TestProvider::default() };
    let cache = provider.cache();
    assert_eq!(id(&cache).await, "id1");
    provider.failing.store(1, Ordering::Relaxed);
    provider.clock.set(8.5);
    assert_eq!(id(&cache).await, "id1");
    settle().await;
    provider.failing.store(0, Ordering::Relaxed);
    provider.clock.set(9.5);
    assert_eq!(id(&cache).await, "id3");
}

/// [CRED-14]
#[tokio::test]
async fn a_panic_in_the_source_fails_only_that_lookup() {
    let provider = TestProvider { panics: true, ..TestProvider::default() };
    let cache = provider.cache();
    let Err(LookupError::Source(error)) = cache.ready().await else { panic!("no failure") };
    let source = std::error::Error::source(&*error).expect("source").to_string();
    assert!(source.contains("panicked"), "{source}");
    assert_eq!(id(&cache).await, "id2");
}

/// [CRED-12]
#[tokio::test]
async fn invalid_credentials_are_an_error_that_names_source_and_part() {
    let provider = TestProvider { token: Some("CANARY\n"), ..TestProvider::default() };
    let Err(LookupError::Source(error)) = provider.cache().ready().await else { panic!("no failure") };
    let source = std::error::Error::source(&*error).expect("source").to_string();
    assert!(source.contains("`SessionToken`") && source.contains("function in the option `credentials`"), "{source}");
    assert!(source.contains("line break") && !source.contains("CANARY"), "{source}");
}

#[tokio::test]
async fn closing_ends_the_wait() {
    let provider = TestProvider { hangs: true, ..TestProvider::default() };
    let cache = CredentialsCache::new(
        Source::Caller(SharedCredentialsProvider::new(provider.clone())),
        Arc::<TestClock>::clone(&provider.clock),
    );
    let waiting = tokio::spawn({
        let cache = cache.clone();
        async move { id(&cache).await }
    });
    settle().await;
    cache.close();
    assert_eq!(waiting.await.expect("joined"), "closed");
    assert_eq!(id(&cache).await, "closed");
    assert_eq!(provider.lookups(), 1);
}
