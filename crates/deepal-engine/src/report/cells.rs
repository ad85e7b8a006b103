//! Numbers as words for the report.

use crate::analysis::{Estimate, Saving, Versus};
use deepal_data::stores::run::Started;

/// A share as per cent, with its interval: `84.2 ± 0.5`, or `84.2 (83.1 to 84.9)` if it is lopsided.
pub(crate) fn percent(estimate: &Estimate) -> String {
    let scaled = |(low, high)| (100.0 * low, 100.0 * high);
    interval(100.0 * estimate.value, estimate.interval.map(scaled), 1)
}

/// A difference of shares in percentage points, with its sign.
pub(crate) fn points(estimate: &Estimate) -> String {
    let sign = if estimate.value > 0.0 { "+" } else { "" };
    format!("{sign}{}", percent(estimate))
}

/// A difference of shares in percentage points, with its sign and without its interval.
pub(crate) fn signed(share: f64) -> String {
    let points = minus(&format!("{:.1}", 100.0 * share));
    if share > 0.0 { format!("+{points}") } else { points }
}

/// `+1.2 to +2.6`.
pub(crate) fn signed_interval((low, high): (f64, f64)) -> String {
    format!("{} to {}", signed(low), signed(high))
}

/// A sentence with true minus signs: hyphens at the start of numbers.
pub(crate) fn sentence(text: &str) -> String {
    let mut sentence = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let is_minus =
            letter == '-' && matches!(before, ' ' | '(') && letters.peek().is_some_and(char::is_ascii_digit);
        sentence.push(if is_minus { '−' } else { letter });
        before = letter;
    }
    sentence
}

fn interval(value: f64, interval: Option<(f64, f64)>, digits: usize) -> String {
    let tell = |value: f64| minus(&format!("{value:.digits$}"));
    match interval.map(|(low, high)| (low, high, tell(value - low), tell(high - value))) {
        None => tell(value),
        Some((.., below, above)) if below == above => format!("{} ± {above}", tell(value)),
        Some((low, high, ..)) => format!("{} ({} to {})", tell(value), tell(low), tell(high)),
    }
}

/// A true minus, and none before a zero.
pub(super) fn minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => number.to_owned(),
    }
}

/// Labels for random's last accuracy.
pub(crate) fn labels(saving: &Saving) -> String {
    saving.labels.map_or("not reached".into(), |labels| format!("{labels:.0}"))
}

/// Random's labels by the strategy's, where zero stands for not reached.
pub(crate) fn ratio(saving: &Saving) -> String {
    let bound = |ratio: f64| if ratio > 0.0 { format!("{ratio:.2}") } else { "not reached".into() };
    match saving.ratio {
        Estimate { value, interval: None } => bound(value),
        Estimate { interval: Some((_, high)), .. } if high <= 0.0 => bound(high),
        Estimate { value, interval: Some((_, high)) } if value <= 0.0 => {
            format!("{} (at most {})", bound(value), bound(high))
        }
        Estimate { value, interval: Some((low, high)) } if low <= 0.0 => {
            format!("{} ({} to {})", bound(value), bound(low), bound(high))
        }
        // A line of a narrow table may end before the bracket and not in it.
        Estimate { value, interval: Some((low, high)) } => {
            format!("{value:.2} ({low:.2}\u{a0}to\u{a0}{high:.2})")
        }
    }
}

/// A probability of the test.
pub(crate) fn p(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }
}

/// What the test of the areas says, with a sign that does without colour.
pub(crate) fn outcome(versus: &Versus) -> &'static str {
    match versus.area.outcome {
        1 => "▲ better",
        -1 => "▼ worse",
        _ => "no evidence",
    }
}

/// A share in per cent.
pub(crate) fn share(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

/// To the nearest whole number.
pub(crate) fn whole(number: f64) -> String {
    format!("{number:.0}")
}

/// When the first process began and the last one.
pub(crate) fn dates(started: &[Started]) -> String {
    let times = || started.iter().map(|started| started.unix_seconds);
    match (times().min(), times().max()) {
        (Some(first), Some(last)) if first == last => date(first),
        (Some(first), Some(last)) => format!("{} to {}", date(first), date(last)),
        _ => "unknown".into(),
    }
}

/// `2026-11-22 16:36 UTC`. The calendar repeats after 400 years; a year that begins in March ends with its leap day.
fn date(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let days = days + 719_468; // from 0000-03-01 to 1970-01-01
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (hour, minute) = (seconds / 3_600, seconds % 3_600 / 60);
    format!("{:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC", 400 * era + year + carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_399), "2000-02-28 23:59 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_709_251_200), "2024-03-01 00:00 UTC");
        assert_eq!(date(1_798_761_599), "2026-12-31 23:59 UTC");
    }

    #[test]
    fn intervals_are_told_as_they_are() {
        let estimate = |value, interval| Estimate { value, interval };
        assert_eq!(percent(&estimate(0.842, None)), "84.2");
        assert_eq!(percent(&estimate(0.842, Some((0.837, 0.847)))), "84.2 ± 0.5");
        assert_eq!(percent(&estimate(0.842, Some((0.831, 0.849)))), "84.2 (83.1 to 84.9)");
        assert_eq!(points(&estimate(-0.01, Some((-0.02, 0.0)))), "−1.0 ± 1.0");
        assert_eq!(points(&estimate(0.012, Some((-0.0001, 0.05)))), "+1.2 (0.0 to 5.0)");
        assert_eq!([0.012, -0.012, -0.0001].map(signed), ["+1.2", "−1.2", "0.0"]);
        assert_eq!(
            sentence("k-center -0.53 points (-1 to +0.2) on set-2 - 3"),
            "k-center −0.53 points (−1 to +0.2) on set-2 - 3"
        );
        let saving = |ratio| Saving { target: 0.8, random_labels: 500.0, labels: None, ratio };
        assert_eq!(ratio(&saving(estimate(1.25, Some((0.0, 1.5))))), "1.25 (not reached to 1.50)");
        assert_eq!(ratio(&saving(estimate(1.25, Some((1.0, 1.5))))), "1.25 (1.00\u{a0}to\u{a0}1.50)");
        assert_eq!(ratio(&saving(estimate(0.0, Some((0.0, 0.9))))), "not reached (at most 0.90)");
        assert_eq!(ratio(&saving(estimate(0.0, Some((0.0, 0.0))))), "not reached");
    }
}
