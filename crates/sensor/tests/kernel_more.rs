//! Shells, exclusions and floods on the real kernel.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use schema::{Row, col};

use crate::kernel::{of, program};
use crate::scene::{Scene, excluded_program, lost};

const FLOOD: i64 = 30_000;
const HIDDEN: usize = 200;

fn ended(rows: &[Row], file_name: &str) -> bool {
    of(rows, "ProcessTerminated").iter().any(|row| row.text(&col::FILE_NAME) == Some(file_name))
}

#[test]
fn what_is_typed_into_a_shell_but_not_what_a_script_says() {
    let Some(scene) = Scene::new("shell") else { return };
    let mut keyboard = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).expect("a pseudo-terminal");
    grantpt(&keyboard).expect("grant it");
    unlockpt(&keyboard).expect("unlock it");
    let name = ptsname_r(&keyboard).expect("its name");
    let terminal = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).expect("open the terminal"));
    keyboard.write_all(b"x=1; echo \"$x\" # typed\nno-such-command\nexit\n").expect("type");
    let mut shell = scene.command(Path::new("/bin/bash"), &["--norc", "-i"]);
    shell.env("HISTFILE", "").stdin(terminal()).stdout(terminal()).stderr(terminal());
    shell.status().expect("run the shell");
    let script = scene.script("quiet.sh", "#!/bin/bash\necho not typed\n");
    scene.run(&script, &[]);
    let rows = scene.rows_of(&script, |rows| of(rows, "ShellCommand").len() >= 3);
    let lines: Vec<_> = of(&rows, "ShellCommand").iter().map(|row| row.text(&col::PROCESS_COMMAND_LINE)).collect();
    assert_eq!(lines, [Some("x=1; echo \"$x\" # typed"), Some("no-such-command"), Some("exit")]);
    assert_eq!(of(&rows, "ShellCommand")[0].text(&col::INITIATING_PROCESS_FILE_NAME), Some("bash"));
}

#[test]
fn an_excluded_program_starts_and_ends_and_does_nothing() {
    let Some(scene) = Scene::new("excluded") else { return };
    let excluded = excluded_program();
    fs::copy("/bin/sh", &excluded).expect("copy a shell");
    let name = excluded.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let mut shell = scene.command(&excluded, &[]).stdin(Stdio::piped()).spawn().expect("start it");
    // The row comes after the kernel was told.
    scene.rows("its start", |rows, _| {
        of(rows, "ProcessCreated").iter().any(|row| row.text(&col::FILE_NAME) == Some(&name))
    });
    let commands = b"echo a > excluded; echo b >> excluded; /bin/echo c > by-child; exit\n";
    shell.stdin.take().expect("its input").write_all(commands).expect("type");
    shell.wait().expect("its end");
    fs::remove_file(&excluded).expect("remove the copy");
    let rows = scene.rows("its end", |rows, _| ended(rows, &name) && ended(rows, "echo"));
    let touched: Vec<_> = rows.iter().filter(|row| row.text(&col::EVENT_TABLE) == Some("DeviceFileEvents")).collect();
    let names: Vec<_> =
        touched.iter().filter_map(|row| row.text(&col::FILE_NAME)).filter(|name| *name != "cgroup.procs").collect();
    // A redirection is made by the child before it execs, and the child is another process: it is not excluded.
    assert_eq!(names, ["by-child"]);
}

#[test]
fn no_start_is_lost_in_a_flood_of_files() {
    let Some(scene) = Scene::new("flood") else { return };
    let Some(program) = program(&scene, "flood") else { return };
    let text = format!(
        "#!/bin/sh\n{} {FLOOD} &\ni=0\nwhile [ $i -lt {HIDDEN} ]; do /bin/true $i; i=$((i+1)); done\nwait\n",
        program.display()
    );
    let script = scene.script("flood.sh", &text);
    assert!(scene.run(&script, &[]).success());
    let n = |rows: &[Row], action: &str, name: &str| {
        of(rows, action).iter().filter(|row| row.text(&col::FILE_NAME) == Some(name)).count()
    };
    let rows = scene.rows("the flood", |rows, of_sensor| {
        // Losses are counted for the whole machine, so this sum may be too large, but never too small.
        let enough = |action, kind| n(rows, action, "drop") as i64 + lost(of_sensor, kind) >= FLOOD;
        enough("FileCreated", "file_created")
            && enough("FileDeleted", "file_deleted")
            && n(rows, "ProcessTerminated", "true") == HIDDEN
    });
    assert_eq!(n(&rows, "ProcessCreated", "true"), HIDDEN);
}

#[test]
fn a_path_is_the_same_whatever_way_a_program_names_it() {
    let Some(scene) = Scene::new("paths") else { return };
    fs::create_dir_all(scene.directory().join("a/b")).expect("make directories");
    let text = "#!/bin/bash\ncd a/b\nfor i in 1 2 3 4; do echo > ../../f; case $i in\n\
        1) rm ../../f;; 2) rm ./..//../f;; 3) exec 9<..; rm /proc/self/fd/9/../f;; 4) cd ../..; rm \"$PWD/a/../f\";;\nesac; done\n";
    let script = scene.script("paths.sh", text);
    assert!(scene.run(&script, &[]).success());
    let rows = scene.rows_of(&script, |rows| of(rows, "FileDeleted").len() == 4);
    let path = scene.directory().join("f").display().to_string();
    let created: Vec<_> = of(&rows, "FileCreated").iter().filter_map(|row| row.text(&col::FOLDER_PATH)).collect();
    assert_eq!(created, [path.as_str(); 4]);
    let deleted: Vec<_> = of(&rows, "FileDeleted").iter().filter_map(|row| row.text(&col::FOLDER_PATH)).collect();
    // FIXME: `..` after a name that may be a link is left as the program wrote it.
    let unresolved = format!("{}/a/../f", scene.directory().display());
    assert_eq!(deleted, [path.as_str(), path.as_str(), "/proc/self/fd/9/../f", unresolved.as_str()]);
}

#[test]
fn a_chroot_does_not_hide_where_a_file_is() {
    let Some(scene) = Scene::new("chroot") else { return };
    let Some(program) = program(&scene, "jail") else { return };
    let root = scene.directory().join("jail-root");
    fs::create_dir(&root).expect("make a directory");
    assert!(scene.run(&program, &[&root.display().to_string()]).success());
    let rows = scene.rows("the deletion", |rows, _| !of(rows, "FileDeleted").is_empty());
    let path = root.join("file").display().to_string();
    for action in ["FileCreated", "FileDeleted"] {
        assert_eq!(
            of(&rows, action).last().and_then(|row| row.text(&col::FOLDER_PATH)),
            Some(path.as_str()),
            "{action}"
        );
    }
}

#[test]
fn a_sourced_file_is_named_while_it_runs_and_its_caller_afterwards() {
    let Some(scene) = Scene::new("source") else { return };
    fs::create_dir(scene.directory().join("lib")).expect("make a directory");
    let inner = scene.script("lib/inner.sh", "echo > by-inner\n");
    let outer = scene
        .script("lib/outer.sh", "echo > by-outer\n. lib/inner.sh\necho > by-outer-again\nreturn 7\necho > never\n");
    let text = "#!/bin/bash\necho > by-main\nsource ./absent 2>/dev/null\nsource lib/outer.sh\necho > by-main-again\n\
        (cd lib; . ./inner.sh; cd ..; echo > by-subshell)\n/bin/true of-main\n";
    let script = scene.script("main.sh", text);
    scene.run(&script, &[]);
    let rows = scene.rows_of(&script, |rows| of(rows, "FileCreated").len() == 7 && ended(rows, "true"));
    let made: Vec<_> = of(&rows, "FileCreated")
        .iter()
        .map(|row| {
            [&col::FILE_NAME, &col::INITIATING_SCRIPT_PATH, &col::ATTRIBUTION_LEVEL]
                .map(|column| row.text(column).unwrap_or("-"))
        })
        .collect();
    let (main, outer, inner) =
        (script.to_str().unwrap_or(""), outer.to_str().unwrap_or(""), inner.to_str().unwrap_or(""));
    let expect = [
        ["by-main", main, "exact-single"],
        ["by-outer", outer, "exact-frame"],
        ["by-inner", inner, "exact-frame"],
        ["by-outer-again", outer, "exact-frame"],
        ["by-main-again", main, "exact-single"],
        ["by-inner", inner, "exact-frame"],
        ["by-subshell", main, "exact-single"],
    ];
    assert_eq!(made, expect);
}

#[test]
fn a_shell_that_cannot_be_traced_is_never_called_exact_after_it_has_read_another_script() {
    let Some(scene) = Scene::new("dash") else { return };
    let library = scene.script("library.sh", "echo > by-library\n");
    let script = scene.script("main.sh", "#!/bin/dash\necho > before\n. ./library.sh\necho > after\n");
    if !Path::new("/bin/dash").exists() {
        eprintln!("skipped dash: there is none");
        return;
    }
    assert!(scene.run(&script, &[]).success());
    let rows = scene.rows_of(&script, |rows| of(rows, "FileCreated").len() == 3);
    let levels: Vec<_> =
        of(&rows, "FileCreated").iter().map(|row| row.text(&col::ATTRIBUTION_LEVEL).unwrap_or("-")).collect();
    assert_eq!(levels, ["exact-single", "likely-opened", "likely-opened"]);
    let last = of(&rows, "FileCreated")[2];
    assert_eq!(last.text(&col::INITIATING_SCRIPT_PATH), script.to_str());
    let evidence = last.text(&col::ATTRIBUTION_EVIDENCE).unwrap_or_default();
    assert!(evidence.contains(&format!("opened: {}", library.display())), "{evidence}");
}
