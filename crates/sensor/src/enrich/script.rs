//! Which script a process runs, as far as the exec itself proves it: a `#!` line, or an interpreter's first argument.

use std::sync::{Arc, OnceLock};

use crate::linux::decode::{Exec, join_path};

/// A script that a process runs.
#[derive(Debug)]
pub struct Script {
    /// Full path.
    pub path: String,
    /// How it is known.
    pub how: How,
    /// SHA-256 in hex, or why there is none. Filled in by the hash worker.
    pub sha256: OnceLock<Result<String, &'static str>>,
}

/// How a script is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The kernel chose the interpreter from the script's `#!` line.
    Shebang,
    /// The interpreter was started with the script as an argument.
    Argument,
    /// A script read it in.
    Sourced,
}

/// What a process is to scripts.
#[derive(Clone, Debug, Default)]
pub enum Host {
    /// Not an interpreter.
    #[default]
    None,
    /// An interpreter whose script, if any, is not known: interactive, `-c`, `-m`, from standard input.
    Unknown,
    /// An interpreter that runs this script.
    Runs(Arc<Script>),
    /// The same, but it has opened others since, and which of them acts is not known.
    RunsWith(Arc<Script>, Arc<Vec<String>>),
}

/// Opened scripts that evidence lists.
const OTHERS_MAX: usize = 8;

impl Host {
    /// The script, when one is known.
    pub fn script(&self) -> Option<&Arc<Script>> {
        match self {
            Host::Runs(script) | Host::RunsWith(script, _) => Some(script),
            Host::None | Host::Unknown => None,
        }
    }

    /// Value of `AttributionLevel`.
    pub fn level(&self) -> &'static str {
        match self {
            Host::None => "none",
            Host::Unknown => "unattributed",
            Host::Runs(script) if script.how == How::Sourced => "exact-frame",
            Host::Runs(_) => "exact-single",
            Host::RunsWith(..) => "likely-opened",
        }
    }

    /// Value of `AttributionEvidence`: a JSON list.
    pub fn evidence(&self) -> Option<String> {
        let script = self.script()?;
        let mut evidence = vec![match script.how {
            How::Shebang => "exec: #! line".to_owned(),
            How::Argument => "exec: argument of the interpreter".to_owned(),
            How::Sourced => "bash: source_file entered and not left".to_owned(),
        }];
        if let Host::RunsWith(_, others) = self {
            evidence.extend(others.iter().map(|other| format!("opened: {other}")));
        }
        Some(serde_json::Value::from(evidence).to_string())
    }

    /// The host after it has opened another script; `None` when that changes nothing.
    pub fn with_opened(&self, path: &str) -> Option<Host> {
        let (script, others) = match self {
            Host::None | Host::Unknown => return None,
            Host::Runs(script) => (script, &[][..]),
            Host::RunsWith(script, others) => (script, others.as_slice()),
        };
        if script.path == path
            || is_library(path)
            || others.len() >= OTHERS_MAX
            || others.iter().any(|other| other == path)
        {
            return None;
        }
        let others = others.iter().cloned().chain([path.to_owned()]).collect();
        Some(Host::RunsWith(Arc::clone(script), Arc::new(others)))
    }
}

/// Code that comes with the system or from a package: what it does, it does for the script that called it.
fn is_library(path: &str) -> bool {
    const BELOW: [&str; 5] = ["/usr/lib/", "/usr/share/", "/usr/local/lib/", "/lib/", "/etc/perl/"];
    const INSIDE: [&str; 4] = ["/lib/python", "/site-packages/", "/dist-packages/", "/node_modules/"];
    BELOW.iter().any(|place| path.starts_with(place)) || INSIDE.iter().any(|place| path.contains(place))
}

/// Finds the script of an exec.
pub fn host_of(exec: &Exec, arguments: &[String]) -> Host {
    if exec.interpreter.is_some() {
        return runs(join_path(&exec.directory, &exec.filename), How::Shebang);
    }
    host_of_arguments(&exec.path, &exec.directory, arguments)
}

/// The same for a process that already runs, of which only the arguments are known.
pub fn host_of_arguments(exe: &str, directory: &str, arguments: &[String]) -> Host {
    let Some(interpreter) = interpreter(exe, arguments) else { return Host::None };
    match script_argument(interpreter, arguments) {
        // A descriptor is not a name: what it stood for is only known to the process.
        Some(argument)
            if argument.starts_with("/dev/fd/") || argument.starts_with("/proc/") || argument == "/dev/stdin" =>
        {
            Host::Unknown
        }
        Some(argument) => runs(join_path(directory, argument), How::Argument),
        None => Host::Unknown,
    }
}

/// The host while it executes a file that it has read in.
pub fn sourced(path: String) -> Host {
    runs(path, How::Sourced)
}

fn runs(path: String, how: How) -> Host {
    Host::Runs(Arc::new(Script { path, how, sha256: OnceLock::new() }))
}

/// One known interpreter: names of its options that take the next argument, and of those after which no script follows.
struct Interpreter {
    names: &'static [&'static str],
    with_value: &'static [&'static str],
    no_script: &'static [&'static str],
    script_option: Option<&'static str>,
}

const INTERPRETERS: [Interpreter; 7] = [
    Interpreter {
        names: &["sh", "bash", "dash", "zsh", "ksh", "ash"],
        with_value: &["-o", "+o", "-O", "+O", "--rcfile", "--init-file"],
        no_script: &["-c", "-s"],
        script_option: None,
    },
    Interpreter {
        names: &["python", "pypy"],
        with_value: &["-W", "-X"],
        no_script: &["-c", "-m", "-"],
        script_option: None,
    },
    Interpreter { names: &["perl"], with_value: &["-I", "-M"], no_script: &["-e", "-E", "-"], script_option: None },
    Interpreter { names: &["ruby"], with_value: &["-I", "-r"], no_script: &["-e", "-"], script_option: None },
    Interpreter {
        names: &["node", "nodejs"],
        with_value: &["-r", "--require", "--import", "--loader", "-C"],
        no_script: &["-e", "--eval", "-p", "--print", "-"],
        script_option: None,
    },
    Interpreter {
        names: &["php"],
        with_value: &["-c", "-d", "-z"],
        no_script: &["-r", "-"],
        script_option: Some("-f"),
    },
    Interpreter {
        names: &["pwsh"],
        with_value: &["-ExecutionPolicy", "-ConfigurationName", "-WorkingDirectory"],
        no_script: &["-Command", "-c", "-EncodedCommand", "-"],
        script_option: Some("-File"),
    },
];

fn interpreter(exe: &str, arguments: &[String]) -> Option<&'static Interpreter> {
    let base = base_name(exe);
    // busybox is all of its applets; which one is the name it was called by.
    let base = if base.starts_with("busybox") { base_name(arguments.first()?).trim_start_matches('-') } else { base };
    // python3.11, perl5.36.0, ruby3.1
    let stem = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    INTERPRETERS.iter().find(|interpreter| interpreter.names.contains(&stem))
}

fn script_argument<'a>(interpreter: &Interpreter, arguments: &'a [String]) -> Option<&'a str> {
    let mut rest = arguments.iter().skip(1).map(String::as_str);
    while let Some(argument) = rest.next() {
        if argument == "--" {
            return rest.next();
        }
        if interpreter.script_option.is_some_and(|option| option.eq_ignore_ascii_case(argument)) {
            return rest.next();
        }
        if ends_scripts(interpreter, argument) {
            return None;
        }
        // Also `-euo pipefail`: letters joined, the last of which takes a value.
        let joined = argument.len() > 2 && argument.starts_with('-') && argument.ends_with('o');
        if interpreter.with_value.contains(&argument) || (joined && interpreter.with_value.contains(&"-o")) {
            rest.next();
        } else if !argument.starts_with('-') && !argument.starts_with('+') {
            return Some(argument);
        }
    }
    None
}

/// `-c`, also joined with other one-letter options (`-xec`), also with its value (`-mhttp.server`).
fn ends_scripts(interpreter: &Interpreter, argument: &str) -> bool {
    interpreter.no_script.iter().any(|option| {
        let letter = (option.len() == 2).then(|| &option[1..]);
        let joined = letter.is_some_and(|letter| {
            argument.starts_with('-')
                && !argument.starts_with("--")
                && argument.len() > 2
                && argument[1..].contains(letter)
        });
        // pwsh's options are words: -Command is not a set of letters.
        argument.eq_ignore_ascii_case(option) || (joined && interpreter.script_option != Some("-File"))
    })
}

/// The part after the last slash.
pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: Option<&str>, level: &str) {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let host = host_of_arguments(&arguments[0], "/w", &arguments);
        assert_eq!(host.script().map(|script| script.path.as_str()), expect, "{line}");
        assert_eq!(host.level(), level, "{line}");
    }

    #[test]
    fn an_opened_script_makes_it_likely_and_a_library_does_not() {
        let host = host_of_arguments("/bin/sh", "/w", &["sh".to_owned(), "a.sh".to_owned()]);
        for path in ["/w/a.sh", "/usr/lib/python3.11/os.py", "/home/u/.venv/lib/python3.12/site-packages/x.py"] {
            assert!(host.with_opened(path).is_none(), "{path}");
        }
        let host = host.with_opened("/w/lib.sh").expect("another script");
        assert_eq!(host.level(), "likely-opened");
        let evidence = r#"["exec: argument of the interpreter","opened: /w/lib.sh"]"#;
        assert_eq!(host.evidence().as_deref(), Some(evidence));
        assert!(host.with_opened("/w/lib.sh").is_none());
        assert!(Host::Unknown.with_opened("/w/lib.sh").is_none());
    }

    #[test]
    fn finds_the_script_among_the_options() {
        check("/bin/sh a.sh x", Some("/w/a.sh"), "exact-single");
        check("/bin/bash -x -o pipefail ./a.sh -c", Some("/w/a.sh"), "exact-single");
        check("/bin/bash -euo pipefail a.sh", Some("/w/a.sh"), "exact-single");
        check("/bin/bash -c ls", None, "unattributed");
        check("/bin/bash -xec ls", None, "unattributed");
        check("/bin/bash", None, "unattributed");
        check("/usr/bin/python3.11 -u -W ignore /s/a.py", Some("/s/a.py"), "exact-single");
        check("/usr/bin/python3 -m http.server", None, "unattributed");
        check("/usr/bin/perl -I lib a.pl", Some("/w/a.pl"), "exact-single");
        check("/usr/bin/node --inspect a.js", Some("/w/a.js"), "exact-single");
        check("/usr/bin/php -f a.php", Some("/w/a.php"), "exact-single");
        check("/usr/bin/pwsh -NoProfile -File a.ps1", Some("/w/a.ps1"), "exact-single");
        check("/usr/bin/pwsh -NoProfile -Command ls", None, "unattributed");
        check("/usr/bin/ls a.sh", None, "none");
    }
}
