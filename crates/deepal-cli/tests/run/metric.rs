//! What a run is about: accuracy or a metric of its classes.

use super::*;

#[test]
fn another_metric_is_another_look_at_the_same_run() {
    let folder = workshop();
    let line = format!("run {TINY} --out run");
    let first = call(&folder, &line).expect(0, &[]);
    assert!(first.stdout.starts_with("accuracy in %"), "{first:?}");
    assert!(read(&folder, "run/config.toml").contains("\nmetric = \"accuracy\"\n"));
    let recorded = || ["results.csv", "events.jsonl"].map(|name| read(&folder, &format!("run/{name}")));
    let (before, report) = (recorded(), read(&folder, "run/report.html"));

    // The same command but for it, a resumed run, and a report.
    for (again, words, metric) in [
        (format!("{line} --metric macro-f1"), "macro-F1", "macro-f1"),
        ("run --resume run --metric balanced-accuracy".into(), "balanced accuracy", "balanced-accuracy"),
        ("report run --metric macro-f1".into(), "macro-F1", "balanced-accuracy"),
        ("report run".into(), "balanced accuracy", "balanced-accuracy"),
    ] {
        let said = call(&folder, &again).expect(0, &[]);
        assert!(said.stdout.starts_with(&format!("{words} in %")) && said.stderr.is_empty(), "{said:?}");
        assert_eq!(recorded(), before, "{again} trained something");
        assert!(read(&folder, "run/config.toml").contains(&format!("\nmetric = \"{metric}\"\n")), "{again}");
        assert!(read(&folder, "run/report.html").contains(&format!("Mean test {words} over")), "{again}");
    }
    let back = call(&folder, &line).expect(0, &[]);
    assert_eq!((back.stdout, read(&folder, "run/report.html")), (first.stdout, report));

    call(&folder, &format!("{line} --metric macro-f2")).expect(2, &["macro-f2", "did you mean `macro-f1`"]);
    fs::write(folder.path().join("f1.toml"), "metric = \"macro-f1\"\n").unwrap();
    let said = call(&folder, &format!("{line} --config f1.toml")).expect(0, &[]);
    assert!(said.stdout.starts_with("macro-F1 in %"), "{said:?}");
}

#[test]
fn the_record_has_what_each_metric_needs() {
    let run = Finished::new(&format!("{TINY} --metric macro-f1"));
    assert_eq!(
        run.results.lines().next().unwrap(),
        "dataset,net,strategy,seed,round,labels,accuracy,train_seconds,query_seconds"
    );
    let rounds = run.events.lines().filter(|line| line.contains("\"event\":\"round\""));
    for line in rounds {
        let round = serde_json::from_str::<serde_json::Value>(line).unwrap();
        let counts = |name: &str| {
            let counts = round["test"][name].as_array().unwrap();
            counts.iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>()
        };
        let (actual, predicted, right) = (counts("actual"), counts("predicted"), counts("right"));
        let sum = |counts: &[u64]| counts.iter().sum::<u64>();
        assert_eq!((actual.len(), sum(&actual), sum(&predicted)), (10, 359, 359));
        assert_eq!(sum(&right) as f64 / 359.0, round["accuracy"].as_f64().unwrap());
        // The confusion matrix of the last round alone.
        let is_last = round["round"] == 1;
        assert_eq!(round.get("errors").is_some(), is_last);
        if is_last {
            let confused = round["errors"]["confused"].as_array().unwrap();
            assert_eq!(confused.iter().map(|pair| pair[2].as_u64().unwrap()).sum::<u64>(), 359 - sum(&right));
            assert_eq!(round["errors"]["worst"].as_array().unwrap().len(), 12);
        }
    }
}

#[test]
fn a_run_that_recorded_the_accuracy_alone_is_about_nothing_else() {
    let folder = workshop();
    call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let without = |line: &str| match line.split_once(",\"test\":") {
        Some((start, _)) => format!("{start}}}\n"),
        None => format!("{line}\n"),
    };
    let events = read(&folder, "run/events.jsonl").lines().map(without).collect::<String>();
    let config = read(&folder, "run/config.toml").replace("metric = \"accuracy\"\n", "");
    fs::write(folder.path().join("run/events.jsonl"), events).unwrap();
    fs::write(folder.path().join("run/config.toml"), &config).unwrap();
    let words =
        ["`run` was recorded without the counts of each class", "`macro-f1`", "run it again in a new folder"];
    for line in ["run --resume run --metric macro-f1", "report run --metric macro-f1"] {
        call(&folder, line).expect(2, &words);
    }
    call(&folder, &format!("run {TINY} --out run --metric macro-f1")).expect(2, &words);
    assert_eq!(read(&folder, "run/config.toml"), config, "nothing is changed by a refusal");
    for line in ["run --resume run", "report run --metric accuracy"] {
        let said = call(&folder, line).expect(0, &[]);
        assert!(said.stdout.starts_with("accuracy in %"), "{said:?}");
    }
    assert!(!read(&folder, "run/report.html").contains("Class by class"));
}

#[test]
fn labels_that_a_strategy_chose_are_warned_of_in_a_run_and_its_report() {
    let folder = workshop();
    let path = folder.path().join("points.csv");
    let (mut table, mut labels) = ("id,a,b\n".to_owned(), "id,label,asked_by\n".to_owned());
    for at in 0..60 {
        let (class, by) = (["low", "high"][at % 2], ["strategy", "audit", "import"][at % 3]);
        let _ = writeln!(table, "p{at},{}.5,{}.25", 10 * (at % 2) + at * 7 % 11, at * 5 % 13);
        let _ = writeln!(labels, "p{at},{class},{by}");
    }
    fs::write(&path, table).unwrap();
    let line = "run --dataset points.csv --strategy random --seeds 1 --initial 6 --query 4 --rounds 1";
    let warning = "warning: a strategy chose 20 labels of `points`";
    for (labels, is_warned) in [(labels.clone(), true), (labels.replace(",strategy", ",audit"), false)] {
        fs::write(path.with_file_name("labels.csv"), labels).unwrap();
        let out = format!("run-{is_warned}");
        let said = call(&folder, &format!("{line} --out {out}")).expect(0, &[]);
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(one_line(&said.stderr).contains(warning), is_warned, "{said:?}");
        assert_eq!(one_line(&said.stdout).contains(warning), is_warned, "{said:?}");
        assert_eq!(read(&folder, &format!("{out}/report.html")).contains("a strategy chose 20"), is_warned);
    }
    fs::create_dir(folder.path().join("points.csv.deepal")).unwrap();
    fs::write(folder.path().join("points.csv.deepal/project.sqlite"), "").unwrap();
    call(&folder, "run --dataset points.csv.deepal")
        .expect(2, &["labelling project", "deepal export points.csv.deepal"]);
}
