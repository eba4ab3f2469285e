//! The symbolic links that distributions put near the root (`/bin`, `/lib`, `/var/run`): with them, a file that is
//! deleted as `/bin/x` has the name under which it was created, `/usr/bin/x`.
//!
//! They are read once. Looking a link up when an event comes would let whoever owns a file system (FUSE, a dead NFS
//! server) stop the sensor, so other links stay as the program named them.

use std::fs;
use std::path::Path;

use crate::linux::decode::{Raw, UringOperation, join_path};

/// Directories whose links are read.
const PLACES: [&str; 2] = ["", "var"];

/// See the module.
pub struct Links {
    /// Link and target, absolute, both with a slash at the end.
    links: Vec<(String, String)>,
}

impl Links {
    /// Reads the links below `root`, `/` outside of tests.
    pub fn load(root: &Path) -> Links {
        let mut links = Vec::new();
        for place in PLACES {
            let Ok(entries) = fs::read_dir(root.join(place)) else { continue };
            let directory = if place.is_empty() { String::new() } else { format!("/{place}") };
            for entry in entries.flatten() {
                let (Ok(target), Some(name)) = (fs::read_link(entry.path()), entry.file_name().into_string().ok())
                else {
                    continue;
                };
                let Some(target) = target.to_str().map(|target| join_path(&directory, target)) else { continue };
                links.push((format!("{directory}/{name}/"), format!("{target}/")));
            }
        }
        links.sort();
        Links { links }
    }

    /// Changes the paths of an event that a program named itself.
    pub fn resolve(&self, raw: &mut Raw) {
        match raw {
            Raw::FileDeleted(file) | Raw::OpenFailed(file) | Raw::ExecFailed(file) => self.resolve_path(&mut file.path),
            Raw::Made(made) => self.resolve_path(&mut made.path),
            Raw::FileRenamed(renamed) => {
                self.resolve_path(&mut renamed.from);
                self.resolve_path(&mut renamed.to);
            }
            Raw::UringSubmit(submit) => match &mut submit.operation {
                UringOperation::Delete(file) => self.resolve_path(&mut file.path),
                UringOperation::Rename(renamed) => {
                    self.resolve_path(&mut renamed.from);
                    self.resolve_path(&mut renamed.to);
                }
            },
            Raw::FileModified(file) => self.resolve_path(&mut file.path),
            Raw::Fork(_) | Raw::Exec(_) | Raw::Argv(_) | Raw::Exit(_) | Raw::FileCreated(_) | Raw::Connect(_) => {}
            Raw::Accept(_) | Raw::Listen(_) | Raw::DnsQuery(_) | Raw::DnsAnswer(_) | Raw::Shell(_) => {}
            Raw::UringDone(_) | Raw::Task(_) | Raw::Source(_) | Raw::SourceEnd | Raw::ScriptOpened(_) => {}
        }
    }

    fn resolve_path(&self, path: &mut String) {
        if let Some((link, target)) = self.links.iter().find(|(link, _)| path.starts_with(link.as_str())) {
            path.replace_range(..link.len(), target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_links_near_the_root_are_resolved() {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(root.path().join("var")).expect("make a directory");
        symlink("usr/bin", root.path().join("bin")).expect("make a link");
        symlink("../run", root.path().join("var/run")).expect("make a link");
        let links = Links::load(root.path());
        for (path, expect) in
            [("/bin/x", "/usr/bin/x"), ("/var/run/x", "/run/x"), ("/bin", "/bin"), ("/binary/x", "/binary/x")]
        {
            let mut path = path.to_owned();
            links.resolve_path(&mut path);
            assert_eq!(path, expect);
        }
    }
}
