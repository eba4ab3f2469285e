//! Bytes to text: the kernel's strings are not UTF-8 by promise, and nothing of them may get lost.

/// UTF-8 as it is; every byte that is not part of it becomes `\xNN`.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The bytes before the first NUL.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A list of NUL-terminated names, leaf first, as an absolute path.
pub fn path_of_names(section: &[u8]) -> String {
    let mut path = String::with_capacity(section.len() + 1);
    let section = section.strip_suffix(&[0]).unwrap_or(section);
    if !section.is_empty() {
        for name in section.rsplit(|byte| *byte == 0) {
            path.push('/');
            path.push_str(&escape(name));
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    path
}

/// A name as given by a program, made absolute by the directory it is relative to. `.` and doubled slashes go;
/// `..` stays unless it follows a plain name of the given part, because the name before it may be a symbolic link.
pub fn join_path(directory: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    if !name.starts_with('/') {
        parts.extend(directory.split('/').filter(|part| !part.is_empty()));
    }
    // The directory came from the kernel and has no symbolic links, so `..` against it is exact.
    let mut exact = parts.len();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.len() == exact => {
                parts.pop();
                exact = parts.len();
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The arguments of an argv, NUL after each.
pub fn arguments(argv: &[u8]) -> Vec<String> {
    let argv = argv.strip_suffix(&[0]).unwrap_or(argv);
    if argv.is_empty() {
        return Vec::new();
    }
    argv.split(|byte| *byte == 0).map(escape).collect()
}

/// Arguments as one line. Those that a reader could not tell apart (empty, with blanks or quotes) are quoted as a
/// POSIX shell would want them.
pub fn command_line(arguments: &[String]) -> String {
    let mut line = String::new();
    for (idx, argument) in arguments.iter().enumerate() {
        if idx > 0 {
            line.push(' ');
        }
        let plain = !argument.is_empty() && !argument.contains(|c: char| c.is_whitespace() || c == '\'' || c == '"');
        if plain {
            line.push_str(argument);
        } else {
            line.push('\'');
            line.push_str(&argument.replace('\'', r"'\''"));
            line.push('\'');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_only_what_is_not_utf8() {
        assert_eq!(escape("né/\u{1f600}".as_bytes()), "né/\u{1f600}");
        assert_eq!(escape(b"a\xff\xfeb\xc3"), "a\\xff\\xfeb\\xc3");
    }

    #[test]
    fn turns_names_round() {
        assert_eq!(path_of_names(b"passwd\0etc\0"), "/etc/passwd");
        assert_eq!(path_of_names(b""), "/");
        assert_eq!(path_of_names(b"\xff\0"), "/\\xff");
    }

    #[test]
    fn joins_paths() {
        for (directory, name, path) in [
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "/c//d/./e", "/c/d/e"),
            ("/a/b", "../c", "/a/c"),
            ("/a/b", "../../../c", "/c"),
            ("/a", "link/../c", "/a/link/../c"),
            ("/", "./s.sh", "/s.sh"),
        ] {
            assert_eq!(join_path(directory, name), path, "{directory} {name}");
        }
    }

    #[test]
    fn quotes_what_would_be_ambiguous() {
        let argv = arguments(b"sh\0-c\0echo 'a b'\0\0x\0");
        assert_eq!(argv.len(), 5);
        assert_eq!(command_line(&argv), r"sh -c 'echo '\''a b'\''' '' x");
        assert!(arguments(b"").is_empty());
    }
}
