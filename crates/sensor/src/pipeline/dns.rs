//! Questions that wait for their answers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::enrich::processes::Identity;
use crate::linux::decode::dns::{self, Message};
use crate::linux::decode::{Datagram, Endpoint, Head};

/// A question without an answer after this time has failed. glibc's own default for one try is the same.
const ANSWER_WAIT_NS: u64 = 5_000_000_000;
/// Questions that wait; beyond it the oldest is given up silently (its answer still makes a row, without a duration).
const WAITING_MAX: usize = 65_536;

/// The socket and the id in the message: ids alone are only 16 bits.
type Key = (u64, u16);

struct Asked {
    head: Head,
    actor: Arc<Identity>,
    server: Endpoint,
    message: Message,
}

/// See the module.
#[derive(Default)]
pub struct Questions {
    waiting: HashMap<Key, Asked>,
    order: VecDeque<(u64, Key)>,
}

impl Questions {
    /// Notes a question. A repeated one keeps the time of the first.
    pub fn asked(&mut self, head: Head, actor: Arc<Identity>, datagram: &Datagram) {
        let Some(message) = dns::parse(&datagram.message) else { return };
        let key = (datagram.socket.cookie, message.id);
        if message.is_response || self.waiting.get(&key).is_some_and(|asked| asked.message.name == message.name) {
            return;
        }
        if self.order.len() >= WAITING_MAX
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
        self.order.push_back((head.ts, key));
        self.waiting.insert(key, Asked { head, actor, server: datagram.socket.remote, message });
    }

    /// Reads an answer; with it comes the time of its question, when that was seen.
    pub fn answered(&mut self, datagram: &Datagram) -> Option<(Message, Option<u64>)> {
        let message = dns::parse(&datagram.message).filter(|message| message.is_response)?;
        let asked = self.waiting.remove(&(datagram.socket.cookie, message.id));
        Some((message, asked.map(|asked| asked.head.ts)))
    }

    /// Takes out what nobody answered in time. The head's time is that of the question.
    pub fn take_overdue(&mut self, now: u64) -> Vec<(Head, Arc<Identity>, Endpoint, Message)> {
        let mut overdue = Vec::new();
        while let Some((ts, key)) = self.order.front().copied() {
            if now.saturating_sub(ts) < ANSWER_WAIT_NS {
                break;
            }
            self.order.pop_front();
            // The entry may be a later question under the same key.
            if self.waiting.get(&key).is_some_and(|asked| asked.head.ts == ts)
                && let Some(asked) = self.waiting.remove(&key)
            {
                overdue.push((asked.head, asked.actor, asked.server, asked.message));
            }
        }
        overdue
    }
}
