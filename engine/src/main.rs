//! A real DynamoDB engine (dynoxide, in memory, on loopback) for the demo, the tests and the benchmarks.
//!
//! Prints its endpoint as one line on stdout once it accepts connections.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

const USAGE: &str = "\
Usage: dynamodb-engine [--port N] [--exit-with-stdin]

  --port N            listen on this port of 127.0.0.1 (default: a free one)
  --exit-with-stdin   stop when standard input closes, as it does when the parent dies

Prints its endpoint, serves an empty DynamoDB from memory, and stops on Ctrl-C or SIGTERM.";

/// Enough for a test that opens a thousand connections in one tick.
const BACKLOG: u32 = 1024;

#[derive(Debug, Default, PartialEq)]
struct Arguments {
    /// 0 selects a free port.
    port: u16,
    exit_with_stdin: bool,
    help: bool,
}

fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--port" => {
                let value = arguments.next().unwrap_or_default();
                parsed.port =
                    value.parse().map_err(|_| format!("--port takes a number from 0 to 65535, not \"{value}\""))?;
            }
            "--exit-with-stdin" => parsed.exit_with_stdin = true,
            "--help" | "-h" => parsed.help = true,
            other => return Err(format!("unknown argument \"{other}\"\n\n{USAGE}")),
        }
    }
    Ok(parsed)
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Inherited by accepted sockets. Without it, a response in two segments waits for a delayed ACK, and benchmarks
    // would measure that delay.
    socket.set_nodelay(true)?;
    // Allows the reuse of a fixed port right after a restart. Not on Windows, where it would let two servers share the
    // port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(BACKLOG)
}

/// Completes when the first stop condition occurs.
async fn stop_requested(exit_with_stdin: bool) {
    tokio::select! {
        () = terminated() => {}
        () = stdin_closed(), if exit_with_stdin => {}
    }
}

async fn terminated() {
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut signals) = signal(SignalKind::terminate()) {
            signals.recv().await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        // An error means that no handler could be installed; the default handler then ends the process.
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

async fn stdin_closed() {
    let (closed, wait) = oneshot::channel::<()>();
    // A plain thread, because a pending read of tokio's stdin would block the shutdown of the runtime.
    std::thread::spawn(move || {
        // A read error and the end of input both mean that the parent process has ended.
        let _end = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(closed);
    });
    let _closed = wait.await;
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let listener =
        listen(arguments.port).map_err(|error| format!("cannot listen on 127.0.0.1:{}: {error}", arguments.port))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let database = Database::memory().map_err(|error| format!("cannot open the database: {error}"))?;
    println!("http://{address}");
    tokio::select! {
        // Not its graceful shutdown, which would wait for idle clients. There is nothing on disk to flush.
        served = serve_with_shutdown(listener, database, std::future::pending()) => served,
        () = stop_requested(arguments.exit_with_stdin) => Ok(()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match parse(std::env::args().skip(1)) {
        Ok(arguments) if arguments.help => {
            println!("{USAGE}");
            Ok(())
        }
        Ok(arguments) => run(&arguments).await,
        Err(message) => Err(message),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("dynamodb-engine: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(list: &[&str]) -> Result<Arguments, String> {
        parse(list.iter().map(ToString::to_string))
    }

    #[test]
    fn arguments_are_read() {
        assert_eq!(arguments(&[]).unwrap(), Arguments::default());
        let all = arguments(&["--exit-with-stdin", "--port", "8000"]).unwrap();
        assert_eq!(all, Arguments { port: 8000, exit_with_stdin: true, help: false });
    }

    #[test]
    fn a_bad_argument_is_named() {
        assert!(arguments(&["--port", "x"]).unwrap_err().contains("\"x\""));
        assert!(arguments(&["--port"]).unwrap_err().contains("--port"));
        assert!(arguments(&["--disk"]).unwrap_err().contains("--disk"));
    }

    #[tokio::test]
    async fn accepted_sockets_have_nodelay() {
        let listener = listen(0).unwrap();
        let client = tokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (accepted, client) = tokio::join!(listener.accept(), client);
        assert!(accepted.unwrap().0.nodelay().unwrap());
        drop(client);
    }
}
