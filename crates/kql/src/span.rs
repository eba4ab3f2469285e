//! Where something is in the query's text.

use std::fmt;
use std::ops::Range;

/// A range of bytes in the text of the query; both ends are on character borders.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of a range of bytes. A query is far shorter than 4 GiB (`limits::TEXT_BYTES_MAX`).
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span right behind this one.
    pub fn after(self) -> Self {
        Self { start: self.end, end: self.end }
    }

    /// The empty span at the beginning of this one.
    pub fn before(self) -> Self {
        Self { start: self.start, end: self.start }
    }

    /// For slicing the text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// No byte at all: something that is missing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// `@3..7`: short, and easy to take out where two trees are compared without their places.
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}..{}", self.start, self.end)
    }
}
