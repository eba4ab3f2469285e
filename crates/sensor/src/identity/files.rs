//! Small files for the owner only, replaced in one step; a symbolic link in their place is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use super::Error;

/// Largest file that is read: a key or a certificate has a few hundred bytes.
const BYTES_MAX: u64 = 64 << 10;

pub(super) fn create_dir(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| io("create", dir, error))
}

/// The text of a file, `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, Error> {
    let file = match private(OpenOptions::new().read(true)).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("open", path, error)),
    };
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| io("read", path, error))?;
    Ok(Some(text))
}

/// Durable before this returns.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let temp = path.with_extension("new");
    remove(&temp)?;
    let created = private(OpenOptions::new().write(true).create_new(true)).open(&temp);
    let mut file = created.map_err(|error| io("create", &temp, error))?;
    file.write_all(text.as_bytes()).map_err(|error| io("write", &temp, error))?;
    file.sync_all().map_err(|error| io("sync", &temp, error))?;
    fs::rename(&temp, path).map_err(|error| io("rename", &temp, error))?;
    sync_dir_of(path)
}

/// Removes a file if it is there, durable before this returns.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => sync_dir_of(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("remove", path, error)),
    }
}

fn sync_dir_of(path: &Path) -> Result<(), Error> {
    let Some(dir) = path.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| io("sync", dir, error))
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    }
    options
}

fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { doing, path: path.to_owned(), source }
}
