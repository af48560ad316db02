//! Orders writes: those of one key are applied in the order of the calls, those of different keys in parallel.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::flight::{ClosedFlights, Flights};
use crate::key::Key;

/// The writes of a driver that are running or waiting.
#[derive(Debug, Default)]
pub(super) struct Order {
    hasher: RandomState,
    queues: Mutex<Queues>,
    /// The shared reads, which writes close to later callers.
    flights: Flights,
}

#[derive(Debug, Default)]
struct Queues {
    /// By the hash of the key. Different keys with the same hash wait for each other, which is harmless.
    by_key: HashMap<u64, Queue>,
    last_number: u64,
}

/// The writes of one key.
#[derive(Debug)]
struct Queue {
    /// The number of the running write.
    current: u64,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// The turn of one write, for all of its keys. The next write starts when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    order: &'a Order,
    number: u64,
    keys: ClosedFlights<'a>,
    /// Receives a message when an earlier write has ended, one per key with an earlier write.
    earlier: Vec<oneshot::Receiver<()>>,
}

impl Order {
    /// The reads in flight.
    pub(super) fn flights(&self) -> &Flights {
        &self.flights
    }

    /// The hash of a key. Not unique.
    pub(super) fn hash(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Prevents later callers from joining reads of these keys, now and when the result is dropped.
    pub(super) fn close_flights<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> ClosedFlights<'_> {
        ClosedFlights::new(&self.flights, keys.map(|key| self.hash(key)).collect())
    }

    /// Queues behind all earlier writes of these keys.
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

    /// Ends all waits.
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
    /// Whether there is no earlier write to wait for.
    pub(super) fn is_first(&self) -> bool {
        self.earlier.is_empty()
    }

    /// Waits until all earlier writes have ended.
    pub(super) async fn come(&mut self) {
        while let Some(earlier) = self.earlier.last_mut() {
            // Fails only when the driver is closed.
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
                    // Fails if the call was just dropped, together with its own turn.
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
    async fn a_write_that_gives_up_does_not_reorder_later_ones() {
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
