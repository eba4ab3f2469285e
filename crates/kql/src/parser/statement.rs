//! Statements: `let`, `declare`, `set`, pipelines, and those that are not supported.

use super::Parser;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::syntax::{Body, Expr, Function, Let, LetValue, Parameter, ParameterType, Pipeline, Query, Statement};
use crate::{Diagnostic, Span, code};

impl Parser<'_> {
    /// The whole text.
    pub(crate) fn query(&mut self) -> Query {
        let mut statements = Vec::new();
        while !self.at_end() {
            if self.at(TokenKind::Semicolon) {
                let span = self.bump().span;
                self.error(code::UNEXPECTED, span, "A statement is missing before `;`.", "Remove the `;`.");
                continue;
            }
            let start = self.at;
            let statement = self.statement();
            self.finish_statement();
            statements.push(statement);
            if !self.eat(TokenKind::Semicolon) && self.at == start {
                // Nothing was understood and nothing skipped: a pipe without a source.
                self.bump();
            }
        }
        Query { statements, span: Span::new(0, self.text.len()) }
    }

    fn at_end(&mut self) -> bool {
        if self.at == 0 || self.tokens[self.at - 1].kind == TokenKind::Semicolon {
            self.may(Expected::Statement);
            self.may(Expected::Source);
        }
        self.at(TokenKind::End)
    }

    /// Everything up to `;` has to be part of the statement.
    fn finish_statement(&mut self) {
        while !matches!(self.kind(0), TokenKind::End | TokenKind::Semicolon) {
            if self.at(TokenKind::RightBrace) && self.open.braces > 0 {
                return;
            }
            let token = self.token(0);
            let hint = self.hint_for_rest();
            let message = format!("Unexpected `{}`.", super::shorten(self.slice(token.span)));
            if token.kind != TokenKind::Unknown {
                self.error(code::UNEXPECTED, token.span, message, hint);
            }
            self.bump();
            self.skip();
        }
    }

    fn statement(&mut self) -> Statement {
        let is_let = matches!(self.kind(1), TokenKind::Word | TokenKind::LeftBracket | TokenKind::Assign);
        let rest = match (self.word(0), self.word(1)) {
            ("let", _) if is_let => return Statement::Let(self.let_statement()),
            ("set", name) if !name.is_empty() => return self.set_statement(),
            ("declare", "query_parameters") => return self.query_parameters(),
            ("declare", "pattern") => "declare pattern",
            ("alias", "database") => "alias",
            ("restrict", "access") => "restrict access",
            _ => return Statement::Pipeline(self.pipeline()),
        };
        let span = self.skip_unsupported(rest, "Name the tables in the query itself.");
        Statement::Error { span }
    }

    /// Skips what Kusto knows and we don't, with a finding.
    pub(super) fn skip_unsupported(&mut self, what: &str, hint: &str) -> Span {
        let start = self.keyword_span();
        self.report(Diagnostic::error(code::UNSUPPORTED, start, format!("`{what}` is not supported."), hint));
        // The operator's own word goes, however odd what follows is.
        let (_, n_tokens) = self.keyword();
        for _ in 0..n_tokens {
            self.bump();
        }
        self.skip();
        start.to(self.last_span())
    }

    fn let_statement(&mut self) -> Let {
        let start = self.bump().span;
        let name = self.name("a name for `let`");
        self.expect(TokenKind::Assign, "=");
        let value = self.let_value();
        Let { name, value, span: start.to(self.last_span()) }
    }

    fn let_value(&mut self) -> LetValue {
        let is_view = self.word(0) == "view" && self.kind(1) == TokenKind::LeftParen;
        if is_view || self.at_function() {
            let fallback = |span| Function {
                is_view,
                parameters: Vec::new(),
                body: Body { statements: Vec::new(), result: None, span },
                span,
            };
            return LetValue::Function(Box::new(self.nest(fallback, |parser| parser.function(is_view))));
        }
        if self.word(0) == "entity_group" && self.kind(1) == TokenKind::LeftBracket {
            let span = self.skip_unsupported("entity_group", "Write `union` of the tables.");
            return LetValue::Expr(Expr::Error { span });
        }
        LetValue::Expr(self.pipe_expr())
    }

    /// `()` or `(name:`.
    fn at_function(&self) -> bool {
        if !self.at(TokenKind::LeftParen) {
            return false;
        }
        let length = self.name_length(1);
        self.kind(1) == TokenKind::RightParen || (length > 0 && self.kind(1 + length) == TokenKind::Colon)
    }

    fn function(&mut self, is_view: bool) -> Function {
        let start = self.span();
        if is_view {
            self.bump();
        }
        let parameters = self.within(TokenKind::RightParen, ")", |parser| {
            if parser.at(TokenKind::RightParen) { Vec::new() } else { parser.list(Self::parameter) }
        });
        let body = if self.at(TokenKind::LeftBrace) {
            self.body()
        } else {
            self.missing(code::EXPECTED, "`{` and the function's body");
            Body { statements: Vec::new(), result: None, span: self.span().before() }
        };
        Function { is_view, parameters, body, span: start.to(self.last_span()) }
    }

    fn body(&mut self) -> Body {
        let start = self.span();
        let (statements, result) = self.within(TokenKind::RightBrace, "}", |parser| {
            let mut statements = Vec::new();
            while matches!(parser.word(0), "let" | "declare") && parser.name_length(1) > 0 {
                statements.push(parser.statement());
                parser.finish_statement();
                if !parser.expect(TokenKind::Semicolon, ";") {
                    break;
                }
            }
            if parser.at(TokenKind::RightBrace) {
                return (statements, None);
            }
            parser.may(Expected::Statement);
            parser.may(Expected::Source);
            let result = parser.pipe_expr();
            parser.eat(TokenKind::Semicolon);
            (statements, Some(result))
        });
        Body { statements, result, span: start.to(self.last_span()) }
    }

    fn parameter(&mut self) -> Parameter {
        let name = self.name("a parameter's name");
        self.expect(TokenKind::Colon, ":");
        let parameter_type = if self.at(TokenKind::LeftParen) {
            let schema = self.table_parameter();
            ParameterType::Table { columns: schema.0, is_open: schema.1 }
        } else {
            ParameterType::Scalar(self.data_type())
        };
        let default = self.eat(TokenKind::Assign).then(|| self.constant());
        let span = name.span.to(self.last_span());
        Parameter { name, parameter_type, default, span }
    }

    /// `(*)`, `(a: string)`; `(a: string, *)` is what people write and Kusto's own parser refuses.
    fn table_parameter(&mut self) -> (Vec<crate::syntax::Column>, bool) {
        let start = self.span();
        let (columns, is_open) = self.within(TokenKind::RightParen, ")", |parser| {
            let mut columns = Vec::new();
            let mut is_open = false;
            while !parser.at(TokenKind::RightParen) {
                if parser.eat(TokenKind::Star) {
                    is_open = true;
                } else {
                    columns.push(parser.column());
                }
                if !parser.eat(TokenKind::Comma) {
                    break;
                }
            }
            (columns, is_open)
        });
        if is_open && !columns.is_empty() {
            let span = start.to(self.last_span());
            let message = "Kusto takes either `*` or columns here, not both.";
            self.report(Diagnostic::warning(code::LENIENT, span, message, "Write `(*)` to stay portable."));
        }
        (columns, is_open)
    }

    fn query_parameters(&mut self) -> Statement {
        let start = self.bump().span;
        self.bump();
        let mut parameters = Vec::new();
        if self.at(TokenKind::LeftParen) {
            parameters = self.within(TokenKind::RightParen, ")", |parser| parser.list(Self::parameter));
        } else {
            self.missing(code::EXPECTED, "`(` and the parameters");
        }
        Statement::QueryParameters { parameters, span: start.to(self.last_span()) }
    }

    fn set_statement(&mut self) -> Statement {
        let start = self.bump().span;
        let name = self.name("an option");
        let value = self.eat(TokenKind::Assign).then(|| self.property_value());
        Statement::Set { name, value, span: start.to(self.last_span()) }
    }

    /// A pipeline, or the lone expression that it begins with.
    pub(super) fn pipe_expr(&mut self) -> Expr {
        let mut pipeline = self.pipeline();
        match pipeline.source.take() {
            Some(source) if pipeline.operators.is_empty() => source,
            source => Expr::Pipeline(Box::new(Pipeline { source, ..pipeline })),
        }
    }
}
