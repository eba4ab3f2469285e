//! Forks, execs, exits and what was already there.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Map;

use super::exec::{exec_fields, identity_of_exec};
use super::{Exclusion, HASH_FAST_BYTES_MAX, HASH_WAIT_FOUND, Pipeline};
use crate::enrich::hash::Image;
use crate::enrich::processes::{Identity, ParentRef, Process, parent_ref};
use crate::enrich::script::sourced;
use crate::enrich::snapshot;
use crate::linux::decode::{Exec, Exit, Fork, Head, ProcessKey, Task};
use crate::rows::mark_found;

/// `/proc` start times are cut to 10 ms ticks.
const TICK_NS: u64 = 10_000_000;

impl Pipeline {
    pub(super) fn forked(&mut self, head: &Head, fork: Fork) {
        let parent = self.actor(head);
        self.processes.fork(&parent, fork.child, head.ts);
    }

    pub(super) fn execed(&mut self, head: &Head, exec: &Exec) {
        let chunks = self.argvs.remove(&head.actor.pid).unwrap_or_default();
        let chunks = if exec.argv_chunks == 0 { Vec::new() } else { chunks };
        let (identity, cut) = identity_of_exec(head, exec, &chunks);
        let parent = self.parent_of(head, exec);
        let me = Arc::new(Identity { parent: parent.as_deref().map(parent_ref), ..identity });
        let hasher = if exec.size > HASH_FAST_BYTES_MAX { &self.hasher_slow } else { &self.hasher };
        hasher.request_image(head.actor.pid, &me.image);
        if let Some(script) = me.host.script() {
            self.hasher.request_script(head.actor.pid, script);
        }
        self.check_exclusion(head.actor.pid, &me.image.path);
        if let Some(parent) = &parent {
            self.announce_fork(parent.key);
        }
        match self.processes.get_mut(head.actor) {
            Some(process) => {
                process.me = Arc::clone(&me);
                process.execed = true;
                process.frames.clear();
                process.main_opened = false;
                process.announced = true;
            }
            None => {
                let parent = parent.clone();
                self.processes.insert(Process {
                    me: Arc::clone(&me),
                    parent,
                    execed: true,
                    announced: true,
                    seen: head.ts,
                    frames: Vec::new(),
                    main_opened: false,
                });
            }
        }
        let process = Process {
            me: Arc::clone(&me),
            parent: parent.clone(),
            execed: true,
            announced: true,
            seen: head.ts,
            frames: Vec::new(),
            main_opened: false,
        };
        let row = self.builder.process_started("ProcessCreated", &process, head.ts, exec_fields(head, exec, cut));
        self.push(row, head.cgroup, Some(Arc::clone(&me.image)), parent);
    }

    pub(super) fn exited(&mut self, head: &Head, exit: Exit) {
        self.actor(head);
        self.announce_fork(head.actor);
        if self.excluded.remove(&head.actor.pid) {
            self.exclusions.push(Exclusion::Remove(head.actor.pid));
        }
        let Some(process) = self.processes.get(head.actor) else { return };
        let (image, actor) = (Arc::clone(&process.me.image), process.parent.clone());
        let row = self.builder.process_ended(process, exit, head.ts);
        self.processes.end(head.actor, head.ts);
        self.push(row, head.cgroup, Some(image), actor);
    }

    pub(super) fn sourced(&mut self, head: &Head, path: String) {
        self.actor(head);
        let host = sourced(path);
        if let Some(script) = host.script() {
            self.hasher.request_script(head.actor.pid, script);
        }
        self.processes.enter_script(head.actor, host);
    }

    pub(super) fn script_opened(&mut self, head: &Head, path: &str) {
        let actor = self.actor(head);
        // Of such a bash it is known exactly what it sources, so what it merely opens does not matter.
        if actor.image.inode != 0 && Some(actor.image.inode) == self.traced_shell {
            return;
        }
        self.processes.open_script(head.actor, path);
    }

    /// A process that ran before the sensor.
    pub(super) fn found(&mut self, head: &Head, task: Task) {
        if self.processes.get(head.actor).is_some() {
            return;
        }
        // The kernel's task iterator leaves out pid 1 on some systems: the ancestors must not end below it.
        // Only with the exact start that the iterator gives: `/proc` alone would make a second key for the same process.
        if task.parent.start != 0
            && self.processes.get(task.parent).is_none()
            && let Some((of_proc, above)) = snapshot::task_of_proc(task.parent.pid)
        {
            self.found_beside.push(task.parent);
            self.found(&Head { actor: task.parent, ..of_proc }, above);
        }
        let identity = snapshot::identity(head, task.session, task.audit_session);
        let parent = self.processes.get(task.parent).map(|process| Arc::clone(&process.me));
        let fallback = ParentRef { key: task.parent, file_name: "".into() };
        let parent_ref = parent.as_deref().map_or(fallback, parent_ref);
        let me = Arc::new(Identity { parent: (task.parent.pid != 0).then_some(parent_ref), ..identity });
        self.check_exclusion(head.actor.pid, &me.image.path);
        self.processes.insert(Process {
            me,
            parent,
            execed: true,
            announced: true,
            seen: head.ts,
            frames: Vec::new(),
            main_opened: false,
        });
    }

    /// What the kernel's task iterator gave, in any order. The keys come back, oldest process first.
    pub fn found_by_kernel(&mut self, mut tasks: Vec<(Head, Task)>) -> Vec<ProcessKey> {
        // The iterator goes by pid. Pids wrap, so a child may come before its parent; its start never does.
        tasks.sort_by_key(|(head, _)| (head.actor.start, head.actor.pid));
        for (head, task) in &tasks {
            self.found(head, *task);
        }
        tasks.iter().map(|(head, _)| head.actor).collect()
    }

    /// The same by `/proc` alone.
    pub fn found_without_kernel(&mut self, tasks: &[(Head, Task)], now: u64) {
        for (head, task) in tasks {
            // `/proc` names a parent by its pid only.
            let parent =
                tasks.iter().find(|(other, _)| other.actor.pid == task.parent.pid).map(|(other, _)| other.actor);
            self.found(head, Task { parent: parent.unwrap_or(task.parent), ..*task });
        }
        let keys: Vec<ProcessKey> = tasks.iter().map(|(head, _)| head.actor).collect();
        self.announce_found(&keys, now);
    }

    /// Rows for the processes and sockets that ran before the sensor. Call it once, after every task was fed.
    pub fn announce_found(&mut self, tasks: &[ProcessKey], now: u64) {
        let beside = std::mem::take(&mut self.found_beside);
        let beside: Vec<&ProcessKey> = beside.iter().filter(|key| !tasks.contains(key)).collect();
        for key in beside.into_iter().chain(tasks) {
            let Some(process) = self.processes.get(*key) else { continue };
            let (mut image, actor, cgroup) = (Arc::clone(&process.me.image), process.parent.clone(), process.me.cgroup);
            self.hasher_slow.request_image(key.pid, &process.me.image);
            if let Some(script) = process.me.host.script() {
                self.hasher_slow.request_script(key.pid, script);
            }
            let row = self.builder.process_started("ProcessFound", process, now, Map::new());
            // Only this row waits, and longer: rows of what the process does now must not.
            if image.hashes.get().is_none() {
                image = Arc::new(Image { wait_until: Some(Instant::now() + HASH_WAIT_FOUND), ..copy_of(&image) });
                self.hasher_slow.request_image(key.pid, &image);
            }
            self.push(row, cgroup, Some(image), actor);
        }
        self.announce_sockets(tasks, now);
    }

    fn announce_sockets(&mut self, tasks: &[ProcessKey], now: u64) {
        for open in snapshot::sockets() {
            let key = open.pid.and_then(|pid| tasks.iter().find(|key| key.pid == pid));
            let Some(process) = key.and_then(|key| self.processes.get(*key)) else { continue };
            let me = Arc::clone(&process.me);
            let action = if open.listening { "ListeningConnectionCreated" } else { "ConnectionFound" };
            let head = Head { ts: now, actor: me.key, tid: me.key.pid, uid: me.uid, euid: me.euid, ..Head::default() };
            let mut row = self.builder.connection(action, &head, &me, &open.socket);
            mark_found(&mut row);
            self.push(row, me.cgroup, None, Some(me));
        }
    }

    /// The row of a process that was forked and does something without an exec of its own.
    pub(super) fn announce_fork(&mut self, key: ProcessKey) {
        let mut line = vec![key];
        let mut seen: HashSet<ProcessKey> = HashSet::new();
        // Its parent first, and so on: nested subshells are announced from the outside in.
        while let Some(key) = line.last().copied() {
            let parent = self
                .processes
                .get(key)
                .filter(|process| !process.announced)
                .and_then(|process| process.parent.as_ref());
            match parent.map(|parent| parent.key) {
                Some(parent)
                    if seen.insert(parent) && self.processes.get(parent).is_some_and(|parent| !parent.announced) =>
                {
                    line.push(parent);
                }
                _ => break,
            }
        }
        for key in line.into_iter().rev() {
            let Some(process) = self.processes.get_mut(key).filter(|process| !process.announced) else { continue };
            process.announced = true;
            let mut more = Map::new();
            more.insert("how".to_owned(), "fork".into());
            let (image, actor, cgroup, seen) =
                (Arc::clone(&process.me.image), process.parent.clone(), process.me.cgroup, process.seen);
            let row = self.builder.process_started("ProcessCreated", process, seen, more);
            self.push(row, cgroup, Some(image), actor);
        }
    }

    /// Who acted. A process whose start was not seen is looked up in `/proc`, else known by its name only.
    pub(super) fn actor(&mut self, head: &Head) -> Arc<Identity> {
        if let Some(process) = self.processes.get(head.actor) {
            return Arc::clone(&process.me);
        }
        let task = snapshot::task_of_proc(head.actor.pid)
            .filter(|(found, _)| found.actor.start / TICK_NS == head.actor.start / TICK_NS);
        let me = match task {
            Some((_, task)) => {
                let parent = ParentRef { key: task.parent, file_name: "".into() };
                Identity { parent: Some(parent), ..snapshot::identity(head, task.session, None) }
            }
            None => unknown(head),
        };
        let me = Arc::new(me);
        self.hasher_slow.request_image(head.actor.pid, &me.image);
        let process = Process {
            me: Arc::clone(&me),
            parent: None,
            execed: true,
            announced: true,
            seen: head.ts,
            frames: Vec::new(),
            main_opened: false,
        };
        self.processes.insert(process);
        me
    }

    /// The parent fixed at the fork; when the fork was not seen, the parent that the exec names.
    fn parent_of(&mut self, head: &Head, exec: &Exec) -> Option<Arc<Identity>> {
        if let Some(process) = self.processes.get(head.actor) {
            return process.parent.clone();
        }
        self.processes.get(exec.parent).map(|parent| Arc::clone(&parent.me))
    }

    fn check_exclusion(&mut self, pid: u32, path: &str) {
        if self.exclude_exe.contains(path) {
            self.excluded.insert(pid);
            self.exclusions.push(Exclusion::Add(pid));
        } else if self.excluded.remove(&pid) {
            self.exclusions.push(Exclusion::Remove(pid));
        }
    }
}

fn unknown(head: &Head) -> Identity {
    let image = Image { file_name: head.comm.clone(), ..Image::default() };
    let _ = image.hashes.set(Err("start not seen"));
    Identity {
        key: head.actor,
        image: Arc::new(image),
        uid: head.uid,
        euid: head.euid,
        cgroup: head.cgroup,
        ..Identity::default()
    }
}

fn copy_of(image: &Image) -> Image {
    Image {
        path: image.path.clone(),
        file_name: image.file_name.clone(),
        command_line: image.command_line.clone(),
        inode: image.inode,
        size: image.size,
        unlinked: image.unlinked,
        ..Image::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(actor: ProcessKey, parent: ProcessKey) -> (Head, Task) {
        (Head { actor, ..Head::default() }, Task { parent, session: 0, audit_session: None })
    }

    #[test]
    fn a_parent_with_the_higher_pid_keeps_its_own_parent() {
        let grandparent = ProcessKey { pid: std::os::unix::process::parent_id(), start: 5 };
        // A pid that `/proc` has, as the look-up of missing parents goes there.
        let parent = ProcessKey { pid: std::process::id(), start: 6 };
        let child = ProcessKey { pid: 2, start: 7 };
        let mut pipeline = Pipeline::new(Vec::new()).expect("the hash workers start");
        let keys = pipeline.found_by_kernel(vec![
            task(child, parent),
            task(parent, grandparent),
            task(grandparent, ProcessKey::default()),
        ]);
        assert_eq!(keys, [grandparent, parent, child]);
        let found = pipeline.processes.get(parent).expect("the parent");
        assert_eq!(found.me.parent.as_ref().map(|parent| parent.key), Some(grandparent));
    }
}
