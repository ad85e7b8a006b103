//! Help and lists.

use super::*;

#[test]
fn without_arguments_it_says_what_to_do_next() {
    let folder = workshop();
    let said = call(&folder, "").expect(0, &[]);
    assert_eq!(said.stderr, "");
    for words in ["  deepal label photos/", "  deepal run", "  deepal select photos/", "deepal --help"] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    assert_narrow(&said.stdout);
    call(&folder, "frobnicate").expect(2, &["frobnicate", "--help"]);
    call(&folder, "list").expect(2, &["<WHAT>"]);
    call(&folder, "list nonsense").expect(2, &["nonsense", "strategies, datasets, nets"]);
}

#[test]
fn help_has_the_exit_codes_and_every_option() {
    let folder = workshop();
    let help = |line: &str| {
        let said = call(&folder, line).expect(0, &[]);
        assert_eq!(said.stderr, "");
        said.stdout
    };
    let text = help("--help").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in
        ["0 success", "1 a job failed", "2 wrong", "3 input", "4 output", "5 download", "130 interrupted"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = help("run --help");
    for option in [
        "dataset", "strategy", "seeds", "metric", "initial", "query", "rounds", "pool", "net", "training",
        "config", "out", "resume", "data-dir", "offline", "threads",
    ] {
        let (_, about) = text.split_once(&format!(" --{option}")).unwrap();
        let about = about.lines().nth(1).unwrap().trim();
        assert!(about.len() > 10, "--{option} says only {about:?}");
    }
    for line in ["--help", "run --help", "select --help", "list --help", "-h", "run -h", "select -h"] {
        assert_narrow(&help(line));
    }
    let (short, long) = (help("select -h"), help("select --help"));
    assert!(short.lines().count() < 80 && short.lines().count() < long.lines().count(), "{short}");
    for heading in ["Your own data:", "A table:", "Arrays, or columns of the table:", "Examples:"] {
        assert!(short.contains(heading) && long.contains(heading), "{heading}: {short}");
    }
    assert_eq!(help("--version").trim(), format!("deepal {}", env!("CARGO_PKG_VERSION")));
}

#[track_caller]
fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line:?}");
    }
}

#[test]
fn the_lists_name_everything_there_is() {
    let folder = workshop();
    let heads = |what: &str| {
        let said = call(&folder, &format!("list {what}")).expect(0, &[]);
        assert_narrow(&said.stdout);
        said.stdout
            .lines()
            .filter(|line| line.starts_with(|c| c != ' '))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let names = |heads: &[String]| {
        heads.iter().map(|head| head.split(" (").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let strategies = heads("strategies");
    let by_family = strategy::Family::ALL.into_iter().flat_map(strategy::Family::strategies);
    // What strategies are measured against comes last.
    let all = by_family.map(|entry| entry.name).chain(["upper-bound"]);
    assert_eq!(names(&strategies), all.collect::<Vec<_>>());
    assert_eq!(strategies.len(), strategy::ALL.len() + 1);
    for entry in strategy::ALL {
        let head = entry.deepal.map_or(entry.name.into(), |deepal| format!("{} ({deepal})", entry.name));
        assert!(strategies.contains(&head), "{head}");
    }
    assert_eq!(names(&heads("datasets")), datasets::ALL.iter().map(|entry| entry.name).collect::<Vec<_>>());
    assert_eq!(names(&heads("nets")), nets::ALL.iter().map(|entry| entry.name).collect::<Vec<_>>());
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let folder = workshop();
    for line in ["list strategies", "list datasets", &format!("run {TINY} --out run"), "run --resume run"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(&folder, line).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !stderr.contains("error"), "{line}: {stderr}");
    }
    assert!(is_finished(&read(&folder, "run/events.jsonl")));
}

#[test]
fn shells_complete_commands_and_options() {
    let folder = workshop();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let said = call(&folder, &format!("completions {shell}")).expect(0, &[]);
        for word in ["inspect", "labeled-embeddings", "tensorboard"] {
            assert!(said.stdout.contains(word), "{shell} lacks {word}");
        }
    }
    call(&folder, "completions csh").expect(2, &["csh", "bash"]);
}

/// Nothing is made, and nothing is written under a name that says something else.
#[test]
fn files_of_unknown_formats_are_refused_before_anything_is_done() {
    let folder = workshop();
    for (line, words) in [
        ("select none --budget 3 --out x.xlsx", ["`--out x.xlsx`", "`.csv`, `.jsonl`, `.parquet`"]),
        ("predict none --net none -o x.parquet", ["`--out x.parquet`", "`.csv`, `.jsonl`"]),
        ("train none -o x.pt", ["`--out x.pt`", "`.safetensors`"]),
        ("embed none --model none -o x.npz", ["`--out x.npz`", "`.npy`"]),
        ("export none -o x.xlsx", ["`--out x.xlsx`", "`.csv`"]),
        ("export none --format jsonl -o x.csv", ["`--out x.csv`", "`.jsonl`"]),
        ("export none --net x.onnx", ["`--net x.onnx`", "`.safetensors`"]),
    ] {
        call(&folder, line).expect(2, &words);
    }
    // A device has no format in its name.
    call(&folder, "select none --budget 3 --out /dev/null").expect(3, &["none"]);
}

#[test]
fn words_that_people_type_for_strategies_are_understood_and_explained() {
    let folder = workshop();
    let line = "run digits --net softmax_regression --seed 1 --initial 20 --query 10 --rounds 1 --strategy coreset,LC,K_Means -o run";
    let said = call(&folder, line).expect(0, &["`coreset` means the strategy `k-center`", "`LC` means"]);
    assert!(!said.stderr.contains("K_Means"), "{said:?}");
    assert!(said.stdout.contains("k-center") && said.stdout.contains("least-confidence"), "{said:?}");
    assert!(read(&folder, "run/config.toml").contains("k-means"));
}
