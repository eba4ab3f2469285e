//! The timeline's search box: text → terms → filter.
//!
//! Words are ANDed; `"a phrase"`; `-word` excludes; `field:value` looks in the columns of a field and may hold `*`.
//! Matching ignores case; the text is taken as typed or in NFKC (`ＫＥＩＨＩ` finds `KEIHI`), and `¥` and `＼` are
//! read as `\`, because that is what a Japanese keyboard types.

use datafusion::logical_expr::{Expr, Like, col as column, lit};
use unicode_normalization::UnicodeNormalization;

use crate::Error;
use crate::limits::{SEARCH_BYTES_MAX, SEARCH_TERMS_MAX};

/// Columns that a word without a field is looked for in.
const ANYWHERE: &[&str] = &[
    "FileName",
    "FolderPath",
    "ProcessCommandLine",
    "ProcessScriptPath",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "InitiatingProcessCommandLine",
    "InitiatingScriptPath",
    "PreviousFileName",
    "PreviousFolderPath",
    "RemoteUrl",
    "RemoteIP",
    "RegistryKey",
    "RegistryValueName",
    "AccountName",
    "ActionType",
    "ErrorName",
];

/// Fields of `field:value` and their columns.
const FIELDS: &[(&str, &[&str])] = &[
    ("proc", &["InitiatingProcessFileName", "FileName"]),
    ("host", &["RemoteUrl", "RemoteDeviceName"]),
    ("ip", &["RemoteIP", "LocalIP"]),
    ("port", &["RemotePort", "LocalPort"]),
    ("file", &["FileName", "FolderPath", "PreviousFileName"]),
    ("user", &["AccountName", "InitiatingProcessAccountName"]),
    ("script", &["InitiatingScriptPath", "ProcessScriptPath"]),
    ("action", &["ActionType"]),
    ("error", &["ErrorName"]),
    ("cmd", &["ProcessCommandLine", "InitiatingProcessCommandLine"]),
];

/// One term of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `-` before it.
    pub exclude: bool,
    /// Name of a field, or `None` for anywhere.
    pub field: Option<String>,
    /// What to look for, quotes removed.
    pub value: String,
}

/// Splits a search text. Every text has a meaning: an unknown field is part of the word, a missing quote is added.
///
/// # Errors
/// `BadRequest` when the text or the number of terms is over its limit.
pub fn parse(text: &str) -> Result<Vec<Term>, Error> {
    if text.len() > SEARCH_BYTES_MAX {
        return Err(Error::BadRequest(format!("search text: longer than {SEARCH_BYTES_MAX} bytes")));
    }
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if terms.len() == SEARCH_TERMS_MAX {
            return Err(Error::BadRequest(format!("search text: more than {SEARCH_TERMS_MAX} words")));
        }
        let (term, after) = next_term(rest);
        if !term.value.is_empty() {
            terms.push(term);
        }
        rest = after.trim_start();
    }
    Ok(terms)
}

fn next_term(text: &str) -> (Term, &str) {
    let (exclude, text) = match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(char::is_whitespace) => (true, rest),
        _ => (false, text),
    };
    let (field, text) = match text.split_once(':') {
        Some((name, rest)) if FIELDS.iter().any(|(field, _)| field.eq_ignore_ascii_case(name)) => {
            (Some(name.to_ascii_lowercase()), rest)
        }
        _ => (None, text),
    };
    let (value, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    };
    (Term { exclude, field, value: value.to_owned() }, rest)
}

/// The filter of all terms, `None` when there are none.
pub(crate) fn filter(terms: &[Term]) -> Option<Expr> {
    terms.iter().map(term_filter).reduce(Expr::and)
}

/// The columns that a term looks into, and whether they hold numbers.
pub(crate) fn term_columns(term: &Term) -> (&'static [&'static str], bool) {
    let field = term.field.as_deref().and_then(|name| FIELDS.iter().find(|(field, _)| *field == name));
    (field.map_or(ANYWHERE, |(_, columns)| *columns), matches!(term.field.as_deref(), Some("port")))
}

fn term_filter(term: &Term) -> Expr {
    let (columns, whole) = term_columns(term);
    let mut any: Option<Expr> = None;
    for spelling in spellings(&term.value) {
        for name in columns {
            let hit =
                if whole { equals_number(name, &spelling) } else { contains(name, &spelling, term.field.is_some()) };
            any = Some(match any {
                Some(expr) => expr.or(hit),
                None => hit,
            });
        }
    }
    let any = any.unwrap_or_else(|| lit(true));
    // A null column is "does not contain": without this, `-word` would drop rows that have a null.
    if term.exclude { any.is_not_true() } else { any }
}

/// The text as typed and, when it differs, in NFKC; `¥` and `＼` as backslash.
pub(crate) fn spellings(value: &str) -> Vec<String> {
    let typed = value.replace(['¥', '＼'], "\\");
    let normalised: String = typed.nfkc().collect();
    if normalised == typed { vec![typed] } else { vec![typed, normalised] }
}

fn equals_number(name: &str, value: &str) -> Expr {
    match value.parse::<i32>() {
        Ok(number) => column_of(name).eq(lit(number)),
        Err(_) => lit(false),
    }
}

fn contains(name: &str, value: &str, wildcards: bool) -> Expr {
    let mut pattern = String::with_capacity(value.len() + 2);
    let has_star = wildcards && value.contains('*');
    if !has_star {
        pattern.push('%');
    }
    for char in value.chars() {
        match char {
            '*' if wildcards => pattern.push('%'),
            '%' | '_' | '\\' => {
                pattern.push('\\');
                pattern.push(char);
            }
            _ => pattern.push(char),
        }
    }
    if !has_star {
        pattern.push('%');
    }
    Expr::Like(Like::new(false, Box::new(column_of(name)), Box::new(lit(pattern)), None, true))
}

/// A column by its exact name: `col` alone would fold the case.
pub(crate) fn column_of(name: &str) -> Expr {
    column(datafusion::common::Column::from_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(bool, Option<&str>, &str)]) {
        let terms = parse(text).unwrap();
        let found: Vec<_> =
            terms.iter().map(|term| (term.exclude, term.field.as_deref(), term.value.as_str())).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn grammar() {
        check("", &[]);
        check("powershell_ise.exe", &[(false, None, "powershell_ise.exe")]);
        check("a  b", &[(false, None, "a"), (false, None, "b")]);
        check(
            "-proc:chrome.exe host:*.example.jp",
            &[(true, Some("proc"), "chrome.exe"), (false, Some("host"), "*.example.jp")],
        );
        check("\"two words\" PROC:x", &[(false, None, "two words"), (false, Some("proc"), "x")]);
        check("cmd:\"-c x\"", &[(false, Some("cmd"), "-c x")]);
        check("c:\\x http://h -", &[(false, None, "c:\\x"), (false, None, "http://h"), (false, None, "-")]);
        check("\"open", &[(false, None, "open")]);
    }

    #[test]
    fn limits() {
        assert!(parse(&"x".repeat(SEARCH_BYTES_MAX + 1)).is_err());
        assert!(parse(&"x ".repeat(SEARCH_TERMS_MAX + 1)).is_err());
    }

    #[test]
    fn japanese_input() {
        assert_eq!(spellings("ＫＥＩＨＩ"), ["ＫＥＩＨＩ", "KEIHI"]);
        assert_eq!(spellings("c:¥x"), ["c:\\x"]);
    }
}
