//! The files that git knows or would add: what a clone of the next commit has.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;

/// The repository's files, sorted by path.
pub struct Tree {
    pub root: PathBuf,
    pub paths: Vec<String>,
}

impl Tree {
    pub fn read(root: &Path) -> Result<Self> {
        let mut list = Command::new("git");
        list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
        let listing = command::output(&mut list).context("list the files of the repository")?;
        let mut paths: Vec<String> = listing.split_terminator('\0').map(str::to_owned).collect();
        // A file that was deleted but not yet committed is still in the index.
        paths.retain(|path| root.join(path).exists());
        paths.sort();
        paths.dedup();
        Ok(Tree { root: root.to_path_buf(), paths })
    }

    /// The paths that end with one of the suffixes.
    pub fn with_suffix<'a>(&'a self, suffixes: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.paths.iter().map(String::as_str).filter(|path| suffixes.iter().any(|suffix| path.ends_with(suffix)))
    }

    pub fn text(&self, path: &str) -> Result<String> {
        std::fs::read_to_string(self.root.join(path)).with_context(|| format!("read {path}"))
    }

    /// True when the file, or a file in that folder, is in the tree.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty()
            || self
                .paths
                .iter()
                .any(|known| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}
