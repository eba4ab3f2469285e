//! Counts failures per key and minute, in bounded memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::limits::LIMITER_KEYS_MAX;

/// Failures per key in the running minute.
#[derive(Default)]
pub struct Limiter {
    failures: Mutex<HashMap<String, (Instant, u32)>>,
}

impl Limiter {
    /// Seconds until the key may fail again, or `None` while it may.
    pub fn wait_s(&self, key: &str, n_max: u32) -> Option<u32> {
        let failures = self.failures.lock().expect("no panic under the lock");
        let (since, n_failures) = failures.get(key)?;
        let gone = since.elapsed().as_secs();
        (*n_failures >= n_max && gone < 60).then(|| 60 - u32::try_from(gone).unwrap_or(0))
    }

    /// Notes a failure.
    pub fn failed(&self, key: &str) {
        let mut failures = self.failures.lock().expect("no panic under the lock");
        if failures.len() >= LIMITER_KEYS_MAX {
            failures.retain(|_, (since, _)| since.elapsed().as_secs() < 60);
            if failures.len() >= LIMITER_KEYS_MAX {
                failures.clear();
            }
        }
        let entry = failures.entry(key.to_owned()).or_insert((Instant::now(), 0));
        if entry.0.elapsed().as_secs() >= 60 {
            *entry = (Instant::now(), 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_per_key_and_bounded() {
        let limiter = Limiter::default();
        for _ in 0..3 {
            assert_eq!(limiter.wait_s("a", 3), None);
            limiter.failed("a");
        }
        assert!(limiter.wait_s("a", 3).is_some_and(|wait| (1..=60).contains(&wait)));
        assert_eq!(limiter.wait_s("b", 3), None);
        for idx in 0..LIMITER_KEYS_MAX {
            limiter.failed(&idx.to_string());
        }
        assert!(limiter.failures.lock().unwrap().len() <= LIMITER_KEYS_MAX);
    }
}
