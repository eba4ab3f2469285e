//! The stable codes of the parser's findings. `docs/kql` explains them; the binder's begin at KQL100.

/// A character that KQL has no use for.
pub const CHARACTER: &str = "KQL001";
/// A string without its end.
pub const STRING_OPEN: &str = "KQL002";
/// `\q` in a string.
pub const ESCAPE: &str = "KQL003";
/// A number, time or identifier that can't be read: `datetime(yesterday)`.
pub const LITERAL: &str = "KQL004";
/// A word or sign is missing.
pub const EXPECTED: &str = "KQL005";
/// An expression is missing.
pub const EXPRESSION: &str = "KQL006";
/// Text that fits nowhere.
pub const UNEXPECTED: &str = "KQL007";
/// No such tabular operator.
pub const OPERATOR: &str = "KQL008";
/// No such type.
pub const TYPE: &str = "KQL009";
/// No such value of a property: `kind=foo`.
pub const PROPERTY: &str = "KQL010";
/// Nested too deep.
pub const DEPTH: &str = "KQL011";
/// Too long.
pub const LENGTH: &str = "KQL012";
/// Part of Kusto's language, not of ours.
pub const UNSUPPORTED: &str = "KQL013";
/// `a == b == c`.
pub const CHAIN: &str = "KQL014";
/// `where a = b`.
pub const ASSIGNMENT: &str = "KQL015";
/// Accepted here though Kusto's own parser refuses it. A warning.
pub const LENIENT: &str = "KQL016";
