//! One key's sightings. Everything in it is a minimum, a maximum or a union, so that what is counted twice (a batch that
//! is replayed, a file that is merged and still there) changes nothing, and the order of merging does not matter.

use super::kind::Kind;
use crate::limits::PREVALENCE_DEVICES_EXACT;

/// What is known of a file beside the hash that names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// SHA-1 of its content.
    pub sha1: Option<String>,
    /// SHA-256 of its content.
    pub sha256: Option<String>,
    /// MD5 of its content.
    pub md5: Option<String>,
    /// Bytes.
    pub size: Option<i64>,
}

impl FileFacts {
    /// A hash says what the content is, so two rows differ only in what they leave out. When a sensor says otherwise,
    /// the larger value wins: any rule will do that does not depend on the order.
    fn merge(&mut self, other: Self) {
        self.sha1 = self.sha1.take().max(other.sha1);
        self.sha256 = self.sha256.take().max(other.sha256);
        self.md5 = self.md5.take().max(other.md5);
        self.size = self.size.max(other.size);
    }
}

/// The devices that a key was seen on: all of them up to `PREVALENCE_DEVICES_EXACT`, beyond that those whose hashes are
/// smallest, from which the number of all is estimated (a KMV sketch).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// Ascending by hash.
    ids: Vec<String>,
}

impl Devices {
    /// The set of the given devices.
    pub fn new(mut ids: Vec<String>) -> Self {
        // Those of a file are sorted already.
        if !ids.is_sorted_by(|left, right| (spread(left), left) < (spread(right), right)) {
            ids.sort_by_cached_key(|id| (spread(id), id.clone()));
            ids.dedup();
        }
        ids.truncate(PREVALENCE_DEVICES_EXACT + 1);
        Self { ids }
    }

    /// Takes in those of another set.
    pub fn merge(&mut self, other: Self) {
        if other.ids == self.ids {
            return;
        }
        let mut ids = std::mem::take(&mut self.ids);
        ids.extend(other.ids);
        *self = Self::new(ids);
    }

    /// Whether all devices are known; otherwise `count` is an estimate.
    pub fn is_exact(&self) -> bool {
        self.ids.len() <= PREVALENCE_DEVICES_EXACT
    }

    /// The number of devices; beyond `PREVALENCE_DEVICES_EXACT` an estimate with a standard error of 4.4 %.
    pub fn count(&self) -> u64 {
        let n_ids = self.ids.len() as u64;
        if self.is_exact() {
            return n_ids;
        }
        let largest = self.ids.last().map_or(u64::MAX, |id| spread(id)).max(1);
        let estimate = (n_ids - 1) as f64 * (u64::MAX as f64 / largest as f64);
        (estimate.round() as u64).max(n_ids)
    }

    /// The ids that are known, at most `PREVALENCE_DEVICES_EXACT` + 1.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }
}

/// A hash that stays the same for ever, since files are sorted by it: FNV-1a, then the finaliser of SplitMix64, because
/// the estimate needs every bit to be random.
fn spread(id: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in id.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

/// When, and on how many devices, something was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Earliest, microseconds since 1970.
    pub first_us: i64,
    /// Latest, microseconds since 1970.
    pub last_us: i64,
    /// Where.
    pub devices: Devices,
    /// For hashes.
    pub facts: FileFacts,
}

impl Sighting {
    /// Takes in another sighting of the same key.
    pub fn merge(&mut self, other: Self) {
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        self.devices.merge(other.devices);
        self.facts.merge(other.facts);
    }
}

/// A key with its sightings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) key: String,
    pub(crate) tenant: String,
    pub(crate) sighting: Sighting,
}

impl Entry {
    /// What entries are sorted by, and what makes two of them one.
    pub(crate) fn order(&self) -> (Kind, &str, &str) {
        (self.kind, &self.key, &self.tenant)
    }
}

/// Sorts, and makes one of each.
pub(crate) fn unified(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|left, right| left.order().cmp(&right.order()));
    let mut unified: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match unified.last_mut() {
            Some(last) if last.order() == entry.order() => last.sighting.merge(entry.sighting),
            _ => unified.push(entry),
        }
    }
    unified
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(range: std::ops::Range<usize>) -> Devices {
        Devices::new(range.map(|number| format!("{number:040x}")).collect())
    }

    #[test]
    fn few_devices_are_counted_and_many_are_estimated() {
        for n_devices in [0, 1, 200, PREVALENCE_DEVICES_EXACT] {
            let set = devices(0..n_devices);
            assert!(set.is_exact());
            assert_eq!(set.count(), n_devices as u64);
        }
        for n_devices in [PREVALENCE_DEVICES_EXACT + 1, 2_000, 20_000] {
            let set = devices(0..n_devices);
            assert!(!set.is_exact());
            let error = set.count() as f64 / n_devices as f64 - 1.0;
            assert!(error.abs() < 0.15, "{n_devices} estimated as {}", set.count());
        }
    }

    #[test]
    fn merging_does_not_depend_on_order_or_repetition() {
        let parts = [devices(0..300), devices(200..900), devices(850..3_000), devices(0..10)];
        let whole = devices(0..3_000);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let mut merged = Devices::default();
            for idx in order {
                merged.merge(parts[idx].clone());
                merged.merge(parts[order[0]].clone());
            }
            assert_eq!(merged, whole);
        }
    }
}
