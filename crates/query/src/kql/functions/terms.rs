//! Matching of text as KQL's string operators do: without regard to case over Unicode, and by terms. A term is a longest
//! run of letters and digits (Kusto, "String operators", "What is a term?").

use std::collections::HashMap;

/// Lower case, character by character, so that lengths in characters stay the same for nearly everything.
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(fold_char).collect() }
}

/// The lower case of a character when that is one character, else itself.
fn fold_char(char: char) -> char {
    let mut lower = char.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ => char,
    }
}

/// Whether two texts are the same but for case.
pub fn equal_folded(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(fold_char).eq(right.chars().map(fold_char))
}

/// Which ends of a match must be ends of terms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// `has`
    Both,
    /// `hasprefix`
    Start,
    /// `hassuffix`
    End,
}

/// Whether `needle` occurs in `text` with its ends at ends of terms. Both are folded already when case does not matter.
pub fn has(text: &str, needle: &str, ends: Ends) -> bool {
    let Some(first) = needle.chars().next() else { return true };
    let last = needle.chars().next_back().unwrap_or(first);
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(needle)) {
        let start = from + at;
        let end = start + needle.len();
        let starts = ends == Ends::End || !first.is_alphanumeric() || !ends_in_term(&text[..start]);
        let stops = ends == Ends::Start || !last.is_alphanumeric() || !begins_in_term(&text[end..]);
        if starts && stops {
            return true;
        }
        from = start + first.len_utf8();
    }
    false
}

/// Many texts that are looked for as terms at once: by the first term that each has, as most texts hold few of them.
#[derive(Debug, PartialEq, Eq)]
pub struct TermIndex {
    /// By first term: where in the text that is looked for this term begins, and the text.
    by_term: HashMap<String, Vec<(usize, String)>>,
    /// Texts without a letter or digit.
    others: Vec<String>,
    n_texts: usize,
}

impl TermIndex {
    /// An index of texts in any case.
    pub fn new(texts: impl Iterator<Item = String>) -> TermIndex {
        let mut index = TermIndex { by_term: HashMap::new(), others: Vec::new(), n_texts: 0 };
        for text in texts {
            let text = fold(&text);
            index.n_texts += 1;
            let first = terms(&text).next().map(|(at, term)| (at, term.to_owned()));
            match first {
                Some((at, term)) => index.by_term.entry(term).or_default().push((at, text)),
                None => index.others.push(text),
            }
        }
        index
    }

    /// How many texts it was made of.
    pub fn n_texts(&self) -> usize {
        self.n_texts
    }

    /// Whether a folded text has one of the texts.
    pub fn is_in(&self, text: &str) -> bool {
        if self.others.iter().any(|other| has(text, other, Ends::Both)) {
            return true;
        }
        terms(text).any(|(at, term)| {
            let candidates = self.by_term.get(term).map(Vec::as_slice).unwrap_or_default();
            candidates.iter().any(|(before, wanted)| {
                let rest = at.checked_sub(*before).and_then(|start| text.get(start..));
                let after = rest.and_then(|rest| rest.strip_prefix(wanted.as_str()));
                let ends = wanted.chars().next_back().is_some_and(char::is_alphanumeric);
                after.is_some_and(|after| !ends || !begins_in_term(after))
            })
        })
    }
}

/// The terms of a text, and where each begins.
fn terms(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(char::is_alphanumeric)?;
        let rest = &text[start..];
        let length = rest.find(|char: char| !char.is_alphanumeric()).unwrap_or(rest.len());
        from = start + length;
        Some((start, &rest[..length]))
    })
}

fn ends_in_term(text: &str) -> bool {
    text.chars().next_back().is_some_and(char::is_alphanumeric)
}

fn begins_in_term(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_end_where_letters_and_digits_end() {
        for (text, needle, ends, expected) in [
            ("powershell.exe -enc", "exe", Ends::Both, true),
            ("powershell.exe", "shell", Ends::Both, false),
            ("powershell.exe", "shell.exe", Ends::Both, false),
            ("powershell.exe", "shell.exe", Ends::End, true),
            ("powershell.exe", ".exe", Ends::Both, true),
            ("a_b", "a", Ends::Both, true),
            ("abc abcd", "abcd", Ends::Both, true),
            ("abcabc", "abc", Ends::Both, false),
            ("abcabc", "abc", Ends::Start, true),
            ("年輪 tree", "年", Ends::Both, false),
            ("年輪 tree", "年輪", Ends::Both, true),
            ("", "", Ends::Both, true),
            ("", "a", Ends::Both, false),
        ] {
            assert_eq!(has(text, needle, ends), expected, "{text} {needle}");
        }
    }

    #[test]
    fn an_index_finds_what_has_finds() {
        let parts = ["a", "b1", "ab", "é", "年", ".", "-", "a-b", ".exe", "x.exe", "exe", "--", "a--", "--a", " ", "ẞ"];
        let mut texts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        for first in parts {
            texts.extend(parts.iter().map(|second| format!("{first}{second}")));
        }
        for wanted in &texts {
            let index = TermIndex::new([wanted.clone(), "nowhere".to_owned()].into_iter());
            for text in &texts {
                let text = fold(text);
                assert_eq!(index.is_in(&text), has(&text, &fold(wanted), Ends::Both), "{text} has {wanted}");
            }
        }
    }

    #[test]
    fn folds_one_character_to_one() {
        assert_eq!(fold("ÄSS İ ẞ"), "äss İ ß");
        assert!(equal_folded("ÄB", "äb"));
        assert!(!equal_folded("a", "ab"));
    }
}
