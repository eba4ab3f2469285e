//! Every cap of the rules, with its reason.

/// Bytes of a rule file. The largest public rules, with long lists, have 40 KiB.
pub const RULE_FILE_BYTES_MAX: u64 = 512 << 10;
/// Files of a rule folder; the public collection has some 4,000.
pub const RULE_FILES_MAX: usize = 20_000;
/// Folders inside each other; the public collection has five.
pub const FOLDER_DEPTH_MAX: usize = 12;
/// Rules of one file: a file may hold many documents.
pub const RULES_PER_FILE_MAX: usize = 1_000;
/// Bytes of a condition; conditions that people write have 100.
pub const CONDITION_BYTES_MAX: usize = 16 << 10;
/// Brackets inside each other, and `not`s, in a condition: its parser recurses. People write three.
pub const CONDITION_DEPTH_MAX: usize = 32;
/// Bytes of a text that is matched: command lines are longer only when they carry a payload, and its beginning tells.
pub const MATCHED_BYTES_MAX: usize = 64 << 10;
