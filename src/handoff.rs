//! How calls and results change threads: a queue that wakes its reader once per batch, and a ticket that makes sure that
//! every call is answered exactly once. `src/bridge/` connects JavaScript's event loop and the worker to it.

mod mailbox;
mod ticket;

#[cfg(feature = "node")]
pub(crate) use self::mailbox::{Mailbox, Wake};
#[cfg(feature = "node")]
pub(crate) use self::ticket::{Answers, Outcome, Ticket};
