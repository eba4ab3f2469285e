//! Recursive descent with precedence climbing. Never fails and never loops: each step consumes a token or returns, depth
//! is bounded by `limits::DEPTH_MAX`, and nothing is read twice, so time is linear.
//!
//! Recovery: what fits nowhere is skipped up to the next `|`, `;` or closing bracket of an open one, with one finding.

mod apply;
mod dynamic;
mod expr;
mod join;
mod operators;
mod parts;
mod pipeline;
mod primary;
mod scan;
mod search;
mod series;
mod statement;

pub(crate) use expr::{AND, EQUALITY, OR, PRODUCT, SUM, TEXT, operator_words};
pub(crate) use pipeline::OPERATORS;
pub(crate) use primary::RESERVED;

use crate::complete::{Expected, Recorder};
use crate::lexer::{Token, TokenKind, lex};
use crate::limits::{DEPTH_MAX, DIAGNOSTICS_MAX, HEIGHT_MAX, TEXT_BYTES_MAX};
use crate::syntax::{Expr, Name, Query};
use crate::{Diagnostic, Span, code};

/// Parses a text. Without an error among the diagnostics the tree has no error node.
pub fn parse(text: &str) -> (Query, Vec<Diagnostic>) {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("The query is longer than {TEXT_BYTES_MAX} bytes.");
        let finding = Diagnostic::error(code::LENGTH, Span::new(0, 0), message, "Put long lists into a table.");
        return (Query { statements: Vec::new(), span: Span::new(0, 0) }, vec![finding]);
    }
    let mut parser = Parser::new(text);
    let query = parser.query();
    (query, parser.finish())
}

pub(crate) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    diagnostics: Vec<Diagnostic>,
    /// Current recursion.
    depth: u32,
    /// Height of the tallest tree returned since it was last set to zero, see [`Parser::isolate`].
    height: u32,
    /// Too deep: the rest of the text is not read.
    gave_up: bool,
    /// Inside `search` and `find`, where `column: "text"` is an expression.
    in_search: bool,
    /// Brackets open around here, by kind; recovery stops at their ends.
    open: Open,
    /// Collects what could stand at the end of the text, for completion.
    pub(crate) recorder: Option<Recorder>,
}

#[derive(Clone, Copy, Default)]
struct Open {
    parens: u32,
    brackets: u32,
    braces: u32,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let (tokens, diagnostics) = lex(text);
        Self {
            text,
            tokens,
            at: 0,
            diagnostics,
            depth: 0,
            height: 0,
            gave_up: false,
            in_search: false,
            open: Open::default(),
            recorder: None,
        }
    }

    /// Whether nothing at the end of the text is cut: a string without its end for example.
    pub(crate) fn ends_between_tokens(&self) -> bool {
        !self
            .diagnostics
            .iter()
            .any(|known| known.code == code::STRING_OPEN && known.span.end as usize == self.text.len())
    }

    fn finish(mut self) -> Vec<Diagnostic> {
        // The lexer's come first, the reader wants them by place.
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        self.diagnostics
    }

    // --- Looking ---

    fn token(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.at + ahead).min(last)]
    }

    fn kind(&self, ahead: usize) -> TokenKind {
        self.token(ahead).kind
    }

    fn span(&self) -> Span {
        self.token(0).span
    }

    /// The span of the last token that was taken.
    fn last_span(&self) -> Span {
        match self.at.checked_sub(1) {
            Some(at) => self.tokens[at].span,
            None => Span::new(0, 0),
        }
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    /// The text of a word, or nothing.
    fn word(&self, ahead: usize) -> &'a str {
        let token = self.token(ahead);
        if token.kind == TokenKind::Word { self.slice(token.span) } else { "" }
    }

    fn at(&self, kind: TokenKind) -> bool {
        self.kind(0) == kind
    }

    /// Whether a keyword is next. At the end of the text it is something to complete with.
    fn at_word(&mut self, word: &'static str) -> bool {
        self.may(Expected::Keyword(word));
        self.word(0) == word
    }

    /// Notes what could stand here, when here is the end of the text.
    fn may(&mut self, expected: Expected) {
        if self.at(TokenKind::End)
            && let Some(recorder) = &mut self.recorder
        {
            recorder.add(expected);
        }
    }

    /// Whether nothing of this construct can follow: the end of an operator, argument or statement.
    fn at_boundary(&self) -> bool {
        use TokenKind::{Comma, End, Pipe, RightBrace, RightBracket, RightParen, Semicolon};
        matches!(self.kind(0), End | Pipe | Semicolon | Comma | RightParen | RightBracket | RightBrace)
    }

    // --- Taking ---

    fn bump(&mut self) -> Token {
        let token = self.token(0);
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let is_next = self.at(kind);
        if is_next {
            self.bump();
        }
        is_next
    }

    fn eat_word(&mut self, word: &'static str) -> bool {
        let is_next = self.at_word(word);
        if is_next {
            self.bump();
        }
        is_next
    }

    /// Takes a sign that has to be here, or says that it is missing.
    fn expect(&mut self, kind: TokenKind, sign: &str) -> bool {
        let found = self.eat(kind);
        if !found {
            self.missing(code::EXPECTED, &format!("`{sign}`"));
        }
        found
    }

    fn expect_word(&mut self, word: &'static str) -> bool {
        let found = self.eat_word(word);
        if !found {
            self.missing(code::EXPECTED, &format!("`{word}`"));
        }
        found
    }

    /// Takes the closing bracket; what stands before it and was not understood is skipped.
    fn close(&mut self, kind: TokenKind, sign: &str) {
        if !self.at(kind) {
            self.missing(code::EXPECTED, &format!("`{sign}`"));
            self.skip();
        }
        self.eat(kind);
    }

    /// Runs `inside` between brackets; the opening one is next.
    fn within<T>(&mut self, close: TokenKind, sign: &str, inside: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.open;
        match close {
            TokenKind::RightBracket => self.open.brackets += 1,
            TokenKind::RightBrace => self.open.braces += 1,
            _ => self.open.parens += 1,
        }
        self.bump();
        let result = inside(self);
        self.close(close, sign);
        self.open = before;
        result
    }

    /// A comma-separated list: at least one entry, read by `entry`.
    fn list<T>(&mut self, mut entry: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut entries = Vec::new();
        loop {
            entries.push(entry(self));
            if !self.eat(TokenKind::Comma) {
                return entries;
            }
        }
    }

    /// A list before a closing bracket: perhaps empty, and a comma may stand behind the last entry.
    fn list_until<T>(&mut self, close: TokenKind, mut entry: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut entries = Vec::new();
        while !self.at(close) {
            entries.push(entry(self));
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        entries
    }

    // --- Findings ---

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message, hint));
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        // One mistake has one finding: what follows from the first at the same place says nothing new.
        let is_echo = self
            .diagnostics
            .iter()
            .rev()
            .take(2)
            .any(|known| known.is_error() && known.span.start == diagnostic.span.start && diagnostic.is_error());
        if !self.gave_up && !is_echo && self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Says that `wanted` should be here.
    fn missing(&mut self, code: &'static str, wanted: &str) {
        let token = self.token(0);
        let found = match token.kind {
            TokenKind::End => "the end of the query".to_owned(),
            // The lexer has said it already.
            TokenKind::Unknown => return,
            _ => format!("`{}`", shorten(self.slice(token.span))),
        };
        self.error(code, token.span, format!("Expected {wanted}, found {found}."), "");
    }

    /// Skips to the next place where something new can begin, and says whether there was anything to skip.
    fn skip(&mut self) -> bool {
        let start = self.at;
        let mut depth = Open::default();
        loop {
            match self.kind(0) {
                TokenKind::End => break,
                TokenKind::Pipe | TokenKind::Semicolon
                    if depth.parens == 0 && depth.brackets == 0 && depth.braces == 0 =>
                {
                    break;
                }
                TokenKind::LeftParen => depth.parens += 1,
                TokenKind::LeftBracket => depth.brackets += 1,
                TokenKind::LeftBrace => depth.braces += 1,
                TokenKind::RightParen if depth.parens == 0 && self.open.parens > 0 => break,
                TokenKind::RightBracket if depth.brackets == 0 && self.open.brackets > 0 => break,
                TokenKind::RightBrace if depth.braces == 0 && self.open.braces > 0 => break,
                TokenKind::RightParen => depth.parens = depth.parens.saturating_sub(1),
                TokenKind::RightBracket => depth.brackets = depth.brackets.saturating_sub(1),
                TokenKind::RightBrace => depth.braces = depth.braces.saturating_sub(1),
                _ => {}
            }
            self.bump();
        }
        self.at > start
    }

    /// At the end of an operator or statement: complains about the rest before the next one, and skips it.
    fn finish_line(&mut self, hint: impl FnOnce(&Self) -> String) {
        use TokenKind::{End, Pipe, RightBrace, RightBracket, RightParen, Semicolon};
        let is_end = match self.kind(0) {
            End | Pipe | Semicolon => true,
            RightParen => self.open.parens > 0,
            RightBracket => self.open.brackets > 0,
            RightBrace => self.open.braces > 0,
            _ => false,
        };
        if is_end {
            return;
        }
        let token = self.token(0);
        if token.kind != TokenKind::Unknown {
            let hint = hint(self);
            let message = format!("Unexpected `{}`.", shorten(self.slice(token.span)));
            self.error(code::UNEXPECTED, token.span, message, hint);
        }
        self.skip();
    }

    // --- Depth ---

    /// Runs `inside` one level deeper, or gives the whole text up when that is too deep.
    fn nest<T>(&mut self, fallback: impl FnOnce(Span) -> T, inside: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEPTH_MAX {
            let span = self.span();
            self.give_up(span);
            return fallback(span);
        }
        self.depth += 1;
        let outer = std::mem::take(&mut self.height);
        let result = inside(self);
        self.depth -= 1;
        self.height += 1;
        let is_fine = self.check_height();
        self.height = self.height.max(outer);
        if is_fine {
            return result;
        }
        // What is given back must not be too tall; the tree dropped here still is within twice the limit.
        self.height = outer;
        fallback(self.span())
    }

    /// Runs `inside` so that it sees only its own height, not that of earlier siblings.
    fn isolate<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.height);
        let result = inside(self);
        self.height = self.height.max(outer);
        result
    }

    /// One more level on top of what was just parsed; false when that is too tall.
    fn grow(&mut self) -> bool {
        self.height += 1;
        self.check_height()
    }

    fn check_height(&mut self) -> bool {
        if self.height > HEIGHT_MAX {
            self.give_up(self.last_span());
        }
        self.height <= HEIGHT_MAX
    }

    fn give_up(&mut self, span: Span) {
        let message =
            format!("The query is nested too deep here: over {DEPTH_MAX} brackets or {HEIGHT_MAX} operators.");
        let hint = "Split it with `let`, or write lists with `in (…)`, `case(…)` or `strcat(…)`.";
        self.error(code::DEPTH, span, message, hint);
        self.gave_up = true;
        self.at = self.tokens.len() - 1;
    }

    // --- Names ---

    /// A name, plain or in brackets; says when there is none.
    fn name(&mut self, what: &str) -> Name {
        if let Some(name) = self.try_name() {
            return name;
        }
        self.missing(code::EXPECTED, what);
        Name { text: String::new(), span: self.span().before() }
    }

    /// `name`, `['name']`, `["name"]`.
    fn try_name(&mut self) -> Option<Name> {
        let token = self.token(0);
        if token.kind == TokenKind::Word {
            self.bump();
            return Some(Name { text: self.slice(token.span).to_owned(), span: token.span });
        }
        if !self.at_bracketed_name(0) {
            return None;
        }
        self.bump();
        let text = self.bump().span;
        let end = self.bump().span;
        let (text, _) = crate::lexer::decode_string(self.slice(text));
        Some(Name { text, span: token.span.to(end) })
    }

    fn at_bracketed_name(&self, ahead: usize) -> bool {
        self.kind(ahead) == TokenKind::LeftBracket
            && self.kind(ahead + 1) == TokenKind::String
            && self.kind(ahead + 2) == TokenKind::RightBracket
    }

    /// How many tokens a name here takes; 0 when there is none.
    fn name_length(&self, ahead: usize) -> usize {
        match self.kind(ahead) {
            TokenKind::Word => 1,
            _ if self.at_bracketed_name(ahead) => 3,
            _ => 0,
        }
    }

    fn missing_expr(&mut self) -> Expr {
        self.missing(code::EXPRESSION, "an expression");
        Expr::Error { span: self.span().before() }
    }
}

/// A token as it is shown in messages.
fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 30;
    let mut shown: String = text.chars().take(CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.replace(['\n', '\r'], " ")
}
