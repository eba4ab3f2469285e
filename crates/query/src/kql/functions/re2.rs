//! Regular expressions are written in RE2's syntax, and run by the `regex` crate. Nearly all mean the same in both; here
//! is what differs: RE2 takes a brace that counts nothing as itself, and knows no sets inside sets.

use std::borrow::Cow;

/// The pattern in the crate's syntax.
pub(crate) fn translated(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains(['{', '[', '}', ']']) {
        return Cow::Borrowed(pattern);
    }
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' => at = escape(&chars, at, &mut out),
            '[' => at = class(&chars, at, &mut out),
            '{' if count(&chars, at).is_none() => {
                out.push_str("\\{");
                at += 1;
            }
            '{' => {
                let end = count(&chars, at).unwrap_or(at);
                out.extend(&chars[at..=end]);
                at = end + 1;
            }
            '}' => {
                out.push_str("\\}");
                at += 1;
            }
            other => {
                out.push(other);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// A backslash and what belongs to it: the letter behind it, and the braces of `\p{L}` and `\x{1F}`.
fn escape(chars: &[char], at: usize, out: &mut String) -> usize {
    out.push('\\');
    let Some(letter) = chars.get(at + 1) else { return at + 1 };
    // Text between `\Q` and `\E` is itself.
    if *letter == 'Q' {
        out.pop();
        return quoted(chars, at + 2, out);
    }
    out.push(*letter);
    let mut next = at + 2;
    if matches!(letter, 'p' | 'P' | 'x') && chars.get(next) == Some(&'{') {
        while let Some(char) = chars.get(next) {
            out.push(*char);
            next += 1;
            if *char == '}' {
                break;
            }
        }
    }
    next
}

fn quoted(chars: &[char], mut at: usize, out: &mut String) -> usize {
    while let Some(char) = chars.get(at) {
        if *char == '\\' && chars.get(at + 1) == Some(&'E') {
            return at + 2;
        }
        out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
        at += 1;
    }
    at
}

/// The end of `{2}`, `{2,}` or `{2,5}`; `None` for a brace that is itself.
fn count(chars: &[char], at: usize) -> Option<usize> {
    let length = chars[at..].iter().position(|char| *char == '}')?;
    let inner = &chars[at + 1..at + length];
    let (from, to) = match inner.iter().position(|char| *char == ',') {
        Some(comma) => (&inner[..comma], &inner[comma + 1..]),
        None => (inner, &inner[inner.len()..]),
    };
    let is_number = |digits: &[char]| digits.iter().all(char::is_ascii_digit);
    (!from.is_empty() && is_number(from) && is_number(to)).then_some(at + length)
}

/// A set of characters: `[` and `&` in it are themselves, and so is a dash beside a class such as `\w`.
fn class(chars: &[char], at: usize, out: &mut String) -> usize {
    out.push('[');
    let mut next = at + 1;
    if chars.get(next) == Some(&'^') {
        out.push('^');
        next += 1;
    }
    // A bracket that comes first is a member.
    if chars.get(next) == Some(&']') {
        out.push_str("\\]");
        next += 1;
    }
    let mut is_behind_class = false;
    while let Some(char) = chars.get(next) {
        match char {
            ']' => {
                out.push(']');
                return next + 1;
            }
            '[' if chars.get(next + 1) == Some(&':') && named(chars, next).is_some() => {
                let end = named(chars, next).unwrap_or(next);
                out.extend(&chars[next..=end]);
                next = end + 1;
                is_behind_class = true;
                continue;
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(*char);
            }
            '-' if is_behind_class && chars.get(next + 1) != Some(&']') => out.push_str("\\-"),
            '\\' => {
                is_behind_class =
                    chars.get(next + 1).is_some_and(|letter| matches!(letter, 'd' | 'D' | 'w' | 'W' | 's' | 'S'));
                next = escape(chars, next, out);
                continue;
            }
            other => out.push(*other),
        }
        is_behind_class = false;
        next += 1;
    }
    next
}

/// The end of `[:alpha:]`.
fn named(chars: &[char], at: usize) -> Option<usize> {
    let letters = chars[at + 2..].iter().take_while(|char| char.is_ascii_alphabetic() || **char == '^').count();
    let end = at + 2 + letters;
    (chars.get(end) == Some(&':') && chars.get(end + 1) == Some(&']')).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expect: &str) {
        assert_eq!(translated(pattern), expect, "{pattern}");
        assert!(regex::Regex::new(expect).is_ok(), "{expect}");
    }

    #[test]
    fn leaves_what_is_the_same() {
        for pattern in [r"a{2}b{2,}c{2,5}?", r"[a-z\d]+", r"\p{Greek}\x{1F600}", "[[:alpha:]_]", r"^(?i)x\[\]$"] {
            check(pattern, pattern);
        }
    }

    #[test]
    fn takes_braces_that_count_nothing_as_themselves() {
        check("[0-9]{1-3}+", r"[0-9]\{1-3\}+");
        check("{a}", r"\{a\}");
        check("x{,3}", r"x\{,3\}");
    }

    #[test]
    fn knows_no_sets_inside_sets() {
        check("[[a]", r"[\[a]");
        check("[a&&b]", r"[a\&\&b]");
        check("[]x]", r"[\]x]");
        check("[^]x]", r"[^\]x]");
        check(r"[\w-.]", r"[\w\-.]");
        check(r"[\w.-]", r"[\w.-]");
    }

    #[test]
    fn quotes() {
        check(r"\Qa.b\E[c]", r"a\.b[c]");
    }
}
