use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::*;

/// A source that waits until it is let go on, and then says what it is given.
#[derive(Debug, Clone, Default)]
struct Slow(Arc<SlowState>);

#[derive(Debug)]
struct SlowState {
    go_on: Semaphore,
    asked: AtomicUsize,
}

impl Default for SlowState {
    fn default() -> Self {
        Self { go_on: Semaphore::new(0), asked: AtomicUsize::new(0) }
    }
}

impl AuthoritySource for Slow {
    fn list(&self) -> BoxFuture<'_, Result<String, Error>> {
        async {
            let number = self.0.asked.fetch_add(1, Ordering::SeqCst);
            self.0.go_on.acquire().await.expect("open").forget();
            match number {
                0 => Err(Error::new(ErrorKind::Internal, "the first is not answered")),
                _ => Ok(PINNED.to_owned()),
            }
        }
        .boxed()
    }
}

const PINNED: &str = include_str!("../trust/pinned.pem");

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
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

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}

/// Variables that keep the system's own store out.
fn alone(folder: &Folder) -> TrustVariables {
    TrustVariables { ssl_cert_dir: Some(folder.path("none")), ..TrustVariables::default() }
}

/// [TLS-8] Asked once for all who wait, whoever gives up; a failure is not kept, and what came after it is.
#[tokio::test]
async fn a_slow_source_holds_up_those_alone_who_wait_for_it() {
    let folder = Folder::new();
    let (slow, other) = (Slow::default(), Slow::default());
    let authorities = Authorities::new(slow.clone(), alone(&folder));
    let mut first = Box::pin(authorities.config());
    assert!(futures_util::poll!(&mut first).is_pending());
    drop(first);
    let waiting = join_all((0..10).map(|_| authorities.config()));
    let ended = async {
        // Another environment's thread is not held up.
        let others = Authorities::new(
            other.clone(),
            TrustVariables { ssl_cert_file: Some(folder.write("file", PINNED)), ..alone(&folder) },
        );
        other.0.go_on.add_permits(2);
        assert!(others.config().await.is_err());
        assert!(others.config().await.is_ok());
        slow.0.go_on.add_permits(1);
    };
    let (failed, ()) = futures_util::join!(waiting, ended);
    assert!(failed.iter().all(Result::is_err));
    assert_eq!(slow.0.asked.load(Ordering::SeqCst), 1);
    slow.0.go_on.add_permits(1);
    let good = authorities.config().await.expect("read");
    assert!(Arc::ptr_eq(&good, &authorities.config().await.expect("kept")));
    assert_eq!(slow.0.asked.load(Ordering::SeqCst), 2);
}

/// [TLS-9]
#[tokio::test]
async fn a_file_that_comes_later_is_read() {
    for by in ["aws", "node", "file", "directory"] {
        let folder = Folder::new();
        let mut variables = alone(&folder);
        let path = Some(folder.path("later"));
        match by {
            "aws" => variables.aws_ca_bundle = path,
            "node" => variables.node_extra_ca_certs = path,
            "file" => variables.ssl_cert_file = path,
            _ => variables.ssl_cert_dir = path,
        }
        let authorities = Authorities::over(None, variables);
        for _ in 0..2 {
            assert!(authorities.config().await.is_err(), "{by}: there is nothing");
        }
        if by == "directory" {
            std::fs::create_dir(folder.0.join("later")).expect("made");
            folder.write("later/one.pem", PINNED);
        } else {
            folder.write("later", PINNED);
        }
        assert!(authorities.config().await.is_ok(), "{by}");
    }
}

/// [TLS-9] What could only be read in part is used, and read again once a certificate was refused.
#[tokio::test]
async fn a_reading_in_part_is_not_the_last() {
    let folder = Folder::new();
    let variables = TrustVariables {
        ssl_cert_file: Some(folder.write("file", PINNED)),
        ssl_cert_dir: None,
        node_extra_ca_certs: Some(folder.path("later")),
        ..TrustVariables::default()
    };
    let authorities = Authorities::over(None, variables);
    let part = authorities.config().await.expect("one file");
    assert!(Arc::ptr_eq(&part, &authorities.config().await.expect("kept")));
    authorities.read_again_if_incomplete();
    let again = authorities.config().await.expect("one file");
    assert!(!Arc::ptr_eq(&part, &again));
    // Written in part, it is not the last either.
    for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA", &PINNED[..PINNED.len() / 2]] {
        folder.write("later", text);
        authorities.read_again_if_incomplete();
        let again = authorities.config().await.expect("one file");
        authorities.read_again_if_incomplete();
        assert!(!Arc::ptr_eq(&again, &authorities.config().await.expect("one file")), "{text}");
    }
    folder.write("later", PINNED);
    authorities.read_again_if_incomplete();
    let whole = authorities.config().await.expect("both");
    authorities.read_again_if_incomplete();
    assert!(Arc::ptr_eq(&whole, &authorities.config().await.expect("kept")));
}

/// [TLS-1] Each of the variables counts, and others do not share what they name.
#[tokio::test]
async fn other_variables_are_read_on_their_own() {
    let folder = Folder::new();
    let none = Authorities::over(None, alone(&folder));
    assert!(none.config().await.is_err());
    let one =
        none.with_variables(TrustVariables { ssl_cert_file: Some(folder.write("file", PINNED)), ..alone(&folder) });
    assert!(one.config().await.is_ok());
    assert!(none.config().await.is_err());
    std::fs::create_dir(folder.0.join("second")).expect("made");
    folder.write("second/one.pem", PINNED);
    let list = std::env::join_paths([folder.0.join("first"), folder.0.join("second")]).expect("a list");
    let of_list = none.with_variables(TrustVariables { ssl_cert_dir: Some(list), ..TrustVariables::default() });
    assert!(of_list.config().await.is_ok());
}
