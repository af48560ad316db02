//! The response path: any bytes, as the response to any operation, yield a result or an error.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use unstorage_dynamodb::condition::RawConditions;
use unstorage_dynamodb::error::{Error, ErrorKind, Operation};
use unstorage_dynamodb::input::Input::Absent;
use unstorage_dynamodb::store::{NewItem, Patience, WriteOptions};
use unstorage_dynamodb::value::Reading;
use unstorage_dynamodb_fuzz::with_response;

const STATUSES: [u16; 8] = [200, 200, 200, 400, 400, 500, 302, 413];

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (operation, status, body) = input;
    let status = STATUSES[usize::from(status) % STATUSES.len()];
    let items = || ["a", "b"].map(|key| NewItem { key: key.into(), value: "v".into(), options: WriteOptions::default() }).into();
    let result: Result<(), Error> = with_response(status, body, async |store| match operation % 9 {
        0 => store.get("k".into(), Reading::Plain, Absent).await.map(drop),
        1 => store.get("k".into(), Reading::Raw, Absent).await.map(drop),
        2 => store.meta("k".into(), Absent).await.map(drop),
        3 => store.get_many(vec!["a", "b"], Absent).await.map(|found| assert_eq!(found.len(), 2)),
        4 => store.put(Operation::SetItem, "k".into(), "v".into(), Absent).await.map(drop),
        5 => store.put_many(items(), Absent).await,
        6 => store.delete("k".into(), RawConditions::default()).await,
        7 => store.keys(Absent, Absent, Absent).await.map(drop),
        _ => {
            let waiting = store.create_table(Patience { first_pause: Duration::ZERO, ..Patience::default() });
            tokio::time::timeout(Duration::from_millis(20), waiting).await.map_or(Ok(()), |made| made.map(drop))
        }
    });
    if let Err(error) = result {
        assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
        assert!(error.to_string().len() < 2_000);
    }
});
