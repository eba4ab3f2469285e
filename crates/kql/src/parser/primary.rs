//! Operands: names, constants, calls, parentheses, paths, and the sources that look like calls.

use super::Parser;
use crate::complete::Expected;
use crate::lexer::{TokenKind, decode_string};
use crate::literal::{parse_datetime, parse_guid, parse_timespan};
use crate::syntax::{Argument, Call, DataType, Expr, ExternalData, Literal, Name};
use crate::{Span, code};

/// Words that are never a name where an expression begins, because they begin or continue something else.
/// In brackets (`['by']`) they are names.
pub(crate) const RESERVED: &[&str] = &[
    "and",
    "or",
    "by",
    "as",
    "asc",
    "desc",
    "in",
    "of",
    "to",
    "where",
    "between",
    "union",
    "print",
    "search",
    "has",
    "has_any",
    "has_all",
    "has_cs",
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "hasprefix",
    "hassuffix",
    "like",
];

impl Parser<'_> {
    /// An operand and what hangs on it: `.name`, `[index]`.
    pub(super) fn postfix(&mut self) -> Expr {
        let mut base = self.primary();
        while !self.gave_up {
            base = match self.kind(0) {
                TokenKind::Dot => self.member(base),
                TokenKind::LeftBracket => self.index(base),
                _ => break,
            };
            if !self.grow() {
                break;
            }
        }
        base
    }

    pub(super) fn member(&mut self, base: Expr) -> Expr {
        self.bump();
        self.may(Expected::Member);
        if self.at(TokenKind::LeftBracket) && !self.at_bracketed_name(0) {
            // `a.[0]` is `a[0]`.
            return self.index(base);
        }
        let start = base.span();
        let name = self.name("a name after the point");
        if self.at(TokenKind::LeftParen) {
            let call = self.call(name);
            let span = start.to(call.span);
            return Expr::Method { base: Box::new(base), call, span };
        }
        let span = start.to(self.last_span());
        Expr::Member { base: Box::new(base), name, span }
    }

    fn index(&mut self, base: Expr) -> Expr {
        let start = base.span();
        let index =
            self.nest(|span| Expr::Error { span }, |parser| parser.within(TokenKind::RightBracket, "]", Self::expr));
        let span = start.to(self.last_span());
        Expr::Index { base: Box::new(base), index: Box::new(index), span }
    }

    fn primary(&mut self) -> Expr {
        let token = self.token(0);
        match token.kind {
            TokenKind::Long | TokenKind::Real | TokenKind::Timespan => {
                self.bump();
                let literal = self.number_literal(token.span, false);
                Expr::Literal { literal, span: token.span }
            }
            TokenKind::Typed => {
                self.bump();
                let literal = self.typed_literal(token.span);
                Expr::Literal { literal, span: token.span }
            }
            TokenKind::String => self.string_literal(),
            TokenKind::LeftParen => self.parenthesised(),
            TokenKind::Star if self.star_is_operand() => {
                self.bump();
                Expr::Star { span: token.span }
            }
            TokenKind::Word => self.word_operand(),
            TokenKind::LeftBracket if self.at_bracketed_name(0) => {
                let name = self.name("a name");
                if self.at(TokenKind::LeftParen) { Expr::Call(self.call(name)) } else { Expr::Name(name) }
            }
            _ => self.missing_expr(),
        }
    }

    /// `* has "x"`: a star before an operator that compares.
    fn star_is_operand(&self) -> bool {
        use TokenKind::{Equal, EqualTilde, NotEqual, NotTilde, OperatorWord};
        matches!(self.kind(1), Equal | NotEqual | EqualTilde | NotTilde | OperatorWord)
            || super::expr::operator_words().any(|word| word == self.word(1) && !matches!(word, "and" | "or"))
            || self.word(1) == "matches"
    }

    fn parenthesised(&mut self) -> Expr {
        self.nest(|span| Expr::Error { span }, |parser| parser.within(TokenKind::RightParen, ")", Self::pipe_expr))
    }

    fn word_operand(&mut self) -> Expr {
        let token = self.token(0);
        let word = self.word(0);
        if is_bool(word) && self.kind(1) != TokenKind::LeftParen {
            return self.bool_literal();
        }
        if self.kind(1) == TokenKind::LeftParen
            && let Some(expr) = self.special_call(word)
        {
            return expr;
        }
        if RESERVED.contains(&word) {
            let hint = format!("`{word}` is a keyword here; a column of that name is written ['{word}'].");
            self.error(code::EXPRESSION, token.span, format!("Expected an expression, found `{word}`."), hint);
            return Expr::Error { span: token.span.before() };
        }
        self.bump();
        let name = Name { text: word.to_owned(), span: token.span };
        if self.at(TokenKind::LeftParen) { Expr::Call(self.call(name)) } else { Expr::Name(name) }
    }

    fn bool_literal(&mut self) -> Expr {
        let literal = Literal::Bool(Some(self.word(0).eq_ignore_ascii_case("true")));
        Expr::Literal { literal, span: self.bump().span }
    }

    /// What looks like a call but has arguments of its own kind; the parenthesis is next but one.
    fn special_call(&mut self, word: &str) -> Option<Expr> {
        let start = self.span();
        let inside = match word {
            "dynamic" => {
                self.bump();
                let value = self.dynamic_in_parens();
                let span = start.to(self.last_span());
                return Some(Expr::Literal { literal: Literal::Dynamic(value), span });
            }
            "typeof" => return Some(self.nest(|span| Expr::Error { span }, Self::type_of)),
            "datatable" => return Some(self.nest(|span| Expr::Error { span }, Self::datatable)),
            "externaldata" | "external_data" => {
                return Some(self.nest(|span| Expr::Error { span }, Self::externaldata));
            }
            "materialize" | "toscalar" | "totable" => {
                self.bump();
                let fallback = |span| crate::syntax::Pipeline { source: None, operators: Vec::new(), span };
                let pipeline = self.nest(fallback, |parser| parser.within(TokenKind::RightParen, ")", Self::pipeline));
                Box::new(pipeline)
            }
            _ => return None,
        };
        let span = start.to(self.last_span());
        Some(match word {
            "materialize" => Expr::Materialize { pipeline: inside, span },
            "toscalar" => Expr::ToScalar { pipeline: inside, span },
            _ => Expr::ToTable { pipeline: inside, span },
        })
    }

    /// The arguments; the parenthesis is next.
    pub(super) fn call(&mut self, name: Name) -> Call {
        let arguments = self.nest(
            |_| Vec::new(),
            |parser| {
                parser.within(TokenKind::RightParen, ")", |parser| {
                    if parser.at(TokenKind::RightParen) { Vec::new() } else { parser.list(Self::argument) }
                })
            },
        );
        let span = name.span.to(self.last_span());
        Call { name, arguments, span }
    }

    fn argument(&mut self) -> Argument {
        if self.at(TokenKind::Star) && matches!(self.kind(1), TokenKind::Comma | TokenKind::RightParen) {
            let span = self.bump().span;
            return Argument { name: None, value: Expr::Star { span } };
        }
        let length = self.name_length(0);
        if length > 0 && self.kind(length) == TokenKind::Assign {
            let name = self.name("a name");
            self.bump();
            return Argument { name: Some(name), value: self.pipe_expr() };
        }
        Argument { name: None, value: self.pipe_expr() }
    }

    fn type_of(&mut self) -> Expr {
        let start = self.bump().span;
        let is_schema = self.kind(1) == TokenKind::Star
            || (self.name_length(1) > 0 && self.kind(1 + self.name_length(1)) == TokenKind::Colon);
        if is_schema {
            let schema = self.plugin_schema();
            return Expr::SchemaOf { span: start.to(schema.span), schema };
        }
        let data_type = self.within(TokenKind::RightParen, ")", Self::data_type);
        Expr::TypeOf { data_type, span: start.to(self.last_span()) }
    }

    fn datatable(&mut self) -> Expr {
        let start = self.bump().span;
        let columns = self.columns();
        let mut values = Vec::new();
        if self.at(TokenKind::LeftBracket) {
            values = self.within(TokenKind::RightBracket, "]", |parser| {
                let mut values = Vec::new();
                while !parser.at_boundary() {
                    values.push(parser.constant());
                    if !parser.eat(TokenKind::Comma) {
                        break;
                    }
                }
                values
            });
        } else {
            self.missing(code::EXPECTED, "`[` and the values");
        }
        Expr::DataTable { columns, values, span: start.to(self.last_span()) }
    }

    fn externaldata(&mut self) -> Expr {
        let start = self.bump().span;
        let columns = self.columns();
        let mut locations = Vec::new();
        if self.at(TokenKind::LeftBracket) {
            locations = self
                .within(TokenKind::RightBracket, "]", |parser| parser.list_until(TokenKind::RightBracket, Self::expr));
        } else {
            self.missing(code::EXPECTED, "`[` and the addresses");
        }
        let properties = if self.eat_word("with") { self.properties_in_parens() } else { Vec::new() };
        Expr::ExternalData(Box::new(ExternalData { columns, locations, properties, span: start.to(self.last_span()) }))
    }

    /// A literal with an optional sign: values of `datatable`, defaults of parameters.
    pub(super) fn constant(&mut self) -> Expr {
        use TokenKind::{Long, Minus, Plus, Real, String, Timespan, Typed, Word};
        let start = self.span();
        match (self.kind(0), self.kind(1)) {
            (Minus | Plus, Long | Real | Timespan) => {
                let is_negative = self.bump().kind == Minus;
                let number = self.bump().span;
                let literal = self.number_literal(number, is_negative);
                Expr::Literal { literal, span: start.to(number) }
            }
            (Long | Real | Timespan | Typed | String, _) => self.primary(),
            (Word, _) if is_bool(self.word(0)) => self.bool_literal(),
            (Word, TokenKind::LeftParen) if self.word(0) == "dynamic" => self.primary(),
            _ => {
                self.missing(code::LITERAL, "a constant");
                let skipped = self.expr();
                Expr::Error { span: start.to(skipped.span()) }
            }
        }
    }

    /// One or more strings side by side, which are one.
    fn string_literal(&mut self) -> Expr {
        let start = self.span();
        let (mut value, mut is_hidden) = decode_string(self.slice(start));
        self.bump();
        while self.at(TokenKind::String) {
            let next = self.bump().span;
            let (more, hides) = decode_string(self.slice(next));
            value.push_str(&more);
            is_hidden |= hides;
        }
        Expr::Literal { literal: Literal::String { value, is_hidden }, span: start.to(self.last_span()) }
    }

    /// A number token, with the minus before it.
    pub(super) fn number_literal(&mut self, span: Span, is_negative: bool) -> Literal {
        let text = self.slice(span);
        let text = if is_negative { format!("-{text}") } else { text.to_owned() };
        let is_timespan = text.ends_with(|last: char| last.is_ascii_alphabetic()) && !text.contains(['x', 'X']);
        let parsed = if is_timespan {
            parse_timespan(&text).map(|ticks| Literal::Timespan(Some(ticks)))
        } else {
            parse_long(&text).map(|number| Literal::Long(Some(number))).or_else(|| parse_real(&text))
        };
        parsed.unwrap_or_else(|| {
            let hint = "Whole numbers end at 9223372036854775807; write 1e19 for a real one.";
            self.error(code::LITERAL, span, format!("`{text}` does not fit into 64 bits."), hint);
            if is_timespan { Literal::Timespan(None) } else { Literal::Long(None) }
        })
    }

    /// `datetime(…)` and the like.
    pub(super) fn typed_literal(&mut self, span: Span) -> Literal {
        let text = self.slice(span);
        let (name, rest) = text.split_once('(').unwrap_or((text, ""));
        let inside = rest.strip_suffix(')').unwrap_or(rest).trim();
        let data_type = DataType::from_name(name).unwrap_or(DataType::String);
        if let Some(literal) = read_typed(data_type, inside) {
            return literal;
        }
        let hint = match data_type {
            DataType::Datetime => "Write datetime(2026-01-31 10:00), or todatetime(text) for text.",
            DataType::Timespan => "Write 1d, 90m, or timespan(1.02:03:04).",
            DataType::Guid => "Write guid(74be27de-1e4e-49d9-b579-fe0b331d3642).",
            DataType::Bool => "Write true or false, or tobool(value) to convert.",
            DataType::Int | DataType::Long => "Only digits stand here; toint(value) and tolong(value) convert.",
            _ => "Only a number stands here; toreal(value) and todecimal(value) convert.",
        };
        self.error(code::LITERAL, span, format!("`{inside}` is not a valid {}.", data_type.name()), hint);
        null_of(data_type)
    }
}

fn is_bool(word: &str) -> bool {
    matches!(word, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

fn null_of(data_type: DataType) -> Literal {
    match data_type {
        DataType::Bool => Literal::Bool(None),
        DataType::Int => Literal::Int(None),
        DataType::Long => Literal::Long(None),
        DataType::Real => Literal::Real(None),
        DataType::Decimal => Literal::Decimal(None),
        DataType::Datetime => Literal::Datetime(None),
        DataType::Timespan => Literal::Timespan(None),
        DataType::Guid => Literal::Guid(None),
        DataType::Dynamic => Literal::Dynamic(crate::syntax::Dynamic::Null),
        DataType::String => Literal::String { value: String::new(), is_hidden: false },
    }
}

/// The constant between the parentheses; quotes around it are allowed, empty and `null` are null.
fn read_typed(data_type: DataType, inside: &str) -> Option<Literal> {
    let quoted = inside.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
    let text = quoted.unwrap_or(inside).trim();
    if text.is_empty() || text == "null" {
        return Some(null_of(data_type));
    }
    Some(match data_type {
        DataType::Bool => Literal::Bool(Some(read_bool(text)?)),
        DataType::Int => Literal::Int(Some(i32::try_from(parse_long(text)?).ok()?)),
        DataType::Long => Literal::Long(Some(parse_long(text)?)),
        DataType::Real => parse_real(text)?,
        DataType::Decimal => Literal::Decimal(Some(read_decimal(text)?)),
        DataType::Datetime => Literal::Datetime(Some(parse_datetime(text)?)),
        DataType::Timespan => Literal::Timespan(Some(parse_timespan(text)?)),
        DataType::Guid => Literal::Guid(Some(parse_guid(text)?)),
        DataType::Dynamic | DataType::String => return None,
    })
}

fn read_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        number => parse_long(number).map(|number| number != 0),
    }
}

/// `5`, `-5`, `+5`, `0x1F`.
fn parse_long(text: &str) -> Option<i64> {
    let (digits, is_negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        // All 64 bits may be written in hexadecimal: 0xFFFFFFFFFFFFFFFF is -1.
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            i128::from(u64::from_str_radix(hex, 16).ok()?.cast_signed())
        }
        Some(_) => return None,
        None if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse::<i128>().ok()?
        }
        None => return None,
    };
    i64::try_from(if is_negative { -number } else { number }).ok()
}

/// `1.5`, `1.`, `1e3`, `nan`, `+inf`; a whole number too large for a long is not a real.
fn parse_real(text: &str) -> Option<Literal> {
    let is_typed_word = matches!(text.to_ascii_lowercase().as_str(), "nan" | "inf" | "+inf" | "-inf");
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    if !is_typed_word && !is_number {
        return None;
    }
    let is_whole = !is_typed_word && !text.contains(['.', 'e', 'E']) && parse_long(text).is_none();
    if is_whole {
        return None;
    }
    text.parse().ok().map(|number| Literal::Real(Some(number)))
}

fn read_decimal(text: &str) -> Option<String> {
    parse_real(text).or_else(|| parse_long(text).map(|number| Literal::Long(Some(number))))?;
    Some(text.to_owned())
}
