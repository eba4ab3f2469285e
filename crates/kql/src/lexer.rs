//! Text → tokens. Comments and blanks vanish; every other byte belongs to exactly one token.

mod number;
mod string;

pub(crate) use string::decode as decode_string;

use crate::{Diagnostic, Span, code};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword; keywords depend on their place, so the lexer doesn't know them.
    Word,
    /// `!in`, `!has`, `in~`, `!in~`: operators written as words that can't be names.
    OperatorWord,
    /// A whole number.
    Long,
    /// A number with a point or an exponent.
    Real,
    /// `1d`.
    Timespan,
    /// `datetime(…)`, `int(…)`, `guid(…)`: type and raw text up to the parenthesis.
    Typed,
    /// Any kind of string.
    String,
    Pipe,
    Comma,
    Semicolon,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Dot,
    DotDot,
    Colon,
    /// `=`.
    Assign,
    /// `==`.
    Equal,
    /// `!=` and `<>`.
    NotEqual,
    /// `=~`.
    EqualTilde,
    /// `!~`.
    NotTilde,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    /// `=>`.
    Arrow,
    /// A character KQL has no use for.
    Unknown,
    /// Behind the last one.
    End,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// Types that take raw text in parentheses, when those follow at once.
const TYPED: &[&str] = &[
    "bool", "date", "datetime", "decimal", "double", "guid", "int", "int32", "int64", "long", "real", "time",
    "timespan", "uuid",
];

/// All tokens; the last is [`TokenKind::End`].
pub(crate) fn lex(text: &str) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, diagnostics: Vec::new() };
    // Two to three bytes per token are rare; most have more.
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    loop {
        let token = lexer.next();
        tokens.push(token);
        if token.kind == TokenKind::End {
            return (tokens, lexer.diagnostics);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Token {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.peek(0) {
            _ if start >= self.bytes.len() => TokenKind::End,
            b'"' | b'\'' | b'`' | b'~' | b'@' if self.string_starts(start) => self.string(start),
            b'h' | b'H' if self.string_starts(start + 1) => {
                self.at += 1;
                self.string(start)
            }
            byte if byte.is_ascii_digit() => self.number(),
            byte if is_word_start(byte) => self.word(start),
            b'!' if is_word_start(self.peek(1)) && self.peek(1) != b'$' => {
                self.at += 1;
                self.take_word();
                self.take_tilde(start);
                TokenKind::OperatorWord
            }
            _ => self.punctuation(),
        };
        if kind == TokenKind::Unknown {
            self.report_unknown(start);
        }
        Token { kind, span: Span::new(start, self.at) }
    }

    fn skip_blanks(&mut self) {
        while self.at < self.bytes.len() {
            if self.peek(0) == b'/' && self.peek(1) == b'/' {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                continue;
            }
            // No-break spaces and byte order marks come with queries copied from web pages.
            match self.text[self.at..].chars().next() {
                Some(blank) if blank.is_whitespace() || blank == '\u{feff}' => self.at += blank.len_utf8(),
                _ => return,
            }
        }
    }

    /// Whether a string begins there, prefixes `h` apart.
    fn string_starts(&self, at: usize) -> bool {
        let rest = &self.bytes[at.min(self.bytes.len())..];
        match rest {
            [b'"' | b'\'', ..] | [b'@', b'"' | b'\'', ..] => true,
            _ => rest.starts_with(b"```") || rest.starts_with(b"~~~"),
        }
    }

    fn take_word(&mut self) {
        while is_word_part(self.peek(0)) {
            self.at += 1;
        }
    }

    /// `in~` and `!in~` are one token each, `=~` is not a word.
    fn take_tilde(&mut self, start: usize) -> bool {
        let is_in = matches!(&self.bytes[start..self.at], b"in" | b"!in");
        let takes = is_in && self.peek(0) == b'~';
        self.at += usize::from(takes);
        takes
    }

    fn word(&mut self, start: usize) -> TokenKind {
        self.take_word();
        if self.take_tilde(start) {
            return TokenKind::OperatorWord;
        }
        let is_typed = self.peek(0) == b'(' && TYPED.contains(&&self.text[start..self.at]);
        match is_typed.then(|| self.raw_end()).flatten() {
            Some(end) => {
                self.at = end;
                TokenKind::Typed
            }
            None => TokenKind::Word,
        }
    }

    /// The end of `(…)` whose inside is raw text: no parentheses, one line.
    fn raw_end(&self) -> Option<usize> {
        let inside = &self.bytes[self.at + 1..];
        let end = inside.iter().position(|byte| matches!(byte, b'(' | b')' | b'\n' | b'\r' | b'|' | b';'))?;
        (inside[end] == b')').then_some(self.at + 1 + end + 1)
    }

    fn punctuation(&mut self) -> TokenKind {
        let (length, kind) = match (self.peek(0), self.peek(1)) {
            (b'=', b'=') => (2, TokenKind::Equal),
            (b'=', b'~') => (2, TokenKind::EqualTilde),
            (b'=', b'>') => (2, TokenKind::Arrow),
            (b'!', b'=') | (b'<', b'>') => (2, TokenKind::NotEqual),
            (b'!', b'~') => (2, TokenKind::NotTilde),
            (b'<', b'=') => (2, TokenKind::LessOrEqual),
            (b'>', b'=') => (2, TokenKind::GreaterOrEqual),
            (b'.', b'.') => (2, TokenKind::DotDot),
            (b'=', _) => (1, TokenKind::Assign),
            (b'<', _) => (1, TokenKind::Less),
            (b'>', _) => (1, TokenKind::Greater),
            (b'.', _) => (1, TokenKind::Dot),
            (b'|', _) => (1, TokenKind::Pipe),
            (b',', _) => (1, TokenKind::Comma),
            (b';', _) => (1, TokenKind::Semicolon),
            (b'(', _) => (1, TokenKind::LeftParen),
            (b')', _) => (1, TokenKind::RightParen),
            (b'[', _) => (1, TokenKind::LeftBracket),
            (b']', _) => (1, TokenKind::RightBracket),
            (b'{', _) => (1, TokenKind::LeftBrace),
            (b'}', _) => (1, TokenKind::RightBrace),
            (b':', _) => (1, TokenKind::Colon),
            (b'+', _) => (1, TokenKind::Plus),
            (b'-', _) => (1, TokenKind::Minus),
            (b'*', _) => (1, TokenKind::Star),
            (b'/', _) => (1, TokenKind::Slash),
            (b'%', _) => (1, TokenKind::Percent),
            _ => (0, TokenKind::Unknown),
        };
        self.at += length;
        kind
    }

    /// A run of such characters is one token and one finding.
    fn report_unknown(&mut self, start: usize) {
        let rest = &self.text[start..];
        let is_odd = |character: char| {
            !character.is_ascii() || matches!(character, '!' | '#' | '&' | '?' | '\\' | '^' | '@' | '`' | '~')
        };
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, character)| character.is_whitespace() || !is_odd(*character))
            .map_or(rest.len(), |(at, _)| at);
        self.at = start + end;
        let run = &rest[..end];
        let hint = match run {
            "&&" | "&" => "Write `and`.",
            "!" => "Write `not(…)`.",
            "“" | "”" | "‘" | "’" | "„" => "Use straight quotes: \" or '.",
            _ if run.chars().any(char::is_alphabetic) => "Names with such letters are written in brackets: ['name'].",
            _ => "Remove it, or put it into a string.",
        };
        let shown: String = run.chars().take(20).collect();
        self.report(code::CHARACTER, Span::new(start, self.at), format!("`{shown}` means nothing in KQL."), hint);
    }

    fn report(&mut self, code: &'static str, span: Span, message: impl Into<String>, hint: &str) {
        if self.diagnostics.len() < crate::limits::DIAGNOSTICS_MAX {
            self.diagnostics.push(Diagnostic::error(code, span, message, hint));
        }
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$')
}

fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}
