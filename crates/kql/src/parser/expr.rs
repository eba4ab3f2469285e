//! Operators between expressions, by precedence: `or`, `and`, equality and lists, order, `+ -`, `* / %`, string operators.
//! String operators bind tightest, as Kusto has it: `a == b has c` is `a == (b has c)`.

use super::Parser;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::syntax::{BinaryOp, Expr, ListOp, UnaryOp};
use crate::{Span, code};

/// Levels of precedence, loosest first.
pub(crate) const OR: u8 = 1;
pub(crate) const AND: u8 = 2;
pub(crate) const EQUALITY: u8 = 3;
const ORDER: u8 = 4;
pub(crate) const SUM: u8 = 5;
pub(crate) const PRODUCT: u8 = 6;
pub(crate) const TEXT: u8 = 7;

#[derive(Clone, Copy, PartialEq)]
enum Infix {
    Or,
    And,
    Binary(BinaryOp),
    List(ListOp),
    Between { is_negated: bool },
}

/// The operators that are written as words, but for `and` and `or`.
const WORDS: &[(&str, Infix)] = &[
    ("between", Infix::Between { is_negated: false }),
    ("!between", Infix::Between { is_negated: true }),
    ("in", Infix::List(ListOp::In)),
    ("!in", Infix::List(ListOp::NotIn)),
    ("in~", Infix::List(ListOp::InIgnoreCase)),
    ("!in~", Infix::List(ListOp::NotInIgnoreCase)),
    ("has_any", Infix::List(ListOp::HasAny)),
    ("has_all", Infix::List(ListOp::HasAll)),
    ("has", Infix::Binary(BinaryOp::Has)),
    ("!has", Infix::Binary(BinaryOp::NotHas)),
    ("has_cs", Infix::Binary(BinaryOp::HasCs)),
    ("!has_cs", Infix::Binary(BinaryOp::NotHasCs)),
    ("hasprefix", Infix::Binary(BinaryOp::HasPrefix)),
    ("!hasprefix", Infix::Binary(BinaryOp::NotHasPrefix)),
    ("hasprefix_cs", Infix::Binary(BinaryOp::HasPrefixCs)),
    ("!hasprefix_cs", Infix::Binary(BinaryOp::NotHasPrefixCs)),
    ("hassuffix", Infix::Binary(BinaryOp::HasSuffix)),
    ("!hassuffix", Infix::Binary(BinaryOp::NotHasSuffix)),
    ("hassuffix_cs", Infix::Binary(BinaryOp::HasSuffixCs)),
    ("!hassuffix_cs", Infix::Binary(BinaryOp::NotHasSuffixCs)),
    ("contains", Infix::Binary(BinaryOp::Contains)),
    ("!contains", Infix::Binary(BinaryOp::NotContains)),
    ("notcontains", Infix::Binary(BinaryOp::NotContains)),
    ("contains_cs", Infix::Binary(BinaryOp::ContainsCs)),
    ("containscs", Infix::Binary(BinaryOp::ContainsCs)),
    ("!contains_cs", Infix::Binary(BinaryOp::NotContainsCs)),
    ("notcontainscs", Infix::Binary(BinaryOp::NotContainsCs)),
    ("startswith", Infix::Binary(BinaryOp::StartsWith)),
    ("!startswith", Infix::Binary(BinaryOp::NotStartsWith)),
    ("startswith_cs", Infix::Binary(BinaryOp::StartsWithCs)),
    ("!startswith_cs", Infix::Binary(BinaryOp::NotStartsWithCs)),
    ("endswith", Infix::Binary(BinaryOp::EndsWith)),
    ("!endswith", Infix::Binary(BinaryOp::NotEndsWith)),
    ("endswith_cs", Infix::Binary(BinaryOp::EndsWithCs)),
    ("!endswith_cs", Infix::Binary(BinaryOp::NotEndsWithCs)),
    ("like", Infix::Binary(BinaryOp::Like)),
    ("notlike", Infix::Binary(BinaryOp::NotLike)),
    ("likecs", Infix::Binary(BinaryOp::LikeCs)),
    ("notlikecs", Infix::Binary(BinaryOp::NotLikeCs)),
];

/// Names of the operators that are words, for completion and "did you mean".
pub(crate) fn operator_words() -> impl Iterator<Item = &'static str> {
    ["and", "or", "matches regex"].into_iter().chain(WORDS.iter().map(|(word, _)| *word))
}

impl Infix {
    fn level(self) -> u8 {
        use BinaryOp::{
            Add, Divide, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Modulo, Multiply, NotEqual, Subtract,
        };
        match self {
            Self::Or => OR,
            Self::And => AND,
            Self::List(_) | Self::Between { .. } | Self::Binary(Equal | NotEqual) => EQUALITY,
            Self::Binary(Less | LessOrEqual | Greater | GreaterOrEqual) => ORDER,
            Self::Binary(Add | Subtract) => SUM,
            Self::Binary(Multiply | Divide | Modulo) => PRODUCT,
            Self::Binary(_) => TEXT,
        }
    }

    /// Whether `a op b op c` means nothing.
    fn chains_badly(self, before: Option<Self>) -> bool {
        let Some(before) = before else { return false };
        match (self, before) {
            (Self::Or | Self::And, _) | (_, Self::Or | Self::And) => false,
            (Self::List(_), Self::List(_)) => true,
            // `a in (b) has c`: the right operand ended with its parenthesis, nothing can bind to it.
            (_, Self::List(_) | Self::Between { .. }) => self.level() > EQUALITY,
            (Self::List(_) | Self::Between { .. }, Self::Binary(_)) => false,
            (Self::Binary(_), Self::Binary(_)) => {
                self.level() == before.level() && !matches!(self.level(), SUM | PRODUCT)
            }
        }
    }
}

impl BinaryOp {
    /// The precedence, 1 loosest.
    pub(crate) fn level(self) -> u8 {
        Infix::Binary(self).level()
    }

    /// The operator as it is printed.
    pub fn text(self) -> &'static str {
        let word = WORDS.iter().find(|(_, infix)| *infix == Infix::Binary(self));
        match (word, self) {
            (Some((word, _)), _) => word,
            (None, Self::Add) => "+",
            (None, Self::Subtract) => "-",
            (None, Self::Multiply) => "*",
            (None, Self::Divide) => "/",
            (None, Self::Modulo) => "%",
            (None, Self::Equal) => "==",
            (None, Self::NotEqual) => "!=",
            (None, Self::Less) => "<",
            (None, Self::LessOrEqual) => "<=",
            (None, Self::Greater) => ">",
            (None, Self::GreaterOrEqual) => ">=",
            (None, Self::EqualIgnoreCase) => "=~",
            (None, Self::NotEqualIgnoreCase) => "!~",
            (None, Self::MatchesRegex) => "matches regex",
            (None, _) => ":",
        }
    }
}

impl ListOp {
    /// The operator as it is printed.
    pub fn text(self) -> &'static str {
        WORDS.iter().find(|(_, infix)| *infix == Infix::List(self)).map_or("in", |(word, _)| word)
    }
}

impl Parser<'_> {
    /// Any expression but a pipeline.
    pub(super) fn expr(&mut self) -> Expr {
        self.may(Expected::Expr);
        self.isolate(|parser| parser.infix(OR))
    }

    fn infix(&mut self, level_min: u8) -> Expr {
        let mut left = self.unary();
        let mut before = None;
        while let Some((infix, n_tokens)) = self.peek_infix() {
            if infix.level() < level_min || self.gave_up {
                break;
            }
            let span = self.span().to(self.token(n_tokens - 1).span);
            if infix.chains_badly(before) {
                let message = format!("`{}` cannot follow another comparison.", self.slice(span));
                self.error(code::CHAIN, span, message, "Join the two by `and`, or put one in parentheses.");
            }
            before = Some(infix);
            left = match infix {
                Infix::Or | Infix::And => self.chain(infix, left),
                Infix::Binary(op) => self.binary(op, span, n_tokens, left),
                Infix::List(op) => self.list_operator(op, left),
                Infix::Between { is_negated } => self.between(is_negated, left),
            };
            if !self.grow() {
                break;
            }
        }
        if level_min == OR && !matches!(left, Expr::Error { .. }) {
            self.may(Expected::Infix);
        }
        left
    }

    fn peek_infix(&self) -> Option<(Infix, usize)> {
        let binary = |op| Some((Infix::Binary(op), 1));
        match self.kind(0) {
            TokenKind::Word => match self.word(0) {
                "and" => Some((Infix::And, 1)),
                "or" => Some((Infix::Or, 1)),
                // `make-series … on t in range(…)`: not the operator.
                "in" if self.word(1) == "range" && self.kind(2) == TokenKind::LeftParen => None,
                "matches" if self.word(1) == "regex" => Some((Infix::Binary(BinaryOp::MatchesRegex), 2)),
                word => find_word(word),
            },
            TokenKind::OperatorWord => find_word(self.slice(self.span())),
            TokenKind::Equal => binary(BinaryOp::Equal),
            TokenKind::NotEqual => binary(BinaryOp::NotEqual),
            TokenKind::EqualTilde => binary(BinaryOp::EqualIgnoreCase),
            TokenKind::NotTilde => binary(BinaryOp::NotEqualIgnoreCase),
            TokenKind::Less => binary(BinaryOp::Less),
            TokenKind::LessOrEqual => binary(BinaryOp::LessOrEqual),
            TokenKind::Greater => binary(BinaryOp::Greater),
            TokenKind::GreaterOrEqual => binary(BinaryOp::GreaterOrEqual),
            TokenKind::Plus => binary(BinaryOp::Add),
            TokenKind::Minus => binary(BinaryOp::Subtract),
            TokenKind::Star => binary(BinaryOp::Multiply),
            TokenKind::Slash => binary(BinaryOp::Divide),
            TokenKind::Percent => binary(BinaryOp::Modulo),
            TokenKind::Colon if self.in_search => binary(BinaryOp::Search),
            _ => None,
        }
    }

    /// `and`s or `or`s in a row, however many, are one node.
    fn chain(&mut self, infix: Infix, left: Expr) -> Expr {
        let mut operands = vec![left];
        while self.peek_infix().is_some_and(|(next, _)| next == infix) && !self.gave_up {
            self.bump();
            self.may(Expected::Expr);
            operands.push(self.isolate(|parser| parser.infix(infix.level() + 1)));
        }
        let span = operands[0].span().to(operands[operands.len() - 1].span());
        if infix == Infix::And { Expr::And { operands, span } } else { Expr::Or { operands, span } }
    }

    fn binary(&mut self, op: BinaryOp, op_span: Span, n_tokens: usize, left: Expr) -> Expr {
        for _ in 0..n_tokens {
            self.bump();
        }
        self.may(Expected::Expr);
        let right = self.isolate(|parser| parser.infix(op.level() + 1));
        let span = left.span().to(right.span());
        Expr::Binary { op, op_span, left: Box::new(left), right: Box::new(right), span }
    }

    fn list_operator(&mut self, op: ListOp, left: Expr) -> Expr {
        let op_span = self.bump().span;
        let items = if self.at(TokenKind::LeftParen) {
            self.nest(
                |_| Vec::new(),
                |parser| parser.within(TokenKind::RightParen, ")", |parser| parser.list(Self::pipe_expr)),
            )
        } else {
            let hint = "The list stands in parentheses, a name too: `in (names)`.";
            let span = self.span();
            self.error(code::EXPECTED, span, format!("Expected `(` after `{}`.", op.text()), hint);
            vec![self.infix(EQUALITY + 1)]
        };
        let span = left.span().to(self.last_span());
        Expr::List { op, op_span, left: Box::new(left), items, span }
    }

    fn between(&mut self, is_negated: bool, value: Expr) -> Expr {
        self.bump();
        let bounds = |parser: &mut Self| {
            let low = parser.expr();
            parser.expect(TokenKind::DotDot, "..");
            (low, parser.expr())
        };
        let (low, high) = if self.at(TokenKind::LeftParen) {
            let fallback = |span| (Expr::Error { span }, Expr::Error { span });
            self.nest(fallback, |parser| parser.within(TokenKind::RightParen, ")", bounds))
        } else {
            let hint = "Write `between (low .. high)`.";
            let span = self.span();
            self.error(code::EXPECTED, span, "Expected `(` after `between`.", hint);
            bounds(self)
        };
        let span = value.span().to(self.last_span());
        Expr::Between { is_negated, value: Box::new(value), low: Box::new(low), high: Box::new(high), span }
    }

    /// A sign and its operand. One sign only, as in Kusto; the sign of a number belongs to the number.
    fn unary(&mut self) -> Expr {
        let start = self.span();
        let op = match self.kind(0) {
            TokenKind::Minus => UnaryOp::Minus,
            TokenKind::Plus => UnaryOp::Plus,
            _ => return self.postfix(),
        };
        self.bump();
        if matches!(self.kind(0), TokenKind::Minus | TokenKind::Plus) {
            let span = self.span();
            self.error(code::EXPRESSION, span, "Two signs in a row.", "Put the second into parentheses.");
            while matches!(self.kind(0), TokenKind::Minus | TokenKind::Plus) {
                self.bump();
            }
        }
        let is_number = matches!(self.kind(0), TokenKind::Long | TokenKind::Real | TokenKind::Timespan);
        let is_alone = !matches!(self.kind(1), TokenKind::Dot | TokenKind::LeftBracket);
        if op == UnaryOp::Minus && is_number && is_alone {
            let number = self.bump().span;
            let literal = self.number_literal(number, true);
            return Expr::Literal { literal, span: start.to(number) };
        }
        let operand = self.postfix();
        self.grow();
        let span = start.to(operand.span());
        Expr::Unary { op, operand: Box::new(operand), span }
    }
}

fn find_word(word: &str) -> Option<(Infix, usize)> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, infix)| (*infix, 1))
}
