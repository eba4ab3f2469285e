//! Functions have at most `LINES_MAX` lines. Those that were longer before are in `xtask/ratchet.txt`, which
//! may only shrink: an entry that is no longer needed, or too generous, is a broken rule too.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::lexer::{Lexeme, Token, lex};
use super::{Tree, Violation};

const LINES_MAX: usize = 70;
const RATCHET: &str = "xtask/ratchet.txt";

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    /// Lines with code, from `fn` to the closing brace.
    lines: usize,
}

pub fn check(tree: &Tree) -> Result<Vec<Violation>> {
    let mut allowed = ratchet(&tree.text(RATCHET)?)?;
    let mut violations = Vec::new();
    for path in tree.with_suffix(&[".rs"]) {
        for function in functions(&tree.text(path)?) {
            let limit = allowed.remove(&format!("{path} {}", function.name));
            violations.extend(judge(path, &function, limit));
        }
    }
    for key in allowed.keys() {
        violations.push(Violation::new(RATCHET, 0, format!("`{key}` is gone: remove the entry")));
    }
    Ok(violations)
}

fn judge(path: &str, function: &Function, limit: Option<usize>) -> Option<Violation> {
    let Function { name, line, lines } = function;
    match limit {
        None if *lines > LINES_MAX => {
            Some(Violation::new(path, *line, format!("`{name}` has {lines} lines, more than {LINES_MAX}: split it")))
        }
        Some(limit) if *lines > limit => {
            Some(Violation::new(path, *line, format!("`{name}` grew from {limit} to {lines} lines: split it")))
        }
        Some(limit) if *lines < limit => {
            let change = if *lines > LINES_MAX { format!("set it to {lines}") } else { "remove it".to_owned() };
            Some(Violation::new(RATCHET, 0, format!("`{path} {name}` has {lines} lines: {change}")))
        }
        None | Some(_) => None,
    }
}

/// `path name lines` per line; empty lines and those that start with `#` say nothing.
fn ratchet(text: &str) -> Result<BTreeMap<String, usize>> {
    let mut allowed = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, lines) = line.rsplit_once(' ').with_context(|| format!("read `{line}` of {RATCHET}"))?;
        allowed.insert(key.to_owned(), lines.parse().with_context(|| format!("read `{line}` of {RATCHET}"))?);
    }
    Ok(allowed)
}

fn functions(text: &str) -> Vec<Function> {
    let mut code = lex(text);
    code.retain(|lexeme| !matches!(lexeme.token, Token::Comment(_)));
    let mut functions = Vec::new();
    for (idx, lexeme) in code.iter().enumerate() {
        if lexeme.token != Token::Word("fn".to_owned()) {
            continue;
        }
        // `fn(` without a name is a type.
        let Some(Token::Word(name)) = code.get(idx + 1).map(|next| &next.token) else { continue };
        if let Some(end) = body_end(&code, idx + 2) {
            let mut lines: Vec<usize> = code[idx..=end].iter().map(|lexeme| lexeme.line).collect();
            lines.dedup();
            functions.push(Function { name: name.clone(), line: lexeme.line, lines: lines.len() });
        }
    }
    functions
}

/// Index of the brace that closes the body, `None` when there is no body.
fn body_end(code: &[Lexeme], signature: usize) -> Option<usize> {
    let mut nesting = 0_usize;
    let mut braces = 0_usize;
    for (idx, lexeme) in code.iter().enumerate().skip(signature) {
        match lexeme.token {
            Token::Punct('(' | '[') => nesting += 1,
            Token::Punct(')' | ']') => nesting = nesting.saturating_sub(1),
            Token::Punct(';') if braces == 0 && nesting == 0 => return None,
            Token::Punct('{') if nesting == 0 || braces > 0 => braces += 1,
            Token::Punct('}') if braces == 1 => return Some(idx),
            Token::Punct('}') => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_functions(text: &str, expected: &[(&str, usize, usize)]) {
        let found: Vec<_> = functions(text).into_iter().map(|found| (found.name, found.line, found.lines)).collect();
        let expected: Vec<_> = expected.iter().map(|(name, line, lines)| ((*name).to_owned(), *line, *lines)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_with_code_count() {
        check_functions("fn a() {}\n", &[("a", 1, 1)]);
        check_functions("fn a(\n    x: [u8; 2],\n) -> u8 {\n    // why\n\n    x[0]\n}\n", &[("a", 1, 5)]);
        check_functions("fn a() {\n    if b('}', \"}\") {\n        c();\n    }\n}\n", &[("a", 1, 5)]);
    }

    #[test]
    fn declarations_and_types_have_no_body() {
        check_functions("trait T {\n    fn a(&self) -> [u8; 4];\n}\nstruct S(fn(u8) -> u8);\n", &[]);
    }

    #[test]
    fn inner_functions_count_for_both() {
        check_functions("fn a() {\n    fn b<'a>(x: &'a str) {\n    }\n}\n", &[("a", 1, 4), ("b", 2, 2)]);
    }

    #[test]
    fn the_ratchet_only_turns_one_way() {
        let function = |lines| Function { name: "a".to_owned(), line: 1, lines };
        assert_eq!(judge("a.rs", &function(LINES_MAX), None), None);
        assert!(judge("a.rs", &function(LINES_MAX + 1), None).is_some());
        assert_eq!(judge("a.rs", &function(90), Some(90)), None);
        assert!(judge("a.rs", &function(91), Some(90)).is_some());
        assert!(judge("a.rs", &function(80), Some(90)).is_some());
        assert!(judge("a.rs", &function(10), Some(90)).is_some());
    }
}
