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

/// That a strategy does without a signal that it would use.
pub(crate) fn without(strategy: &str, signal: Signal, which: &str) -> String {
    let then = if strategy == strategy::DEFAULT { ", and picks as auto-lite" } else { "" };
    format!("`{strategy}` does without {signal}, which {which}{then}")
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
