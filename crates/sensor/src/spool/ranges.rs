//! Sets of sequence numbers as sorted, separate ranges.

use super::record::SeqRange;

/// The sequence numbers whose absence is explained by a gap record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<SeqRange>);

impl Ranges {
    pub(super) fn add(&mut self, range: SeqRange) {
        let mut merged = range;
        let mut kept = Vec::with_capacity(self.0.len() + 1);
        for other in &self.0 {
            if other.to.saturating_add(1) < merged.from || merged.to.saturating_add(1) < other.from {
                kept.push(*other);
            } else {
                merged = SeqRange { from: merged.from.min(other.from), to: merged.to.max(other.to) };
            }
        }
        kept.push(merged);
        kept.sort_unstable();
        self.0 = kept;
    }

    /// Forgets everything up to `seq`.
    pub(super) fn drop_through(&mut self, seq: u64) {
        self.0.retain(|range| range.to > seq);
    }

    /// The first number from `seq` on that is not in the set.
    pub(super) fn first_outside(&self, seq: u64) -> u64 {
        match self.0.iter().find(|range| range.from <= seq && seq <= range.to) {
            Some(range) => range.to.saturating_add(1),
            None => seq,
        }
    }

    /// The first number after `seq` that is in the set.
    pub(super) fn first_inside(&self, seq: u64) -> Option<u64> {
        self.0.iter().map(|range| range.from).find(|from| *from > seq)
    }

    /// The parts of `range` that are not in the set.
    pub(super) fn outside(&self, range: SeqRange) -> Vec<SeqRange> {
        let mut parts = Vec::new();
        let mut from = self.first_outside(range.from);
        while from <= range.to {
            let to = self.first_inside(from).map_or(range.to, |inside| range.to.min(inside - 1));
            parts.push(SeqRange { from, to });
            if to == u64::MAX {
                break;
            }
            from = self.first_outside(to + 1);
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(added: &[(u64, u64)], range: (u64, u64), expected: &[(u64, u64)]) {
        let mut ranges = Ranges::default();
        for (from, to) in added {
            ranges.add(SeqRange { from: *from, to: *to });
        }
        let outside = ranges.outside(SeqRange { from: range.0, to: range.1 });
        let outside: Vec<_> = outside.into_iter().map(|part| (part.from, part.to)).collect();
        assert_eq!(outside, expected);
    }

    #[test]
    fn outside_of_merged_ranges() {
        check(&[], (1, 9), &[(1, 9)]);
        check(&[(3, 4)], (1, 9), &[(1, 2), (5, 9)]);
        check(&[(3, 4), (5, 6)], (1, 9), &[(1, 2), (7, 9)]);
        check(&[(7, 9), (1, 2), (2, 3)], (1, 9), &[(4, 6)]);
        check(&[(1, 20)], (1, 9), &[]);
        check(&[(2, 3), (6, 7)], (3, 6), &[(4, 5)]);
    }
}
