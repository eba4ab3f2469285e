//! What operators have in common: named expressions, sort keys, name patterns, columns with types, properties.

use super::Parser;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::suggest::did_you_mean;
use crate::syntax::{
    Column, DataType, Expr, Name, NamePattern, NamedExpr, Nulls, Ordered, PluginSchema, Property, SortOrder, Target,
};
use crate::{Span, code};

impl Parser<'_> {
    /// `name = expr`, `(a, b) = expr`, `expr`.
    pub(super) fn named_expr(&mut self) -> NamedExpr {
        let start = self.span();
        let target = self.target();
        let expr = self.expr();
        NamedExpr { target, span: start.to(expr.span()), expr }
    }

    fn target(&mut self) -> Option<Target> {
        let length = self.name_length(0);
        if length > 0 && self.kind(length) == TokenKind::Assign {
            let name = self.name("a name");
            self.bump();
            return Some(Target::Name(name));
        }
        if !self.at_tuple() {
            return None;
        }
        let names = self.within(TokenKind::RightParen, ")", |parser| parser.list(|parser| parser.name("a name")));
        self.bump();
        Some(Target::Tuple(names))
    }

    /// `(a, b) =`. Looks over names and commas only, none of which is looked at again by another call.
    fn at_tuple(&self) -> bool {
        if !self.at(TokenKind::LeftParen) {
            return false;
        }
        let mut ahead = 1;
        loop {
            let length = self.name_length(ahead);
            if length == 0 {
                return false;
            }
            ahead += length;
            match self.kind(ahead) {
                TokenKind::Comma => ahead += 1,
                TokenKind::RightParen => return self.kind(ahead + 1) == TokenKind::Assign,
                _ => return false,
            }
        }
    }

    /// A list that may be empty.
    pub(super) fn optional_list(&mut self) -> Vec<NamedExpr> {
        self.may(Expected::Expr);
        if self.at_boundary() { Vec::new() } else { self.list(Self::named_expr) }
    }

    /// `expr asc nulls last`.
    pub(super) fn ordered(&mut self) -> Ordered {
        let expr = self.named_expr();
        let order = if self.eat_word("asc") {
            Some(SortOrder::Ascending)
        } else {
            self.eat_word("desc").then_some(SortOrder::Descending)
        };
        let mut nulls = None;
        if self.eat_word("nulls") {
            nulls = if self.eat_word("first") {
                Some(Nulls::First)
            } else {
                self.expect_word("last").then_some(Nulls::Last)
            };
        }
        Ordered { span: expr.span.to(self.last_span()), expr, order, nulls }
    }

    /// A list of names with wildcards, possibly empty.
    pub(super) fn patterns(&mut self) -> Vec<NamePattern> {
        self.may(Expected::Column);
        if self.at_boundary() { Vec::new() } else { self.list(Self::pattern) }
    }

    /// `name`, `na*me`, `*`, `['name']`.
    pub(super) fn pattern(&mut self) -> NamePattern {
        self.may(Expected::Column);
        let length = self.pattern_length(0);
        if length == 0 {
            let name = self.name("a column's name");
            return NamePattern { text: name.text, is_pattern: false, span: name.span };
        }
        let start = self.bump().span;
        for _ in 1..length {
            self.bump();
        }
        let span = start.to(self.last_span());
        NamePattern { text: self.slice(span).to_owned(), is_pattern: true, span }
    }

    /// How many tokens a name with at least one `*` takes, side by side without blanks; 0 when there is none.
    pub(super) fn pattern_length(&self, ahead: usize) -> usize {
        let mut length = 0;
        let mut has_star = false;
        let mut end = self.token(ahead).span.start;
        loop {
            let token = self.token(ahead + length);
            if token.span.start != end || !matches!(token.kind, TokenKind::Word | TokenKind::Star | TokenKind::Long) {
                return if has_star { length } else { 0 };
            }
            has_star |= token.kind == TokenKind::Star;
            end = token.span.end;
            length += 1;
        }
    }

    pub(super) fn data_type(&mut self) -> DataType {
        self.may(Expected::Type);
        let span = self.span();
        let name = self.name("a type");
        if name.text.is_empty() {
            return DataType::Dynamic;
        }
        DataType::from_name(&name.text).unwrap_or_else(|| {
            let hint = match did_you_mean(&name.text, DataType::ALL.iter().map(|known| known.name())) {
                Some(close) => format!("Did you mean `{close}`?"),
                None => {
                    "Types are bool, datetime, decimal, dynamic, guid, int, long, real, string, timespan.".to_owned()
                }
            };
            self.error(code::TYPE, span, format!("There is no type `{}`.", name.text), hint);
            DataType::Dynamic
        })
    }

    /// `name: type`, and `= default` where a scan declares.
    pub(super) fn column(&mut self) -> Column {
        let name = self.name("a column's name");
        self.expect(TokenKind::Colon, ":");
        let data_type = self.data_type();
        let default = self.eat(TokenKind::Assign).then(|| self.expr());
        Column { span: name.span.to(self.last_span()), name, data_type, default }
    }

    /// `(a: string, b: long)`.
    pub(super) fn columns(&mut self) -> Vec<Column> {
        if !self.at(TokenKind::LeftParen) {
            self.missing(code::EXPECTED, "`(` and the columns");
            return Vec::new();
        }
        self.within(TokenKind::RightParen, ")", |parser| parser.list_until(TokenKind::RightParen, Self::column))
    }

    /// `(*, a: string)`.
    pub(super) fn plugin_schema(&mut self) -> PluginSchema {
        let start = self.span();
        if !self.at(TokenKind::LeftParen) {
            self.missing(code::EXPECTED, "`(` and the columns");
            return PluginSchema { keeps_input: false, columns: Vec::new(), span: start.before() };
        }
        let (keeps_input, columns) = self.within(TokenKind::RightParen, ")", |parser| {
            let keeps_input = parser.eat(TokenKind::Star);
            let ends = keeps_input && !parser.eat(TokenKind::Comma);
            let columns = if ends { Vec::new() } else { parser.list_until(TokenKind::RightParen, Self::column) };
            (keeps_input, columns)
        });
        PluginSchema { keeps_input, columns, span: start.to(self.last_span()) }
    }

    /// `hint.x = y` and the named properties, in front of an operator's own parts.
    pub(super) fn parameters(&mut self, names: &[&'static str]) -> Vec<Property> {
        let mut properties = Vec::new();
        loop {
            for name in names {
                self.may(Expected::Keyword(name));
            }
            let is_hint = self.word(0) == "hint" && self.kind(1) == TokenKind::Dot && self.kind(3) == TokenKind::Assign;
            let is_named = names.contains(&self.word(0)) && self.kind(1) == TokenKind::Assign;
            if !is_hint && !is_named {
                return properties;
            }
            properties.push(self.property(false));
        }
    }

    /// `name = value` or, where lists are allowed, `name = a, b`.
    pub(super) fn property(&mut self, takes_list: bool) -> Property {
        let mut name = self.name("a property");
        if self.at(TokenKind::Dot) && !name.text.is_empty() {
            self.bump();
            let rest = self.name("a hint's name");
            name = Name { text: format!("{}.{}", name.text, rest.text), span: name.span.to(rest.span) };
        }
        let mut values = Vec::new();
        if self.expect(TokenKind::Assign, "=") {
            values.push(self.property_value());
            while takes_list && self.at(TokenKind::Comma) && self.kind(2) != TokenKind::Assign {
                self.bump();
                values.push(self.property_value());
            }
        }
        Property { span: name.span.to(self.last_span()), name, values }
    }

    /// A name or a constant.
    pub(super) fn property_value(&mut self) -> Expr {
        let is_dynamic = self.word(0) == "dynamic" && self.kind(1) == TokenKind::LeftParen;
        let is_bool = matches!(self.word(0), "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
        if !is_dynamic
            && !is_bool
            && let Some(name) = self.try_name()
        {
            return Expr::Name(name);
        }
        self.constant()
    }

    /// `(a = b, c = d, e)`.
    pub(super) fn properties_in_parens(&mut self) -> Vec<Property> {
        if !self.at(TokenKind::LeftParen) {
            self.missing(code::EXPECTED, "`(` and the properties");
            return Vec::new();
        }
        self.within(TokenKind::RightParen, ")", |parser| {
            let mut properties = Vec::new();
            while !parser.at(TokenKind::RightParen) {
                properties.push(parser.property(true));
                if !parser.eat(TokenKind::Comma) {
                    break;
                }
            }
            properties
        })
    }

    /// Takes a property out of those found, as a name: `kind=inner`.
    pub(super) fn take_word_property(properties: &mut Vec<Property>, names: &[&str]) -> Option<Name> {
        let at = properties.iter().position(|property| names.contains(&property.name.text.as_str()))?;
        let property = properties.remove(at);
        match property.values.into_iter().next() {
            Some(Expr::Name(name)) => Some(name),
            Some(Expr::Literal { literal: crate::syntax::Literal::Bool(Some(value)), span }) => {
                Some(Name { text: value.to_string(), span })
            }
            Some(Expr::Literal { literal: crate::syntax::Literal::String { value, .. }, span }) => {
                Some(Name { text: value, span })
            }
            _ => Some(Name { text: String::new(), span: property.span }),
        }
    }

    /// The value of `kind=` and its like, by table; an unknown one is an error.
    pub(super) fn choice<T: Copy>(&mut self, what: &str, given: Option<Name>, known: &[(&str, T)]) -> Option<T> {
        let given = given?;
        let found = known.iter().find(|(word, _)| *word == given.text);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let hint = match did_you_mean(&given.text, words.iter().copied()) {
                Some(close) => format!("Did you mean `{close}`?"),
                None => format!("It can be: {}.", words.join(", ")),
            };
            self.error(code::PROPERTY, given.span, format!("There is no {what} `{}`.", given.text), hint);
        }
        found.map(|(_, value)| *value)
    }

    /// The place where the next token begins, for nodes that are empty.
    pub(super) fn here(&self) -> Span {
        self.span().before()
    }
}
