//! "Did you mean": the candidate closest to a word that nothing is called.

/// Longest word that is compared: nobody mistypes longer ones, and the work is quadratic.
const WORD_CHARS_MAX: usize = 64;

/// The candidate that a typing error away from `word`, if there is one: case apart, at most a third of its letters are
/// wrong (missing, doubled, exchanged, swapped with a neighbour). The first of several equally close wins.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().map(|character| character.to_ascii_lowercase()).collect();
    if word.is_empty() || word.len() > WORD_CHARS_MAX {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().map(|character| character.to_ascii_lowercase()).collect();
        let limit = (word.len().max(letters.len()) / 3).max(1);
        if letters.len().abs_diff(word.len()) > limit || letters.len() > WORD_CHARS_MAX {
            continue;
        }
        let distance = distance(&word, &letters);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, exchanges and swaps of neighbours that make one word the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let exchange = previous[column] + usize::from(letter != other);
            let mut cost = exchange.min(previous[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other {
                cost = cost.min(before[column - 1] + 1);
            }
            current.push(cost);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_found() {
        let check = |word: &str, wanted: Option<&str>| {
            assert_eq!(did_you_mean(word, ["where", "summarize", "DeviceName", "take"]), wanted, "{word}");
        };
        check("wher", Some("where"));
        check("wheer", Some("where"));
        check("sumarise", Some("summarize"));
        check("devicename", Some("DeviceName"));
        check("tkae", Some("take"));
        check("xyz", None);
        check("", None);
    }
}
