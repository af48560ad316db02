use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::*;

/// A source that blocks until released. The first request fails, later ones return `PINNED`.
#[derive(Debug, Clone, Default)]
struct SlowSource(Arc<SlowSourceState>);

#[derive(Debug)]
struct SlowSourceState {
    release: Semaphore,
    requests: AtomicUsize,
}

impl Default for SlowSourceState {
    fn default() -> Self {
        Self { release: Semaphore::new(0), requests: AtomicUsize::new(0) }
    }
}

impl AuthoritySource for SlowSource {
    fn list(&self) -> BoxFuture<'_, Result<String, Error>> {
        async {
            let number = self.0.requests.fetch_add(1, Ordering::SeqCst);
            self.0.release.acquire().await.expect("open").forget();
            match number {
                0 => Err(Error::new(ErrorKind::Internal, "the first is not answered")),
                _ => Ok(PINNED.to_owned()),
            }
        }
        .boxed()
    }
}

const PINNED: &str = include_str!("../trust/pinned.pem");

/// A temporary directory.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "files of a test, not of a driver")]
        let path = std::env::temp_dir().join(format!("unstorage-dynamodb-{}", fastrand::u128(..)));
        std::fs::create_dir(&path).expect("made");
        Self(path)
    }

    fn path(&self, name: &str) -> OsString {
        self.0.join(name).into()
    }

    fn write(&self, name: &str, text: &str) -> OsString {
        std::fs::write(self.0.join(name), text).expect("written");
        self.path(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}

/// Variables that exclude the system's store.
fn without_system(folder: &TempDir) -> TrustVariables {
    TrustVariables { ssl_cert_dir: Some(folder.path("none")), ..TrustVariables::default() }
}

async fn everything(authorities: &Authorities) -> Result<Arc<ClientConfig>, AuthoritiesError> {
    authorities.trust(Extent::All).await.map(|trust| trust.config)
}

/// [TLS-3]
#[tokio::test]
async fn the_source_is_asked_only_if_the_files_do_not_suffice() {
    let folder = TempDir::new();
    let source = SlowSource::default();
    source.0.release.add_permits(4);
    let asked = || source.0.requests.load(Ordering::SeqCst);
    let empty = Authorities::new(source.clone(), without_system(&folder));
    let with_file = empty.with_variables(TrustVariables {
        ssl_cert_file: Some(folder.write("file", PINNED)),
        ..without_system(&folder)
    });
    let of_files = with_file.trust(Extent::Files).await.expect("a file");
    assert_eq!((of_files.extent, asked()), (Extent::Files, 0));
    // `SlowSource` fails once.
    assert!(with_file.trust(Extent::All).await.is_err());
    let all = with_file.trust(Extent::All).await.expect("both");
    assert_eq!((all.extent, asked()), (Extent::All, 2));
    // Later connections trust the source's from the start.
    let later = with_file.trust(Extent::Files).await.expect("kept");
    assert!(Arc::ptr_eq(&later.config, &all.config));
    assert_eq!(empty.trust(Extent::Files).await.expect("of the source").extent, Extent::All);
    assert_eq!(asked(), 3);
}

/// [TLS-8] One request serves all waiting callers, even if some of them give up. Failures are not cached, successes
/// are.
#[tokio::test]
async fn a_slow_source_delays_only_its_own_waiters() {
    let folder = TempDir::new();
    let (slow, other) = (SlowSource::default(), SlowSource::default());
    let authorities = Authorities::new(slow.clone(), without_system(&folder));
    let mut first = Box::pin(everything(&authorities));
    assert!(futures_util::poll!(&mut first).is_pending());
    drop(first);
    let waiting = join_all((0..10).map(|_| everything(&authorities)));
    let ended = async {
        // An environment on another thread is not delayed.
        let others = Authorities::new(
            other.clone(),
            TrustVariables { ssl_cert_file: Some(folder.write("file", PINNED)), ..without_system(&folder) },
        );
        other.0.release.add_permits(2);
        assert!(everything(&others).await.is_err());
        assert!(everything(&others).await.is_ok());
        slow.0.release.add_permits(1);
    };
    let (failed, ()) = futures_util::join!(waiting, ended);
    assert!(failed.iter().all(Result::is_err));
    assert_eq!(slow.0.requests.load(Ordering::SeqCst), 1);
    slow.0.release.add_permits(1);
    let good = everything(&authorities).await.expect("read");
    assert!(Arc::ptr_eq(&good, &everything(&authorities).await.expect("kept")));
    assert_eq!(slow.0.requests.load(Ordering::SeqCst), 2);
}

/// [TLS-9]
#[tokio::test]
async fn a_file_created_later_is_read() {
    for by in ["aws", "node", "file", "directory"] {
        let folder = TempDir::new();
        let mut variables = without_system(&folder);
        let path = Some(folder.path("later"));
        match by {
            "aws" => variables.aws_ca_bundle = path,
            "node" => variables.node_extra_ca_certs = path,
            "file" => variables.ssl_cert_file = path,
            _ => variables.ssl_cert_dir = path,
        }
        let authorities = Authorities::over(None, variables);
        for _ in 0..2 {
            assert!(everything(&authorities).await.is_err(), "{by}: there is nothing");
        }
        if by == "directory" {
            std::fs::create_dir(folder.0.join("later")).expect("made");
            folder.write("later/one.pem", PINNED);
        } else {
            folder.write("later", PINNED);
        }
        assert!(everything(&authorities).await.is_ok(), "{by}");
    }
}

/// [TLS-9] If a source cannot be read, the others are used, and all are read again after a certificate is rejected.
#[tokio::test]
async fn an_incomplete_result_is_read_again() {
    let folder = TempDir::new();
    let variables = TrustVariables {
        ssl_cert_file: Some(folder.write("file", PINNED)),
        ssl_cert_dir: None,
        node_extra_ca_certs: Some(folder.path("later")),
        ..TrustVariables::default()
    };
    let authorities = Authorities::over(None, variables);
    let part = everything(&authorities).await.expect("one file");
    assert!(Arc::ptr_eq(&part, &everything(&authorities).await.expect("kept")));
    authorities.discard_incomplete();
    let again = everything(&authorities).await.expect("one file");
    assert!(!Arc::ptr_eq(&part, &again));
    // A partly written file is also read again.
    for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA", &PINNED[..PINNED.len() / 2]] {
        folder.write("later", text);
        authorities.discard_incomplete();
        let again = everything(&authorities).await.expect("one file");
        authorities.discard_incomplete();
        assert!(!Arc::ptr_eq(&again, &everything(&authorities).await.expect("one file")), "{text}");
    }
    folder.write("later", PINNED);
    authorities.discard_incomplete();
    let whole = everything(&authorities).await.expect("both");
    authorities.discard_incomplete();
    assert!(Arc::ptr_eq(&whole, &everything(&authorities).await.expect("kept")));
}

/// [TLS-1] Every variable is honoured, and environments with other variables do not share the result.
#[tokio::test]
async fn different_variables_are_read_separately() {
    let folder = TempDir::new();
    let none = Authorities::over(None, without_system(&folder));
    assert!(everything(&none).await.is_err());
    let one = none.with_variables(TrustVariables {
        ssl_cert_file: Some(folder.write("file", PINNED)),
        ..without_system(&folder)
    });
    assert!(everything(&one).await.is_ok());
    assert!(everything(&none).await.is_err());
    std::fs::create_dir(folder.0.join("second")).expect("made");
    folder.write("second/one.pem", PINNED);
    let list = std::env::join_paths([folder.0.join("first"), folder.0.join("second")]).expect("a list");
    let of_list = none.with_variables(TrustVariables { ssl_cert_dir: Some(list), ..TrustVariables::default() });
    assert!(everything(&of_list).await.is_ok());
}
