//! A table that is only scanned: pages of 1 MB, each after the same delay, for any number of segments.
//!
//! As in DynamoDB, a page is full at 1 MB of *stored* items, whatever part of them is sent, and start keys are valid
//! only in their own segment. Responses are copied from prepared text, so that this process uses little processor time.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::Failure;

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html>
const PAGE: usize = 1024 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Scan {
    exclusive_start_key: Option<Key>,
    segment: usize,
    total_segments: Option<usize>,
    projection_expression: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Key {
    key: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

pub(crate) struct Table {
    /// Each item as it is sent: complete, and only its key.
    whole: Vec<String>,
    keys: Vec<String>,
    stored_size: usize,
}

impl Table {
    pub(crate) fn new(items: usize, size: usize) -> Self {
        let value = "v".repeat(size);
        let name = |number: usize| format!(r#""key":{{"S":"bench:item:{number}"}}"#);
        Self {
            whole: (0..items).map(|number| format!(r#"{{{},"value":{{"S":"{value}"}}}}"#, name(number))).collect(),
            keys: (0..items).map(|number| format!("{{{}}}", name(number))).collect(),
            stored_size: "key".len() + format!("bench:item:{items}").len() + "value".len() + size,
        }
    }

    /// Returns the items of the next page, and whether more follow.
    fn page(&self, scan: &Scan) -> Result<(Range<usize>, bool), Failure> {
        let segments = scan.total_segments.unwrap_or(1);
        let bound = |segment: usize| self.keys.len() * segment / segments;
        let end = bound(scan.segment + 1);
        let start = match &scan.exclusive_start_key {
            None => bound(scan.segment),
            Some(key) => {
                let number = key.key.text.strip_prefix("bench:item:").ok_or("no start key of this table")?;
                number.parse::<usize>()? + 1
            }
        };
        if start < bound(scan.segment) || start > end {
            return Err("a start key of another segment".into());
        }
        let stop = end.min(start + PAGE / self.stored_size);
        Ok((start..stop, stop < end))
    }

    fn answer(&self, scan: &Scan) -> Result<String, Failure> {
        let (page, is_more) = self.page(scan)?;
        let items = if scan.projection_expression.is_some() { &self.keys } else { &self.whole };
        let items = items.get(page.clone()).unwrap_or_default();
        let count = page.len();
        let mut answer = format!(r#"{{"Items":[{}],"Count":{count},"ScannedCount":{count}"#, items.join(","));
        if is_more {
            write!(answer, r#","LastEvaluatedKey":{}"#, self.keys.get(page.end - 1).ok_or("an empty page")?)?;
        }
        answer.push('}');
        Ok(answer)
    }
}

async fn respond(
    table: Arc<Table>,
    answer_time: Duration,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::http::Error> {
    let is_scan = request.headers().get("x-amz-target").is_some_and(|target| target == "DynamoDB_20120810.Scan");
    let answer = async {
        let body = request.into_body().collect().await?.to_bytes();
        if !is_scan {
            // The read with which a contestant opens its connection. The item does not exist.
            return Ok("{}".to_owned());
        }
        tokio::time::sleep(answer_time).await;
        table.answer(&serde_json::from_slice(&body)?)
    };
    let (status, body) = match answer.await {
        Ok(body) => (200, body),
        Err::<_, Failure>(failure) => {
            (400, serde_json::json!({ "__type": "ValidationException", "message": failure.to_string() }).to_string())
        }
    };
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    response.body(Full::new(Bytes::from(body)))
}

pub(crate) async fn serve(table: Table, answer_time: Duration) -> Result<(), Failure> {
    let table = Arc::new(table);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let table = Arc::clone(&table);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&table), answer_time, request));
            // Connections end when the client closes them.
            let _closed = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a segment to its end. Returns the numbers of pages and items.
    fn read(table: &Table, segment: usize, segments: Option<usize>) -> (usize, usize) {
        let (mut pages, mut items, mut from) = (0, 0, None);
        loop {
            let key = from.map(|last| Key { key: Text { text: format!("bench:item:{last}") } });
            let scan = Scan { exclusive_start_key: key, segment, total_segments: segments, ..Scan::default() };
            let (page, is_more) = table.page(&scan).unwrap();
            pages += 1;
            items += page.len();
            if !is_more {
                return (pages, items);
            }
            from = Some(page.end - 1);
        }
    }

    #[test]
    fn segments_share_the_items_and_pages_hold_a_megabyte() {
        let table = Table::new(60_000, 1024);
        assert_eq!(read(&table, 0, None), (60, 60_000));
        let segments: Vec<_> = (0..16).map(|segment| read(&table, segment, Some(16))).collect();
        assert_eq!(segments.iter().map(|(_, items)| items).sum::<usize>(), 60_000);
        assert!(segments.iter().all(|&(pages, _)| pages == 4));
    }

    #[test]
    fn a_start_key_of_another_segment_is_refused() {
        let key = Some(Key { key: Text { text: "bench:item:9".to_owned() } });
        let scan = Scan { exclusive_start_key: key, segment: 1, total_segments: Some(2), ..Scan::default() };
        assert!(Table::new(100, 10).page(&scan).is_err());
    }

    #[test]
    fn keys_alone_are_sent_where_they_are_asked_for() {
        let table = Table::new(2, 10);
        let whole = table.answer(&Scan::default()).unwrap();
        assert!(whole.contains("vvvvvvvvvv"));
        let projected = Scan { projection_expression: Some("#k".to_owned()), ..Scan::default() };
        assert_eq!(
            table.answer(&projected).unwrap(),
            r#"{"Items":[{"key":{"S":"bench:item:0"}},{"key":{"S":"bench:item:1"}}],"Count":2,"ScannedCount":2}"#
        );
    }
}
