//! Which name a process had resolved before it connected to an address: people know names.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::linux::decode::ProcessKey;
use crate::linux::decode::dns::Message;

/// Addresses kept, over all processes.
const ENTRIES_MAX: usize = 32_768;

type Key = (ProcessKey, IpAddr);

/// Two generations, as in `enrich/hash.rs`: what was asked or used lately stays.
#[derive(Default)]
pub struct Names {
    young: HashMap<Key, Arc<str>>,
    old: HashMap<Key, Arc<str>>,
}

impl Names {
    /// Notes the addresses of an answer that `process` got.
    pub fn learn(&mut self, process: ProcessKey, message: &Message) {
        let name: Arc<str> = message.name.as_str().into();
        // Answers also hold aliases, which are names and not addresses.
        for ip in message.answers.iter().filter_map(|answer| answer.parse().ok()) {
            self.keep((process, ip), Arc::clone(&name));
        }
    }

    /// The name that this very process asked for. Another's would be a guess: many names share an address.
    pub fn find(&mut self, process: ProcessKey, ip: IpAddr) -> Option<Arc<str>> {
        let key = (process, ip);
        let name = self.young.get(&key).or_else(|| self.old.get(&key)).cloned()?;
        self.keep(key, Arc::clone(&name));
        Some(name)
    }

    fn keep(&mut self, key: Key, name: Arc<str>) {
        if self.young.len() >= ENTRIES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_process_that_asked_gets_the_name() {
        let mut names = Names::default();
        let asker = ProcessKey { pid: 1, start: 1 };
        let message = Message {
            id: 0,
            is_response: true,
            code: 0,
            name: "a.test".to_owned(),
            query_type: "A".to_owned(),
            answers: vec!["alias.test".to_owned(), "192.0.2.1".to_owned()],
        };
        names.learn(asker, &message);
        let ip = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(names.find(asker, ip).as_deref(), Some("a.test"));
        assert_eq!(names.find(ProcessKey { pid: 2, start: 1 }, ip), None);
    }
}
