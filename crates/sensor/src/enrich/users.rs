//! User ids to names, from `/etc/passwd` alone: a name service may block or log, a sensor must do neither.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How often the file is looked at again.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// A larger file is not read.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Names by id.
pub struct Users {
    path: PathBuf,
    names: HashMap<u32, Arc<str>>,
    modified: Option<SystemTime>,
    checked: Option<Instant>,
}

impl Users {
    /// Reads that file on first use, `/etc/passwd` outside of tests.
    pub fn new(path: impl Into<PathBuf>) -> Users {
        Users { path: path.into(), names: HashMap::new(), modified: None, checked: None }
    }

    /// The user's name, or the number when there is none.
    pub fn name(&mut self, uid: u32) -> Arc<str> {
        if self.checked.is_none_or(|checked| checked.elapsed() > CHECK_INTERVAL) {
            self.reload();
        }
        self.names.get(&uid).cloned().unwrap_or_else(|| uid.to_string().into())
    }

    fn reload(&mut self) {
        self.checked = Some(Instant::now());
        let Ok(metadata) = fs::metadata(&self.path) else { return };
        let modified = metadata.modified().ok();
        if (modified.is_some() && modified == self.modified) || metadata.len() > FILE_BYTES_MAX {
            return;
        }
        let Ok(bytes) = fs::read(&self.path) else { return };
        self.modified = modified;
        self.names.clear();
        for line in String::from_utf8_lossy(&bytes).lines() {
            let mut fields = line.split(':');
            let (Some(name), Some(uid)) = (fields.next(), fields.nth(1)) else { continue };
            if let Ok(uid) = uid.parse() {
                // Two names for one id: the first is the one that tools show.
                self.names.entry(uid).or_insert_with(|| name.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_name_wins_and_unknown_is_a_number() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nbroken\na:x:b:\n").expect("write it");
        let mut users = Users::new(file.path());
        assert_eq!(&*users.name(0), "root");
        assert_eq!(&*users.name(77), "77");
    }
}
