//! The processes that an import has seen: what their later events leave out (command line, parent, account) is filled
//! in from their start. By device and pid, and only while that pid means that process.

use std::collections::HashMap;

use schema::row::Nanos;
use schema::{Column, Row, Value, col};

use crate::limits::PROCESSES_MAX;

/// How long after a process's end its events still come: Sysmon writes connections up to 7 s late.
const LATE_NS: i64 = 10_000_000_000;

/// Columns of a created process, and of the acting process in later rows.
static SAME: &[(&Column, &Column)] = &[
    (&col::PROCESS_UNIQUE_ID, &col::INITIATING_PROCESS_UNIQUE_ID),
    (&col::FILE_NAME, &col::INITIATING_PROCESS_FILE_NAME),
    (&col::FOLDER_PATH, &col::INITIATING_PROCESS_FOLDER_PATH),
    (&col::PROCESS_COMMAND_LINE, &col::INITIATING_PROCESS_COMMAND_LINE),
    (&col::PROCESS_CREATION_TIME, &col::INITIATING_PROCESS_CREATION_TIME),
    (&col::ACCOUNT_DOMAIN, &col::INITIATING_PROCESS_ACCOUNT_DOMAIN),
    (&col::ACCOUNT_NAME, &col::INITIATING_PROCESS_ACCOUNT_NAME),
    (&col::ACCOUNT_SID, &col::INITIATING_PROCESS_ACCOUNT_SID),
    (&col::LOGON_ID, &col::INITIATING_PROCESS_LOGON_ID),
    (&col::SHA1, &col::INITIATING_PROCESS_SHA1),
    (&col::SHA256, &col::INITIATING_PROCESS_SHA256),
    (&col::MD5, &col::INITIATING_PROCESS_MD5),
    (&col::PROCESS_INTEGRITY_LEVEL, &col::INITIATING_PROCESS_INTEGRITY_LEVEL),
    (&col::PROCESS_TOKEN_ELEVATION, &col::INITIATING_PROCESS_TOKEN_ELEVATION),
    (&col::INITIATING_PROCESS_ID, &col::INITIATING_PROCESS_PARENT_ID),
    (&col::INITIATING_PROCESS_FILE_NAME, &col::INITIATING_PROCESS_PARENT_FILE_NAME),
    (&col::INITIATING_PROCESS_CREATION_TIME, &col::INITIATING_PROCESS_PARENT_CREATION_TIME),
    (&col::INITIATING_PROCESS_UNIQUE_ID, &col::INITIATING_PROCESS_PARENT_UNIQUE_ID),
];

#[derive(Debug)]
struct Process {
    /// Values for the second columns of `SAME`.
    values: Vec<(&'static Column, Value)>,
    unique_id: String,
    path: String,
    start_ns: i64,
    end_ns: Option<i64>,
}

/// Processes by device and pid, and drives by device and volume.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    devices: HashMap<String, Device>,
    n_processes: usize,
}

#[derive(Debug, Default)]
struct Device {
    by_pid: HashMap<i64, Process>,
    /// Drives by volume.
    drives: HashMap<String, String>,
}

impl Processes {
    /// Fills a row from what was seen before, and learns from it. Rows come in the order of time.
    pub(crate) fn see(&mut self, row: &mut Row) {
        let name = row.text(&col::DEVICE_NAME).unwrap_or_default();
        if let Some(device) = self.devices.get_mut(name) {
            device.fill_actor(row);
            device.name_drives(row);
        }
        match row.text(&col::ACTION_TYPE) {
            Some("ProcessCreated") => self.learn(row),
            Some("ProcessTerminated") => self.end(row),
            Some(_) | None => {}
        }
    }

    fn learn(&mut self, row: &mut Row) {
        let (Some(pid), Some(time_ns)) = (row.number(&col::PROCESS_ID), row.number(&col::TIMESTAMP)) else { return };
        if row.text(&col::PROCESS_UNIQUE_ID).is_none() {
            // The Security log gives no identity: pid and start are one, as for every process here.
            row.set(&col::PROCESS_UNIQUE_ID, format!("{pid}-{time_ns}"));
        }
        if self.n_processes >= PROCESSES_MAX {
            // Forgetting only costs what would have been filled in.
            self.devices.clear();
            self.n_processes = 0;
        }
        let mut values = Vec::new();
        for (own, acting) in SAME {
            if let Some(value) = row.get(own) {
                values.push((*acting, value.clone()));
            }
        }
        values.sort_by_key(|(column, _)| column.wire);
        let text = |column| row.text(column).unwrap_or_default().to_owned();
        let (unique_id, path) = (text(&col::PROCESS_UNIQUE_ID), text(&col::FOLDER_PATH));
        let process = Process { values, unique_id, path, start_ns: time_ns, end_ns: None };
        let name = row.text(&col::DEVICE_NAME).unwrap_or_default();
        if !self.devices.contains_key(name) {
            self.devices.insert(name.to_owned(), Device::default());
        }
        if let Some(device) = self.devices.get_mut(name)
            && device.by_pid.insert(pid, process).is_none()
        {
            self.n_processes += 1;
        }
    }

    fn end(&mut self, row: &mut Row) {
        let (Some(pid), Some(time_ns)) = (row.number(&col::PROCESS_ID), row.number(&col::TIMESTAMP)) else { return };
        let device = self.devices.get_mut(row.text(&col::DEVICE_NAME).unwrap_or_default());
        let Some(process) = device.and_then(|device| device.by_pid.get_mut(&pid)) else { return };
        let unique_id = row.text(&col::PROCESS_UNIQUE_ID);
        if unique_id.is_some_and(|unique_id| unique_id != process.unique_id) || time_ns < process.start_ns {
            return;
        }
        process.end_ns = Some(time_ns);
        let (unique_id, start_ns) = (process.unique_id.clone(), process.start_ns);
        let command_line = process.values.iter().find(|(column, _)| **column == col::INITIATING_PROCESS_COMMAND_LINE);
        let command_line = command_line.map(|(_, value)| value.clone());
        row.set(&col::PROCESS_UNIQUE_ID, unique_id)
            .set(&col::PROCESS_CREATION_TIME, Nanos(start_ns))
            .set(&col::DURATION_US, (time_ns - start_ns) / 1_000);
        row.set_opt(&col::PROCESS_COMMAND_LINE, command_line);
    }
}

impl Device {
    fn fill_actor(&mut self, row: &mut Row) {
        let Some(pid) = row.number(&col::INITIATING_PROCESS_ID) else { return };
        let time_ns = row.number(&col::TIMESTAMP).unwrap_or(0);
        let Some(process) = self.by_pid.get(&pid) else { return };
        let is_same = match row.text(&col::INITIATING_PROCESS_UNIQUE_ID) {
            Some(unique_id) => unique_id == process.unique_id,
            None => time_ns >= process.start_ns && process.end_ns.is_none_or(|end_ns| time_ns <= end_ns + LATE_NS),
        };
        if !is_same {
            return;
        }
        if let Some(path) = row.text(&col::INITIATING_PROCESS_FOLDER_PATH)
            && let Some((volume, drive)) = drive_of(path, &process.path)
        {
            self.drives.insert(volume, drive);
        }
        row.fill(&process.values);
    }

    /// `\device\harddiskvolume2\…` becomes `C:\…` where a process showed which drive that is.
    fn name_drives(&self, row: &mut Row) {
        if self.drives.is_empty() {
            return;
        }
        for column in [&col::INITIATING_PROCESS_FOLDER_PATH, &col::FOLDER_PATH] {
            let Some((volume, rest)) = row.text(column).and_then(volume_of) else { continue };
            if let Some(drive) = self.drives.get(&volume) {
                let path = format!("{drive}{rest}");
                row.set(column, path);
            }
        }
    }
}

/// `\device\harddiskvolume2` and what follows.
fn volume_of(path: &str) -> Option<(String, &str)> {
    const PREFIX: &str = "\\device\\";
    if !path.get(..PREFIX.len())?.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let end = PREFIX.len() + path[PREFIX.len()..].find('\\')?;
    Some((path[..end].to_ascii_lowercase(), &path[end..]))
}

/// Volume and drive, when both paths are the same but for them.
fn drive_of(device_path: &str, path: &str) -> Option<(String, String)> {
    let (volume, rest) = volume_of(device_path)?;
    let (drive, tail) = path.split_at_checked(2)?;
    (drive.ends_with(':') && tail.eq_ignore_ascii_case(rest)).then(|| (volume, drive.to_owned()))
}
