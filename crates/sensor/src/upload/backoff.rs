//! How long to wait before the next try: exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And
//! Jitter"), so that thousands of sensors do not come back at the same moment.

use std::time::Duration;

/// Upper end of the first wait.
const FIRST: Duration = Duration::from_millis(200);

/// Upper end of every wait: a server that is back has its sensors within five minutes.
const LAST: Duration = Duration::from_secs(300);

/// What a server may ask for at most.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// The waits of one uploader.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    n_failures: u32,
}

impl Backoff {
    /// Whether the last try went well.
    pub(super) fn is_fresh(&self) -> bool {
        self.n_failures == 0
    }

    /// All is well; true when it was not before.
    pub(super) fn reset(&mut self) -> bool {
        std::mem::take(&mut self.n_failures) > 0
    }

    /// Waits before the next try, at least as long as the server asked.
    pub(super) async fn pause(&mut self, retry_after: Option<Duration>) {
        let wait = self.next(retry_after, rand::random());
        tokio::time::sleep(wait).await;
    }

    /// Waits for somebody to do something.
    pub(super) async fn pause_long(&mut self) {
        self.n_failures = u32::MAX;
        self.pause(Some(LAST / 2)).await;
    }

    /// `chance` is in [0, 1).
    fn next(&mut self, retry_after: Option<Duration>, chance: f64) -> Duration {
        let doubled = 2_u32.checked_pow(self.n_failures).and_then(|factor| FIRST.checked_mul(factor));
        let jitter = doubled.unwrap_or(LAST).min(LAST).mul_f64(chance);
        self.n_failures = self.n_failures.saturating_add(1);
        match retry_after {
            // Spread over as long again, so that all who were told the same do not come at the same time.
            Some(least) => {
                let least = least.min(RETRY_AFTER_MAX);
                least + jitter.max(least.mul_f64(chance))
            }
            None => jitter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(retry_after: Option<u64>, chance: f64, n_waits: usize) -> Vec<u128> {
        let mut backoff = Backoff::default();
        let next = |_| backoff.next(retry_after.map(Duration::from_secs), chance).as_millis();
        (0..n_waits).map(next).collect()
    }

    #[test]
    fn doubles_up_to_the_cap() {
        assert_eq!(waits(None, 0.5, 5), [100, 200, 400, 800, 1_600]);
        assert_eq!(waits(None, 0.5, 40)[39], 150_000);
        assert_eq!(waits(None, 0.0, 3), [0, 0, 0]);
    }

    #[test]
    fn waits_at_least_as_long_as_asked() {
        assert_eq!(waits(Some(10), 0.0, 2), [10_000, 10_000]);
        assert_eq!(waits(Some(10), 0.5, 1), [15_000]);
        assert_eq!(waits(Some(u64::MAX), 0.0, 1), [3_600_000]);
    }

    #[test]
    fn reset_starts_again() {
        let mut backoff = Backoff::default();
        assert!(backoff.is_fresh() && !backoff.reset());
        backoff.next(None, 0.5);
        assert!(!backoff.is_fresh() && backoff.reset());
        assert_eq!(backoff.next(None, 0.5), FIRST / 2);
    }
}
