//! What a run leaves behind.

use super::*;

#[test]
fn a_run_makes_its_files_a_table_and_its_progress() {
    let (strategies, seeds) = (["random", "margin", "entropy"], [10, 2]);
    let run = Finished::new(
        "--dataset digits --net softmax-regression --strategy random,margin,entropy --seeds 10,2 --initial 20 \
         --query 10 --rounds 3",
    );

    for setting in [
        "dataset = \"digits\"",
        "net = \"softmax-regression\"",
        "strategies = [\"random\", \"margin\", \"entropy\"]",
        "seeds = [10, 2]",
        "initial = 20",
        "query = 10",
        "rounds = 3",
        "pool = 1438",
    ] {
        assert!(run.config.contains(&format!("\n{setting}\n")), "{setting}: {}", run.config);
    }

    assert!(is_finished(&run.events) && run.events.ends_with('\n'));
    assert!(run.events.lines().all(|line| line.starts_with(r#"{"v":1,"event":""#)));
    let rounds = rounds(&run.events);
    assert_eq!(rounds.len(), 3 * 2 * 4);
    for strategy in strategies {
        for seed in seeds {
            let mut labeled = BTreeSet::new();
            for number in 0..=3 {
                let round = &rounds[&(strategy.into(), seed, number)];
                assert_eq!((round.labels, round.picks.len()), (20 + 10 * number, [20, 10][number.min(1)]));
                assert!(round.picks.iter().all(|pick| *pick < 1438 && labeled.insert(*pick)), "{round:?}");
            }
        }
    }

    let mut rows = run.results.lines();
    assert_eq!(
        rows.next().unwrap(),
        "dataset,net,strategy,seed,round,labels,accuracy,train_seconds,query_seconds"
    );
    // A map of keys is sorted as the table should be.
    for ((strategy, seed, number), round) in &rounds {
        let row = rows.next().unwrap();
        let Round { labels, accuracy, .. } = round;
        let expected = format!("digits,softmax-regression,{strategy},{seed},{number},{labels},{accuracy}");
        assert_eq!(without_seconds(row), expected);
        assert!((0.0..=1.0).contains(&accuracy.parse::<f64>().unwrap()), "{row}");
        for seconds in row.rsplit(',').take(2) {
            assert!((0.0..600.0).contains(&seconds.parse::<f64>().unwrap()), "{row}");
            assert_eq!(seconds.split('.').next_back().unwrap().len(), 3, "{row}");
        }
    }
    assert_eq!(rows.next(), None);

    let svg = &run.curves;
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert_tags_match(svg);
    for word in strategies.iter().chain(&["labels", "test accuracy, %"]) {
        assert!(svg.contains(&format!(">{word}<")), "{word} is not in the figure");
    }

    let percent = |key: &Key| 100.0 * rounds[key].accuracy.parse::<f64>().unwrap();
    for labels in [20, 30, 40, 50] {
        let start = format!("{labels:>7}  ");
        let row = run.said.stdout.lines().find(|line| line.starts_with(&start)).unwrap();
        let cells = row.split_whitespace().skip(1).collect::<Vec<_>>();
        for (strategy, cell) in strategies.iter().zip(cells.chunks(3)) {
            let key = |seed| (String::from(*strategy), seed, (labels - 20) / 10);
            let mean = seeds.map(|seed| percent(&key(seed))).iter().sum::<f64>() / 2.0;
            assert!((cell[0].parse::<f64>().unwrap() - mean).abs() < 0.051, "{strategy}: {mean} in {row}");
            assert_eq!(cell[1], "±");
        }
    }
    for words in [
        "over 2 seeds",
        "nothing is claimed",
        "fewer than 3 seeds",
        "report.html, figures/, summary.csv, results.csv and more",
    ] {
        assert!(run.said.stdout.contains(words), "{words}: {}", run.said.stdout);
    }

    let progress = &run.said.stderr;
    assert!(progress.contains("digits with softmax-regression: 3 strategies, 2 seeds; 6 jobs to do"));
    for (key @ (strategy, seed, number), round) in &rounds {
        let start = format!(
            "{strategy}, seed {seed}, round {number} of 3: {} labels, accuracy {:.1} %, ",
            round.labels,
            percent(key)
        );
        let rest = progress.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or(progress);
        let (minutes, seconds) = rest.strip_suffix(" left").unwrap_or(rest).split_once(':').unwrap();
        assert!(minutes.parse::<u32>().is_ok() && seconds.parse::<u32>().is_ok_and(|s| s < 60), "{rest}");
    }
    assert!(progress.lines().last().unwrap().ends_with("0:00 left"), "nothing is left at the end");
}

/// Every element of an XML text is closed, the innermost first.
fn assert_tags_match(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && !tag.starts_with(['!', '?']) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn without_out_runs_are_numbered() {
    let folder = workshop();
    for name in ["runs/001-digits", "runs/002-digits"] {
        let said = call(&folder, &format!("run {TINY}")).expect(0, &[name]);
        assert!(said.stdout.contains(name), "{said:?}");
        assert!(is_finished(&read(&folder, &format!("{name}/events.jsonl"))));
    }
    let said = call(&folder, "run --config runs/001-digits/config.toml").expect(0, &[]);
    assert!(said.stdout.contains("in runs/003-digits"), "{said:?}");
}

#[test]
fn runs_that_start_at_the_same_time_get_folders_of_their_own() {
    let folder = workshop();
    std::thread::scope(|scope| {
        let run = || call(&folder, &format!("run {TINY}")).expect(0, &[]).stdout;
        let said = [(); 4].map(|()| scope.spawn(run)).map(|run| run.join().unwrap());
        for number in 1..=4 {
            let place = format!("in runs/{number:03}-digits");
            assert_eq!(said.iter().filter(|said| said.contains(&place)).count(), 1, "{place}: {said:?}");
        }
    });
}

#[test]
fn a_finished_run_is_shown_again_and_nothing_changes() {
    let folder = workshop();
    let first = call(&folder, &format!("run {TINY} --out run")).expect(0, &[]);
    let contents = || {
        let entries =
            |name| fs::read_dir(folder.path().join(name)).unwrap().map(|entry| entry.unwrap().path());
        let files = entries("run").chain(entries("run/figures")).filter(|path| path.is_file());
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect::<BTreeMap<PathBuf, _>>()
    };
    let before = contents();
    let again = call(&folder, "run --resume run").expect(0, &[]);
    assert_eq!((again.stdout, again.stderr), (first.stdout, String::new()));
    assert_eq!(contents(), before);
    for derived in
        before.keys().filter(|path| !path.ends_with("config.toml") && !path.ends_with("events.jsonl"))
    {
        fs::remove_file(derived).unwrap();
    }
    call(&folder, "run --resume run").expect(0, &[]);
    assert_eq!(contents(), before, "the figure and the tables come from the events alone");
}
