//! Damaged queries: whatever is deleted, doubled or swapped, there is a tree, spans are inside the text, and what is
//! still accepted survives printing.

use crate::corpus::{cases, check};

/// Damaged variants of each query; `KQL_MUTATIONS` asks for more.
const VARIANTS: usize = 40;

/// xorshift64*: the same damage on every run.
pub struct Random(pub u64);

impl Random {
    /// A number under `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("31 bits") % limit.max(1)
    }
}

#[test]
fn damaged_queries_are_trees_too() {
    let variants = std::env::var("KQL_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(VARIANTS);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let cases = cases();
    let all: Vec<Vec<&str>> = cases.iter().map(|case| pieces(&case.text)).collect();
    for case_pieces in &all {
        for _ in 0..variants {
            let other = &all[random.below(all.len())];
            let text = damage(case_pieces, other, &mut random);
            check(&text);
            let cursor = random.below(text.len() + 1);
            let completion = kql::complete(&text, cursor);
            assert!(text.get(completion.replace.range()).is_some(), "{text:?} at {cursor}");
            assert!(completion.input.is_none_or(|input| text.get(input.range()).is_some()), "{text:?} at {cursor}");
        }
    }
}

/// Words, blanks and signs.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let class = |character: char| match character {
        _ if character.is_alphanumeric() || character == '_' => 0,
        _ if character.is_whitespace() => 1,
        _ => 2,
    };
    let mut last = None;
    for (at, character) in text.char_indices() {
        let now = class(character);
        if at > 0 && (last != Some(now) || now == 2) {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(now);
    }
    pieces.push(&text[start..]);
    pieces
}

fn damage(pieces: &[&str], other: &[&str], random: &mut Random) -> String {
    let mut pieces = pieces.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(pieces.len());
        let to = random.below(pieces.len());
        if pieces.is_empty() {
            break;
        }
        match random.below(5) {
            0 => {
                pieces.remove(at);
            }
            1 => pieces.insert(at, pieces[to]),
            2 => pieces.swap(at, to),
            3 => pieces.insert(at, other[random.below(other.len())]),
            _ => pieces.truncate(at + 1),
        }
    }
    pieces.concat()
}
