//! What an exec says about the process that made it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use super::HASH_WAIT;
use crate::enrich::container::container_id;
use crate::enrich::hash::Image;
use crate::enrich::processes::Identity;
use crate::enrich::script::{base_name, host_of};
use crate::linux::decode::{Argv, Exec, Head, command_line};

pub fn identity_of_exec(head: &Head, exec: &Exec, chunks: &[Argv]) -> (Identity, bool) {
    let (arguments, cut) = exec.arguments(chunks);
    let image = Image {
        path: exec.path.clone(),
        file_name: base_name(&exec.path).to_owned(),
        command_line: command_line(&arguments),
        inode: exec.inode,
        size: Some(exec.size),
        unlinked: exec.links == 0,
        wait_until: Some(Instant::now() + HASH_WAIT),
        ..Image::default()
    };
    let identity = Identity {
        key: head.actor,
        host: host_of(exec, &arguments),
        image: Arc::new(image),
        uid: head.uid,
        euid: head.euid,
        session: exec.session,
        audit_session: exec.audit_session,
        terminal: exec.terminal.as_deref().map(terminal_name),
        container: container_id(&exec.cgroup_path).map(Into::into),
        directory: exec.directory.as_str().into(),
        cgroup: head.cgroup,
        parent: None,
    };
    (identity, cut)
}

pub fn exec_fields(head: &Head, exec: &Exec, cut: bool) -> Map<String, Value> {
    let mut more = Map::new();
    let mut add = |name: &str, value: Value| {
        more.insert(name.to_owned(), value);
    };
    add("how", "exec".into());
    if exec.filename != exec.path {
        add("filename", exec.filename.clone().into());
    }
    if let Some(interpreter) = &exec.interpreter {
        add("interpreter", interpreter.clone().into());
    }
    if exec.links == 0 {
        add("unlinked", true.into());
    }
    if exec.path.starts_with("/memfd:") {
        add("memfd", true.into());
    }
    if exec.secure {
        add("secure_exec", true.into());
    }
    if head.euid != head.uid {
        add("euid", head.euid.into());
    }
    if let Some(login_uid) = exec.login_uid {
        add("login_uid", login_uid.into());
    }
    if cut {
        add("argv_cut", true.into());
        add("argv_bytes", exec.argv_bytes.into());
    }
    more
}

/// `pts0` and `tty1` are the kernel's names; people know `pts/0`.
fn terminal_name(name: &str) -> Arc<str> {
    name.strip_prefix("pts").map_or_else(|| name.into(), |number| format!("pts/{number}").into())
}
