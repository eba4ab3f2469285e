//! Timespans: ticks of 100 ns, printed and read as Kusto does.

/// Ticks of one second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks of one minute.
pub const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
/// Ticks of one hour.
pub const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
/// Ticks of one day.
pub const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;

/// `[-][d.]hh:mm:ss[.fffffff]`
pub fn format_timespan(ticks: i64) -> String {
    let magnitude = ticks.unsigned_abs();
    let sign = if ticks < 0 { "-" } else { "" };
    let days = magnitude / TICKS_PER_DAY as u64;
    let hours = magnitude / TICKS_PER_HOUR as u64 % 24;
    let minutes = magnitude / TICKS_PER_MINUTE as u64 % 60;
    let seconds = magnitude / TICKS_PER_SECOND as u64 % 60;
    let fraction = magnitude % TICKS_PER_SECOND as u64;
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]`, whole days (`5`), or a literal (`2h`, `1.5d`, `100ms`).
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    // Everything below cuts by bytes.
    if !text.is_ascii() {
        return None;
    }
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let ticks = if text.contains(':') { parse_clock(text)? } else { parse_literal(text)? };
    if negative { ticks.checked_neg() } else { Some(ticks) }
}

fn parse_clock(text: &str) -> Option<i64> {
    let (head, rest) = text.split_once(':')?;
    let (days, hours) = head.split_once('.').unwrap_or(("0", head));
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let [days, hours, minutes, seconds] = [days, hours, minutes, seconds].map(digits);
    let (hours, minutes, seconds) = (hours?, minutes?, seconds?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let clock = hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE + seconds * TICKS_PER_SECOND;
    days?.checked_mul(TICKS_PER_DAY)?.checked_add(clock)?.checked_add(fraction_ticks(fraction)?)
}

/// Ticks of the digits after a point, at most seven of them.
pub(super) fn fraction_ticks(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let used = &text[..text.len().min(7)];
    digits(text.get(7..).filter(|rest| !rest.is_empty()).unwrap_or("0"))?;
    Some(digits(used)? * 10_i64.pow(7 - used.len() as u32))
}

pub(super) fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn parse_literal(text: &str) -> Option<i64> {
    let end = text.find(|symbol: char| !symbol.is_ascii_digit() && symbol != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let per_unit = match unit.trim() {
        "" | "d" | "day" | "days" => TICKS_PER_DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => TICKS_PER_HOUR,
        "m" | "min" | "minute" | "minutes" => TICKS_PER_MINUTE,
        "s" | "sec" | "second" | "seconds" => TICKS_PER_SECOND,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => TICKS_PER_SECOND / 1_000,
        "micro" | "micros" | "microsecond" | "microseconds" | "us" => TICKS_PER_SECOND / 1_000_000,
        "tick" | "ticks" => 1,
        _ => return None,
    };
    if let Some(whole) = digits(number) {
        return whole.checked_mul(per_unit);
    }
    let ticks = (number.parse::<f64>().ok()? * per_unit as f64).round();
    if ticks.abs() < i64::MAX as f64 { Some(ticks as i64) } else { None }
}
