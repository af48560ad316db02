//! Endpoints of the benchmark in addition to the engine. Each prints its URL as one line and stops when its standard
//! input closes.
//!
//! `bench-endpoints pages ITEMS SIZE MILLISECONDS`: a table that is only scanned, see [`pages`]. `bench-endpoints tls
//! HOST:PORT CA`: TLS in front of an engine. Writes the certificate of its authority to the file CA.

mod pages;
mod tls;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "usage: bench-endpoints pages ITEMS SIZE MILLISECONDS | tls HOST:PORT CA";

async fn serve(arguments: &[&str]) -> Result<(), Failure> {
    match *arguments {
        ["pages", items, size, milliseconds] => {
            let answer_time = Duration::from_millis(milliseconds.parse()?);
            pages::serve(pages::Table::new(items.parse()?, size.parse()?), answer_time).await
        }
        ["tls", backend, authority] => tls::serve(backend, authority).await,
        _ => Err(USAGE.into()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    std::thread::spawn(|| {
        // Whichever way it ends, the parent process is gone.
        let _end = io::copy(&mut io::stdin().lock(), &mut io::sink());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(serve(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench-endpoints: {failure}");
            ExitCode::FAILURE
        }
    }
}
