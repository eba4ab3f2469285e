//! Words of a filter.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Fault;
use crate::limits::{ODATA_FILTER_BYTES_MAX, ODATA_TOKENS_MAX};

/// A word, and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name, operator or function: `evidence/any`, `eq`.
    Name(String),
    Text(String),
    Number(i64),
    /// Nanoseconds since 1970.
    Time(i64),
    Open,
    Close,
    Comma,
    Colon,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    if text.len() > ODATA_FILTER_BYTES_MAX {
        return Err(Fault::new(format!("$filter: longer than {ODATA_FILTER_BYTES_MAX} bytes")));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, len) = token(&text[at..], first, at)?;
        tokens.push(Token { kind, at });
        at += len;
        if tokens.len() > ODATA_TOKENS_MAX {
            return Err(Fault::new(format!("$filter: more than {ODATA_TOKENS_MAX} words")));
        }
    }
    Ok(tokens)
}

fn token(rest: &str, first: char, at: usize) -> Result<(TokenKind, usize), Fault> {
    match first {
        '(' => Ok((TokenKind::Open, 1)),
        ')' => Ok((TokenKind::Close, 1)),
        ',' => Ok((TokenKind::Comma, 1)),
        ':' => Ok((TokenKind::Colon, 1)),
        '\'' => quoted(rest, at),
        '0'..='9' | '-' => number(rest, at),
        'a'..='z' | 'A'..='Z' | '_' | '$' => Ok(name(rest)),
        other => Err(Fault::new(format!("$filter: unexpected character {other:?} at position {at}"))),
    }
}

/// A quote inside is written twice.
fn quoted(rest: &str, at: usize) -> Result<(TokenKind, usize), Fault> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((idx, letter)) = letters.next() {
        if letter != '\'' {
            text.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == '\'') {
            text.push('\'');
            letters.next();
        } else {
            return Ok((TokenKind::Text(text), idx + 1));
        }
    }
    Err(Fault::new(format!("$filter: the text at position {at} has no end: close it with a single quote")))
}

fn name(rest: &str) -> (TokenKind, usize) {
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '/' | '.' | '$' | '@');
    let len = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
    (TokenKind::Name(rest[..len].to_owned()), len)
}

fn number(rest: &str, at: usize) -> Result<(TokenKind, usize), Fault> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '+' | ':' | '.');
    let mut len = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
    let word = &rest[..len];
    if let Ok(number) = word.parse() {
        return Ok((TokenKind::Number(number), len));
    }
    // A `+` of a time zone that was not encoded has become a space on its way.
    let zone = &rest[len..];
    let mut with_zone = word.to_owned();
    if word.contains('T') && zone.len() >= 6 && zone.is_char_boundary(6) && is_offset(&zone[..6]) {
        with_zone = format!("{word}+{}", &zone[1..6]);
        len += 6;
    }
    match instant(&with_zone) {
        Some(nanos) => Ok((TokenKind::Time(nanos), len)),
        None => Err(Fault::new(format!(
            "$filter: {word:?} at position {at} is neither a number nor a time such as 2026-11-24T00:00:00.0000000Z"
        ))),
    }
}

fn is_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes[0] == b' ' && bytes[3] == b':' && [1, 2, 4, 5].iter().all(|idx| bytes[*idx].is_ascii_digit())
}

/// A time as clients write it: with any number of digits, with `Z`, an offset, or (.NET's "o" for a local time
/// without a kind) nothing, which is UTC. A date alone is its midnight.
fn instant(text: &str) -> Option<i64> {
    let text = text.to_ascii_uppercase();
    let nanos = |text: &str| {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos()).ok()
    };
    if !text.contains('T') {
        return nanos(&format!("{text}T00:00:00Z"));
    }
    nanos(&text).or_else(|| nanos(&format!("{text}Z"))).or_else(|| nanos(&format!("{text}:00Z")))
}
