//! How work and answers change threads: queues that wake their reader once per batch, and tickets that make sure that
//! every call is answered exactly once. Plain Rust; `src/bridge/` puts JavaScript's event loop and the worker at the ends.

mod mailbox;
mod pace;
mod round;
mod ticket;

#[cfg(feature = "node")]
pub(crate) use self::mailbox::{Mailbox, Wake};
#[cfg(feature = "node")]
pub(crate) use self::pace::{UnderWay, rest};
#[cfg(feature = "node")]
pub(crate) use self::round::go_round;
#[cfg(feature = "node")]
pub(crate) use self::ticket::{Answers, Outcome, Ticket};
