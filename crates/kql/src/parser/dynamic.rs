//! The inside of `dynamic(…)`: JSON, with KQL's strings and some of its literals.

use super::Parser;
use crate::lexer::{TokenKind, decode_string};
use crate::syntax::{Dynamic, Literal};
use crate::{Span, code};

impl Parser<'_> {
    /// The parenthesis is next.
    pub(super) fn dynamic_in_parens(&mut self) -> Dynamic {
        self.nest(|_| Dynamic::Null, |parser| parser.within(TokenKind::RightParen, ")", Self::dynamic_value))
    }

    fn dynamic_value(&mut self) -> Dynamic {
        let token = self.token(0);
        match token.kind {
            TokenKind::LeftBracket => self.dynamic_array(),
            TokenKind::LeftBrace => self.dynamic_object(),
            TokenKind::String => Dynamic::String(self.dynamic_string()),
            TokenKind::Minus if matches!(self.kind(1), TokenKind::Long | TokenKind::Real | TokenKind::Timespan) => {
                self.bump();
                let number = self.bump().span;
                self.dynamic_number(number, true)
            }
            TokenKind::Long | TokenKind::Real | TokenKind::Timespan => {
                self.bump();
                self.dynamic_number(token.span, false)
            }
            TokenKind::Typed => {
                self.bump();
                Dynamic::Scalar(Box::new(self.typed_literal(token.span)))
            }
            TokenKind::Word => self.dynamic_word(),
            _ => {
                self.missing(code::EXPRESSION, "a JSON value");
                Dynamic::Null
            }
        }
    }

    fn dynamic_word(&mut self) -> Dynamic {
        let value = match self.word(0) {
            "null" => Dynamic::Null,
            "true" | "True" | "TRUE" => Dynamic::Bool(true),
            "false" | "False" | "FALSE" => Dynamic::Bool(false),
            "dynamic" if self.kind(1) == TokenKind::LeftParen => {
                self.bump();
                return self.dynamic_in_parens();
            }
            word => {
                let hint = "Only constants stand in dynamic(…); bag_pack(…) and pack_array(…) take expressions.";
                self.error(code::EXPRESSION, self.span(), format!("`{word}` is not a JSON value."), hint);
                Dynamic::Null
            }
        };
        self.bump();
        value
    }

    fn dynamic_number(&mut self, span: Span, is_negative: bool) -> Dynamic {
        // JSON has no limit on digits; beyond 64 bits a number is a real one.
        let text = self.slice(span);
        if self.is_long_beyond_64_bits(text, is_negative) {
            let real: f64 = text.parse().unwrap_or(f64::INFINITY);
            return Dynamic::Real(if is_negative { -real } else { real });
        }
        match self.number_literal(span, is_negative) {
            Literal::Long(Some(number)) => Dynamic::Long(number),
            Literal::Real(Some(number)) => Dynamic::Real(number),
            literal => Dynamic::Scalar(Box::new(literal)),
        }
    }

    fn is_long_beyond_64_bits(&self, text: &str, is_negative: bool) -> bool {
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
        let signed = if is_negative { format!("-{text}") } else { text.to_owned() };
        is_whole && signed.parse::<i64>().is_err()
    }

    fn dynamic_string(&mut self) -> String {
        let span = self.bump().span;
        let (mut value, _) = decode_string(self.slice(span));
        while self.at(TokenKind::String) {
            let next = self.bump().span;
            value.push_str(&decode_string(self.slice(next)).0);
        }
        value
    }

    fn dynamic_array(&mut self) -> Dynamic {
        let items = self.nest(
            |_| Vec::new(),
            |parser| {
                parser.within(TokenKind::RightBracket, "]", |parser| {
                    if parser.at(TokenKind::RightBracket) { Vec::new() } else { parser.list(Self::dynamic_value) }
                })
            },
        );
        Dynamic::Array(items)
    }

    fn dynamic_object(&mut self) -> Dynamic {
        let properties = self.nest(
            |_| Vec::new(),
            |parser| {
                parser.within(TokenKind::RightBrace, "}", |parser| {
                    if parser.at(TokenKind::RightBrace) { Vec::new() } else { parser.list(Self::dynamic_property) }
                })
            },
        );
        Dynamic::Object(properties)
    }

    fn dynamic_property(&mut self) -> (String, Dynamic) {
        if !self.at(TokenKind::String) {
            self.missing(code::EXPRESSION, "a property's name in quotes");
            return (String::new(), Dynamic::Null);
        }
        let name = self.dynamic_string();
        self.expect(TokenKind::Colon, ":");
        (name, self.dynamic_value())
    }
}
