//! Round numbers along an axis, and units of time.

use crate::report::cells::minus;

/// At most `at_most + 1` round numbers from `low` to `high`, with their labels.
pub(super) fn ticks(low: f64, high: f64, at_most: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / at_most;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    let digits = (-step.log10().floor()).max(0.0) as usize;
    // A hair of room for rounding.
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|k| k as f64 * step).map(|tick| (tick, minus(&format!("{tick:.digits$}")))).collect()
}

/// The unit in which so many seconds are best told: its seconds and its name.
pub(crate) fn unit(seconds: f64) -> (f64, &'static str) {
    match seconds {
        seconds if seconds >= 7200.0 => (3600.0, "h"),
        seconds if seconds >= 120.0 => (60.0, "min"),
        _ => (1.0, "s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64) -> Vec<String> {
        ticks(low, high, 5.0).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(labels(0.0, 100.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(83.2, 84.1), ["83.2", "83.4", "83.6", "83.8", "84.0"]);
        assert_eq!(labels(-0.4, 0.5), ["−0.4", "−0.2", "0.0", "0.2", "0.4"]);
        assert!(labels(5.0, 5.0).is_empty() && labels(0.0, f64::NAN).is_empty());
    }
}
