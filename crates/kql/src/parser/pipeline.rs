//! Pipelines: a source, pipes, and which operator comes next.

use super::Parser;
use super::expr::operator_words;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::limits::PIPELINE_OPERATORS_MAX;
use crate::suggest::did_you_mean;
use crate::syntax::{Operator, OperatorKind, Pipeline, Property};
use crate::{Span, code};

/// Every tabular operator that can follow a pipe, as it is suggested.
pub(crate) const OPERATORS: &[&str] = &[
    "as",
    "assert-schema",
    "consume",
    "count",
    "distinct",
    "evaluate",
    "extend",
    "facet",
    "filter",
    "find",
    "fork",
    "getschema",
    "invoke",
    "join",
    "limit",
    "lookup",
    "make-series",
    "mv-apply",
    "mv-expand",
    "order",
    "parse",
    "parse-kv",
    "parse-where",
    "partition",
    "print",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "range",
    "reduce",
    "render",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

/// Kusto's, but not ours.
const UNSUPPORTED: &[&str] = &[
    "graph-mark-components",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "macro-expand",
    "make-graph",
    "project-by-names",
];

impl Parser<'_> {
    /// A source and operators. Ends before whatever is neither.
    pub(super) fn pipeline(&mut self) -> Pipeline {
        let start = self.span();
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(start);
        }
        self.may(Expected::Source);
        let mut operators = Vec::new();
        let mut source = None;
        if self.at_generator() {
            operators.push(self.operator());
        } else {
            source = Some(self.expr());
        }
        self.piped(&mut operators);
        if let Some(recorder) = &mut self.recorder {
            recorder.end();
        }
        Pipeline { source, operators, span: start.to(self.last_span()) }
    }

    /// A pipeline that begins with an operator: rows come from outside.
    pub(super) fn sub_pipeline(&mut self) -> Pipeline {
        let start = self.span();
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(start);
        }
        let mut operators = vec![self.operator()];
        self.piped(&mut operators);
        if let Some(recorder) = &mut self.recorder {
            recorder.end();
        }
        Pipeline { source: None, operators, span: start.to(self.last_span()) }
    }

    fn piped(&mut self, operators: &mut Vec<Operator>) {
        if !operators.is_empty() || self.is_missing_pipe() {
            self.finish_operator();
        }
        while self.at(TokenKind::Pipe) && !self.gave_up {
            if let Some(recorder) = &mut self.recorder {
                recorder.pipe(self.tokens[self.at].span);
            }
            self.bump();
            if operators.len() == PIPELINE_OPERATORS_MAX {
                let span = self.span();
                let message = format!("The pipeline has more than {PIPELINE_OPERATORS_MAX} operators.");
                self.error(code::LENGTH, span, message, "Join conditions with `and`, columns with `,`.");
                self.gave_up = true;
                self.at = self.tokens.len() - 1;
                return;
            }
            operators.push(self.operator());
            self.finish_operator();
        }
    }

    /// `T where x`: an operator's word right behind the source.
    fn is_missing_pipe(&self) -> bool {
        let (word, _) = self.keyword();
        OPERATORS.contains(&word)
            && !matches!(word, "as" | "limit" | "order" | "sort" | "parse" | "print")
            && !matches!(self.kind(1), TokenKind::Assign | TokenKind::Colon)
    }

    /// What remains before the next pipe is not part of the operator.
    fn finish_operator(&mut self) {
        if !self.at(TokenKind::Comma) || self.open.parens + self.open.brackets + self.open.braces == 0 {
            self.finish_line(Self::hint_for_rest);
        }
    }

    /// What was probably meant by the text that fits nowhere.
    pub(super) fn hint_for_rest(&self) -> String {
        let (keyword, _) = self.keyword();
        let lower = self.word(0).to_ascii_lowercase();
        if self.at(TokenKind::Assign) {
            return "Compare with `==`.".to_owned();
        }
        if OPERATORS.contains(&keyword) {
            return format!("Is a `|` missing before `{keyword}`?");
        }
        if lower == "let" {
            return "Is a `;` missing before `let`?".to_owned();
        }
        if self.word(0) == "not" {
            return "Negated operators begin with `!` (`!in`, `!has`); conditions are negated by `not(…)`.".to_owned();
        }
        match did_you_mean(&lower, operator_words()) {
            Some(word) => format!("Did you mean `{word}`? Operators are written in lower case."),
            None => String::new(),
        }
    }

    /// Whether an operator that makes its own rows is next.
    fn at_generator(&mut self) -> bool {
        let is_free = |kind| !matches!(kind, TokenKind::Pipe | TokenKind::Semicolon | TokenKind::Assign);
        match self.keyword().0 {
            "print" | "union" | "search" => true,
            "find" => is_free(self.kind(1)) && !matches!(self.kind(1), TokenKind::Dot | TokenKind::LeftParen),
            "range" => self.name_length(1) > 0 && self.word(1 + self.name_length(1)) == "from",
            "evaluate" => self.kind(1) == TokenKind::Word,
            "macro-expand" => true,
            _ => false,
        }
    }

    /// The operator's name at this place, dashes included, and its number of tokens.
    pub(super) fn keyword(&self) -> (&str, usize) {
        let first = self.token(0);
        if first.kind != TokenKind::Word {
            return ("", 0);
        }
        let mut length = 1;
        let mut end = first.span.end;
        while self.kind(length) == TokenKind::Minus
            && self.token(length).span.start == end
            && self.kind(length + 1) == TokenKind::Word
            && self.token(length + 1).span.start == end + 1
        {
            end = self.token(length + 1).span.end;
            length += 2;
            // No operator has more than two dashes (`graph-mark-components`).
            if length == 5 {
                break;
            }
        }
        let span = Span { start: first.span.start, end };
        (self.slice(span), length)
    }

    pub(super) fn keyword_span(&self) -> Span {
        let (_, length) = self.keyword();
        self.span().to(self.token(length.saturating_sub(1)).span)
    }

    /// Whether a known operator is next.
    pub(super) fn at_operator(&self) -> bool {
        let (word, _) = self.keyword();
        OPERATORS.contains(&word) || UNSUPPORTED.contains(&word) || matches!(word, "mvexpand" | "mvapply")
    }

    /// One operator, behind its pipe.
    pub(super) fn operator(&mut self) -> Operator {
        self.may(Expected::Operator);
        let start = self.span();
        let (keyword, n_tokens) = self.keyword();
        let keyword = keyword.to_owned();
        if !self.at_operator() {
            return self.unknown_operator(&keyword);
        }
        if UNSUPPORTED.contains(&keyword.as_str()) {
            let span = self.skip_unsupported(&keyword, "Graphs and macros are not part of hunting here; use `join`.");
            let kind = OperatorKind::Unsupported { name: keyword };
            return Operator { kind, keyword_span: start, hints: Vec::new(), span };
        }
        for _ in 0..n_tokens {
            self.bump();
        }
        let keyword_span = start.to(self.last_span());
        let mut hints = Vec::new();
        let kind = self.operator_kind(&keyword, &mut hints);
        Operator { kind, keyword_span, hints, span: start.to(self.last_span()) }
    }

    fn unknown_operator(&mut self, keyword: &str) -> Operator {
        let start = self.keyword_span();
        let words = || OPERATORS.iter().copied();
        let (message, hint) = if keyword.is_empty() {
            let found = match self.kind(0) {
                TokenKind::End => "the end of the query".to_owned(),
                _ => format!("`{}`", super::shorten(self.slice(start))),
            };
            (format!("Expected an operator such as `where`, found {found}."), String::new())
        } else {
            let hint = match did_you_mean(keyword, words()) {
                Some(close) => format!("Did you mean `{close}`?"),
                None => "After a pipe comes an operator: where, extend, project, summarize, join…".to_owned(),
            };
            (format!("There is no operator `{keyword}`."), hint)
        };
        self.error(code::OPERATOR, start, message, hint);
        self.skip();
        Operator {
            kind: OperatorKind::Error,
            keyword_span: start,
            hints: Vec::new(),
            span: start.to(self.last_span().to(start)),
        }
    }

    fn operator_kind(&mut self, keyword: &str, hints: &mut Vec<Property>) -> OperatorKind {
        match keyword {
            "where" | "filter" => self.where_operator(hints),
            "extend" => OperatorKind::Extend { columns: self.list(Self::named_expr) },
            "project" => OperatorKind::Project { columns: self.optional_list() },
            "project-away" => OperatorKind::ProjectAway { columns: self.patterns() },
            "project-keep" => OperatorKind::ProjectKeep { columns: self.patterns() },
            "project-rename" => OperatorKind::ProjectRename { columns: self.optional_list() },
            "project-reorder" => self.project_reorder(),
            "summarize" => self.summarize(hints),
            "distinct" => self.distinct(hints),
            "count" => OperatorKind::Count { name: self.eat_word("as").then(|| self.name("a name")) },
            "take" | "limit" => OperatorKind::Take { count: self.count_of(hints) },
            "sample" => OperatorKind::Sample { count: self.count_of(hints) },
            "sample-distinct" => self.sample_distinct(hints),
            "sort" | "order" => self.sort(hints),
            "top" => self.top(hints),
            "top-hitters" => self.top_hitters(hints),
            "top-nested" => OperatorKind::TopNested { levels: self.top_nested() },
            "join" => OperatorKind::Join(Box::new(self.join(hints))),
            "lookup" => OperatorKind::Lookup(Box::new(self.lookup(hints))),
            "union" => OperatorKind::Union(Box::new(self.union(hints))),
            "mv-expand" | "mvexpand" => OperatorKind::MvExpand(Box::new(self.mv_expand(hints))),
            "mv-apply" | "mvapply" => OperatorKind::MvApply(Box::new(self.mv_apply(hints))),
            "parse" => OperatorKind::Parse(Box::new(self.parse_operator(hints))),
            "parse-where" => OperatorKind::ParseWhere(Box::new(self.parse_operator(hints))),
            "parse-kv" => self.parse_kv(),
            "make-series" => OperatorKind::MakeSeries(Box::new(self.make_series(hints))),
            "evaluate" => OperatorKind::Evaluate(Box::new(self.evaluate(hints))),
            "invoke" => self.invoke(),
            "render" => OperatorKind::Render(Box::new(self.render())),
            "as" => {
                *hints = self.parameters(&[]);
                OperatorKind::As { name: self.name("a name") }
            }
            "serialize" => {
                *hints = self.parameters(&[]);
                OperatorKind::Serialize { columns: self.optional_list() }
            }
            "partition" => OperatorKind::Partition(Box::new(self.partition(hints))),
            "scan" => OperatorKind::Scan(Box::new(self.scan(hints))),
            "search" => OperatorKind::Search(Box::new(self.search(hints))),
            "find" => OperatorKind::Find(Box::new(self.find(hints))),
            "getschema" => {
                *hints = self.parameters(&["kind"]);
                OperatorKind::GetSchema
            }
            "print" => OperatorKind::Print { columns: self.list(Self::named_expr) },
            "range" => self.range(),
            "consume" => {
                *hints = self.parameters(&["decodeblocks"]);
                OperatorKind::Consume
            }
            "fork" => OperatorKind::Fork(self.fork()),
            "facet" => self.facet(),
            "reduce" => self.reduce(hints),
            "assert-schema" => OperatorKind::AssertSchema { columns: self.columns() },
            _ => OperatorKind::Error,
        }
    }
}
