//! Bad input, refused with its thing, its remedy and its exit code.

use super::*;

/// Each line, the code that it must end with, and words that the message must have. `TINY` goes before, so a line names
/// only what that does not.
#[test]
fn bad_input_is_refused_before_anything_is_done_with_the_thing_and_the_remedy() {
    const DATA: &str = "run --dataset digits --net softmax-regression";
    let folder = workshop();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let cases: &[(&str, &str, i32, &[&str])] = &[
        // Names.
        (DATA, "--strategy margn", 2, &["strategy `margn`", "did you mean `margin`?", "k-center"]),
        (DATA, "--strategy random,xyz", 2, &["strategy `xyz`", "known: auto"]),
        (DATA, "--strategy random,", 2, &["strategy ``"]),
        ("run", "--dataset digts", 2, &["dataset `digts`", "did you mean `digits`?", "cifar10"]),
        (
            "run --dataset digits",
            "--net softmax",
            2,
            &["net `softmax`", "did you mean `softmax-regression`?"],
        ),
        ("run", "--training papre", 2, &["training `papre`", "did you mean `paper`?", "adaptive"]),
        ("run", "--training paper", 2, &["`mlp` is none of them", "training `paper`"]),
        (
            DATA,
            "--training adaptive",
            2,
            &["`softmax-regression` is always trained to its optimum", "leave `training` out"],
        ),
        (DATA, "--stratgy margin", 2, &["'--stratgy'", "'--strategy'"]),
        (DATA, "--strategy margin,MarginSampling", 2, &["strategy `margin` is named twice"]),
        (DATA, "--strategy margin,bald,bald(passes=10)", 2, &["strategy `bald` is named twice"]),
        // Settings.
        (DATA, "--strategy bald(pass=3)", 2, &["strategy `bald`", "`pass`", "passes"]),
        (DATA, "--strategy bald(passes=0)", 2, &["strategy `bald`", "`passes`", "1 to 10000", "got 0"]),
        (DATA, "--strategy bald(passes=few)", 2, &["strategy `bald`", "`passes`", "few"]),
        (DATA, "--strategy margin(passes=3)", 2, &["strategy `margin`", "`passes`"]),
        ("run --dataset digits", "--net mlp(hiden=3)", 2, &["net `mlp`", "`hiden`", "hidden"]),
        ("run --dataset digits", "--net mlp(hidden=0)", 2, &["net `mlp`", "`hidden`", "got 0"]),
        (DATA, "--device cuda", 2, &["'--device <DEVICE>'", "`cuda`", "known: cpu"]),
        // Sizes.
        (DATA, "--rounds 0", 2, &["rounds must be at least 1"]),
        (DATA, "--query 0", 2, &["query must be at least 1"]),
        (DATA, "--initial 0", 2, &["initial must be at least 1"]),
        (DATA, "--rounds -3", 2, &["'-3'"]),
        (DATA, "--rounds few", 2, &["'few'", "--rounds"]),
        (DATA, "--threads 0", 2, &["--threads", "1..="]),
        (
            DATA,
            "--initial 5000",
            2,
            &["5480 labels", "pool has 1438 samples", "lower rounds, query or initial"],
        ),
        (DATA, "--pool 499", 2, &["asks for 500 labels", "pool has 499 samples", "lower"]),
        (DATA, "--query 18446744073709551615", 2, &["pool has 1438 samples", "lower"]),
        (DATA, "--pool 1439", 2, &["pool must be between 1 and 1438", "training set", "got 1439"]),
        (DATA, "--pool 0", 2, &["pool must be at least 1"]),
        (DATA, "--seeds 1,1", 2, &["seed `1` is named twice"]),
        (DATA, "--seeds 1,x", 2, &["'x'", "--seeds"]),
        (DATA, "--seeds 18446744073709551616", 2, &["18446744073709551616", "--seeds"]),
        // Nets that do not fit.
        ("run --dataset digits", "--net mnist-cnn", 2, &["mnist-cnn", "[1, 28, 28]", "[1, 8, 8]", "`mlp`"]),
        ("run", "--net cifar-cnn", 2, &["cifar-cnn", "[1, 28, 28]", "[3, 32, 32]", "`mlp`"]),
        // Files that are not there.
        (DATA, "--config none.toml", 3, &["`--config`", "`none.toml`", "No such file"]),
        (
            "run",
            "--dataset mnist --data-dir none",
            3,
            &["`mnist`", "`train-images-idx3-ubyte`", "none/mnist`"],
        ),
        ("run", "--dataset mnist --data-dir empty", 3, &["`t10k-labels-idx1-ubyte`", "empty/MNIST/raw`"]),
        ("run", "--dataset mnist --data-dir empty", 3, &["`data_dir`", "`DEEPAL_DATA`", "downloaded"]),
        ("run", "--dataset cifar10 --data-dir empty", 3, &["`cifar10`", "looked for", "`data_dir`"]),
        ("run", "--dataset svhn --data-dir empty", 3, &["`train_32x32.mat`", "empty/svhn`"]),
        (
            "run",
            "--dataset mnist --offline",
            5,
            &["`mnist` needs", "ubyte.gz", "no-cache/mnist", "`data_dir`"],
        ),
    ];
    for (start, line, code, words) in cases {
        let said = call(&folder, &format!("{start} {line} --out run")).expect(*code, words);
        assert!(said.stderr.starts_with("error: "), "{said:?}");
        assert_eq!(said.stdout, "", "{line}");
        assert!(!folder.path().join("run").exists(), "{line} leaves a run folder behind");
    }
}

#[test]
fn folders_that_cannot_be_written_or_hold_something_else_are_output_errors() {
    let folder = workshop();
    fs::write(folder.path().join("file"), "").unwrap();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let before = read(&folder, "run/events.jsonl");
    for (out, words) in [
        ("file", ["`file`", "may write to"]),
        ("file/run", ["`file/run`", "may write to"]),
        ("/dev/null/run", ["`/dev/null/run`", "may write to"]),
        ("/proc/run", ["`/proc/run`", "may write to"]),
    ] {
        let said = call(&folder, &format!("run {TINY} --out {out}")).expect(4, &words);
        assert_eq!(said.stdout, "", "{out}");
    }
    assert_eq!(read(&folder, "run/events.jsonl"), before);
}

#[test]
fn what_cannot_be_resumed_is_told() {
    let folder = workshop();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for path in ["none", "empty", "file"] {
        let named = format!("`{path}` holds no run");
        call(&folder, &format!("run --resume {path}"))
            .expect(3, &[&named, "`config.toml`", "the folder of a run"]);
    }
    assert_eq!(fs::read_dir(folder.path().join("empty")).unwrap().count(), 0);
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    for option in [
        "--dataset digits",
        "--strategy margin",
        "--seeds 1",
        "--initial 9",
        "--query 9",
        "--rounds 9",
        "--pool 9",
        "--net mlp",
        "--training adaptive",
        "--config quick.toml",
        "--out other",
    ] {
        let name = option.split_whitespace().next().unwrap();
        call(&folder, &format!("run --resume run {option}")).expect(2, &["--resume", "cannot be used", name]);
    }
}

#[test]
fn a_broken_line_among_the_events_is_named_and_left_as_it_is() {
    let folder = workshop();
    let whole = Finished::new(TINY);
    let lines = whole.events.lines().collect::<Vec<_>>();
    for (i, (broken, words)) in [
        ("{\"v\":1,\"event\":\"round\"".to_owned(), "cannot be read"),
        (String::new(), "cannot be read"),
        (lines[1].replacen("\"picks\"", "\"pics\"", 1), "picks"),
        (lines[1].replacen("\"v\":1", "\"v\":2", 1), "version 2"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("run-{i}");
        fs::create_dir(folder.path().join(&name)).unwrap();
        let events = [lines[0], &broken, lines[2], lines[3], ""].join("\n");
        fs::write(folder.path().join(&name).join("config.toml"), &whole.config).unwrap();
        fs::write(folder.path().join(&name).join("events.jsonl"), &events).unwrap();
        let file = format!("`{name}/events.jsonl` line 2");
        let said = call(&folder, &format!("run --resume {name}"));
        said.expect(3, &[&file, words, "remove the line and all after it"]);
        assert_eq!(read(&folder, &format!("{name}/events.jsonl")), events);
        // The remedy of the message.
        fs::write(folder.path().join(&name).join("events.jsonl"), format!("{}\n", lines[0])).unwrap();
        call(&folder, &format!("run --resume {name}")).expect(0, &[]);
        assert_equal(&folder, &name, &whole, &broken);
    }
}

#[test]
fn a_broken_config_of_a_run_is_named() {
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let config = read(&folder, "run/config.toml");
    for (from, to, words) in [
        ("rounds = 1", "rounds = ", "line"),
        ("rounds = 1\n", "", "missing field `rounds`"),
        ("rounds = 1", "rounds = 1\ncolour = 3", "unknown field `colour`"),
    ] {
        fs::write(folder.path().join("run/config.toml"), config.replacen(from, to, 1)).unwrap();
        call(&folder, "run --resume run").expect(2, &["`run/config.toml`", words]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_standard_output_that_cannot_be_written_is_an_output_error_that_names_it() {
    let folder = workshop();
    for line in [format!("run {TINY} --out run"), "run --resume run".into(), "list nets".into()] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, stderr) =
            Running(program(&folder, &line).stdout(full).stderr(Stdio::piped()).spawn().unwrap()).end();
        assert!(code == Some(4) && stderr.contains("standard output"), "{line}: {code:?} {stderr}");
    }
}

#[test]
fn a_strategy_that_the_net_cannot_serve_is_refused_before_anything_is_trained() {
    let folder = workshop();
    for strategies in ["bald", "random,bald", "margin,deepfool"] {
        let said = call(&folder, &format!("run {TINY} --strategy {strategies} --out run"));
        let bad = strategies.split(',').next_back().unwrap();
        said.expect(2, &["net `softmax-regression`", "pick another net", bad]);
        assert!(!folder.path().join("run").exists(), "{strategies} leaves a run folder behind");
    }
}

#[test]
fn a_training_that_cannot_train_is_refused() {
    for (from, to) in [
        ("batch_size = 16", "batch_size = 0"),
        ("learning_rate = 0.003", "learning_rate = 0.0"),
        ("learning_rate = 0.003", "learning_rate = -0.1"),
        ("learning_rate = 0.003", "learning_rate = nan"),
        ("cooldown = 0.5", "cooldown = -1.0"),
        ("accuracy = 0.99", "accuracy = 99.0"),
        ("max_steps = 60, epochs = 1", "max_steps = 0, epochs = 0"),
    ] {
        let folder = workshop();
        assert!(QUICK.contains(from));
        fs::write(folder.path().join("bad.toml"), QUICK.replacen(from, to, 1)).unwrap();
        let name = to.split(" = ").next().unwrap();
        call(&folder, "run --config bad.toml --out run").expect(2, &[name]);
        assert!(!folder.path().join("run").exists(), "{to} leaves a run folder behind");
    }
}

/// Whoever repairs a broken line of `events.jsonl` by deleting it alone leaves such a file.
#[test]
fn events_that_leave_out_or_repeat_a_round_are_refused() {
    let whole = Finished::new(&TINY.replace("--rounds 1", "--rounds 3 --strategy margin"));
    let lines = whole.events.lines().skip(1).take(4).collect::<Vec<_>>();
    for order in [&[0, 2][..], &[1, 2], &[0, 1, 1], &[0, 1, 2, 3, 0]] {
        let folder = workshop();
        fs::create_dir(folder.path().join("run")).unwrap();
        let events = order.iter().map(|line| format!("{}\n", lines[*line])).collect::<String>();
        fs::write(folder.path().join("run/config.toml"), &whole.config).unwrap();
        fs::write(folder.path().join("run/events.jsonl"), &events).unwrap();
        call(&folder, "run --resume run").expect(3, &["run/events.jsonl", "line"]);
        assert_eq!(read(&folder, "run/events.jsonl"), events);
    }
}

/// Before they pick anything, strategies have the same labels and the same net.
#[test]
fn strategies_that_differ_before_they_pick_are_not_compared() {
    let whole = Finished::new(&format!("{TINY} --strategy random,margin"));
    let folder = workshop();
    fs::create_dir(folder.path().join("run")).unwrap();
    let events = whole.events.lines().map(|line| {
        let mut event = serde_json::from_str::<serde_json::Value>(line).unwrap();
        if event["round"] == 0 && event["strategy"] == "margin" {
            event["accuracy"] = (event["accuracy"].as_f64().unwrap() / 2.0).into();
        }
        format!("{event}\n")
    });
    fs::write(folder.path().join("run/events.jsonl"), events.collect::<String>()).unwrap();
    fs::write(folder.path().join("run/config.toml"), &whole.config).unwrap();
    call(&folder, "report run").expect(2, &["before they pick anything", "`run`", "margin", "new folder"]);
    assert!(!folder.path().join("run/report.html").exists());
}
