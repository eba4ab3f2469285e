//! A full disk: refused with a clear error, nothing lost, and it goes on when there is space again.

use std::path::Path;
use std::process::Command;

use store::Error;

use crate::support::{assert_exactly, batch, open};

struct Mount<'a>(&'a Path);

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[test]
fn a_full_disk_is_refused_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    // 16 MiB more than what the store keeps free.
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=80m", "tmpfs"]).arg(dir.path()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: mounting a tmpfs needs root");
        return;
    }
    let _mount = Mount(dir.path());
    let store = open(&dir.path().join("store"));
    store.append_wait(batch("d1", 1, 10)).unwrap();
    std::fs::write(dir.path().join("ballast"), vec![1; 20 << 20]).unwrap();
    let refused = store.append_wait(batch("d1", 11, 10));
    assert!(matches!(refused, Err(Error::DiskFull { .. })), "{refused:?}");
    assert_exactly(&store.snapshot(), "d1", 10);
    std::fs::remove_file(dir.path().join("ballast")).unwrap();
    assert_eq!(store.append_wait(batch("d1", 11, 10)).unwrap().n_new, 10);
    drop(store);
    assert_exactly(&open(&dir.path().join("store")).snapshot(), "d1", 20);
}
