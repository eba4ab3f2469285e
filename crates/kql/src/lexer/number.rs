//! Numbers, timespans, and names that begin with a digit.

use super::{Lexer, TokenKind, is_word_part};
use crate::literal::timespan_unit;

impl Lexer<'_> {
    /// At a digit.
    pub(super) fn number(&mut self) -> TokenKind {
        let start = self.at;
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') && self.peek(2).is_ascii_hexdigit() {
            self.at += 2;
            self.take_word();
            let is_hex = self.bytes[start + 2..self.at].iter().all(u8::is_ascii_hexdigit);
            return if is_hex { TokenKind::Long } else { TokenKind::Word };
        }
        self.take_digits();
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            return self.fraction();
        }
        let suffix = self.at;
        self.take_word();
        match &self.text[suffix..self.at] {
            "" => TokenKind::Long,
            unit if timespan_unit(unit).is_some() => TokenKind::Timespan,
            "e" | "E" if self.exponent(suffix) => TokenKind::Real,
            word if is_exponent(word) => TokenKind::Real,
            _ => TokenKind::Word,
        }
    }

    /// At the point of `1.5`, `1.5h`, `1.`, `1.5e3`.
    fn fraction(&mut self) -> TokenKind {
        let point = self.at;
        self.at += 1;
        self.take_digits();
        let suffix = self.at;
        self.take_word();
        match &self.text[suffix..self.at] {
            "" => TokenKind::Real,
            unit if timespan_unit(unit).is_some() => TokenKind::Timespan,
            "e" | "E" if self.exponent(suffix) => TokenKind::Real,
            word if is_exponent(word) => TokenKind::Real,
            _ => {
                // `1.x`: a number, a point and a name, which the parser will refuse.
                self.at = point;
                TokenKind::Long
            }
        }
    }

    /// Behind `e`: a sign and digits, or back to before it.
    fn exponent(&mut self, suffix: usize) -> bool {
        let has_sign = matches!(self.peek(0), b'+' | b'-') && self.peek(1).is_ascii_digit();
        if has_sign && self.at == suffix + 1 {
            let back = self.at;
            self.at += 1;
            self.take_digits();
            if !is_word_part(self.peek(0)) {
                return true;
            }
            self.at = back;
        }
        false
    }

    fn take_digits(&mut self) {
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
    }
}

/// `e5`.
fn is_exponent(word: &str) -> bool {
    word.strip_prefix(['e', 'E']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}
