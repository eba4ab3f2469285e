//! What is wrong with a query, and what to do about it.

use crate::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The query cannot be answered.
    Error,
    /// It can, but perhaps it means something else.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable: `KQL001`. The parser's are 001 to 099, the binder's begin at 100.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What is wrong: a sentence.
    pub message: String,
    /// What to do next: a sentence; empty when the message says it already.
    pub hint: String,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span, message: message.into(), hint: hint.into() }
    }

    /// A warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message, hint) }
    }

    /// Whether the query cannot be answered.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
