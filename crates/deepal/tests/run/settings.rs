//! Settings from a file.

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
        .expect(0, &["warning: 3 epochs over 40 labels are 12 optimiser steps", "`--training adaptive`"]);
    let config = read(&folder, "run/config.toml");
    for line in ["name = \"sgd\"", "momentum = 0.9", "until = \"epochs\"", "epochs = 3", "batch_size = 10"] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
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
