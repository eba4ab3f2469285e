//! From words to a typed condition.

use super::Fault;
use super::lexer::{Token, TokenKind, tokens};
use super::schema::{Kind, Property, Schema};
use crate::limits::{ODATA_DEPTH_MAX, ODATA_LIST_MAX};

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Operator, Operand),
    In(Operand, Vec<Operand>),
    Call(Function, Operand, Operand),
    /// A property that is a flag, or `true`.
    Flag(Operand),
    /// `any` or `all` over a list; without a condition, whether there is a member.
    Over {
        list: &'static Property,
        all: bool,
        condition: Option<Box<Condition>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    AsIs,
    Lower,
    Upper,
}

/// A value of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// A path from the entity, or from the list's member when inside of one.
    Path {
        names: Vec<&'static str>,
        of_member: bool,
        kind: Kind,
        case: Case,
    },
    Text(String),
    Number(i64),
    Time(i64),
    Flag(bool),
    Null,
}

pub(super) fn parse(text: &str, schema: &'static Schema) -> Result<Condition, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, schema, member: None, depth: 0 };
    let condition = parser.or()?;
    match parser.tokens.get(parser.next) {
        None => Ok(condition),
        Some(token) => Err(Fault::new(format!("$filter: nothing may follow at position {}", token.at))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    schema: &'static Schema,
    /// The variable of the `any` or `all` around, and what it stands for.
    member: Option<(String, Kind)>,
    depth: usize,
}

impl Parser {
    fn or(&mut self) -> Result<Condition, Fault> {
        let mut parts = vec![self.and()?];
        while self.take_name("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn and(&mut self) -> Result<Condition, Fault> {
        let mut parts = vec![self.not()?];
        while self.take_name("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn not(&mut self) -> Result<Condition, Fault> {
        self.depth += 1;
        if self.depth > ODATA_DEPTH_MAX {
            return Err(Fault::new(format!("$filter: more than {ODATA_DEPTH_MAX} levels deep")));
        }
        let condition = if self.take_name("not") {
            Condition::Not(Box::new(self.not()?))
        } else if self.take(&TokenKind::Open) {
            let condition = self.or()?;
            self.expect(&TokenKind::Close, "a closing bracket")?;
            condition
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, Fault> {
        if let Some(condition) = self.call()? {
            return Ok(condition);
        }
        let at = self.at();
        let left = self.operand()?;
        if self.take_name("in") {
            return self.list(left, at);
        }
        let Some(operator) = self.operator() else {
            return match left {
                Operand::Flag(_) | Operand::Path { kind: Kind::Flag, .. } => Ok(Condition::Flag(left)),
                _ => Err(Fault::new(format!(
                    "$filter: an operator (eq, ne, gt, ge, lt, le, in) is expected at position {}",
                    self.at()
                ))),
            };
        };
        let right = self.operand()?;
        let (left, right) = (typed(left, &right, at)?, right);
        let right = typed(right, &left, at)?;
        check_types(&left, operator, &right, at)?;
        Ok(Condition::Compare(left, operator, right))
    }

    fn list(&mut self, left: Operand, at: usize) -> Result<Condition, Fault> {
        self.expect(&TokenKind::Open, "an opening bracket")?;
        let mut values = Vec::new();
        loop {
            let value = typed(self.operand()?, &left, at)?;
            check_types(&left, Operator::Eq, &value, at)?;
            values.push(value);
            if values.len() > ODATA_LIST_MAX {
                return Err(Fault::new(format!("$filter: more than {ODATA_LIST_MAX} values in a list")));
            }
            if !self.take(&TokenKind::Comma) {
                break;
            }
        }
        self.expect(&TokenKind::Close, "a closing bracket")?;
        Ok(Condition::In(left, values))
    }

    /// `startswith(…)`, `contains(…)`, `evidence/any(…)`.
    fn call(&mut self) -> Result<Option<Condition>, Fault> {
        let [Some(Token { kind: TokenKind::Name(name), at }), Some(Token { kind: TokenKind::Open, .. })] =
            [self.tokens.get(self.next), self.tokens.get(self.next + 1)]
        else {
            return Ok(None);
        };
        let (name, at) = (name.clone(), *at);
        let function = match name.to_ascii_lowercase().as_str() {
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            "contains" => Function::Contains,
            "tolower" | "toupper" => return Ok(None),
            _ => {
                self.next += 2;
                return self.over(&name, at).map(Some);
            }
        };
        self.next += 2;
        let text = self.operand()?;
        self.expect(&TokenKind::Comma, "a comma")?;
        let part = self.operand()?;
        self.expect(&TokenKind::Close, "a closing bracket")?;
        if !is_text(&text) || !is_text(&part) {
            return Err(Fault::new(format!("$filter: {name} at position {at} takes two texts")));
        }
        Ok(Some(Condition::Call(function, text, part)))
    }

    fn over(&mut self, name: &str, at: usize) -> Result<Condition, Fault> {
        let (list, quantifier) = name.rsplit_once('/').unwrap_or(("", name));
        let all = match quantifier.to_ascii_lowercase().as_str() {
            "any" if !list.is_empty() => false,
            "all" if !list.is_empty() => true,
            _ => return Err(Fault::new(format!("$filter: there is no function {name:?} (position {at})"))),
        };
        if self.member.is_some() {
            return Err(Fault::new("$filter: any and all can't be inside each other".to_owned()));
        }
        let property = self.schema.property(list).ok_or_else(|| unknown(list, self.schema))?;
        let member = match property.kind {
            Kind::Texts => Kind::Text,
            Kind::Entities(schema) => Kind::Entity(schema),
            _ => return Err(Fault::new(format!("$filter: {list} is no list"))),
        };
        if !all && self.take(&TokenKind::Close) {
            return Ok(Condition::Over { list: property, all, condition: None });
        }
        let Some(Token { kind: TokenKind::Name(variable), .. }) = self.tokens.get(self.next).cloned() else {
            return Err(Fault::new(format!("$filter: a variable is expected at position {}", self.at())));
        };
        self.next += 1;
        self.expect(&TokenKind::Colon, "a colon")?;
        self.member = Some((variable, member));
        let condition = self.or()?;
        self.member = None;
        self.expect(&TokenKind::Close, "a closing bracket")?;
        Ok(Condition::Over { list: property, all, condition: Some(Box::new(condition)) })
    }

    fn operand(&mut self) -> Result<Operand, Fault> {
        let at = self.at();
        let Some(token) = self.tokens.get(self.next).cloned() else {
            return Err(Fault::new("$filter: ends where a value is expected".to_owned()));
        };
        self.next += 1;
        match token.kind {
            TokenKind::Text(text) => Ok(Operand::Text(text)),
            TokenKind::Number(number) => Ok(Operand::Number(number)),
            TokenKind::Time(nanos) => Ok(Operand::Time(nanos)),
            TokenKind::Name(name) => self.named(&name, at),
            TokenKind::Open | TokenKind::Close | TokenKind::Comma | TokenKind::Colon => {
                Err(Fault::new(format!("$filter: a property or a value is expected at position {at}")))
            }
        }
    }

    fn named(&mut self, name: &str, at: usize) -> Result<Operand, Fault> {
        let case = match name.to_ascii_lowercase().as_str() {
            "true" => return Ok(Operand::Flag(true)),
            "false" => return Ok(Operand::Flag(false)),
            "null" => return Ok(Operand::Null),
            "tolower" => Case::Lower,
            "toupper" => Case::Upper,
            _ => return self.path(name),
        };
        self.expect(&TokenKind::Open, "an opening bracket")?;
        self.depth += 1;
        if self.depth > ODATA_DEPTH_MAX {
            return Err(Fault::new(format!("$filter: more than {ODATA_DEPTH_MAX} levels deep")));
        }
        let inner = self.operand()?;
        self.depth -= 1;
        self.expect(&TokenKind::Close, "a closing bracket")?;
        match (inner, case) {
            (Operand::Text(text), Case::Lower) => Ok(Operand::Text(text.to_lowercase())),
            (Operand::Text(text), _) => Ok(Operand::Text(text.to_uppercase())),
            (Operand::Path { names, of_member, kind: Kind::Text | Kind::Word(_), .. }, case) => {
                Ok(Operand::Path { names, of_member, kind: Kind::Text, case })
            }
            _ => Err(Fault::new(format!("$filter: {name} at position {at} takes a text"))),
        }
    }

    fn path(&self, name: &str) -> Result<Operand, Fault> {
        let mut parts = name.split('/');
        let first = parts.next().unwrap_or_default();
        let (mut kind, of_member) = match &self.member {
            Some((variable, kind)) if variable == first => (*kind, true),
            _ => (Kind::Entity(self.schema), false),
        };
        let mut names = Vec::new();
        for part in (!of_member).then_some(first).into_iter().chain(parts) {
            let Kind::Entity(schema) = kind else {
                return Err(Fault::new(format!("$filter: {name} goes on behind a property that has no parts")));
            };
            let property = schema.property(part).ok_or_else(|| unknown(part, schema))?;
            names.push(property.name);
            kind = property.kind;
        }
        match kind {
            Kind::Texts | Kind::Entities(_) => {
                Err(Fault::new(format!("$filter: {name} is a list: ask with {name}/any(x: …)")))
            }
            Kind::Entity(_) => Err(Fault::new(format!("$filter: {name} has properties: name one of them"))),
            Kind::Text | Kind::Word(_) | Kind::Time | Kind::Number | Kind::Flag => {
                Ok(Operand::Path { names, of_member, kind, case: Case::AsIs })
            }
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        let operators = [
            ("eq", Operator::Eq),
            ("ne", Operator::Ne),
            ("gt", Operator::Gt),
            ("ge", Operator::Ge),
            ("lt", Operator::Lt),
            ("le", Operator::Le),
        ];
        operators.into_iter().find(|(name, _)| self.take_name(name)).map(|(_, operator)| operator)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or_else(|| self.tokens.last().map_or(0, |last| last.at + 1), |token| token.at)
    }

    fn take_name(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some(Token { kind: TokenKind::Name(name), .. })
            if name.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }

    fn take(&mut self, wanted: &TokenKind) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|token| token.kind == *wanted);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &TokenKind, words: &str) -> Result<(), Fault> {
        if self.take(wanted) {
            return Ok(());
        }
        Err(Fault::new(format!("$filter: {words} is expected at position {}", self.at())))
    }
}

fn unknown(name: &str, schema: &Schema) -> Fault {
    let names: Vec<&str> = schema.properties.iter().map(|property| property.name).collect();
    Fault::new(format!(
        "Could not find a property named '{name}' on type '{}'. It has: {}",
        schema.name,
        names.join(", ")
    ))
}

fn is_text(operand: &Operand) -> bool {
    matches!(operand, Operand::Text(_) | Operand::Path { kind: Kind::Text | Kind::Word(_), .. })
}

/// A literal as the other side's type: clients write times with and without quotes, numbers too.
fn typed(operand: Operand, other: &Operand, at: usize) -> Result<Operand, Fault> {
    let Operand::Path { kind, .. } = other else { return Ok(operand) };
    match (&operand, kind) {
        (Operand::Text(text), Kind::Time) => match tokens(text)?.as_slice() {
            [Token { kind: TokenKind::Time(nanos), .. }] => Ok(Operand::Time(*nanos)),
            _ => Err(Fault::new(format!("$filter: {text:?} at position {at} is no time"))),
        },
        (Operand::Text(text), Kind::Number) => text
            .parse()
            .map(Operand::Number)
            .map_err(|_| Fault::new(format!("$filter: {text:?} at position {at} is no number"))),
        (Operand::Number(number), Kind::Text) => Ok(Operand::Text(number.to_string())),
        (Operand::Text(word), Kind::Word(words)) => match words.iter().find(|it| it.eq_ignore_ascii_case(word)) {
            Some(word) => Ok(Operand::Text((*word).to_owned())),
            None => Err(Fault::new(format!("$filter: {word:?} is none of {}", words.join(", ")))),
        },
        _ => Ok(operand),
    }
}

fn check_types(left: &Operand, operator: Operator, right: &Operand, at: usize) -> Result<(), Fault> {
    let (one, other) = (type_of(left), type_of(right));
    let ordered = !matches!(operator, Operator::Eq | Operator::Ne);
    if one == "null" || other == "null" {
        return if ordered { Err(Fault::new(format!("$filter: null has no order (position {at})"))) } else { Ok(()) };
    }
    if one != other {
        return Err(Fault::new(format!("$filter: a {one} is compared with a {other} at position {at}")));
    }
    Ok(())
}

fn type_of(operand: &Operand) -> &'static str {
    match operand {
        Operand::Path { kind, .. } => match kind {
            Kind::Text | Kind::Word(_) => "text",
            Kind::Time => "time",
            Kind::Number => "number",
            Kind::Flag => "flag",
            Kind::Texts | Kind::Entities(_) | Kind::Entity(_) => "list",
        },
        Operand::Text(_) => "text",
        Operand::Number(_) => "number",
        Operand::Time(_) => "time",
        Operand::Flag(_) => "flag",
        Operand::Null => "null",
    }
}
