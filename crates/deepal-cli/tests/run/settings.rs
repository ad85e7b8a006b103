//! Settings from a file.

use super::suite::values;
use super::*;

#[test]
fn settings_are_read_from_a_file_and_options_win() {
    let folder = workshop();
    let line = "run --config quick.toml --strategy k-center --seeds 7 --rounds 1 --out run";
    call(&folder, line).expect(0, &[]);
    let config = read(&folder, "run/config.toml");
    for line in [
        "net = \"mlp\"",
        "pool = 300",
        "initial = 40",
        "query = 20",
        "strategies = [\"k-center\"]",
        "seeds = [7]",
        "rounds = 1",
        "batch_size = 16",
        "learning_rate = 0.003",
        "until = \"adaptive\"",
        "max_steps = 60",
    ] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
    call(&folder, "run --config run/config.toml --out copy").expect(0, &[]);
    assert_eq!(read(&folder, "copy/config.toml"), config, "a run's settings are settings for a run");
    assert_eq!(rounds(&read(&folder, "copy/events.jsonl")), rounds(&read(&folder, "run/events.jsonl")));

    call(&folder, "run --config quick.toml --training adaptive --rounds 1 --seeds 1 --out named")
        .expect(0, &[]);
    assert!(read(&folder, "named/config.toml").contains("max_steps = 2000"), "the option wins");
}

#[test]
fn a_training_table_in_full_is_used() {
    let folder = workshop();
    let epochs = "[training]\nbatch_size = 10\noptimizer = { name = \"sgd\", learning_rate = 0.1, momentum = 0.9 }\n\
                  schedule = { until = \"epochs\", epochs = 3 }\n";
    fs::write(folder.path().join("sgd.toml"), epochs).unwrap();
    let line =
        "run --config sgd.toml --dataset digits --net mlp --seeds 1 --rounds 1 --initial 40 --query 10";
    call(&folder, &format!("{line} --out run"))
        .expect(0, &["warning: 3 epochs over 40 labels are 12 optimiser steps", "`adaptive`"]);
    let config = read(&folder, "run/config.toml");
    for line in ["name = \"sgd\"", "momentum = 0.9", "until = \"epochs\"", "epochs = 3", "batch_size = 10"] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
}

#[test]
fn labels_of_each_class_first_and_rare_classes_are_asked_for_by_name() {
    let folder = workshop();
    let line = "run --dataset digits --net softmax-regression --seeds 1 --initial 24 --query 5 --rounds 1";
    call(&folder, &format!("{line} --per-class-seed 2 --rare-classes --out run")).expect(0, &[]);
    let config = read(&folder, "run/config.toml");
    for line in ["initial_set = \"2-per-class\"", "\"cluster-margin\"", "\"random\"", "\"margin\""] {
        assert!(config.contains(line), "{line}: {config}");
    }
    let events = read(&folder, "run/events.jsonl");
    let first = events.lines().find(|line| line.contains("\"round\":0,")).unwrap();
    let first = serde_json::from_str::<serde_json::Value>(first).unwrap();
    let mut counts = [0; 10];
    first["classes"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|class| counts[class.as_u64().unwrap() as usize] += 1);
    assert!(counts.iter().all(|count| *count >= 2) && counts.iter().sum::<usize>() == 24, "{counts:?}");
    call(&folder, &format!("{line} --initial-set 3-per-clas --out x"))
        .expect(2, &["did you mean", "-per-class"]);
    call(&folder, &format!("{line} --per-class-seed 3 --out x"))
        .expect(2, &["initial must be at least 30 for 3 labels of each class, got 24"]);
}

/// Nets trained end to end do not publish their calibration.
#[test]
fn auto_is_auto_lite_with_such_nets_and_does_not_trouble_anybody_with_it() {
    let folder = workshop();
    let line = "run --config quick.toml --rounds 1 --seeds 1 --dataset digits --strategy auto";
    let said = call(&folder, &format!("{line} --net mlp --out mlp")).expect(0, &[]);
    assert!(!said.stderr.contains("calibration"), "{said:?}");
    let lite = line.replace("auto", "auto-lite");
    call(&folder, &format!("{lite} --net mlp --out lite")).expect(0, &[]);
    let picks = |run: &str| values(&read(&folder, &format!("{run}/events.jsonl")), "picks", &["digits"]);
    assert_eq!(picks("mlp"), picks("lite"));
}

#[test]
fn a_bad_file_of_settings_is_named_with_what_is_wrong_in_it() {
    for (settings, words) in [
        ("rouns = 3", ["unknown field `rouns`", "`rounds`"]),
        ("data-dir = \"x\"", ["unknown field `data-dir`", "`data_dir`"]),
        ("rounds = -3", ["line 1", "-3"]),
        ("rounds = \"many\"", ["line 1", "many"]),
        ("rounds = ", ["line 1", "rounds = "]),
        ("seeds = 7", ["line 1", "expected a sequence"]),
    ] {
        let folder = workshop();
        fs::write(folder.path().join("bad.toml"), settings).unwrap();
        let said = call(&folder, "run --config bad.toml --dataset digits --out run");
        said.expect(2, &["error: `bad.toml`"]).expect(2, &words);
        assert!(!folder.path().join("run").exists());
    }
}

#[test]
fn two_settings_of_a_strategy_are_compared_under_names_of_their_own() {
    let folder = workshop();
    let line = "run --config quick.toml --net mlp(hidden=16) --seeds 1 --rounds 1 --out run";
    call(&folder, &format!("{line} --strategy bald(passes=2),bald(passes=3),random")).expect(0, &[]);
    let (config, report) = (read(&folder, "run/config.toml"), read(&folder, "run/report.html"));
    assert!(config.contains("mlp(hidden=16)"), "{config}");
    for name in ["bald(passes=2)", "bald(passes=3)"] {
        assert!(config.contains(name) && report.contains(name), "{name}: {config}");
        assert!(read(&folder, "run/results.csv").contains(name), "{name}");
    }
    call(&folder, "run --config run/config.toml --out copy").expect(0, &[]);
    assert_eq!(read(&folder, "copy/config.toml"), config, "a run's settings are settings for a run");
    assert_eq!(rounds(&read(&folder, "copy/events.jsonl")), rounds(&read(&folder, "run/events.jsonl")));
}
