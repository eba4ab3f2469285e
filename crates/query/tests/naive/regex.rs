//! A small backtracking matcher for the regular expressions that the generator writes: characters, `.`, classes, groups,
//! `|`, greedy and lazy repetition, `^`, `$`, `\b`. Matching is by character, the first alternative that fits wins.

use super::scope::Result;

/// A compiled expression.
pub struct Regex {
    root: Node,
    n_groups: usize,
}

enum Node {
    Char(char),
    Any,
    Class { ranges: Vec<(char, char)>, is_negated: bool },
    Start,
    End,
    Border,
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    Repeat { node: Box<Node>, min: usize, max: usize, is_lazy: bool },
    Group { index: Option<usize>, node: Box<Node> },
}

/// Ranges of characters for each group, the whole match first.
type Groups = Vec<Option<(usize, usize)>>;

/// A match: where it is, in characters, and what each group holds.
#[derive(Debug, PartialEq)]
pub struct Match {
    pub start: usize,
    pub end: usize,
    pub groups: Vec<Option<String>>,
}

impl Regex {
    pub fn new(pattern: &str) -> Result<Self> {
        let mut parser = Parser { rest: pattern.chars().collect(), at: 0, n_groups: 0 };
        let root = parser.alternatives()?;
        if parser.at < parser.rest.len() {
            return Err(format!("regular expression {pattern:?}"));
        }
        Ok(Self { root, n_groups: parser.n_groups })
    }

    /// The first match.
    pub fn find(&self, text: &str) -> Option<Match> {
        self.find_from(&text.chars().collect::<Vec<char>>(), 0)
    }

    /// All matches, one behind the other.
    pub fn find_all(&self, text: &str) -> Vec<Match> {
        let text: Vec<char> = text.chars().collect();
        let mut matches = Vec::new();
        let mut from = 0;
        let mut last_end = None;
        while from <= text.len() {
            let Some(found) = self.find_from(&text, from) else { break };
            from = found.end.max(found.start + usize::from(found.start == found.end));
            if found.start == found.end && last_end == Some(found.start) {
                continue;
            }
            last_end = Some(found.end);
            matches.push(found);
        }
        matches
    }

    fn find_from(&self, text: &[char], from: usize) -> Option<Match> {
        (from..=text.len()).find_map(|start| {
            let mut end = None;
            let mut groups: Groups = vec![None; self.n_groups + 1];
            let mut kept = groups.clone();
            step(&self.root, text, start, &mut groups, &mut |at, groups| {
                end = Some(at);
                kept = groups.clone();
                true
            });
            let end = end?;
            kept[0] = Some((start, end));
            let group_text = |group: &Option<(usize, usize)>| group.map(|(from, to)| text[from..to].iter().collect());
            Some(Match { start, end, groups: kept.iter().map(group_text).collect() })
        })
    }
}

/// Tries to match at a place; `next` says whether the rest fits too.
fn step(
    node: &Node,
    text: &[char],
    at: usize,
    groups: &mut Groups,
    next: &mut dyn FnMut(usize, &mut Groups) -> bool,
) -> bool {
    match node {
        Node::Char(expected) => text.get(at) == Some(expected) && next(at + 1, groups),
        Node::Any => text.get(at).is_some_and(|found| *found != '\n') && next(at + 1, groups),
        Node::Class { ranges, is_negated } => {
            let fits = |found: &char| ranges.iter().any(|(low, high)| (low..=high).contains(&found)) != *is_negated;
            text.get(at).is_some_and(fits) && next(at + 1, groups)
        }
        Node::Start => at == 0 && next(at, groups),
        Node::End => at == text.len() && next(at, groups),
        Node::Border => {
            let is_word = |index: usize| text.get(index).is_some_and(|c| c.is_alphanumeric() || *c == '_');
            (at > 0 && is_word(at - 1)) != is_word(at) && next(at, groups)
        }
        Node::Sequence(nodes) => sequence(nodes, text, at, groups, next),
        Node::Alternatives(nodes) => nodes.iter().any(|node| step(node, text, at, groups, next)),
        Node::Repeat { node, min, max, is_lazy } => repeat(node, (*min, *max, *is_lazy), text, at, groups, next),
        Node::Group { index, node } => {
            let before = groups.clone();
            let matched = step(node, text, at, groups, &mut |end, groups| {
                let old = index.map(|index| groups[index].replace((at, end)));
                if next(end, groups) {
                    return true;
                }
                if let (Some(index), Some(old)) = (index, old) {
                    groups[*index] = old;
                }
                false
            });
            if !matched {
                *groups = before;
            }
            matched
        }
    }
}

fn sequence(
    nodes: &[Node],
    text: &[char],
    at: usize,
    groups: &mut Groups,
    next: &mut dyn FnMut(usize, &mut Groups) -> bool,
) -> bool {
    match nodes {
        [] => next(at, groups),
        [first, rest @ ..] => step(first, text, at, groups, &mut |at, groups| sequence(rest, text, at, groups, next)),
    }
}

fn repeat(
    node: &Node,
    (min, max, is_lazy): (usize, usize, bool),
    text: &[char],
    at: usize,
    groups: &mut Groups,
    next: &mut dyn FnMut(usize, &mut Groups) -> bool,
) -> bool {
    if min == 0 && is_lazy && next(at, groups) {
        return true;
    }
    let more = max > 0
        && step(node, text, at, groups, &mut |end, groups| {
            let is_progress = end > at || min > 0;
            is_progress && repeat(node, (min.saturating_sub(1), max - 1, is_lazy), text, end, groups, next)
        });
    more || (min == 0 && !is_lazy && next(at, groups))
}

struct Parser {
    rest: Vec<char>,
    at: usize,
    n_groups: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn eat(&mut self, expected: &str) -> bool {
        let expected: Vec<char> = expected.chars().collect();
        let found = self.rest[self.at..].starts_with(&expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn alternatives(&mut self) -> Result<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.eat("|") {
            nodes.push(self.sequence()?);
        }
        Ok(Node::Alternatives(nodes))
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut nodes = Vec::new();
        while self.peek().is_some_and(|next| next != '|' && next != ')') {
            let node = self.atom()?;
            nodes.push(self.repetition(node));
        }
        Ok(Node::Sequence(nodes))
    }

    fn repetition(&mut self, node: Node) -> Node {
        let (min, max) = if self.eat("*") {
            (0, usize::MAX)
        } else if self.eat("+") {
            (1, usize::MAX)
        } else if self.eat("?") {
            (0, 1)
        } else {
            return node;
        };
        let is_lazy = self.eat("?");
        Node::Repeat { node: Box::new(node), min, max, is_lazy }
    }

    fn atom(&mut self) -> Result<Node> {
        if self.eat("(?:") {
            return self.group(None);
        }
        if self.eat("(") {
            self.n_groups += 1;
            return self.group(Some(self.n_groups));
        }
        if self.eat("[") {
            return self.class();
        }
        let character = self.peek().ok_or("regular expression ends early")?;
        self.at += 1;
        Ok(match character {
            '.' => Node::Any,
            '^' => Node::Start,
            '$' => Node::End,
            '\\' => {
                let escaped = self.peek().ok_or("regular expression ends early")?;
                self.at += 1;
                match escaped {
                    'b' => Node::Border,
                    'd' | 'w' | 's' => Node::Class { ranges: named(escaped), is_negated: false },
                    'D' | 'W' | 'S' => Node::Class { ranges: named(escaped.to_ascii_lowercase()), is_negated: true },
                    other => Node::Char(other),
                }
            }
            other => Node::Char(other),
        })
    }

    fn group(&mut self, index: Option<usize>) -> Result<Node> {
        let node = Box::new(self.alternatives()?);
        if !self.eat(")") {
            return Err("a group is not closed".to_owned());
        }
        Ok(Node::Group { index, node })
    }

    fn class(&mut self) -> Result<Node> {
        let is_negated = self.eat("^");
        let mut ranges = Vec::new();
        while !self.eat("]") {
            let mut low = self.peek().ok_or("a class is not closed")?;
            self.at += 1;
            if low == '\\' {
                low = self.peek().ok_or("a class is not closed")?;
                self.at += 1;
                if matches!(low, 'd' | 'w' | 's') {
                    ranges.extend(named(low));
                    continue;
                }
            }
            let is_range = self.peek() == Some('-') && self.rest.get(self.at + 1).is_some_and(|next| *next != ']');
            if is_range {
                self.at += 1;
                let high = self.peek().ok_or("a class is not closed")?;
                self.at += 1;
                ranges.push((low, high));
            } else {
                ranges.push((low, low));
            }
        }
        Ok(Node::Class { ranges, is_negated })
    }
}

/// `\d`, `\w`, `\s` over ASCII; the generator keeps other letters away from them.
fn named(letter: char) -> Vec<(char, char)> {
    match letter {
        'd' => vec![('0', '9')],
        'w' => vec![('0', '9'), ('a', 'z'), ('A', 'Z'), ('_', '_')],
        _ => vec![(' ', ' '), ('\t', '\r')],
    }
}
