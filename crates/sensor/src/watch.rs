//! `nenrin-sensor watch`: rows on the terminal as they happen. Needs no server and keeps nothing.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow};
use schema::{Row, Value, col};
use time::OffsetDateTime;

use crate::collect::{self, Options};
use crate::linux::attach::cgroup2_mount;
use crate::pipeline::Seen;

/// What to show and how.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// One JSON object per line.
    pub json: bool,
    /// Only rows of, or about, this process.
    pub pid: Option<u32>,
    /// Only rows of processes in this cgroup v2 (not of its children).
    pub cgroup: Option<PathBuf>,
    /// Leave out what already runs.
    pub without_snapshot: bool,
}

/// Shows rows until `stop`, or until nobody reads them.
pub fn watch(watch: &Watch, stop: &AtomicBool) -> anyhow::Result<()> {
    let cgroup = watch.cgroup.as_deref().map(cgroup_id).transpose()?;
    let options = Options { without_snapshot: watch.without_snapshot, ..Options::default() };
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut show = |rows: Vec<Seen>| -> anyhow::Result<()> {
        for seen in rows.iter().filter(|seen| matches(watch, cgroup, seen)) {
            let line = if watch.json { json(&seen.row).to_string() } else { human(&seen.row, colour) };
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        Ok(())
    };
    let result = collect::run(options, stop, |_| {}, &mut |rows| {
        let shown = show(rows);
        // `watch | head` is not an error.
        if shown.as_ref().is_err_and(is_broken_pipe) {
            stop.store(true, Ordering::Relaxed);
            return Ok(());
        }
        shown
    });
    result.context("watch")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// The id of a cgroup is the inode of its directory. A relative path starts at the root cgroup.
pub fn cgroup_id(path: &Path) -> anyhow::Result<u64> {
    let absolute = if path.exists() {
        path.to_owned()
    } else {
        let mount = cgroup2_mount().ok_or_else(|| anyhow!("no cgroup v2 is mounted"))?;
        mount.join(path.strip_prefix("/").unwrap_or(path))
    };
    let metadata = std::fs::metadata(&absolute).with_context(|| format!("find the cgroup {}", absolute.display()))?;
    Ok(metadata.ino())
}

fn matches(watch: &Watch, cgroup: Option<u64>, seen: &Seen) -> bool {
    if cgroup.is_some_and(|cgroup| cgroup != seen.cgroup) {
        return false;
    }
    let Some(pid) = watch.pid else { return true };
    let is = |column| seen.row.number(column) == Some(i64::from(pid));
    is(&col::PROCESS_ID) || is(&col::INITIATING_PROCESS_ID)
}

/// A row as a JSON object. Times are RFC 3339 with nine digits, as everywhere in Nenrin.
pub fn json(row: &Row) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    for (column, value) in row.values() {
        let value = match value {
            Value::Str(text) => text.clone().into(),
            Value::Int(number) => (*number).into(),
            Value::Bool(flag) => (*flag).into(),
            Value::Time(nanos) => rfc3339(*nanos).into(),
        };
        object.insert(column.name.to_owned(), value);
    }
    serde_json::Value::Object(object)
}

/// `12:04:09.123  ConnectionFailed  curl[4242]  127.0.0.1:9  ECONNREFUSED  (by /opt/a.sh)`
fn human(row: &Row, colour: bool) -> String {
    let text = |column| row.text(column).unwrap_or_default();
    let number = |column| row.number(column).unwrap_or_default();
    let time = rfc3339(number(&col::TIMESTAMP));
    let about_process = row.get(&col::PROCESS_UNIQUE_ID).is_some();
    let (name, pid) = if about_process {
        (text(&col::FILE_NAME), number(&col::PROCESS_ID))
    } else {
        (text(&col::INITIATING_PROCESS_FILE_NAME), number(&col::INITIATING_PROCESS_ID))
    };
    let mut line = format!("{}  {:<26} {name}[{pid}]  {}", &time[11..23], text(&col::ACTION_TYPE), object(row));
    if let Some(script) = row.text(&col::PROCESS_SCRIPT_PATH).or(row.text(&col::INITIATING_SCRIPT_PATH)) {
        line.push_str(&format!("  ({script})"));
    }
    if let Some(duration_us) = row.number(&col::DURATION_US) {
        line.push_str(&format!("  {}.{:03} ms", duration_us / 1000, duration_us % 1000));
    }
    if let Some(error) = row.text(&col::ERROR_NAME) {
        let (on, off) = if colour { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
        line.push_str(&format!("  {on}{error}{off}"));
    }
    line
}

/// What a row is about: a command line, a path, an endpoint, a name.
fn object(row: &Row) -> String {
    let text = |column| row.text(column);
    if let Some(previous) = text(&col::PREVIOUS_FOLDER_PATH) {
        return format!("{previous} → {}", text(&col::FOLDER_PATH).unwrap_or_default());
    }
    if let Some(url) = text(&col::REMOTE_URL) {
        let answers = text(&col::DNS_ANSWERS).unwrap_or_default();
        return format!("{url} {} {answers}", text(&col::DNS_QUERY_TYPE).unwrap_or_default());
    }
    if let Some(reason) = text(&col::GAP_REASON) {
        let count = row.number(&col::LOST_COUNT).map_or("unknown".to_owned(), |count| count.to_string());
        return format!("{reason}: {count} {}", text(&col::ADDITIONAL_FIELDS).unwrap_or_default());
    }
    let port = |column| row.number(column).unwrap_or_default();
    if let Some(ip) = text(&col::REMOTE_IP) {
        return format!("{ip}:{}", port(&col::REMOTE_PORT));
    }
    if let Some(ip) = text(&col::LOCAL_IP) {
        return format!("{ip}:{}", port(&col::LOCAL_PORT));
    }
    let first = text(&col::PROCESS_COMMAND_LINE).or(text(&col::FOLDER_PATH)).or(text(&col::ADDITIONAL_FIELDS));
    first.unwrap_or_default().to_owned()
}

/// A time with nine digits; the `time` crate's own format leaves out zeros.
fn rfc3339(nanos: i64) -> String {
    let time =
        OffsetDateTime::from_unix_timestamp_nanos(nanos.into()).expect("64 bits of nanoseconds are 1677 to 2262");
    let ((year, month, day), (hour, minute, second)) = (time.to_calendar_date(), time.to_hms());
    let (month, fraction) = (u8::from(month), time.nanosecond());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(rfc3339(1_709_164_800_000_000_001), "2024-02-29T00:00:00.000000001Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(rfc3339(i64::MIN), "1677-09-21T00:12:43.145224192Z");
        assert_eq!(rfc3339(i64::MAX), "2262-04-11T23:47:16.854775807Z");
    }
}
