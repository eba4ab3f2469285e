//! Rule files of a folder, in order of their paths.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::limits::{FOLDER_DEPTH_MAX, RULE_FILE_BYTES_MAX, RULE_FILES_MAX};
use crate::{Problem, ProblemKind};

/// The text of one rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Path below its folder.
    pub file: String,
    /// YAML.
    pub text: String,
}

/// Changes when a file of the folder was added, removed or written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, u64, Option<SystemTime>)>);

/// The state of a folder without reading its files; a folder that is missing is an empty one.
pub fn fingerprint(folder: &Path) -> Fingerprint {
    let mut found = Found::default();
    found.walk(folder, folder, 0);
    Fingerprint(found.files)
}

/// Reads every rule file. A missing folder has none; what can't be read is a problem of its own.
pub fn read_folder(folder: &Path) -> (Vec<RuleText>, Vec<Problem>) {
    let mut found = Found::default();
    found.walk(folder, folder, 0);
    let mut texts = Vec::with_capacity(found.files.len());
    for (path, n_bytes, _) in &found.files {
        let file = name_below(folder, path);
        if *n_bytes > RULE_FILE_BYTES_MAX {
            found.problems.push(unreadable(file, format!("larger than {RULE_FILE_BYTES_MAX} bytes")));
            continue;
        }
        match std::fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => texts.push(RuleText { file, text }),
            Ok(Err(_)) => found.problems.push(unreadable(file, "not UTF-8".to_owned())),
            Err(error) => found.problems.push(unreadable(file, error.to_string())),
        }
    }
    (texts, found.problems)
}

#[derive(Default)]
struct Found {
    files: Vec<(PathBuf, u64, Option<SystemTime>)>,
    problems: Vec<Problem>,
}

impl Found {
    fn walk(&mut self, root: &Path, folder: &Path, depth: usize) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.problem(name_below(root, folder), error.to_string()),
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            if self.files.len() >= RULE_FILES_MAX {
                return self.problem(name_below(root, folder), format!("more than {RULE_FILES_MAX} files"));
            }
            // Links are not followed: one that points upwards would never end.
            let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() && depth >= FOLDER_DEPTH_MAX {
                self.problem(name_below(root, &path), format!("more than {FOLDER_DEPTH_MAX} folders deep"));
            } else if metadata.is_dir() {
                self.walk(root, &path, depth + 1);
            } else if metadata.is_file() && is_rule_file(&path) {
                self.files.push((path, metadata.len(), metadata.modified().ok()));
            }
        }
    }

    fn problem(&mut self, file: String, reason: String) {
        self.problems.push(unreadable(file, reason));
    }
}

fn unreadable(file: String, reason: String) -> Problem {
    Problem { file, rule: None, kind: ProblemKind::Unreadable, reason }
}

fn is_rule_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

fn name_below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
