//! The processes of the device, by (pid, start), as the kernel's events tell them. Parents are fixed at the fork.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::hash::Image;
use super::script::{Host, Script, base_name};
use crate::linux::decode::ProcessKey;

/// Ended processes are kept this long for events that come late (a DNS answer, a connection's outcome).
const ENDED_KEPT_NS: u64 = 60_000_000_000;
/// More than a machine can have alive (`pid_max` is 4,194,304, but far less in practice); a lost exit must not leak.
pub const PROCESSES_MAX: usize = 200_000;
/// Files read in by files. bash itself gives up far later, but nothing sane goes deeper.
const FRAMES_MAX: usize = 64;

/// What identifies a process in rows, at one moment of its life. Never changes; an exec makes a new one.
#[derive(Debug, Default)]
pub struct Identity {
    /// The process.
    pub key: ProcessKey,
    /// The program it runs.
    pub image: Arc<Image>,
    /// The script it runs.
    pub host: Host,
    /// Real user.
    pub uid: u32,
    /// Effective user.
    pub euid: u32,
    /// Session id.
    pub session: u32,
    /// Audit session.
    pub audit_session: Option<u32>,
    /// Terminal, as `pts/0`.
    pub terminal: Option<Arc<str>>,
    /// Container.
    pub container: Option<Arc<str>>,
    /// Working directory at the exec.
    pub directory: Arc<str>,
    /// Cgroup v2 id.
    pub cgroup: u64,
    /// The parent, in short: rows name a grandparent, and a whole chain would keep every ancestor in memory.
    pub parent: Option<ParentRef>,
}

impl Identity {
    /// The same process while it executes something else.
    fn with_host(&self, host: Host) -> Identity {
        Identity {
            key: self.key,
            image: Arc::clone(&self.image),
            host,
            uid: self.uid,
            euid: self.euid,
            session: self.session,
            audit_session: self.audit_session,
            terminal: self.terminal.clone(),
            container: self.container.clone(),
            directory: Arc::clone(&self.directory),
            cgroup: self.cgroup,
            parent: self.parent.clone(),
        }
    }
}

/// A process as its children's rows name it.
#[derive(Clone, Debug)]
pub struct ParentRef {
    /// The process.
    pub key: ProcessKey,
    /// Its program's file name.
    pub file_name: Arc<str>,
}

/// One entry of the table.
#[derive(Debug)]
pub struct Process {
    /// What it is now.
    pub me: Arc<Identity>,
    /// Who made it, as it was at the fork.
    pub parent: Option<Arc<Identity>>,
    /// It has made an exec of its own.
    pub execed: bool,
    /// A row told its start (or that it was found).
    pub announced: bool,
    /// When it was forked or found.
    pub seen: u64,
    /// What it executed before it read in the present file, outermost first.
    pub frames: Vec<Host>,
    /// It has opened the script that it runs.
    pub main_opened: bool,
}

/// The table.
#[derive(Default)]
pub struct Processes {
    map: HashMap<ProcessKey, Process>,
    ended: VecDeque<(u64, ProcessKey)>,
    /// Forked, and neither announced nor ended: oldest first.
    silent: VecDeque<ProcessKey>,
}

impl Processes {
    /// How many are known, ended ones included.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True when none is known.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The entry of a process.
    pub fn get(&self, key: ProcessKey) -> Option<&Process> {
        self.map.get(&key)
    }

    /// The entry of a process, to change it.
    pub fn get_mut(&mut self, key: ProcessKey) -> Option<&mut Process> {
        self.map.get_mut(&key)
    }

    /// Adds a process. When the table is full, the longest ended goes, and if none has ended, nothing is added.
    pub fn insert(&mut self, process: Process) {
        if self.map.len() >= PROCESSES_MAX {
            let Some((_, oldest)) = self.ended.pop_front() else { return };
            self.map.remove(&oldest);
        }
        if !process.announced {
            self.silent.push_back(process.me.key);
        }
        self.map.insert(process.me.key, process);
    }

    /// Adds the child of a fork: a copy of its parent until it execs.
    pub fn fork(&mut self, parent: &Arc<Identity>, child: ProcessKey, now: u64) {
        // A subshell is in the middle of the same files.
        let frames = self.map.get(&parent.key).map(|process| process.frames.clone()).unwrap_or_default();
        if self.map.contains_key(&child) {
            return;
        }
        let me = Identity { key: child, parent: Some(parent_ref(parent)), ..parent.with_host(parent.host.clone()) };
        let parent = Some(Arc::clone(parent));
        self.insert(Process {
            me: Arc::new(me),
            parent,
            execed: false,
            announced: false,
            seen: now,
            frames,
            main_opened: true,
        });
    }

    /// The process begins to execute another file, as part of the present one.
    pub fn enter_script(&mut self, key: ProcessKey, host: Host) {
        let Some(process) = self.map.get_mut(&key).filter(|process| process.frames.len() < FRAMES_MAX) else { return };
        process.frames.push(process.me.host.clone());
        process.me = Arc::new(process.me.with_host(host));
    }

    /// The process has opened a file that may be another script.
    pub fn open_script(&mut self, key: ProcessKey, path: &str) {
        let Some(process) = self.map.get_mut(&key) else { return };
        let is_main = |script: &Arc<Script>| base_name(&script.path) == base_name(path);
        // The first of that name is the script itself, whatever links lead to it.
        if !std::mem::replace(&mut process.main_opened, true) && process.me.host.script().is_some_and(is_main) {
            return;
        }
        if let Some(host) = process.me.host.with_opened(path) {
            process.me = Arc::new(process.me.with_host(host));
        }
    }

    /// It has finished it. At the prompt (`to_top`) it has finished all of them, whatever jumps it took.
    pub fn leave_script(&mut self, key: ProcessKey, to_top: bool) {
        let Some(process) = self.map.get_mut(&key) else { return };
        if to_top {
            process.frames.truncate(1);
        }
        let Some(host) = process.frames.pop() else { return };
        process.me = Arc::new(process.me.with_host(host));
    }

    /// Notes an end; the entry stays for a while.
    pub fn end(&mut self, key: ProcessKey, now: u64) {
        if self.map.contains_key(&key) {
            self.ended.push_back((now, key));
        }
    }

    /// Forgets the processes that ended long enough ago.
    pub fn sweep(&mut self, now: u64) {
        while let Some((ended, key)) = self.ended.front().copied() {
            if now.saturating_sub(ended) < ENDED_KEPT_NS {
                break;
            }
            self.ended.pop_front();
            self.map.remove(&key);
        }
    }

    /// Takes out the processes forked before `before` that no row has announced yet.
    pub fn take_silent(&mut self, before: u64) -> Vec<ProcessKey> {
        let mut keys = Vec::new();
        while let Some(key) = self.silent.front().copied() {
            match self.map.get(&key) {
                Some(process) if process.seen > before => break,
                Some(process) if !process.announced => keys.push(key),
                _ => {}
            }
            self.silent.pop_front();
        }
        keys
    }
}

/// A process as its children's rows name it.
pub fn parent_ref(identity: &Identity) -> ParentRef {
    ParentRef { key: identity.key, file_name: identity.image.file_name.as_str().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pid: u32) -> ProcessKey {
        ProcessKey { pid, start: 1 }
    }

    #[test]
    fn a_child_keeps_its_parent_after_the_parent_is_forgotten() {
        let mut processes = Processes::default();
        let parent = Arc::new(Identity { key: key(1), ..Identity::default() });
        processes.fork(&parent, key(2), 5);
        let me = Arc::clone(&processes.get(key(2)).expect("the child").me);
        processes.fork(&me, key(3), 6);
        processes.end(key(2), 7);
        processes.sweep(7 + ENDED_KEPT_NS);
        assert!(processes.get(key(2)).is_none());
        let child = processes.get(key(3)).expect("the grandchild");
        assert_eq!(child.parent.as_ref().map(|parent| parent.key), Some(key(2)));
        assert_eq!(
            child.parent.as_ref().and_then(|parent| parent.parent.as_ref()).map(|parent| parent.key),
            Some(key(1))
        );
    }

    #[test]
    fn silent_forks_come_out_once() {
        let mut processes = Processes::default();
        let parent = Arc::new(Identity::default());
        processes.fork(&parent, key(2), 5);
        processes.fork(&parent, key(3), 50);
        assert_eq!(processes.take_silent(10), [key(2)]);
        assert!(processes.take_silent(10).is_empty());
    }
}
