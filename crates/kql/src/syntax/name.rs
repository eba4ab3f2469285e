//! Names: of columns, tables, functions and parameters, and patterns of them.

use super::DataType;
use crate::Span;

/// A name as meant: `DeviceId`, `['x y']` (without brackets and quotes), `$left`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name itself. Case matters in KQL.
    pub text: String,
    /// Brackets included.
    pub span: Span,
}

/// A name with `*` in it, or a plain one: `Initiating*`, `*Id`, `*`, `Device*Events`, `FileName`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    /// The text; each `*` stands for any characters when `is_pattern`.
    pub text: String,
    /// False for a plain name (a bracketed name may contain a literal `*`).
    pub is_pattern: bool,
    /// Where it is.
    pub span: Span,
}

impl NamePattern {
    /// Whether a name fits: case matters, `*` is any run of characters.
    pub fn matches(&self, name: &str) -> bool {
        if !self.is_pattern {
            return self.text == name;
        }
        let mut parts = self.text.split('*');
        let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let mut parts: Vec<&str> = parts.collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

/// `FileName: string`, in schemas of `datatable`, `externaldata`, tabular parameters, `scan declare`.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name.
    pub name: Name,
    /// Its type.
    pub data_type: DataType,
    /// `= value` in `scan (declare …)` only.
    pub default: Option<super::Expr>,
    /// Name to default.
    pub span: Span,
}
