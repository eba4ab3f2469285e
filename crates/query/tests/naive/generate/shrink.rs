//! Smaller versions of a query: without a piece, or with an expression replaced by one of its parts.

use super::Generated;

impl Generated {
    /// This query made smaller by one step, in all ways.
    pub fn smaller(&self) -> Vec<Generated> {
        let mut smaller = self.without_operators();
        smaller.extend(self.without_rows());
        smaller.extend(self.with_parts());
        smaller
    }

    fn changed(&self, change: impl FnOnce(&mut Generated)) -> Generated {
        let mut copy = self.clone();
        change(&mut copy);
        copy
    }

    fn without_operators(&self) -> Vec<Generated> {
        let mut smaller = Vec::new();
        for index in (0..self.operators.len()).rev() {
            smaller.push(self.changed(|query| {
                let removed = query.operators.remove(index);
                query.is_ordered &= !["sort", "order", "top"].iter().any(|word| removed.head.starts_with(word));
            }));
        }
        for index in 0..self.lets.len() {
            smaller.push(self.changed(|query| drop(query.lets.remove(index))));
        }
        for (index, operator) in self.operators.iter().enumerate() {
            for item in (0..operator.items.len()).filter(|_| operator.items.len() > 1) {
                smaller.push(self.changed(|query| drop(query.operators[index].items.remove(item))));
            }
        }
        smaller
    }

    fn without_rows(&self) -> Vec<Generated> {
        let mut smaller = Vec::new();
        for (index, table) in self.tables.iter().enumerate() {
            smaller.push(self.changed(|query| drop(query.tables.remove(index))));
            if table.rows.len() > 1 {
                let half = table.rows.len() / 2;
                smaller.push(self.changed(|query| query.tables[index].rows.truncate(half)));
                smaller.push(self.changed(|query| drop(query.tables[index].rows.drain(..half))));
            }
            for row in 0..table.rows.len() {
                smaller.push(self.changed(|query| drop(query.tables[index].rows.remove(row))));
            }
            for column in (0..table.columns.len()).filter(|_| table.columns.len() > 1) {
                smaller.push(self.changed(|query| {
                    query.tables[index].columns.remove(column);
                    query.tables[index].rows.iter_mut().for_each(|row| drop(row.remove(column)));
                }));
            }
        }
        smaller
    }

    fn with_parts(&self) -> Vec<Generated> {
        let mut smaller = Vec::new();
        for (index, operator) in self.operators.iter().enumerate() {
            for text in simplified(&operator.head) {
                smaller.push(self.changed(|query| query.operators[index].head = text));
            }
            for (item, text) in operator.items.iter().enumerate() {
                for text in simplified(text) {
                    smaller.push(self.changed(|query| query.operators[index].items[item] = text));
                }
            }
            for text in simplified(&operator.tail) {
                smaller.push(self.changed(|query| query.operators[index].tail = text));
            }
        }
        smaller
    }
}

/// The text with one call or parenthesis replaced by one of the things in it; the outermost first.
fn simplified(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (open, _) in text.match_indices('(') {
        let Some(length) = closing(&text[open..]) else { continue };
        let inside = &text[open + 1..open + length];
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let start = text[..open].rfind(|letter| !is_word(letter)).map_or(0, |at| at + 1);
        let rest = &text[open + length + 1..];
        for part in parts(inside) {
            found.push(format!("{}{part}{rest}", &text[..start]));
        }
    }
    found
}

/// Where the parenthesis that opens the text closes. Strings are skipped.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    walk(text, |at, letter| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        (depth == 0).then_some(at)
    })
}

/// Calls back for each character outside of strings until there is an answer.
fn walk<T>(text: &str, mut look: impl FnMut(usize, char) -> Option<T>) -> Option<T> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) => {
                if letter == open && !is_escaped {
                    quote = None;
                }
                is_escaped = letter == '\\' && !is_escaped;
            }
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None => {
                if let Some(answer) = look(at, letter) {
                    return Some(answer);
                }
            }
        }
    }
    None
}

/// What stands between commas and blanks that are in no inner parenthesis.
fn parts(text: &str) -> Vec<&str> {
    let mut borders = vec![0];
    let mut depth = 0;
    walk(text, |at, letter| {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' | ' ' if depth == 0 => borders.push(at + 1),
            _ => {}
        }
        None::<()>
    });
    borders.push(text.len() + 1);
    let parts = borders.windows(2).map(|pair| text[pair[0]..pair[1] - 1].trim());
    parts.filter(|part| part.len() > 1 || part.parse::<i64>().is_ok()).collect()
}
