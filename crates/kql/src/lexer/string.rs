//! Strings: `"…"`, `'…'`, `@"…"`, `@'…'`, three backticks or tildes, each with `h` in front when hidden.

use super::{Lexer, TokenKind};
use crate::{Span, code};

impl Lexer<'_> {
    /// At the quote or `@`; `start` is the prefix `h`, if any.
    pub(super) fn string(&mut self, start: usize) -> TokenKind {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"```") || rest.starts_with(b"~~~") {
            self.multi_line(start);
        } else if rest.starts_with(b"@") {
            self.at += 1;
            self.verbatim(start);
        } else {
            self.escaped(start);
        }
        TokenKind::String
    }

    fn multi_line(&mut self, start: usize) {
        let quote = self.text[self.at..self.at + 3].to_owned();
        match self.text[self.at + 3..].find(&quote) {
            Some(at) => self.at += 3 + at + 3,
            None => {
                self.at = self.text.len();
                self.report_open(start, &quote);
            }
        }
    }

    /// A quote inside is doubled; there are no escapes.
    fn verbatim(&mut self, start: usize) {
        let quote = self.peek(0);
        self.at += 1;
        loop {
            match self.peek(0) {
                byte if byte == quote && self.peek(1) == quote => self.at += 2,
                byte if byte == quote => {
                    self.at += 1;
                    return;
                }
                b'\n' | b'\r' | 0 if self.ends_here() => {
                    self.report_open(start, if quote == b'"' { "\"" } else { "'" });
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn escaped(&mut self, start: usize) {
        let quote = self.peek(0);
        self.at += 1;
        loop {
            match self.peek(0) {
                byte if byte == quote => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.escape(),
                b'\n' | b'\r' | 0 if self.ends_here() => {
                    self.report_open(start, if quote == b'"' { "\"" } else { "'" });
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    /// End of line or text; a NUL byte inside a string is a byte like others.
    fn ends_here(&self) -> bool {
        self.at >= self.bytes.len() || self.peek(0) != 0
    }

    fn escape(&mut self) {
        let start = self.at;
        let (length, is_known) = match read_escape(&self.text[self.at..]) {
            Some((_, length)) => (length, true),
            None => (1, false),
        };
        self.at += length;
        if !is_known {
            let shown: String = self.text[start..].chars().take(2).filter(|character| *character != '\n').collect();
            // The character behind may be the quote's own end or a line's: it is looked at again.
            let span = Span::new(start, self.at);
            let hint = "Write `\\\\` for a backslash, or put `@` before the quote: @\"C:\\Windows\".";
            self.report(code::ESCAPE, span, format!("`{shown}` is not an escape."), hint);
        }
    }

    fn report_open(&mut self, start: usize, quote: &str) {
        let span = Span::new(start, self.at);
        let hint = "Close it on the same line. Texts of several lines stand between three backticks.";
        self.report(code::STRING_OPEN, span, format!("The string has no closing `{quote}`."), hint);
    }
}

/// The character of an escape at the beginning of `rest`, and its length.
fn read_escape(rest: &str) -> Option<(char, usize)> {
    let bytes = rest.as_bytes();
    let simple = match bytes.get(1)? {
        b'\\' => '\\',
        b'"' => '"',
        b'\'' => '\'',
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'v' => '\u{b}',
        b'x' => return read_code(rest, 2, 2, 16),
        b'u' => return read_code(rest, 2, 4, 16),
        b'U' => return read_code(rest, 2, 8, 16),
        b'0'..=b'7' => {
            let length = bytes[1..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            return read_code(rest, 1, length, 8);
        }
        _ => return None,
    };
    Some((simple, 2))
}

/// Surrogates and codes beyond Unicode become U+FFFD: the escape is well-formed, the character isn't.
fn read_code(rest: &str, from: usize, length: usize, radix: u32) -> Option<(char, usize)> {
    let digits = rest.get(from..from + length)?;
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let number = u32::from_str_radix(digits, radix).ok()?;
    Some((char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), from + length))
}

/// The characters of a string token, and whether it is hidden. What the lexer complained about is taken as written.
pub(crate) fn decode(token: &str) -> (String, bool) {
    let body = token.strip_prefix(['h', 'H']);
    let is_hidden = body.is_some();
    let body = body.unwrap_or(token);
    for quote in ["```", "~~~"] {
        if let Some(inside) = body.strip_prefix(quote) {
            return (inside.strip_suffix(quote).unwrap_or(inside).to_owned(), is_hidden);
        }
    }
    let is_verbatim = body.starts_with('@');
    let body = body.strip_prefix('@').unwrap_or(body);
    let Some(quote) = body.chars().next() else { return (String::new(), is_hidden) };
    let inside = &body[1..];
    if is_verbatim {
        let inside = inside.strip_suffix(quote).unwrap_or(inside);
        let doubled: String = [quote, quote].iter().collect();
        return (inside.replace(&doubled, &quote.to_string()), is_hidden);
    }
    (unescape(inside, quote), is_hidden)
}

fn unescape(inside: &str, quote: char) -> String {
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(character) = rest.chars().next() {
        if character == quote {
            break;
        }
        let (character, length) = match character {
            '\\' => read_utf16_pair(rest).or_else(|| read_escape(rest)).unwrap_or(('\\', 1)),
            _ => (character, character.len_utf8()),
        };
        value.push(character);
        rest = &rest[length..];
    }
    value
}

/// `\ud83d\ude00`: two escapes, one character.
fn read_utf16_pair(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(0)?, unit(6)?];
    let character = char::decode_utf16(units).next()?.ok()?;
    (character.len_utf16() == 2).then_some((character, 12))
}
