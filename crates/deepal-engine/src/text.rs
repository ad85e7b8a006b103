//! Words that commands, sentences and pages share.

use deepal_core::strategy;
use std::borrow::Cow;

/// `1 seed`, `2 seeds`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Columns that lines on a terminal keep to.
pub(crate) const WIDTH: usize = 80;

/// The lines of a text, each of at most 80 characters: longer ones are broken between words, and what is broken off is indented.
pub fn folded(text: &str) -> String {
    text.split('\n').map(folded_line).collect::<Vec<_>>().join("\n")
}

fn folded_line(line: &str) -> String {
    let (mut folded, mut column) = (String::new(), 0);
    for (at, word) in line.split(' ').enumerate() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            folded.push_str("\n  ");
            column = 2;
        } else if at > 0 {
            folded.push(' ');
            column += 1;
        }
        folded.push_str(word);
        column += width;
    }
    folded
}

/// Minutes and seconds, with hours where there are some.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The text as a terminal or page may show it: letters that would steer the terminal or turn the direction of writing, as names of files
/// may have, are written as `\\u{1b}`. Ends of lines and tabs stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter.escape_unicode().to_string())
}

/// The same for JSON, whose value stays: such letters are written as `\\u001b`.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    escaped(json, |letter| format!("\\u{:04x}", u32::from(letter)))
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let escaped = |letter: char| if is_harmful(letter) { escape(letter) } else { letter.into() };
    Cow::Owned(text.chars().map(escaped).collect())
}

fn is_harmful(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What another word for a strategy means, as a sentence: of `coreset`, with settings or without.
pub fn other_name(strategy: &str) -> Option<String> {
    let word = strategy.split('(').next().unwrap_or_default().trim();
    Some(format!("`{word}` means the strategy `{}`", strategy::other_name(word)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_as_it_should() {
        assert_eq!([count(0, "job", "jobs"), count(1, "job", "jobs")], ["0 jobs", "1 job"]);
        assert_eq!([5, 65, 3600, 36_005].map(clock), ["0:05", "1:05", "1:00:00", "10:00:05"]);
        assert_eq!(harmless("a \u{e9}\n\tb"), "a \u{e9}\n\tb");
        assert_eq!(harmless("\u{1b}[2J\r\u{9b}x\u{202e}y\0"), "\\u{1b}[2J\\u{d}\\u{9b}x\\u{202e}y\\u{0}");
        let odd = serde_json::json!({ "id": "\u{1b}[2J\r\u{9b}\u{202e}é\n" });
        let json = odd.to_string();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&harmless_json(&json)).unwrap(), odd);
        assert!(!harmless_json(&json).contains(is_harmful) && json.contains(is_harmful));
        let said = other_name("CoreSet(x=1)");
        assert_eq!(said.as_deref(), Some("`CoreSet` means the strategy `k-center`"));
        assert_eq!(other_name("k_center"), None);
        assert_eq!(distinct(&["b", "a", "b"].map(String::from)), ["b", "a"]);
    }

    #[test]
    fn lines_break_between_words() {
        let words = "a line of many words that is longer than a terminal is wide, ".repeat(3);
        let text = folded(words.trim_end());
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.replace("\n  ", " "), words.trim_end());
        assert_eq!(folded("short\n  and  short\n"), "short\n  and  short\n");
        let long = "x".repeat(100);
        assert_eq!(folded(&format!("see {long}")), format!("see\n  {long}"));
    }
}
