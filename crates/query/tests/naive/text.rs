//! String operators: terms, and comparison without case.

/// Case folding as the string operators see it: character by character, to upper and back to lower, so that `ß` stays one
/// character and the length in characters never changes.
pub fn fold(text: &str) -> Vec<char> {
    text.chars().map(fold_char).collect()
}

fn fold_char(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

fn letters(text: &str, is_case_sensitive: bool) -> Vec<char> {
    if is_case_sensitive { text.chars().collect() } else { fold(text) }
}

pub fn equal_ignore_case(left: &str, right: &str) -> bool {
    fold(left) == fold(right)
}

pub fn contains(text: &str, part: &str, is_case_sensitive: bool) -> bool {
    let (text, part) = (letters(text, is_case_sensitive), letters(part, is_case_sensitive));
    occurrences(&text, &part).next().is_some()
}

pub fn starts_with(text: &str, part: &str, is_case_sensitive: bool) -> bool {
    letters(text, is_case_sensitive).starts_with(&letters(part, is_case_sensitive))
}

pub fn ends_with(text: &str, part: &str, is_case_sensitive: bool) -> bool {
    letters(text, is_case_sensitive).ends_with(&letters(part, is_case_sensitive))
}

/// Which ends of the match must be the ends of a term.
#[derive(Clone, Copy, PartialEq)]
pub enum Ends {
    Both,
    Start,
    End,
}

/// `has`, `hasprefix`, `hassuffix`: the part occurs, and neither end cuts a term in two.
pub fn has(text: &str, part: &str, ends: Ends, is_case_sensitive: bool) -> bool {
    let (text, part) = (letters(text, is_case_sensitive), letters(part, is_case_sensitive));
    if part.is_empty() {
        return true;
    }
    occurrences(&text, &part).any(|start| {
        let end = start + part.len();
        let cuts =
            |at: usize| at > 0 && at < text.len() && text[at - 1].is_alphanumeric() && text[at].is_alphanumeric();
        (ends == Ends::End || !cuts(start)) && (ends == Ends::Start || !cuts(end))
    })
}

fn occurrences<'a>(text: &'a [char], part: &'a [char]) -> impl Iterator<Item = usize> + 'a {
    let last = (text.len() + 1).saturating_sub(part.len());
    (0..last).filter(move |start| text[*start..].starts_with(part))
}
