//! Rows of what processes do: files, connections, DNS, shells.

use schema::{Row, col};
use serde_json::Value;

use super::{Builder, additional, errno_name, fail, ip_type};
use crate::enrich::processes::Identity;
use crate::enrich::script::base_name;
use crate::linux::decode::dns::{Message, code_name};
use crate::linux::decode::{Endpoint, File, Head, Made, NamedFile, Renamed, Socket};

/// The owner closed the socket before an answer came; no errno says that.
const GIVEN_UP: i32 = -1;

impl Builder {
    /// `ExecFailed`.
    pub fn exec_failed(&mut self, head: &Head, actor: &Identity, target: &NamedFile) -> Row {
        let (mut row, more) = self.acted("DeviceProcessEvents", "ExecFailed", head, actor);
        set_path(&mut row, &target.path);
        fail(&mut row, target.errno, errno_name(target.errno));
        additional(&mut row, more);
        row
    }

    /// `FileCreated` or `FileModified`.
    pub fn file(&mut self, action: &'static str, head: &Head, actor: &Identity, file: &File) -> Row {
        let (mut row, mut more) = self.acted("DeviceFileEvents", action, head, actor);
        set_path(&mut row, &file.path);
        row.set(&col::FILE_SIZE, file.size as i64);
        if file.bytes > 0 {
            more.insert("bytes_written".to_owned(), file.bytes.into());
        }
        if file.inode != 0 {
            more.insert("inode".to_owned(), file.inode.into());
            more.insert("mode".to_owned(), format!("{:04o}", file.mode & 0o7777).into());
        }
        additional(&mut row, more);
        row
    }

    /// `FileCreated` of what is not a plain file.
    pub fn made(&mut self, head: &Head, actor: &Identity, made: &Made) -> Row {
        let (mut row, mut more) = self.acted("DeviceFileEvents", "FileCreated", head, actor);
        set_path(&mut row, &made.path);
        more.insert("type".to_owned(), made.what.into());
        if let Some(target) = &made.target {
            more.insert("target".to_owned(), target.as_str().into());
        }
        additional(&mut row, more);
        row
    }

    /// `FileDeleted` or `FileOpenFailed`: of these only the name is known.
    pub fn named_file(&mut self, action: &'static str, head: &Head, actor: &Identity, file: &NamedFile) -> Row {
        let (mut row, mut more) = self.acted("DeviceFileEvents", action, head, actor);
        set_path(&mut row, &file.path);
        if file.errno != 0 {
            fail(&mut row, file.errno, errno_name(file.errno));
        }
        if file.is_dir {
            more.insert("type".to_owned(), "directory".into());
        }
        additional(&mut row, more);
        row
    }

    /// `FileRenamed`.
    pub fn file_renamed(&mut self, head: &Head, actor: &Identity, renamed: &Renamed) -> Row {
        let (mut row, more) = self.acted("DeviceFileEvents", "FileRenamed", head, actor);
        set_path(&mut row, &renamed.to);
        row.set(&col::PREVIOUS_FOLDER_PATH, renamed.from.as_str())
            .set(&col::PREVIOUS_FILE_NAME, base_name(&renamed.from));
        additional(&mut row, more);
        row
    }

    /// A TCP row: success, failure, accepted, listening, found.
    pub fn connection(&mut self, action: &'static str, head: &Head, actor: &Identity, socket: &Socket) -> Row {
        let (mut row, more) = self.acted("DeviceNetworkEvents", action, head, actor);
        row.set(&col::PROTOCOL, "Tcp")
            .set(&col::LOCAL_IP, socket.local.ip.to_string())
            .set(&col::LOCAL_IP_TYPE, ip_type(socket.local.ip))
            .set(&col::LOCAL_PORT, i64::from(socket.local.port));
        // A listening socket has no other end.
        if socket.remote.port != 0 {
            set_remote(&mut row, socket.remote);
            row.set(&col::REMOTE_IP_TYPE, ip_type(socket.remote.ip));
        }
        if socket.cookie != 0 {
            row.set(&col::CONNECTION_ID, format!("{}-{}", self.boot, socket.cookie));
        }
        if socket.latency_ns != 0 {
            row.set(&col::DURATION_US, (socket.latency_ns / 1000) as i64);
        }
        match socket.errno {
            0 => {}
            GIVEN_UP => {
                row.set(&col::OUTCOME, "failed").set(&col::ERROR_NAME, "GIVEN_UP");
            }
            errno => fail(&mut row, errno, errno_name(errno)),
        }
        additional(&mut row, more);
        row
    }

    /// `DnsQueryResponse`, with the time since the question when that was seen.
    pub fn dns_answer(
        &mut self,
        head: &Head,
        actor: &Identity,
        server: Endpoint,
        message: &Message,
        asked: Option<u64>,
    ) -> Row {
        let (mut row, more) = self.acted("DeviceEvents", "DnsQueryResponse", head, actor);
        set_question(&mut row, server, message);
        row.set(&col::DNS_ANSWERS, Value::from(message.answers.clone()).to_string());
        if let Some(asked) = asked {
            row.set(&col::DURATION_US, (head.ts.saturating_sub(asked) / 1000) as i64);
        }
        if message.code != 0 {
            fail(&mut row, i32::from(message.code), code_name(message.code));
        }
        additional(&mut row, more);
        row
    }

    /// `DnsQueryRequest` that nobody answered.
    pub fn dns_timeout(&mut self, head: &Head, actor: &Identity, server: Endpoint, message: &Message) -> Row {
        let (mut row, more) = self.acted("DeviceEvents", "DnsQueryRequest", head, actor);
        set_question(&mut row, server, message);
        row.set(&col::OUTCOME, "failed").set(&col::ERROR_NAME, "TIMEOUT");
        additional(&mut row, more);
        row
    }

    /// `ShellCommand`.
    pub fn shell_command(&mut self, head: &Head, actor: &Identity, line: &str) -> Row {
        let (mut row, more) = self.acted("DeviceEvents", "ShellCommand", head, actor);
        row.set(&col::PROCESS_COMMAND_LINE, line)
            .set(&col::ACCOUNT_NAME, &*self.users.name(head.uid))
            .set_opt(&col::TERMINAL, actor.terminal.as_deref());
        additional(&mut row, more);
        row
    }
}

/// As MDE on Linux: the folder path is the full path, file name included.
fn set_path(row: &mut Row, path: &str) {
    row.set(&col::FOLDER_PATH, path).set(&col::FILE_NAME, base_name(path));
}

fn set_remote(row: &mut Row, remote: Endpoint) {
    row.set(&col::REMOTE_IP, remote.ip.to_string()).set(&col::REMOTE_PORT, i64::from(remote.port));
}

fn set_question(row: &mut Row, server: Endpoint, message: &Message) {
    row.set(&col::REMOTE_URL, message.name.as_str())
        .set(&col::DNS_QUERY_TYPE, message.query_type.as_str())
        .set(&col::PROTOCOL, "Udp");
    set_remote(row, server);
}
