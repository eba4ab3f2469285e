//! Raw event and what is known about its process → row. The only place that knows both the kernel and the schema.

mod activity;
mod sensor;

use std::net::IpAddr;
use std::sync::Arc;

use schema::row::Nanos;
use schema::{Row, col};
use serde_json::{Map, Value};

use crate::enrich::hash::Image;
use crate::enrich::processes::{Identity, Process};
use crate::enrich::users::Users;
use crate::linux::decode::{Exit, Head, ProcessKey, flag};

pub use sensor::Gap;

/// What is the same for every row of this boot.
pub struct Builder {
    /// Boot id, as the kernel writes it.
    pub boot_id: String,
    /// First eight hex digits of it: the head of every process's unique id.
    pub boot: String,
    /// Host name.
    pub device: String,
    /// Wall clock minus boot clock, in nanoseconds.
    pub offset_ns: i64,
    /// Names of users.
    pub users: Users,
}

/// A command line longer than this is cut: a row must fit into `wire::RECORD_BYTES_MAX` with room for the rest.
const COMMAND_LINE_BYTES_MAX: usize = 256 * 1024;

impl Builder {
    /// The wall-clock time of a boot-clock time.
    pub fn wall(&self, boot_ns: u64) -> Nanos {
        Nanos(i64::try_from(boot_ns).unwrap_or(i64::MAX).saturating_add(self.offset_ns))
    }

    /// `ProcessUniqueId`.
    pub fn unique_id(&self, key: ProcessKey) -> String {
        format!("{}-{}-{}", self.boot, key.pid, key.start)
    }

    /// A row with time, device, action and outcome.
    fn row(&self, table: &'static str, action: &'static str, boot_ns: u64) -> Row {
        let mut row = Row::new();
        row.set(&col::TIMESTAMP, self.wall(boot_ns))
            .set(&col::DEVICE_NAME, self.device.as_str())
            .set(&col::ACTION_TYPE, action)
            .set(&col::EVENT_TABLE, table)
            .set(&col::OUTCOME, "ok");
        row
    }

    /// A start: an exec, a fork that acts without one, or a process found at start-up.
    pub fn process_started(
        &mut self,
        action: &'static str,
        process: &Process,
        boot_ns: u64,
        more: Map<String, Value>,
    ) -> Row {
        let mut row = self.row("DeviceProcessEvents", action, boot_ns);
        self.created(&mut row, &process.me);
        row.set(&col::CREATED_PROCESS_SESSION_ID, i64::from(process.me.session));
        if !process.me.directory.is_empty() {
            row.set(&col::PROCESS_WORKING_DIRECTORY, &*process.me.directory);
        }
        if let Some(parent) = &process.parent {
            self.initiating(&mut row, parent);
        }
        additional(&mut row, more);
        row
    }

    /// An end.
    pub fn process_ended(&mut self, process: &Process, exit: Exit, boot_ns: u64) -> Row {
        let mut row = self.row("DeviceProcessEvents", "ProcessTerminated", boot_ns);
        self.created(&mut row, &process.me);
        let life_ns = boot_ns.saturating_sub(process.me.key.start);
        row.set(&col::DURATION_US, (life_ns / 1000) as i64);
        if exit.signal != 0 {
            fail(&mut row, i32::from(exit.signal), signal_name(exit.signal));
        } else if exit.code != 0 {
            fail(&mut row, i32::from(exit.code), format!("exit {}", exit.code));
        }
        if let Some(parent) = &process.parent {
            self.initiating(&mut row, parent);
        }
        let mut more = Map::new();
        if exit.core {
            more.insert("core_dumped".to_owned(), Value::Bool(true));
        }
        additional(&mut row, more);
        row
    }

    /// Columns of the process that a row is about.
    fn created(&mut self, row: &mut Row, me: &Identity) {
        let image = &me.image;
        row.set(&col::FILE_NAME, image.file_name.as_str())
            .set(&col::PROCESS_ID, i64::from(me.key.pid))
            .set(&col::PROCESS_UNIQUE_ID, self.unique_id(me.key))
            .set(&col::PROCESS_CREATION_TIME, self.wall(me.key.start))
            .set_opt(&col::PROCESS_COMMAND_LINE, command_line(image))
            .set(&col::ACCOUNT_NAME, &*self.users.name(me.uid))
            .set_opt(&col::FOLDER_PATH, (!image.path.is_empty()).then_some(image.path.as_str()))
            .set_opt(&col::FILE_SIZE, image.size.map(|size| size as i64))
            .set_opt(&col::PROCESS_SCRIPT_PATH, me.host.script().map(|script| script.path.as_str()))
            .set_opt(&col::LOGON_ID, me.audit_session.map(i64::from))
            .set_opt(&col::TERMINAL, me.terminal.as_deref())
            .set_opt(&col::CONTAINER_ID, me.container.as_deref());
    }

    /// Columns of the process that acted.
    fn initiating(&mut self, row: &mut Row, actor: &Identity) {
        let image = &actor.image;
        row.set(&col::INITIATING_PROCESS_ID, i64::from(actor.key.pid))
            .set(&col::INITIATING_PROCESS_UNIQUE_ID, self.unique_id(actor.key))
            .set(&col::INITIATING_PROCESS_CREATION_TIME, self.wall(actor.key.start))
            .set(&col::INITIATING_PROCESS_FILE_NAME, image.file_name.as_str())
            .set_opt(&col::INITIATING_PROCESS_COMMAND_LINE, command_line(image))
            .set(&col::INITIATING_PROCESS_ACCOUNT_NAME, &*self.users.name(actor.uid))
            .set(&col::INITIATING_PROCESS_SESSION_ID, i64::from(actor.session))
            .set_opt(&col::INITIATING_PROCESS_FOLDER_PATH, (!image.path.is_empty()).then_some(image.path.as_str()))
            .set_opt(&col::INITIATING_PROCESS_FILE_SIZE, image.size.map(|size| size as i64))
            .set_opt(&col::INITIATING_PROCESS_LOGON_ID, actor.audit_session.map(i64::from))
            .set_opt(&col::CONTAINER_ID, actor.container.as_deref())
            .set(&col::ATTRIBUTION_LEVEL, actor.host.level())
            .set_opt(&col::ATTRIBUTION_EVIDENCE, actor.host.evidence())
            .set_opt(&col::INITIATING_SCRIPT_PATH, actor.host.script().map(|script| script.path.as_str()));
        if let Some(parent) = &actor.parent {
            row.set(&col::INITIATING_PROCESS_PARENT_ID, i64::from(parent.key.pid))
                .set(&col::INITIATING_PROCESS_PARENT_FILE_NAME, &*parent.file_name)
                .set(&col::INITIATING_PROCESS_PARENT_UNIQUE_ID, self.unique_id(parent.key))
                .set(&col::INITIATING_PROCESS_PARENT_CREATION_TIME, self.wall(parent.key.start));
        }
    }

    /// A row of an action: its actor, thread, and the flags of the kernel's record.
    fn acted(
        &mut self,
        table: &'static str,
        action: &'static str,
        head: &Head,
        actor: &Identity,
    ) -> (Row, Map<String, Value>) {
        let mut row = self.row(table, action, head.ts);
        self.initiating(&mut row, actor);
        // The rights at the time of the act: they may have changed since the exec.
        row.set(&col::INITIATING_THREAD_ID, i64::from(head.tid))
            .set(&col::INITIATING_PROCESS_ACCOUNT_NAME, &*self.users.name(head.uid));
        let mut more = Map::new();
        if head.flags & flag::COMPAT != 0 {
            more.insert("abi".to_owned(), "ia32".into());
        }
        if head.flags & flag::URING != 0 {
            more.insert("via".to_owned(), "io_uring".into());
        }
        if head.flags & flag::USER_PATH != 0 {
            more.insert("path_source".to_owned(), "user".into());
        }
        if head.flags & flag::PROVISIONAL != 0 {
            more.insert("still_mapped".to_owned(), Value::Bool(true));
        }
        if head.flags & flag::CUT != 0 {
            more.insert("cut".to_owned(), Value::Bool(true));
        }
        if head.euid != head.uid {
            more.insert("uid".to_owned(), head.uid.into());
            more.insert("euid".to_owned(), head.euid.into());
        }
        (row, more)
    }
}

/// Hashes that came in after the row was made: `created` of the process it is about, `actor` of the one that acted.
pub fn add_hashes(row: &mut Row, created: Option<&Arc<Image>>, actor: Option<&Identity>) {
    if let Some(image) = created {
        match image.hashes.get() {
            Some(Ok(hashes)) => {
                row.set(&col::SHA256, hashes.sha256.as_str())
                    .set(&col::SHA1, hashes.sha1.as_str())
                    .set(&col::MD5, hashes.md5.as_str());
            }
            missing => {
                let reason = missing.and_then(|result| result.as_ref().err().copied()).unwrap_or("timeout");
                add_field(row, "hash_missing", reason.into());
            }
        }
    }
    if let Some(Ok(hashes)) = actor.and_then(|actor| actor.image.hashes.get()) {
        row.set(&col::INITIATING_PROCESS_SHA256, hashes.sha256.as_str())
            .set(&col::INITIATING_PROCESS_SHA1, hashes.sha1.as_str())
            .set(&col::INITIATING_PROCESS_MD5, hashes.md5.as_str());
    }
    let script = actor.and_then(|actor| actor.host.script());
    if let Some(Ok(sha256)) = script.and_then(|script| script.sha256.get()) {
        row.set(&col::INITIATING_SCRIPT_SHA256, sha256.as_str());
    }
}

/// The name that the process had resolved to the address.
pub fn set_remote_name(row: &mut Row, name: Option<&str>) {
    if let Some(name) = name {
        row.set(&col::REMOTE_URL, name);
        add_field(row, "remote_url_source", "dns".into());
    }
}

/// Says that the row tells of something that was there before the sensor.
pub fn mark_found(row: &mut Row) {
    add_field(row, "found", Value::Bool(true));
}

/// Marks a row as failed.
fn fail(row: &mut Row, code: i32, name: impl Into<String>) {
    row.set(&col::OUTCOME, "failed").set(&col::ERROR_CODE, i64::from(code)).set(&col::ERROR_NAME, name.into());
}

fn additional(row: &mut Row, more: Map<String, Value>) {
    if !more.is_empty() {
        row.set(&col::ADDITIONAL_FIELDS, Value::Object(more).to_string());
    }
}

fn add_field(row: &mut Row, name: &str, value: Value) {
    let text = row.text(&col::ADDITIONAL_FIELDS).unwrap_or("{}");
    let mut more: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    more.insert(name.to_owned(), value);
    additional(row, more);
}

/// Absent when it is not known, or when there is none as with kernel threads.
fn command_line(image: &Image) -> Option<&str> {
    let line = image.command_line.as_str();
    let end = line.floor_char_boundary(COMMAND_LINE_BYTES_MAX.min(line.len()));
    (!line.is_empty()).then_some(&line[..end])
}

/// The symbol of an errno, for example `ECONNREFUSED`.
fn errno_name(errno: i32) -> String {
    match nix::errno::Errno::from_raw(errno) {
        nix::errno::Errno::UnknownErrno => format!("errno {errno}"),
        known => format!("{known:?}"),
    }
}

fn signal_name(signal: u8) -> String {
    nix::sys::signal::Signal::try_from(i32::from(signal))
        .map_or_else(|_| format!("signal {signal}"), |known| known.as_str().to_owned())
}

/// MDE's words for kinds of addresses.
fn ip_type(ip: IpAddr) -> &'static str {
    match ip {
        _ if ip.is_loopback() => "Loopback",
        _ if ip.is_unspecified() => "Unspecified",
        _ if ip.is_multicast() => "Multicast",
        IpAddr::V4(ip) if ip.is_private() => "Private",
        IpAddr::V4(ip) if ip.is_link_local() => "LinkLocal",
        IpAddr::V4(ip) if ip.is_broadcast() => "Broadcast",
        IpAddr::V6(ip) if ip.is_unicast_link_local() => "LinkLocal",
        IpAddr::V6(ip) if ip.is_unique_local() => "Private",
        _ => "Public",
    }
}
