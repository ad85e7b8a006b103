//! Words that commands, sentences and pages share.

use deepal_core::{Signal, strategy};

/// `1 seed`, `2 seeds`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Minutes and seconds, with hours where there are some.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The distinct names in their order.
pub(crate) fn distinct<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut distinct = Vec::<String>::new();
    for name in names {
        if !distinct.contains(name) {
            distinct.push(name.clone());
        }
    }
    distinct
}

/// That a signal which a strategy would use is not there; `why` says it as in "from `mlp`".
pub(crate) fn without(strategy: &str, signal: Signal, why: &str) -> String {
    let then = if strategy == strategy::DEFAULT { ", using auto-lite" } else { "" };
    format!("`{strategy}`: no {signal} {why}{then}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_as_it_should() {
        assert_eq!([count(0, "job", "jobs"), count(1, "job", "jobs")], ["0 jobs", "1 job"]);
        assert_eq!([5, 65, 3600, 36_005].map(clock), ["0:05", "1:05", "1:00:00", "10:00:05"]);
        assert_eq!(distinct(&["b", "a", "b"].map(String::from)), ["b", "a"]);
    }
}
