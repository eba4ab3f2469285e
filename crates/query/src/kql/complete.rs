//! Completion: the names that fit a word that is being written. Which of them the place allows is the parser's to say.

/// Candidates at most.
const CANDIDATES_MAX: usize = 200;

/// Where the word at a byte begins, and the names that begin with it, in any case: tables, columns, functions.
pub(crate) fn candidates(text: &str, at: usize) -> (usize, Vec<String>) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let start = text[..at]
        .rfind(|char| !is_word(char))
        .map_or(0, |idx| idx + text[idx..].chars().next().map_or(0, char::len_utf8));
    let word = text[start..at].to_lowercase();
    let mut names: Vec<&str> = schema::TABLES.iter().map(|table| table.name).collect();
    names.extend(schema::columns::ALL.iter().map(|column| column.name));
    names.extend(super::functions::names());
    names.extend(super::functions::aggregates::AGGREGATES.iter().map(|aggregate| aggregate.name));
    names.retain(|name| name.to_lowercase().starts_with(&word));
    names.sort_unstable();
    names.dedup();
    names.truncate(CANDIDATES_MAX);
    (start, names.into_iter().map(str::to_owned).collect())
}
