//! Moves calls and results between threads: a queue that wakes its reader once per batch, and a ticket that guarantees
//! exactly one result per call. `src/node/` connects it to JavaScript's event loop and the worker.

mod mailbox;
mod ticket;

#[cfg(feature = "node")]
pub(crate) use self::mailbox::{Mailbox, Wake};
#[cfg(feature = "node")]
pub(crate) use self::ticket::{Outcome, Results, Ticket};
