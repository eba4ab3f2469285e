//! A source that is read on a thread of its own, a few parts ahead of whoever takes them.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use winlog::{Damage, Event, Source};

use crate::limits::PARTS_AHEAD;

type Items = Vec<std::result::Result<Event, Damage>>;

/// The other end of the thread. The thread ends with its file, or when this is dropped.
pub(super) struct Ahead {
    receiver: Receiver<Items>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Starts to read.
    pub(super) fn start(mut source: Box<dyn Source + Send>) -> Result<Self> {
        let (sender, receiver) = sync_channel(PARTS_AHEAD);
        let read = move || {
            while let Some(items) = source.next_some() {
                if sender.send(items).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("read log".to_owned()).spawn(read);
        Ok(Self { receiver, thread: Some(thread.context("start a thread to read")?) })
    }
}

impl Source for Ahead {
    fn next_some(&mut self) -> Option<Items> {
        if let Ok(items) = self.receiver.recv() {
            return Some(items);
        }
        // The end of the file, unless the thread ended otherwise: then the rest is missing, which must be said.
        let ended = self.thread.take()?.join();
        ended.is_err().then(|| vec![Err(Damage::File("the reader failed here, the rest was not read".to_owned()))])
    }
}
