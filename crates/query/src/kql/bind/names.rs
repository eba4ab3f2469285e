//! "Did you mean": the closest of the names that exist.

/// Names that are compared at most; a query sees a few hundred.
const NAMES_MAX: usize = 5_000;

/// The name that was probably meant: the same in other case, or one with few letters changed.
pub(crate) fn closest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted_lower = wanted.to_lowercase();
    let far = (wanted.chars().count() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for name in names.into_iter().take(NAMES_MAX) {
        let distance = distance(&wanted_lower, &name.to_lowercase(), far);
        if distance <= far && best.is_none_or(|(least, other)| (distance, name) < (least, other)) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// "Did you mean `x`?", or another sentence when nothing is close.
pub(crate) fn hint<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>, otherwise: &str) -> String {
    match closest(wanted, names) {
        Some(name) => format!("Did you mean `{name}`?"),
        None => otherwise.to_owned(),
    }
}

/// Letters to change, add or remove, swapped neighbours counting once; anything above `most` is the same.
fn distance(left: &str, right: &str, most: usize) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len().abs_diff(right.len()) > most {
        return most + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for left_idx in 1..=left.len() {
        let mut next = vec![left_idx; right.len() + 1];
        for right_idx in 1..=right.len() {
            let is_same = left[left_idx - 1] == right[right_idx - 1];
            let mut least =
                (row[right_idx - 1] + usize::from(!is_same)).min(row[right_idx] + 1).min(next[right_idx - 1] + 1);
            let is_swapped = left_idx > 1
                && right_idx > 1
                && left[left_idx - 1] == right[right_idx - 2]
                && left[left_idx - 2] == right[right_idx - 1];
            if is_swapped {
                least = least.min(before[right_idx - 2] + 1);
            }
            next[right_idx] = least;
        }
        before = std::mem::replace(&mut row, next);
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_close_one() {
        let names = ["DeviceProcessEvents", "DeviceFileEvents", "Timestamp"];
        assert_eq!(closest("deviceprocessevents", names), Some("DeviceProcessEvents"));
        assert_eq!(closest("DeviceFlieEvents", names), Some("DeviceFileEvents"));
        assert_eq!(closest("Timestmp", names), Some("Timestamp"));
        assert_eq!(closest("Nothing", names), None);
    }
}
