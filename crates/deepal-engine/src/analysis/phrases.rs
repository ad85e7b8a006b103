//! Numbers in words.

use super::{Difference, Estimate};
use deepal_core::metric::Metric;

/// `1,234`.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let parts = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    parts.collect::<Vec<_>>().join(",")
}

/// `+1.23`, in points of a hundred.
pub(super) fn points(share: f64) -> String {
    // Adding 0 makes the minus of a rounded -0 a plus.
    format!("{:+.2}", (1e4 * share).round() / 100.0 + 0.0)
}

/// `+1.23 points (95 % interval +0.80 to +1.66`, for a bracket that goes on.
pub(super) fn points_with_interval(estimate: Estimate) -> String {
    match estimate.interval {
        None => format!("{} points (no interval", points(estimate.value)),
        Some((low, high)) => {
            let value = points(estimate.value);
            format!("{value} points (95 % interval {} to {}", points(low), points(high))
        }
    }
}

/// `p = 0.03` or `p < 0.001`.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".into(),
        p if p < 0.1 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

/// `area under the curve +1.23 points (95 % interval +0.80 to +1.66, 5 seeds, p = 0.003 after Holm)`.
pub(super) fn evidence(area: &Difference, seeds: usize, metric: Metric) -> String {
    let (words, p) = (points_with_interval(area.mean), p_value(area.p_holm));
    format!("area under the {} {words}, {seeds} seeds, {p} after Holm)", curve(metric))
}

/// `curve`, or `macro-F1 curve` where it is not the accuracy's.
pub(super) fn curve(metric: Metric) -> String {
    match metric {
        Metric::Accuracy => "curve".into(),
        metric => format!("{} curve", metric.words()),
    }
}

/// `70.0 %`, or `macro-F1 of 70.0 %` where it is not the accuracy.
pub(super) fn percent_of(metric: Metric, share: f64) -> String {
    let percent = format!("{:.1} %", 100.0 * share);
    match metric {
        Metric::Accuracy => percent,
        metric => format!("{} of {percent}", metric.words()),
    }
}

/// `1.8 to 2.3`; a lower end of 0 stands for a target that may not be reached.
pub(crate) fn ratio_interval((low, high): (f64, f64)) -> String {
    match (low, high) {
        (0.0, high) => format!("from not reached to {high:.1}"),
        (low, high) => format!("{low:.1} to {high:.1}"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let numbers = [0.0, 999.4, 1000.0, 1_234_567.0].map(thousands);
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.0004, 0.0034, 0.049, 0.5, 1.0].map(p_value).join(" "), {
            "p < 0.001 p < 0.001 p = 0.003 p = 0.049 p = 0.50 p = 1.00"
        });
        assert_eq!([0.0123, -0.0123, -0.000_01].map(points), ["+1.23", "-1.23", "+0.00"]);
        assert_eq!(list(&["a"]) + &list(&["a", "b"]) + &list(&["a", "b", "c"]), "aa and ba, b and c");
        assert_eq!(ratio_interval((0.0, 2.0)), "from not reached to 2.0");
    }
}
