//! A text to look for in texts, without regard to case: what `ILIKE '%text%'` finds, and faster for ASCII.

use arrow::array::{Array, StringArray};
use memchr::memmem;
use regex::{Regex, RegexBuilder};

use crate::Error;

/// Something to look for.
#[derive(Debug)]
pub(crate) struct Needle {
    /// Lower case, when it is ASCII and has no wildcards: then ASCII texts need no regular expression.
    ascii: Option<Vec<u8>>,
    regex: Regex,
}

impl Needle {
    /// With `wildcards`, a `*` stands for anything and a text that has one must match as a whole.
    pub(crate) fn new(value: &str, wildcards: bool) -> Result<Self, Error> {
        let is_pattern = wildcards && value.contains('*');
        let mut pattern = String::new();
        if is_pattern {
            let parts: Vec<String> = value.split('*').map(regex::escape).collect();
            pattern = format!("^{}$", parts.join(".*"));
        } else {
            pattern.push_str(&regex::escape(value));
        }
        let regex = RegexBuilder::new(&pattern).case_insensitive(true).dot_matches_new_line(true).build();
        let regex = regex.map_err(|error| Error::BadRequest(format!("search text: {error}")))?;
        let ascii = (!is_pattern && value.is_ascii()).then(|| value.to_ascii_lowercase().into_bytes());
        Ok(Self { ascii, regex })
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        match &self.ascii {
            Some(needle) if text.is_ascii() => contains(text.as_bytes(), needle),
            // Letters beyond ASCII have ASCII relatives (`ſ` is an `s`, the Kelvin sign a `k`).
            _ => self.regex.is_match(text),
        }
    }
}

/// Whether an ASCII text has an ASCII needle, in lower case, without regard to case.
pub(crate) fn contains(text: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    if text.len() < needle.len() {
        return false;
    }
    let starts = &text[..=text.len() - needle.len()];
    let upper = first.to_ascii_uppercase();
    let mut from = 0;
    while let Some(at) = memchr::memchr2(*first, upper, &starts[from..]) {
        let start = from + at;
        if text[start + 1..start + needle.len()].eq_ignore_ascii_case(rest) {
            return true;
        }
        from = start + 1;
    }
    false
}

/// The texts that can have the needle, ascending: those that have it without regard to the case of ASCII letters, and
/// those with letters beyond ASCII, which have relatives in ASCII. All are looked through in one go, which is many times
/// faster than one after the other. `None` when the needle is empty or not ASCII.
pub(crate) fn candidates(texts: &StringArray, needle: &str) -> Option<Vec<usize>> {
    if needle.is_empty() || !needle.is_ascii() {
        return None;
    }
    let offsets = texts.value_offsets();
    let place = |row_idx: usize| offsets[row_idx] as usize;
    let (start, end) = (place(0), place(texts.len()));
    let data = &texts.value_data()[start..end];
    let mut found = Vec::new();
    let lower = data.to_ascii_lowercase();
    let needle = needle.to_ascii_lowercase();
    let finder = memmem::Finder::new(&needle);
    let (mut from, mut row_idx) = (0, 0);
    while let Some(at) = finder.find(&lower[from..]) {
        let at = from + at;
        row_idx += offsets[row_idx..].partition_point(|offset| *offset as usize <= start + at) - 1;
        let row_end = place(row_idx + 1) - start;
        if at + needle.len() <= row_end {
            found.push(row_idx);
            from = row_end;
        } else {
            from = at + 1;
        }
    }
    if !data.is_ascii() {
        let is_beyond = |row_idx: &usize| !texts.value_data()[place(*row_idx)..place(row_idx + 1)].is_ascii();
        found.extend((0..texts.len()).filter(is_beyond));
        found.sort_unstable();
        found.dedup();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_what_can_have_it() {
        let texts = StringArray::from(vec![
            Some("cmd.exe"),
            None,
            Some(""),
            Some("a CMD, a cmd"),
            Some("c"),
            Some("md"),
            Some("経費"),
            Some("xcmd"),
        ]);
        assert_eq!(candidates(&texts, "CmD"), Some(vec![0, 3, 6, 7]));
        assert_eq!(candidates(&texts.slice(2, 4), "cmd"), Some(vec![1]));
        assert_eq!(candidates(&texts.slice(2, 0), "cmd"), Some(vec![]));
        assert_eq!(candidates(&texts, ""), None);
        assert_eq!(candidates(&texts, "経"), None);
        for text in ["a", "aa", "aab", "b a"] {
            for needle in ["a", "ab", "b", "ba"] {
                let one = StringArray::from(vec!["", text, "a"]);
                let expect: Vec<usize> = (0..3).filter(|idx| one.value(*idx).contains(needle)).collect();
                assert_eq!(candidates(&one, needle), Some(expect), "{text} {needle}");
            }
        }
    }

    fn check(value: &str, wildcards: bool, text: &str, expect: bool) {
        assert_eq!(Needle::new(value, wildcards).unwrap().is_in(text), expect, "{value:?} in {text:?}");
    }

    #[test]
    fn case_and_place() {
        check("", false, "", true);
        check("a", false, "", false);
        check("CmD", false, r"C:\Windows\cmd.exe", true);
        check("exe", false, "a.EXE", true);
        check("exe", false, "a.ex", false);
        check("aab", false, "aaab", true);
        check("a.c", false, "abc", false);
        check("100%_", false, "is 100%_", true);
    }

    #[test]
    fn beyond_ascii() {
        check("k", false, "\u{212A}", true);
        check("s", false, "ſ", true);
        check("経費", false, "2026経費.xlsx", true);
        check("É", false, "café", true);
    }

    #[test]
    fn wildcards() {
        check("*.example.jp", true, "a.EXAMPLE.jp", true);
        check("*.example.jp", true, "a.example.jp.evil", false);
        check("a*b", true, "a\nb", true);
        check("a*b", false, "a*b", true);
        check("a*b", false, "axb", false);
    }
}
