//! A stage for kernel tests: one collector for the whole test binary, a cgroup and a directory for each test.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::AtomicBool;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use schema::{Row, col};
use sensor::collect::{self, Options};
use sensor::linux::attach::cgroup2_mount;
use sensor::watch::cgroup_id;
use tempfile::TempDir;

/// Nothing here takes longer, even on a loaded machine.
const WAIT: Duration = Duration::from_secs(60);

/// Whatever runs under this path leaves no file or network rows.
pub fn excluded_program() -> PathBuf {
    std::env::temp_dir().join(format!("nenrin-excluded-{}", std::process::id()))
}

#[derive(Default)]
struct Collected {
    /// `Some(Err)`: why there is no collector.
    state: Option<Result<(), String>>,
    /// By cgroup; 0 has the rows about the sensor.
    rows: BTreeMap<u64, Vec<Row>>,
}

static COLLECTED: LazyLock<(Mutex<Collected>, Condvar)> = LazyLock::new(|| {
    // Its thread ends with the test binary.
    std::thread::spawn(|| {
        let stop = AtomicBool::new(false);
        let exclude_exe = vec![excluded_program().display().to_string()];
        let options = Options { without_snapshot: true, exclude_exe, ..Options::default() };
        let result =
            collect::run(options, &stop, |_| change(|collected| collected.state = Some(Ok(()))), &mut |rows| {
                change(|collected| {
                    for seen in rows {
                        collected.rows.entry(seen.cgroup).or_default().push(seen.row);
                    }
                });
                Ok(())
            });
        if let Err(error) = result {
            change(|collected| collected.state = Some(Err(format!("{error:#}"))));
        }
    });
    Default::default()
});

fn change(change: impl FnOnce(&mut Collected)) {
    let (collected, changed) = &*COLLECTED;
    change(&mut collected.lock().expect("no one panics while holding it"));
    changed.notify_all();
}

/// Waits until `done`, and gives what it made.
fn wait<T>(what: &str, mut done: impl FnMut(&mut Collected) -> Option<T>) -> T {
    let (collected, changed) = &*COLLECTED;
    let mut guard: MutexGuard<Collected> = collected.lock().expect("no one panics while holding it");
    let until = Instant::now() + WAIT;
    loop {
        if let Some(made) = done(&mut guard) {
            return made;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let all = guard.rows.iter().filter(|(id, _)| **id != 1).flat_map(|(_, rows)| rows);
            let lines: Vec<String> = all.take(40).map(|row| sensor::watch::json(row).to_string()).collect();
            drop(guard);
            panic!("waited in vain for {what}; some rows of the tests:\n{}", lines.join("\n"));
        }
        guard = changed.wait_timeout(guard, left).expect("no one panics while holding it").0;
    }
}

/// See the module.
pub struct Scene {
    cgroup: PathBuf,
    id: u64,
    directory: TempDir,
}

impl Scene {
    /// `None`, with a printed reason, when this kernel or user cannot run the test.
    pub fn new(name: &str) -> Option<Scene> {
        let state = wait("the collector to start", |collected| collected.state.clone());
        if let Err(error) = state {
            eprintln!("skipped {name}: no eBPF here: {error}");
            return None;
        }
        let cgroup = cgroup2_mount()?.join(format!("nenrin-test-{}-{name}", std::process::id()));
        match fs::create_dir(&cgroup) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                eprintln!("skipped {name}: no cgroup can be made: {error}");
                return None;
            }
            Err(error) => panic!("make {}: {error}", cgroup.display()),
        }
        let id = cgroup_id(&cgroup).expect("the cgroup was just made");
        Some(Scene { cgroup, id, directory: tempfile::tempdir().expect("a temporary directory") })
    }

    /// The test's own directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes an executable script.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory().join(name);
        fs::write(&path, text).expect("write the script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("make it executable");
        path
    }

    /// A program inside the cgroup: a shell joins it and becomes the program.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(self.cgroup.join("cgroup.procs")).arg(program);
        command.args(arguments).current_dir(self.directory());
        command
    }

    /// Runs a program to its end.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> ExitStatus {
        self.command(program, arguments).status().expect("run the program")
    }

    /// Waits until `done` likes the rows of this cgroup, and gives them in the order of their times: one that waited for
    /// a hash comes later than it happened. Its second argument is the rows about the sensor.
    pub fn rows(&self, what: &str, mut done: impl FnMut(&[Row], &[Row]) -> bool) -> Vec<Row> {
        wait(what, |collected| {
            let rows = collected.rows.get(&self.id)?;
            let of_sensor = collected.rows.get(&0).map_or(&[][..], Vec::as_slice);
            done(rows, of_sensor).then(|| {
                let mut rows = rows.clone();
                rows.sort_by_key(|row| row.number(&col::TIMESTAMP));
                rows
            })
        })
    }

    /// The rows once the script has ended and `done` likes them: rows that wait for a hash may come after it.
    pub fn rows_of(&self, script: &Path, mut done: impl FnMut(&[Row]) -> bool) -> Vec<Row> {
        let script = script.display().to_string();
        self.rows(&format!("the end of {script}"), |rows, _| {
            let ended = |row: &Row| {
                row.text(&col::ACTION_TYPE) == Some("ProcessTerminated")
                    && row.text(&col::PROCESS_SCRIPT_PATH) == Some(&script)
            };
            rows.iter().any(ended) && done(rows)
        })
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Fails while a left-over child lives; the next boot takes it.
        let _ = fs::remove_dir(&self.cgroup);
    }
}

/// Events of one kind that the kernel side counted as lost.
pub fn lost(of_sensor: &[Row], kind: &str) -> i64 {
    let kind = format!("\"{kind}\"");
    let of_kind = |row: &&Row| row.text(&col::ADDITIONAL_FIELDS).is_some_and(|text| text.contains(&kind));
    of_sensor.iter().filter(of_kind).filter_map(|row| row.number(&col::LOST_COUNT)).sum()
}
