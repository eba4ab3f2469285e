//! Every change the spool makes to the file system, in one place: small, and where the tests break it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

#[cfg(test)]
use super::faults::Faults;

/// An open file and its name.
#[derive(Debug)]
pub(super) struct DiskFile {
    pub(super) path: PathBuf,
    file: File,
}

#[cfg(test)]
impl DiskFile {
    pub(super) fn write_raw(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)
    }
}

/// The file system.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    #[cfg(test)]
    pub(super) faults: Faults,
}

impl Disk {
    /// Creates a directory that only its owner may enter.
    pub(super) fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)
    }

    /// Creates a file that does not exist yet, for its owner only.
    pub(super) fn create(&self, path: &Path) -> io::Result<DiskFile> {
        #[cfg(test)]
        self.faults.before_create(path)?;
        let file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
        Ok(DiskFile { path: path.to_owned(), file })
    }

    /// Opens an existing file for writing in place.
    pub(super) fn open(&self, path: &Path) -> io::Result<DiskFile> {
        let file = private(OpenOptions::new().write(true)).open(path)?;
        Ok(DiskFile { path: path.to_owned(), file })
    }

    /// Writes at the file's position.
    pub(super) fn write(&self, file: &DiskFile, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_write(file, bytes)?;
        (&file.file).write_all(bytes)
    }

    /// Overwrites bytes at an offset.
    pub(super) fn write_at(&self, file: &DiskFile, at: u64, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_step()?;
        (&file.file).seek(SeekFrom::Start(at))?;
        (&file.file).write_all(bytes)
    }

    /// Cuts a file after a failed write and puts its position there.
    pub(super) fn cut(&self, file: &DiskFile, len: u64) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_step()?;
        file.file.set_len(len)?;
        (&file.file).seek(SeekFrom::Start(len))?;
        Ok(())
    }

    /// Makes the contents durable. A failure is final: the kernel may have marked lost pages clean.
    pub(super) fn sync(&self, file: &DiskFile) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_sync(&file.path)?;
        file.file.sync_data()
    }

    /// Makes creations, renames and removals in a directory durable.
    pub(super) fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_sync_dir()?;
        // Windows has no handle for a directory and makes its changes durable by itself.
        if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_step()?;
        fs::rename(from, to)
    }

    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_step()?;
        fs::remove_file(path)
    }
}

/// Everything from `at` on; the file must be a file, not a link to one.
pub(super) fn read_from(path: &Path, at: u64, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut file = private(OpenOptions::new().read(true)).open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Only the owner may read, and a symbolic link in the place of the file is refused.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    }
    options
}

/// The file whose lock keeps a second process away.
pub(super) fn lock_file(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)
}
