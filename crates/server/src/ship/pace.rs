//! How much each source may send: a bucket of items that fills at the source's rate and holds ten seconds of it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::limits::SHIP_BURST_SECONDS;

/// A bucket for each source that sent something.
#[derive(Default)]
pub(super) struct Pace {
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
}

impl Pace {
    /// Takes items out; else says how many seconds to wait. A request larger than what is there is let through once and
    /// paid back by waiting: a limit on items must not be one on the size of a request.
    pub(super) fn take(&self, source: &str, per_second: u32, n_items: usize, now: Instant) -> Result<(), u32> {
        let rate = f64::from(per_second.max(1));
        let mut buckets = self.buckets.lock().expect("no panic under the lock");
        let bucket = buckets.entry(source.to_owned()).or_insert((rate * SHIP_BURST_SECONDS, now));
        let gone = now.saturating_duration_since(bucket.1).as_secs_f64();
        *bucket = ((bucket.0 + gone * rate).min(rate * SHIP_BURST_SECONDS), now);
        if bucket.0 <= 0.0 {
            return Err((-bucket.0 / rate).ceil().clamp(1.0, 3_600.0) as u32);
        }
        bucket.0 -= n_items as f64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_then_the_rate_per_source() {
        let pace = Pace::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pace.take("a", 10, 100, at(0)), Ok(()));
        assert_eq!(pace.take("a", 10, 1, at(0)), Err(1));
        assert_eq!(pace.take("b", 10, 1, at(0)), Ok(()));
        assert_eq!(pace.take("a", 10, 1_000, at(1)), Ok(()));
        assert_eq!(pace.take("a", 10, 1, at(1)), Err(99));
        assert_eq!(pace.take("a", 10, 1, at(101)), Ok(()));
        assert_eq!(pace.take("a", 10, 1, at(100)), Ok(()));
    }
}
