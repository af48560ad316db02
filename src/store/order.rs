//! The order of writes: those of one key are applied as they were called, those of different keys side by side.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::flight::{ClosedFlights, Flights};
use crate::key::Key;

/// The writes of a driver that are under way or wait.
#[derive(Debug, Default)]
pub(super) struct Order {
    hasher: RandomState,
    queues: Mutex<Queues>,
    /// The reads that a write ends for later callers.
    flights: Flights,
}

#[derive(Debug, Default)]
struct Queues {
    /// By the hash of the key: two keys of one hash wait for each other, which does no harm.
    by_key: HashMap<u64, Queue>,
    last_number: u64,
}

/// The writes of one key.
#[derive(Debug)]
struct Queue {
    /// The number of the turn that is under way.
    current: u64,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// The turn of one write, for all of its keys. The next one begins when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    order: &'a Order,
    number: u64,
    keys: ClosedFlights<'a>,
    /// Told when an earlier write has ended, one per key that has one.
    earlier: Vec<oneshot::Receiver<()>>,
}

impl Order {
    /// The reads in flight.
    pub(super) fn flights(&self) -> &Flights {
        &self.flights
    }

    /// The name of a key here; other keys may have the same.
    pub(super) fn hash(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Closes the reads in flight of these keys to later callers, now and when what is returned is dropped.
    pub(super) fn close_flights<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> ClosedFlights<'_> {
        ClosedFlights::new(&self.flights, keys.map(|key| self.hash(key)).collect())
    }

    /// Lines up behind every earlier write of these keys.
    pub(super) fn line_up<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Turn<'_> {
        let keys = self.close_flights(keys);
        let mut queues = self.queues();
        queues.last_number += 1;
        let number = queues.last_number;
        let mut earlier = Vec::new();
        for key in keys.hashes() {
            match queues.by_key.get_mut(key) {
                None => {
                    queues.by_key.insert(*key, Queue { current: number, waiting: VecDeque::new() });
                }
                Some(queue) => {
                    let (sender, receiver) = oneshot::channel();
                    queue.waiting.push_back((number, sender));
                    earlier.push(receiver);
                }
            }
        }
        drop(queues);
        Turn { order: self, number, keys, earlier }
    }

    /// Ends every wait for a turn.
    pub(super) fn close(&self) {
        for queue in self.queues().by_key.values_mut() {
            queue.waiting.clear();
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Whether nothing has to be waited for.
    pub(super) fn is_first(&self) -> bool {
        self.earlier.is_empty()
    }

    /// Waits until every earlier write has ended.
    pub(super) async fn come(&mut self) {
        while let Some(earlier) = self.earlier.last_mut() {
            // A sender is dropped only after it has sent, or when the driver is closed.
            let _ended = earlier.await;
            self.earlier.pop();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queues = self.order.queues();
        for key in self.keys.hashes() {
            let Some(queue) = queues.by_key.get_mut(key) else { continue };
            if queue.current != self.number {
                queue.waiting.retain(|(number, _)| *number != self.number);
                continue;
            }
            match queue.waiting.pop_front() {
                Some((next, begin)) => {
                    queue.current = next;
                    // Its call may have just been given up; its own turn is dropped then.
                    let _sent = begin.send(());
                }
                None => {
                    queues.by_key.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::key::Base;

    fn key(text: &str) -> Key {
        Key::parse(text.into(), &Base::default()).expect("a key")
    }

    /// [SET-3]
    #[tokio::test]
    async fn writes_of_one_key_take_turns_in_the_order_of_their_calls() {
        let order = Order::default();
        let (a, b) = (key("a"), key("b"));
        let first = order.line_up([&a].into_iter());
        let mut both = order.line_up([&a, &b].into_iter());
        let mut last = order.line_up([&b].into_iter());
        assert!(first.is_first());
        assert!(both.come().now_or_never().is_none());
        assert!(last.come().now_or_never().is_none());
        drop(first);
        both.come().await;
        assert!(last.come().now_or_never().is_none());
        drop(both);
        last.come().await;
        drop(last);
        assert!(order.queues().by_key.is_empty());
    }

    /// [SET-3]
    #[tokio::test]
    async fn a_write_that_gives_up_its_place_lets_no_later_one_pass() {
        let order = Order::default();
        let a = key("a");
        let first = order.line_up([&a].into_iter());
        let given_up = order.line_up([&a].into_iter());
        let mut last = order.line_up([&a].into_iter());
        drop(given_up);
        assert!(last.come().now_or_never().is_none());
        drop(first);
        last.come().await;
        drop(last);
        assert!(order.queues().by_key.is_empty());
    }

    #[test]
    fn one_call_with_a_key_twice_does_not_wait_for_itself() {
        let order = Order::default();
        let a = key("a");
        assert!(order.line_up([&a, &a].into_iter()).is_first());
        assert!(order.queues().by_key.is_empty());
    }
}
