//! Log messages are lowercase and end without a full stop, so that they read well after a target and can be
//! searched for.

use anyhow::Result;

use super::lexer::{Lexeme, Token, lex};
use super::{Tree, Violation};

/// Macros of `tracing`.
const MACROS: &[&str] = &["error", "warn", "info", "debug", "trace"];

pub fn check(tree: &Tree) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for path in tree.with_suffix(&[".rs"]) {
        violations.extend(check_text(path, &tree.text(path)?));
    }
    Ok(violations)
}

fn check_text(path: &str, text: &str) -> Vec<Violation> {
    let mut code = lex(text);
    code.retain(|lexeme| !matches!(lexeme.token, Token::Comment(_)));
    let mut violations = Vec::new();
    for (idx, lexeme) in code.iter().enumerate() {
        let Token::Word(word) = &lexeme.token else { continue };
        let is_call = MACROS.contains(&word.as_str()) && is_punct(&code, idx + 1, '!') && is_punct(&code, idx + 2, '(');
        if !is_call {
            continue;
        }
        if let Some((message, line)) = message(&code, idx + 2)
            && let Some(fault) = fault(message)
        {
            violations.push(Violation::new(path, line, format!("log message \"{message}\" {fault}")));
        }
    }
    violations
}

fn is_punct(code: &[Lexeme], idx: usize, punct: char) -> bool {
    code.get(idx).is_some_and(|lexeme| lexeme.token == Token::Punct(punct))
}

/// The first string that is an argument of its own: not the value of a field or the target.
fn message(code: &[Lexeme], open: usize) -> Option<(&str, usize)> {
    let mut depth = 0_usize;
    for (idx, lexeme) in code.iter().enumerate().skip(open) {
        match &lexeme.token {
            Token::Punct('(' | '[' | '{') => depth += 1,
            Token::Punct(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return None;
                }
            }
            Token::Text(text) if depth == 1 && (is_punct(code, idx - 1, ',') || is_punct(code, idx - 1, '(')) => {
                return Some((text, lexeme.line));
            }
            Token::Text(_) | Token::Word(_) | Token::Punct(_) | Token::Char | Token::Comment(_) => {}
        }
    }
    None
}

fn fault(message: &str) -> Option<&'static str> {
    let first_word: String = message.chars().take_while(|character| character.is_alphanumeric()).collect();
    // An abbreviation such as TLS or a name such as ConnectionFailed keeps its capitals.
    let is_name = first_word.chars().skip(1).any(|character| character.is_uppercase() || character.is_numeric());
    if message.starts_with(char::is_uppercase) && !is_name {
        return Some("starts with a capital letter");
    }
    message.ends_with('.').then_some("ends with a full stop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_lowercase_without_a_full_stop() {
        let count = |text: &str| check_text("a.rs", text).len();
        assert_eq!(count(r#"warn!(%device_id, n_rows, "dropped late batch");"#), 0);
        assert_eq!(count(r#"warn!(%device_id, n_rows, "Dropped late batch");"#), 1);
        assert_eq!(count(r#"tracing::info!("listening on {address}.");"#), 1);
        assert_eq!(count(r#"info!("TLS handshake failed");"#), 0);
        assert_eq!(count(r#"info!(target: "Audit", user = "Ann", "logged in");"#), 0);
        assert_eq!(count(r#"error!(cause = describe("Bad."), "could not start");"#), 0);
    }
}
