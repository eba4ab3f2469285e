//! Rules on source files: a `//!` head, a length, no leftovers.

use anyhow::Result;

use super::lexer::{Lexeme, Token, lex};
use super::{Tree, Violation};

/// Lines with code in one file, tests at its foot not counted.
const CODE_LINES_MAX: usize = 600;

/// Macros that stay on a developer's machine.
const MACROS_BANNED: &[&str] = &["todo", "dbg", "unimplemented"];

/// Attributes that hide a failing test or expect the wrong thing to fail.
const ATTRIBUTES_BANNED: &[&str] = &["ignore", "should_panic"];

/// Files whose comments are searched for a to-do without an owner.
const COMMENTED: &[&str] = &[".rs", ".c", ".h", ".ts", ".tsx", ".css", ".mjs", ".sh", ".toml"];

pub fn check(tree: &Tree) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for path in tree.with_suffix(&[".rs"]) {
        violations.extend(check_rust(path, &tree.text(path)?));
    }
    for path in tree.with_suffix(COMMENTED) {
        violations.extend(check_todo(path, &tree.text(path)?));
    }
    Ok(violations)
}

fn check_rust(path: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !text.starts_with("//! ") {
        violations.push(Violation::new(path, 1, "does not open with `//!`: what the file is for, what it is not"));
    }
    let lexemes = lex(text);
    let count = code_lines(&lexemes);
    if count > CODE_LINES_MAX {
        violations.push(Violation::new(path, 0, format!("{count} code lines, more than {CODE_LINES_MAX}: split it")));
    }
    let code: Vec<&Lexeme> = code(&lexemes);
    for window in code.windows(3) {
        let line = window[0].line;
        let [first, second, third] = [&window[0].token, &window[1].token, &window[2].token];
        if let Token::Word(word) = first
            && MACROS_BANNED.contains(&word.as_str())
            && *second == Token::Punct('!')
        {
            violations.push(Violation::new(path, line, format!("`{word}!` is left over")));
        }
        if let Token::Word(word) = third
            && ATTRIBUTES_BANNED.contains(&word.as_str())
            && [first, second] == [&Token::Punct('#'), &Token::Punct('[')]
        {
            violations.push(Violation::new(path, line, format!("`#[{word}]`: fix the test or assert what happens")));
        }
    }
    violations
}

fn code(lexemes: &[Lexeme]) -> Vec<&Lexeme> {
    lexemes.iter().filter(|lexeme| !matches!(lexeme.token, Token::Comment(_))).collect()
}

/// Lines with a token that is no comment, up to the unit tests at the foot of the file.
fn code_lines(lexemes: &[Lexeme]) -> usize {
    let code = code(lexemes);
    let tests = code.windows(7).position(|window| {
        let words: Vec<&str> = window.iter().map(|lexeme| word(&lexeme.token)).collect();
        words == ["#", "[", "cfg", "(", "test", ")", "]"]
    });
    let mut lines: Vec<usize> = code[..tests.unwrap_or(code.len())].iter().map(|lexeme| lexeme.line).collect();
    lines.dedup();
    lines.len()
}

fn word(token: &Token) -> &str {
    match token {
        Token::Word(word) => word,
        Token::Punct('#') => "#",
        Token::Punct('[') => "[",
        Token::Punct(']') => "]",
        Token::Punct('(') => "(",
        Token::Punct(')') => ")",
        Token::Punct(_) | Token::Text(_) | Token::Char | Token::Comment(_) => "",
    }
}

/// A to-do names who or which issue in parentheses, or it is never done.
fn check_todo(path: &str, text: &str) -> Vec<Violation> {
    // Spelled in two parts, so that this file does not find itself.
    let mark = concat!("TO", "DO");
    let mut violations = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let Some(at) = line.find(mark) else { continue };
        let in_comment = ["//", "/*", "# ", " * "].iter().any(|start| line[..at].contains(start));
        if in_comment && !line[at + mark.len()..].starts_with('(') {
            violations.push(Violation::new(path, idx + 1, format!("bare {mark}: name the issue, or do it")));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        check_rust("a.rs", text).into_iter().map(|violation| violation.message).collect()
    }

    #[test]
    fn a_head_is_required() {
        assert_eq!(messages("//! Head.\nfn a() {}\n"), Vec::<String>::new());
        assert_eq!(messages("fn a() {}\n").len(), 1);
    }

    #[test]
    fn leftovers_are_found_in_code_only() {
        assert_eq!(messages("//! Head with todo!() in it.\nconst A: &str = \"dbg!(x)\";\n"), Vec::<String>::new());
        assert_eq!(messages("//! H.\nfn a() { todo!() }\n"), ["`todo!` is left over"]);
        assert_eq!(messages("//! H.\n#[ignore = \"slow\"]\nfn a() {}\n").len(), 1);
        assert_eq!(messages("//! H.\n#[should_panic]\nfn a() {}\n").len(), 1);
    }

    #[test]
    fn comments_and_unit_tests_are_no_code_lines() {
        let text = "//! H.\n\n// why\nfn a() {\n    b();\n}\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        assert_eq!(code_lines(&lex(text)), 3);
    }

    #[test]
    fn a_todo_needs_an_owner() {
        let mark = concat!("TO", "DO");
        assert_eq!(check_todo("a.ts", &format!("x(); // {mark} later\n")).len(), 1);
        assert_eq!(check_todo("a.ts", &format!("x(); // {mark}(#12): later\n")), []);
        assert_eq!(check_todo("a.ts", &format!("const {mark} = 1;\n")), []);
    }
}
