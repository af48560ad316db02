//! Models of `src/handoff/`: `cargo test -p handoff-models`. Loom runs each model in every possible order of its
//! threads, and reports deadlocks.

#![cfg(test)]

#[path = "../../../src/handoff/mailbox.rs"]
mod mailbox;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Notify};
use loom::thread;

use crate::mailbox::{Mailbox, Wake};

struct Bell {
    reader: Arc<Notify>,
    gone: Arc<AtomicBool>,
}

impl Wake for Bell {
    fn wake(&self) {
        assert!(!self.gone.load(Ordering::Relaxed), "called after the end");
        self.reader.notify();
    }
}

/// All orders with up to three preemptions, which are enough to reveal most bugs.
fn model(threads: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(threads);
}

fn bell() -> (Bell, Arc<Notify>, Arc<AtomicBool>) {
    let (reader, gone) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    (Bell { reader: Arc::clone(&reader), gone: Arc::clone(&gone) }, reader, gone)
}

#[test]
fn no_wake_up_is_lost() {
    model(|| {
        let (bell, woken, _gone) = bell();
        let mailbox = Arc::new(Mailbox::new(bell));
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let mailbox = Arc::clone(&mailbox);
                thread::spawn(move || (0..2).for_each(|item| mailbox.push((writer, item)).unwrap()))
            })
            .collect();
        let mut next = [0, 0];
        let mut batch = Vec::new();
        // If a wake-up is lost, this blocks forever, which loom reports.
        while next != [2, 2] {
            woken.wait();
            mailbox.take(&mut batch);
            for (writer, item) in batch.drain(..) {
                assert_eq!(item, next[writer]);
                next[writer] += 1;
            }
        }
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn no_wake_follows_close_and_no_item_is_lost() {
    model(|| {
        let (bell, _woken, gone) = bell();
        let mailbox = Arc::new(Mailbox::new(bell));
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let mailbox = Arc::clone(&mailbox);
                thread::spawn(move || (0..2).filter(|item| mailbox.push(*item).is_err()).count())
            })
            .collect();
        let mut batch = Vec::new();
        mailbox.take(&mut batch);
        let (_, left) = mailbox.close();
        gone.store(true, Ordering::Relaxed);
        let given_back: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert_eq!(batch.len() + left.len() + given_back, 4);
    });
}
