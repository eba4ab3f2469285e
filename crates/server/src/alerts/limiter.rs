//! Calls per caller, minute and hour, as MDE counts them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::api::error::ApiError;
use crate::limits::CALLERS_MAX;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Counts calls.
#[derive(Default)]
pub struct CallLimiter {
    callers: Mutex<HashMap<(String, &'static str), Calls>>,
}

struct Calls {
    minute: (Instant, u32),
    hour: (Instant, u32),
}

impl CallLimiter {
    /// Counts a call of a kind, or refuses it with 429 and the seconds until the next one may come.
    ///
    /// # Errors
    /// 429.
    pub fn count(&self, caller: &str, kind: &'static str, per_minute: u32, per_hour: u32) -> Result<(), ApiError> {
        let now = Instant::now();
        let mut callers = self.callers.lock().expect("no panic under the lock");
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, calls| now.duration_since(calls.hour.0) < HOUR);
            if callers.len() >= CALLERS_MAX {
                callers.clear();
            }
        }
        let calls = callers.entry((caller.to_owned(), kind)).or_insert(Calls { minute: (now, 0), hour: (now, 0) });
        let waits = [wait(&mut calls.minute, now, MINUTE, per_minute), wait(&mut calls.hour, now, HOUR, per_hour)];
        let Some(wait) = waits.into_iter().flatten().max() else {
            calls.minute.1 += 1;
            calls.hour.1 += 1;
            return Ok(());
        };
        let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(3_600);
        let message = format!(
            "API calls quota exceeded! Maximum allowed {per_minute} for 00:01:00 and {per_hour} for 01:00:00 per application and tenant for this API. You can send requests again in {seconds} seconds."
        );
        Err(ApiError::retry_later(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", seconds, &message))
    }
}

/// How long until a call may come; a window that is over begins anew.
fn wait(window: &mut (Instant, u32), now: Instant, length: Duration, calls_max: u32) -> Option<Duration> {
    let age = now.duration_since(window.0);
    if age >= length {
        *window = (now, 0);
        return None;
    }
    (window.1 >= calls_max).then(|| length.saturating_sub(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_waits_alone() {
        let limiter = CallLimiter::default();
        for _ in 0..3 {
            assert!(limiter.count("one", "alerts", 3, 10).is_ok());
        }
        assert!(limiter.count("one", "alerts", 3, 10).is_err());
        assert!(limiter.count("one", "machines", 3, 10).is_ok());
        assert!(limiter.count("two", "alerts", 3, 10).is_ok());
    }
}
