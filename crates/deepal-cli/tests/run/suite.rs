//! Grids of data sets, nets, strategies and seeds from a file.

use super::*;

/// Four tasks of two strategies and two seeds, each job in a blink.
const GRID: &str = r#"
datasets = ["digits", "fashion-mini"]
nets = ["softmax-regression", "mlp"]
strategies = ["random", "margin"]
seeds = [1, 2]
pool = 300
initial = 20
query = 10
rounds = 2
"#;

/// A training of a few steps, for the task of an `mlp`.
const FEW_STEPS: &str = r#"{ batch_size = 16, optimizer = { name = "adam", learning_rate = 0.003 },
    schedule = { until = "epochs", epochs = 3 } }"#;

fn folder_with(config: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("suite.toml"), config).unwrap();
    folder
}

/// The value of a field in every line about a round that has all of `words`.
pub(super) fn values(events: &str, name: &str, words: &[&str]) -> Vec<String> {
    let lines = events.lines().filter(|line| line.contains(r#""event":"round""#));
    let lines = lines.filter(|line| words.iter().all(|words| line.contains(words)));
    lines.map(|line| field(line, name).to_owned()).collect()
}

#[test]
fn a_grid_runs_every_strategy_with_every_seed_on_every_task_in_pairs() {
    let folder = folder_with(GRID);
    let said = call(&folder, "run --config suite.toml")
        .expect(0, &["digits, fashion-mini with softmax-regression, mlp: 2 strategies, 2 seeds; 16 jobs"]);
    for words in ["digits with softmax-regression", "fashion-mini with mlp", "in runs/suite"] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
    let events = read(&folder, "runs/suite/events.jsonl");
    assert_eq!(values(&events, "accuracy", &[]).len(), 16 * 3);
    for seed in [1, 2] {
        for dataset in ["digits", "fashion-mini"] {
            let of = [&format!("\"dataset\":\"{dataset}\""), &format!("\"seed\":{seed},"), "\"round\":0,"];
            let first = values(&events, "picks", &of.map(|words| words as &str));
            assert!(first.len() == 4 && first.iter().all(|picks| *picks == first[0]), "{first:?}");
            for net in ["mlp", "softmax-regression"] {
                let of = [of[0] as &str, of[1], of[2], &format!("\"net\":\"{net}\"")];
                let accuracy = values(&events, "accuracy", &of);
                assert!(accuracy.len() == 2 && accuracy[0] == accuracy[1], "one seed, one net: {accuracy:?}");
            }
        }
    }
    assert_eq!(read(&folder, "runs/suite/results.csv").lines().count(), 1 + 16 * 3);
}

#[test]
fn the_same_command_runs_only_what_is_missing() {
    let folder = folder_with(GRID);
    call(&folder, "run --config suite.toml --seeds 1 --out run").expect(0, &["8 jobs to do"]);
    let before = read(&folder, "run/events.jsonl");
    let again = call(&folder, "run --config suite.toml --seeds 1 --out run").expect(0, &[]);
    assert!(again.stderr.is_empty() && again.stdout.contains("accuracy"), "{again:?}");
    assert_eq!(read(&folder, "run/events.jsonl"), before, "nothing is missing");

    let more = "run --config suite.toml --strategy margin,random,k-center --out";
    call(&folder, &format!("{more} run")).expect(0, &["16 jobs to do"]);
    let after = read(&folder, "run/events.jsonl");
    assert!(after.starts_with(&before), "what was there stays");
    assert_eq!(values(&after, "accuracy", &[]).len(), 4 * 3 * 2 * 3);
    call(&folder, &format!("{more} whole")).expect(0, &["24 jobs to do"]);
    let results = |name: &str| {
        let table = read(&folder, &format!("{name}/results.csv"));
        table.lines().map(without_seconds).collect::<Vec<_>>()
    };
    assert_eq!(results("run"), results("whole"));
}

#[test]
fn another_run_into_the_same_folder_is_refused_with_the_difference() {
    let folder = folder_with(GRID);
    call(&folder, "run --config suite.toml --seeds 1,2 --dataset digits --out run").expect(0, &[]);
    let before = read(&folder, "run/events.jsonl");
    for (options, words) in [
        ("--seeds 2", "its seeds are [1, 2]"),
        ("--strategy random", "its strategies are random, margin"),
        ("--rounds 3", "digits with softmax-regression has pool 300, initial 20, query 10, rounds 2"),
        ("--initial-set stratified", "initial_set"),
        ("--net mlp", "digits with softmax-regression"),
    ] {
        let line = format!("run --config suite.toml --dataset digits {options} --out run");
        let known = ["`run` holds a run with other settings", "choose another folder", "resume that run"];
        call(&folder, &line).expect(2, &known).expect(2, &[words]);
    }
    assert_eq!(read(&folder, "run/events.jsonl"), before);
}

#[test]
fn tasks_have_settings_of_their_own_and_the_first_labels_are_drawn_as_asked() {
    let config = format!(
        "seeds = [3]\nquery = 5\nrounds = 1\ninitial_set = \"one-per-class\"\n\n[[task]]\ndataset = \"digits\"\n\
         net = \"mlp\"\ninitial = 10\ntraining = {}\n\n[[task]]\ndataset = \"fashion-mini\"\n\
         net = \"softmax-regression\"\ninitial = 12\nquery = 7\n",
        FEW_STEPS.replace('\n', " ")
    );
    let folder = folder_with(&config);
    call(&folder, "run --config suite.toml --out run").expect(0, &[]);
    let events = read(&folder, "run/events.jsonl");
    for (dataset, initial, query) in [("digits", 10, 5), ("fashion-mini", 12, 7)] {
        let of = |round| {
            let words = [format!("\"{dataset}\""), "\"random\"".into(), format!("\"round\":{round},")];
            let classes = values(&events, "classes", &words.each_ref().map(|words| words as &str));
            classes[0].split(',').map(|class| class.parse::<usize>().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!((of(0).len(), of(1).len()), (initial, query));
        assert_eq!(of(0).into_iter().collect::<BTreeSet<_>>(), (0..10).collect(), "one of each class");
    }
    call(&folder, "run --config run/config.toml --out copy").expect(0, &[]);
    assert_eq!(read(&folder, "copy/config.toml"), read(&folder, "run/config.toml"));
    call(&folder, "run --config suite.toml --dataset digits --out x").expect(2, &["`dataset`", "`[[task]]`"]);
    let few = "initial must be at least 10 for one label of each class, got 9";
    call(&folder, "run --config suite.toml --initial 9 --out x").expect(2, &[few]);
}

#[test]
fn a_grid_that_makes_no_sense_is_refused() {
    for (config, words) in [
        ("strategies = []", &["an empty grid", "`strategies`"] as &[&str]),
        ("datasets = []", &["an empty grid", "`datasets`"]),
        ("nets = []", &["an empty grid", "`nets`"]),
        ("task = []", &["an empty grid", "`task`", "line 1"]),
        ("seeds = []", &["an empty grid", "`seeds`"]),
        ("dataset = \"digits\"\n[[task]]\nnet = \"mlp\"", &["either `datasets` and `nets` or `[[task]]`"]),
        ("[[task]]\nnet = \"mlp\"\n[[task]]\nnet = \"mlp\"", &["`fashion-mini` with `mlp` is named twice"]),
        ("datasets = [\"digits\", \"digits\"]", &["`digits` with `mlp` is named twice"]),
        ("datasets = [\"digits\", \"mnst\"]", &["dataset `mnst`", "did you mean `mnist`?"]),
        ("datasets = 3", &["line 1", "a name or a list of names"]),
        ("initial_set = \"all\"", &["line 1", "one-per-class"]),
        ("[[task]]\nrouns = 3", &["unknown field `rouns`", "`rounds`"]),
        ("nets = [\"mlp\", \"mnist-cnn\"]\ndataset = \"digits\"", &["mnist-cnn", "[1, 8, 8]"]),
    ] {
        let folder = folder_with(config);
        for command in ["run", "plan"] {
            call(&folder, &format!("{command} --config suite.toml")).expect(2, words);
        }
        assert!(!folder.path().join("runs").exists(), "{config}");
    }
    let folder = folder_with("datasets = [\"digits\", \"mnist\"]");
    call(&folder, "run --config suite.toml --data-dir none").expect(3, &["`mnist`", "none/mnist`"]);
    assert!(!folder.path().join("runs").exists(), "a missing data set leaves nothing behind");
}

#[test]
fn a_run_of_a_later_version_is_left_alone() {
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let ours = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let config = read(&folder, "run/config.toml").replacen(&ours, "version = \"99.1.0\"\nnovelty = 1", 1);
    fs::write(folder.path().join("run/config.toml"), config).unwrap();
    for command in ["run --resume run", "report run"] {
        let words = ["`run/config.toml`", "deepal 99.1.0", "use that version"];
        call(&folder, command).expect(2, &words);
    }
}

#[test]
fn a_plan_tells_jobs_time_and_memory_and_starts_nothing() {
    let folder = folder_with(GRID);
    let said = call(&folder, "plan --config suite.toml --threads 2").expect(0, &[]);
    for words in [
        "digits with mlp: 20 to 40 labels in 3 rounds, pool 300",
        "16 jobs on 2 at once with 1 thread each: about ",
        "peak memory: about ",
    ] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    assert_eq!(said.stdout.matches(" a job").count(), 8);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "only the settings are there");
}

#[test]
fn progress_is_json_or_nothing_on_request() {
    let folder = workshop();
    let said = call(&folder, &format!("run {TINY} --progress json --out run")).expect(0, &[]);
    let events = said.stderr.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let events = events.collect::<Vec<_>>();
    let count = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!((count("message"), count("round"), count("over"), count("step")), (1, 6, 3, 18));
    let last = events.iter().rfind(|event| event["event"] == "round").unwrap();
    assert_eq!(
        (&last["dataset"], &last["labels"], &last["seconds_left"]),
        (&"digits".into(), &30.into(), &0.into())
    );
    let quiet = call(&folder, &format!("run {TINY} --progress none --out quiet")).expect(0, &[]);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.contains("accuracy in %"));
}

#[test]
fn several_runs_make_one_report_if_they_can_be_compared() {
    let folder = folder_with(GRID);
    let run = |options: &str, name: &str| {
        let line = format!(
            "run --config suite.toml --dataset digits --net softmax-regression {options} --out {name}"
        );
        call(&folder, &line).expect(0, &[]);
    };
    run("--strategy random --seeds 1,2,3", "a");
    run("--strategy margin --seeds 1,2,3", "b");
    run("--strategy random,margin --seeds 1,2,3", "both");
    run("--strategy entropy --seeds 1 --query 20", "other");
    let said = call(&folder, "report a b -o out/page.html").expect(0, &[]);
    assert!(said.stdout.contains("margin") && said.stdout.ends_with("out/page.html\n"), "{said:?}");
    call(&folder, "report both").expect(0, &[]);
    let names = |name: &str| {
        let entries = fs::read_dir(folder.path().join(name)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<BTreeSet<_>>()
    };
    // Its files are in a folder of their own, and not beside the page.
    assert_eq!(names("out"), ["page-files", "page.html"].map(String::from).into());
    call(&folder, "report a b -o folder").expect(0, &[]);
    assert!(names("folder").contains("report.html"));
    assert!(names("out/page-files").is_subset(&names("folder")));
    for name in ["summary.csv", "selections.parquet"] {
        let bytes = |folder_name: &str| fs::read(folder.path().join(folder_name).join(name)).unwrap();
        let (ours, whole) = (bytes("out/page-files"), bytes("both"));
        // The seconds at the end of each row differ.
        let head = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..200]).into_owned();
        assert!(if name == "summary.csv" { head(&ours) == head(&whole) } else { ours == whole }, "{name}");
    }
    let page = read(&folder, "out/page.html");
    assert!(
        page.contains("<h1>digits with softmax-regression</h1>") && page.contains("data:image/png;base64,"),
        "pictures are in the page"
    );

    call(&folder, "report a b").expect(2, &["`--out FOLDER`"]);
    call(&folder, "report a none -o x.html").expect(3, &["`none` holds no run"]);
    call(&folder, "report a both -o x.html")
        .expect(2, &["random with seed 1 on digits", "more than one", "`both`"]);
    let words = ["`a` and `other`", "digits with softmax-regression", "other settings", "cannot be compared"];
    call(&folder, "report a other -o x.html").expect(2, &words);
    for file in ["a/events.jsonl", "a/config.toml", "summary.csv", "quick.pdf"] {
        call(&folder, &format!("report a -o {file}")).expect(2, &[file, "neither a folder nor a page"]);
    }
    call(&folder, "report a -o suite.toml/x.html").expect(4, &["suite.toml"]);
    assert!(!folder.path().join("x.html").exists());
}

#[test]
fn a_report_without_the_data_says_so_and_lacks_only_the_pictures() {
    let Some(data) = published::published_with("mnist") else { return };
    let folder = workshop();
    let line = "run --dataset mnist --net softmax-regression --pool 500 --initial 20 --query 10 --rounds 1 --seeds 1";
    Outcome::of(deepal(&folder, &format!("{line} --out run")).arg("--data-dir").arg(&data)).expect(0, &[]);
    let shows = |words: &str| read(&folder, "run/report.html").contains(words);
    assert!(shows("data:image/png;base64,") && !shows("No pictures"));
    call(&folder, "report run --data-dir none").expect(0, &[]);
    assert!(
        shows("No pictures of mnist: the files of `mnist` were not found")
            && !shows("data:image/png;base64,")
    );
    assert!(shows("<svg"), "the figures are there");
}

#[test]
fn tensorboard_gets_a_folder_for_each_job() {
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run --tensorboard board")).expect(0, &[]);
    for strategy in ["random", "margin"] {
        let path = format!("board/digits/softmax-regression/{strategy}/seed-1");
        let files = fs::read_dir(folder.path().join(path)).unwrap().map(|entry| entry.unwrap().file_name());
        let files = files.map(|name| name.into_string().unwrap()).collect::<Vec<_>>();
        assert!(files.len() == 1 && files[0].starts_with("events.out.tfevents."), "{files:?}");
    }
    call(&folder, "run --resume run --tensorboard run/config.toml").expect(4, &["run/config.toml"]);
}

#[test]
fn a_report_of_an_unfinished_run_says_what_is_missing() {
    let folder = workshop();
    let line = TINY.replace("--seeds 1", "--seeds 1,2,3");
    call(&folder, &format!("run {line} --strategy random,margin,entropy --out run")).expect(0, &[]);
    let events = read(&folder, "run/events.jsonl");
    let is_kept = |line: &&str| !line.contains("\"margin\"") && !line.contains("\"seed\":3,\"round\":1");
    let kept = events.lines().filter(is_kept).map(|line| format!("{line}\n")).collect::<String>();
    fs::write(folder.path().join("run/events.jsonl"), kept).unwrap();
    let said = call(&folder, "report run").expect(0, &[]);
    let said = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "5 of 9 jobs in `run` are not finished, margin, seed 1 among them";
    assert!(said.contains(words), "{said}");
    assert!(read(&folder, "run/report.html").contains("5 of 9 jobs"));
}

#[test]
fn a_growth_that_cannot_run_leaves_the_run_as_it_was() {
    let folder = workshop();
    let line = format!("run {TINY} --out run --strategy");
    call(&folder, &format!("{line} random,margin")).expect(0, &[]);
    let config = read(&folder, "run/config.toml");
    call(&folder, &format!("{line} random,margin,bald")).expect(2, &["bald", "pick another net"]);
    assert_eq!(read(&folder, "run/config.toml"), config);
    call(&folder, &format!("{line} random,margin")).expect(0, &[]);
}

/// One net learns nothing at such a rate: its jobs fail, with their reasons in the record, and those of the other go on.
#[test]
fn a_task_that_fails_is_told_with_its_reason_and_the_others_go_on() {
    let rate = "{ name = \"adam\", learning_rate = 1e30 }";
    let config = format!(
        "strategies = [\"random\", \"margin\"]\nseeds = [1]\ninitial = 20\nquery = 10\nrounds = 1\n\n[[task]]\ndataset = \"digits\"\nnet = \"mlp\"\n\
         training = {}\n\n[[task]]\ndataset = \"digits\"\nnet = \"softmax-regression\"\n",
        FEW_STEPS.replace('\n', " ").replace("{ name = \"adam\", learning_rate = 0.003 }", rate)
    );
    assert!(config.contains(rate));
    let folder = folder_with(&config);
    let plan = call(&folder, "plan --config suite.toml --threads 1").expect(0, &[]);
    assert!(plan.stdout.contains("cannot be measured: ") && plan.stdout.contains(" a job"), "{plan:?}");
    let failed = ["digits with mlp, random, seed 1 failed: ", "2 jobs failed, the first: digits with mlp, "];
    let said = call(&folder, "run --config suite.toml --threads 1 --out run").expect(1, &failed);
    let reason = said.stderr.lines().find_map(|line| line.split_once("random, seed 1 failed: ")).unwrap().1;
    assert_eq!(values(&read(&folder, "run/events.jsonl"), "accuracy", &["softmax"]).len(), 4);
    let again = call(&folder, "report run").expect(0, &[]);
    let again = again.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["2 of 4 jobs in `run` are not finished", reason] {
        assert!(again.contains(words), "{words}: {again}");
    }
}

#[test]
fn pictures_are_there_when_tasks_have_different_pools() {
    let config = "seeds = [1]\ninitial = 20\nquery = 10\nrounds = 1\n[[task]]\ndataset = \"digits\"\n\
                  net = \"softmax-regression\"\npool = 1000\n[[task]]\ndataset = \"digits\"\npool = 100\n";
    let folder = folder_with(config);
    call(&folder, "run --config suite.toml --training adaptive --out run").expect(0, &[]);
    let page = read(&folder, "run/report.html");
    assert!(page.contains("data:image/png") && !page.contains("No pictures"));
}
