//! What a person sees on a terminal of 80 columns, by way of util-linux' `script`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "in a test a failed unwrap is the failure")]

use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a call writes to a terminal of 80 columns, colours left out; `None` where there is no `script`.
fn on_terminal(folder: &TempDir, line: &str) -> Option<String> {
    let line = format!("stty cols 80 rows 24; exec {} {line}", env!("CARGO_BIN_EXE_deepal"));
    let mut command = Command::new("script");
    command
        .current_dir(folder)
        .env_remove("DEEPAL_DATA")
        .env("DEEPAL_CACHE", "no-cache")
        .env("TERM", "xterm");
    let Ok(output) = command.stdin(Stdio::null()).args(["-qec", &line, "/dev/null"]).output() else {
        eprintln!("skipped: there is no `script`");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A control sequence ends with its first letter: `m` for a colour, others move about.
        let (end, rest) = part.split_at(part.find(|letter: char| letter.is_ascii_alphabetic()).unwrap());
        plain += if rest.starts_with('m') { "" } else { "\r" };
        assert!(end.starts_with('['), "{part}");
        plain += &rest[1..];
    }
    Some(plain)
}

/// The seconds of `1:02:03`.
fn seconds(clock: &str) -> u64 {
    clock.split(':').fold(0, |sum, part| 60 * sum + part.parse::<u64>().unwrap())
}

#[test]
fn a_run_shows_bars_that_fill_a_time_left_that_is_sane_and_no_broken_words() {
    let folder = TempDir::new().unwrap();
    let line = "run digits --net softmax-regression --strategy auto,least-confidence --seeds 1,2,3 --rounds 6 --threads 1 --out run";
    let Some(text) = on_terminal(&folder, line) else { return };
    let lines = text.split(['\r', '\n']).map(|line| line.chars().collect::<Vec<_>>()).collect::<Vec<_>>();
    // What is longer than a row goes on in the next, and must not do so within a word.
    let rows = lines.iter().flat_map(|line| line.chunks(80).zip(line.chunks(80).skip(1)));
    for (row, next) in rows {
        assert!(row[79] == ' ' || next[0] == ' ', "{row:?} {next:?}");
    }
    let lines = lines.iter().flat_map(|line| line.chunks(80)).map(|row| row.iter().collect::<String>());
    let lines = lines.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>();
    assert!(lines.iter().any(|line| line.contains("██████████████████████████████ 100 %")), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("auto, seed ") && line.contains("█░")), "{text}");
    assert!(!text.contains("calibration"), "{text}");
    // "0:03 gone, 0:10 left"
    let totals = lines.iter().filter_map(|line| line.split_once(" gone, ")?.1.strip_suffix(" left"));
    let most = totals.map(seconds).max().unwrap();
    let whole =
        lines.iter().filter_map(|line| Some(seconds(line.split_once(" gone, ")?.0.rsplit(' ').next()?)));
    let whole = whole.max().unwrap();
    assert!(most <= 10 * (whole + 3), "{most} seconds left were named in a run of {whole}: {text}");
}
