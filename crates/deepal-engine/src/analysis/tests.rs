//! Words and numbers of whole analyses.

use super::*;

/// The rounds of one run of 100, 200, … labels.
fn run(dataset: &str, strategy: &str, seed: u64, accuracies: &[f64]) -> Vec<RoundRecord> {
    let round = |(round, accuracy): (usize, &f64)| RoundRecord {
        dataset: dataset.into(),
        net: "n".into(),
        strategy: strategy.into(),
        seed,
        round,
        labels: 100 * (round + 1),
        picks: vec![],
        classes: vec![0, 2, 2],
        scores: None,
        accuracy: *accuracy,
        train_seconds: 1.0,
        query_seconds: 0.25,
        predict_seconds: 0.125,
        test: None,
        errors: None,
    };
    accuracies.iter().enumerate().map(round).collect()
}

/// Runs with seeds from 1 on; each seed is a little better or worse in all of its rounds, and differs from round to round.
fn runs(dataset: &str, strategy: &str, seeds: u64, accuracies: &[f64]) -> Vec<RoundRecord> {
    let name = strategy.bytes().map(f64::from).sum::<f64>();
    let of = |seed: u64| {
        let noise = |k: usize| 0.004 * (7.0 * seed as f64 + 3.0 * k as f64 + name).sin();
        let shift = 0.01 * (2.0 * seed as f64).sin();
        let noisy =
            accuracies.iter().enumerate().map(|(k, a)| if k == 0 { a + shift } else { a + shift + noise(k) });
        run(dataset, strategy, seed, &noisy.collect::<Vec<_>>())
    };
    (1..=seeds).flat_map(of).collect()
}

/// The rounds of another strategy that is in turn better and worse than the one of `rounds`, and on the whole neither.
fn like(rounds: &[RoundRecord], strategy: &str) -> Vec<RoundRecord> {
    let other = |round: &RoundRecord| RoundRecord {
        strategy: strategy.into(),
        accuracy: round.accuracy + [0.01, -0.01][round.seed as usize % 2],
        ..round.clone()
    };
    rounds.iter().map(other).collect()
}

fn names_of(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Of strategies in the order of their first round.
fn analysis(rounds: &[Vec<RoundRecord>]) -> Analysis {
    let rounds = rounds.concat();
    let mut strategies = Vec::new();
    for round in &rounds {
        if !strategies.contains(&round.strategy) {
            strategies.push(round.strategy.clone());
        }
    }
    Analysis::new(&rounds, &strategies, Metric::Accuracy)
}

const RANDOM: [f64; 4] = [0.5, 0.6, 0.7, 0.8];
const BETTER: [f64; 4] = [0.5, 0.7, 0.8, 0.9];
const WORSE: [f64; 4] = [0.5, 0.55, 0.6, 0.7];

#[test]
fn the_table_and_the_savings_are_right() {
    let mut rounds = Vec::new();
    for (seed, shift) in [(1, -0.01), (2, 0.0), (3, 0.01)] {
        rounds.push(run("d", "random", seed, &[0.5, 0.6, 0.7].map(|a| a + shift)));
        rounds.push(run("d", "margin", seed, &[0.5, 0.7, 0.8].map(|a| a + shift)));
    }
    let text = text(&analysis(&rounds));
    assert!(text.starts_with("accuracy in %, mean and 95 % interval over 3 seeds\n labels  "), "{text}");
    // The half-width is t(0.975, 2) · 0.01 / √3 = 4.3027 · 0.005774 = 0.0248.
    assert!(text.contains("    300    70.0 ± 2.5    80.0 ± 2.5\n"), "{text}");
    assert!(
        text.contains("\nlabels for the 70.0 % that random reaches at its end (mean curves)\n"),
        "{text}"
    );
    assert!(text.contains("margin                    200, 33 % fewer than random: ratio 1.5\n"), "{text}");
}

#[test]
fn one_seed_shows_no_interval_and_warns() {
    let (random, margin) = (run("d", "random", 1, &[0.5]), run("d", "margin", 1, &[0.5]));
    let words = text(&analysis(&[random.clone(), margin]));
    assert!(!words.contains('±') && words.contains("may be chance"), "{words}");
    assert_eq!(
        text(&analysis(&[random])),
        "accuracy in %, one seed\n labels        random\n    100          50.0\n\n\
         On d with n, only random ran: there is nothing to compare it with.\n"
    );
}

#[test]
fn without_rounds_there_is_only_a_sentence() {
    let nothing = Analysis::new(&[], &names_of(&["random", "margin"]), Metric::Accuracy);
    assert_eq!(text(&nothing), "No round is recorded yet.\n");
    assert!(nothing.penalty.is_none() && nothing.warnings.is_empty());
    let others = Analysis::new(&run("d", "margin", 1, &[0.5]), &names_of(&["random"]), Metric::Accuracy);
    assert!(others.tasks.is_empty(), "a strategy that was not asked for");
}

#[test]
fn winning_losing_and_no_evidence_are_told_apart() {
    let found = analysis(&[
        runs("d", "random", 5, &RANDOM),
        like(&runs("d", "random", 5, &RANDOM), "even"),
        runs("d", "worse", 5, &WORSE),
        runs("d", "better", 5, &BETTER),
    ]);
    let [better, even, worse] = &found.verdict[..] else { panic!("{:?}", found.verdict) };
    for (sentence, words) in [
        (better, "On d with n, better beat random: area under the curve +8."),
        (better, ", 5 seeds, p < 0.001 after Holm); it reached random's final "),
        (better, " labels where random needed 400: 1."),
        (better, " times fewer (95 % interval of the ratio 1."),
        (even, "No evidence that even differs from random on d with n: area under the curve "),
        (worse, "On d with n, worse lost to random: area under the curve -6."),
        (worse, "; it did not reach random's final "),
    ] {
        assert!(sentence.contains(words), "{words}: {sentence}");
    }
    let versus = |arm: usize| found.tasks[0].arms[arm].versus_random.as_ref().unwrap();
    let counts = |arm| (versus(arm).wins, versus(arm).ties, versus(arm).losses);
    assert_eq!([counts(1), counts(2), counts(3)], [(0, 3, 0), (0, 0, 3), (3, 0, 0)]);
    assert_eq!((versus(2).saving.as_ref().unwrap().ratio.value, versus(2).seeds), (0.0, 5));
    let penalty = found.penalty.as_ref().unwrap();
    assert_eq!((penalty.tasks, penalty.cells[3][2], penalty.cells[2][3]), (1, 1.0, 0.0));
}

#[test]
fn a_find_that_does_not_survive_holm_is_no_find() {
    // Differences of 0.01, 0.02 and 0.03 alone have p = 0.074; 0.02, 0.025 and 0.03 have p = 0.013.
    let mut rounds = vec![];
    for (seed, shift) in [(1, 0.0), (2, 0.1), (3, 0.2)] {
        rounds.push(run("d", "random", seed, &[0.5, 0.5]));
        for other in ["a", "b", "c", "e"] {
            rounds.push(run("d", other, seed, &[0.5, 0.54 + shift / 10.0]));
        }
    }
    let found = analysis(&rounds);
    let arm = &found.tasks[0].arms[1];
    let point = arm.points[1].difference.as_ref().unwrap();
    let area = &arm.versus_random.as_ref().unwrap().area;
    assert!((area.p - 0.013_1).abs() < 0.001, "{area:?}");
    assert!((area.p_holm - 4.0 * area.p).abs() < 1e-12 && (point.p_holm - 4.0 * point.p).abs() < 1e-12);
    assert_eq!((area.outcome, point.outcome), (0, 0));
    assert!(arm.points[0].difference.is_none(), "the initial labels are the same");
    assert!(found.verdict[0].contains("; alone it would have p = 0.013, but one of 4 comparisons"));
}

#[test]
fn the_families_of_tests_are_all_areas_and_the_label_counts_of_a_task() {
    let task = |dataset| {
        [
            runs(dataset, "random", 5, &RANDOM),
            runs(dataset, "a", 5, &RANDOM.map(|a| a + 0.003)),
            runs(dataset, "bc", 5, &RANDOM.map(|a| a - 0.002)),
        ]
        .concat()
    };
    let found = analysis(&[task("d"), task("e")]);
    let arms = || found.tasks.iter().flat_map(|task| &task.arms);
    let areas = arms().filter_map(|arm| arm.versus_random.as_ref()).map(|v| (v.area.p, v.area.p_holm));
    let (p, p_holm): (Vec<_>, Vec<_>) = areas.unzip();
    assert_eq!((p.len(), p_holm), (4, deepal_core::stats::holm(&p)));
    for task in &found.tasks {
        let points =
            task.arms.iter().flat_map(|arm| &arm.points).filter_map(|point| point.difference.as_ref());
        let (p, p_holm): (Vec<_>, Vec<_>) = points.map(|d| (d.p, d.p_holm)).unzip();
        assert_eq!((p.len(), p_holm), (6, deepal_core::stats::holm(&p)));
    }
}

/// Without the rounds of a seed after its first `rounds`.
fn broken_off(mut runs: Vec<RoundRecord>, seed: u64, rounds: usize) -> Vec<RoundRecord> {
    runs.retain(|round| round.seed != seed || round.round < rounds);
    runs
}

#[test]
fn only_common_seeds_and_labels_are_compared() {
    let mut margin = runs("d", "margin", 4, &BETTER[..3]);
    margin.retain(|round| round.seed != 2);
    let other = run("d", "margin", 9, &[0.1, 0.1, 0.1]);
    let found = analysis(&[runs("d", "random", 4, &RANDOM), margin, other]);
    let arm = &found.tasks[0].arms[1];
    let versus = arm.versus_random.as_ref().unwrap();
    assert_eq!(
        (&arm.seeds[..], versus.seeds, versus.wins + versus.ties + versus.losses),
        (&[1, 3, 4, 9][..], 3, 2)
    );
    // At 100, 200 and 300 labels it leads by 0, 0.1 and 0.1, up to the noise.
    assert!((versus.area.mean.value - 0.075).abs() < 0.01, "{versus:?}");
    assert!((versus.saving.as_ref().unwrap().target - 0.7).abs() < 0.02, "{versus:?}");
    assert!(text(&found).contains("interval over 4 seeds"));
}

#[test]
fn a_seed_that_broke_off_leaves_the_others_whole() {
    let found =
        analysis(&[runs("d", "random", 8, &RANDOM), broken_off(runs("d", "margin", 8, &BETTER), 8, 2)]);
    let arm = &found.tasks[0].arms[1];
    let versus = arm.versus_random.as_ref().unwrap();
    assert_eq!((&arm.seeds[..], arm.points.len(), arm.seconds.train), (&[1, 2, 3, 4, 5, 6, 7][..], 4, 4.0));
    assert_eq!((versus.seeds, versus.wins, &arm.bought[..]), (7, 3, &[3.0, 0.0, 6.0][..]));
    let warning = "on d with n jobs end at different numbers of labels (random: 8 seeds at 400; margin: 1 seed at 200, 7 seeds \
                   at 400): seeds that stopped early are left out, and two strategies are compared as far as both went";
    assert_eq!(found.warnings, [warning]);
}

#[test]
fn a_comparison_that_ends_before_random_says_where() {
    let found = analysis(&[
        broken_off(runs("d", "random", 8, &RANDOM), 5, 3),
        broken_off(runs("d", "margin", 8, &BETTER[..3]), 3, 2),
    ]);
    let [random, margin] = &found.tasks[0].arms[..] else { panic!("{found:?}") };
    assert_eq!((random.seeds.len(), margin.seeds.len()), (7, 7));
    assert_eq!(margin.versus_random.as_ref().unwrap().seeds, 7, "random's fifth seed went as far as margin");
    assert!(random.area.is_some() && margin.area.is_none(), "areas over different ranges");
    let words = found.verdict[0].as_str();
    assert!(words.contains("; it reached random's 70.") && !words.contains("final"), "{words}");
    assert!(words.contains(" % at 300 labels, where the comparison ends, with 2"), "{words}");
    let text = text(&found).replace("\n  ", " ");
    assert!(text.contains(" % that random reaches at 300 labels, where the comparison ends (mean"), "{text}");
}

#[test]
fn each_comparison_has_a_target_of_its_own() {
    let found = analysis(&[
        runs("d", "random", 5, &RANDOM),
        runs("d", "margin", 5, &BETTER),
        runs("d", "short", 5, &BETTER[..3]),
    ]);
    let text = text(&found);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "labels for the accuracy that random reaches where each comparison ends (mean curves; each interval is for one strategy \
         alone, not corrected for several) margin 3",
        " % at 400 labels short 2",
        " % at 300 labels",
        "it reached random's final ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn areas_over_different_ranges_are_not_ranked() {
    let high = [0.5, 0.9, 0.9];
    let found = analysis(&[
        runs("d", "random", 5, &RANDOM),
        runs("d", "a", 5, &BETTER),
        like(&runs("d", "a", 5, &BETTER), "other"),
        runs("d", "short", 5, &high),
    ]);
    let tie = found.warnings.iter().find(|warning| warning.contains("the largest area")).unwrap();
    assert!(!tie.contains("short"), "{tie}");
}

#[test]
fn only_areas_over_whole_tasks_are_averaged() {
    let task = |dataset: &str, a: &[f64], seeds| {
        [runs(dataset, "random", 5, &RANDOM), runs(dataset, "a", 5, a), runs(dataset, "bc", seeds, &BETTER)]
            .concat()
    };
    let found = analysis(&[task("d", &BETTER, 5), task("e", &BETTER[..3], 2)]);
    let names = found.across.iter().map(|across| across.strategy.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["random", "bc"]);
    assert_eq!(found.across[1].iqm_difference, None, "2 seeds on a task");
    let penalty = found.penalty.unwrap();
    assert_eq!((penalty.strategies, penalty.tasks), (names_of(&["random", "a"]), 2), "2 seeds are no test");
}

#[test]
fn finished_runs_of_different_lengths_have_not_failed() {
    let found = analysis(&[runs("d", "random", 5, &RANDOM), runs("d", "margin", 5, &BETTER[..2])]);
    let [warning] = &found.warnings[..] else { panic!("{:?}", found.warnings) };
    assert!(
        warning.starts_with("on d with n jobs end at different numbers of labels (random: 5 seeds at 400; ")
    );
    assert!(!warning.contains("failed") && !warning.contains("unfinished"));
    let found = analysis(&[runs("d", "random", 5, &RANDOM), runs("d", "margin", 6, &BETTER)]);
    let warning = "on d with n the strategies do not have the same seeds (random: 5 seeds at 400; margin: 6 seeds at 400): two \
                   strategies are compared with those that both have";
    assert_eq!(found.warnings, [warning]);
}

#[test]
fn label_counts_are_won_with_5_seeds_or_more() {
    let counts = |seeds: u64| {
        let shifted = |strategy, accuracies: [f64; 3]| {
            let of = |seed: u64| run("d", strategy, seed, &accuracies.map(|a| a + 0.001 * seed as f64));
            (1..=seeds).flat_map(of).collect::<Vec<_>>()
        };
        let found = analysis(&[shifted("random", [0.5, 0.6, 0.7]), shifted("margin", [0.5, 0.7, 0.8])]);
        let versus = found.tasks[0].arms[1].versus_random.clone().unwrap();
        (versus.area.outcome, versus.wins, versus.ties, versus.losses)
    };
    assert_eq!([3, 4, 5].map(counts), [(1, 0, 2, 0), (1, 0, 2, 0), (1, 2, 0, 0)]);
}

#[test]
fn a_strategy_that_missed_a_task_is_not_in_the_matrix() {
    let found = analysis(&[
        runs("d", "random", 5, &RANDOM),
        runs("d", "a", 5, &BETTER),
        runs("d", "once", 5, &BETTER),
        runs("e", "random", 5, &RANDOM),
        runs("e", "a", 5, &BETTER),
    ]);
    let penalty = found.penalty.unwrap();
    assert_eq!((penalty.strategies, penalty.tasks), (names_of(&["random", "a"]), 2));
    assert!((penalty.cells[1][0] - 2.0).abs() < 1e-12, "{:?}", penalty.cells);
}

#[test]
fn random_without_a_round_is_not_asked_for_again() {
    let rounds = runs("d", "margin", 5, &BETTER);
    let found = Analysis::new(&rounds, &names_of(&["random", "margin"]), Metric::Accuracy);
    let sentence =
        "On d with n, nothing can be said about labels saved by margin yet: random has no finished round.";
    assert_eq!(found.verdict, [sentence]);
    assert!(found.warnings[0].starts_with("random has no finished round on d with n yet: "));
}

#[test]
fn fewer_than_3_seeds_claim_nothing_and_ask_for_more() {
    for seeds in [1, 2] {
        let found = analysis(&[runs("d", "random", seeds, &RANDOM), runs("d", "margin", seeds, &BETTER)]);
        let [sentence] = &found.verdict[..] else { panic!("{:?}", found.verdict) };
        assert!(sentence.starts_with("On d with n, nothing is claimed about margin against random: with "));
        assert!(sentence.ends_with("Use at least 3 seeds; 5 are advised."), "{sentence}");
        assert!(found.warnings[0].ends_with("with fewer than 3 seeds a difference may be chance"));
        assert!(found.penalty.is_none() && found.tasks[0].arms[1].versus_random.is_none());
        assert!(!text(&found).contains("labels for the"));
    }
}

#[test]
fn the_initial_labels_alone_are_no_comparison() {
    let found = analysis(&[runs("d", "random", 5, &[0.5]), runs("d", "margin", 5, &[0.5])]);
    let sentence = "On d with n, margin and random cannot be compared yet: they have no round in common after the initial \
                    labels.";
    assert_eq!((found.verdict, found.warnings), (vec![sentence.to_owned()], vec![]));
}

#[test]
fn without_random_it_says_so() {
    let found = analysis(&[runs("d", "margin", 5, &BETTER), runs("d", "entropy", 5, &WORSE)]);
    let sentence = "On d with n, nothing can be said about labels saved by margin and entropy: add `random` to the strategies.";
    assert_eq!(found.verdict, [sentence]);
    assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
    assert!(found.warnings[0].starts_with("no `random` on d with n: "));
    assert_eq!(found.penalty.unwrap().cells, [[0.0, 1.0], [0.0, 0.0]]);
}

#[test]
fn few_seeds_ties_and_naming_the_best_are_warned_of() {
    let curves = |seeds| {
        analysis(&[
            runs("d", "random", seeds, &RANDOM),
            runs("d", "a", seeds, &BETTER),
            like(&runs("d", "a", seeds, &BETTER), "other"),
        ])
    };
    let found = curves(4).warnings;
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("4 seeds: with fewer than 5 seeds intervals are wide"));
    let tie = |best, tied| {
        format!("on d with n {best} has the largest area under the curve, and {tied} cannot be told from it")
    };
    assert!(found[1] == tie("a", "other") || found[1] == tie("other", "a"), "{}", found[1]);
    assert!(found[2].starts_with("naming the best of 3 strategies by these accuracies is itself a choice"));
    assert_eq!(curves(5).warnings.len(), 2, "five are enough");
    let two = analysis(&[runs("d", "random", 5, &RANDOM), runs("d", "margin", 5, &BETTER)]);
    assert_eq!(two.warnings, Vec::<String>::new());
}

#[test]
fn several_tasks_have_a_sentence_and_a_compact_table_each() {
    let long = |from: f64| (0..20).map(|k| from + 0.01 * f64::from(k)).collect::<Vec<_>>();
    let better = |from: f64| (0..20).map(|k| from + 0.015 * f64::from(k)).collect::<Vec<_>>();
    let found = analysis(&[
        runs("e", "random", 5, &long(0.4)),
        runs("e", "margin", 5, &better(0.4)),
        runs("d", "random", 5, &RANDOM),
        runs("d", "margin", 5, &WORSE),
    ]);
    assert_eq!(found.tasks.iter().map(|task| &task.dataset[..]).collect::<Vec<_>>(), ["d", "e"]);
    assert_eq!(
        found.verdict[0],
        "Over 2 tasks, wins, losses and no evidence against random: margin 1, 1, 0."
    );
    assert!(found.verdict[1].starts_with("Interquartile mean of the areas against random: margin "));
    assert_eq!((found.verdict.len(), found.across.len()), (4, 2));
    assert!(found.across[0].iqm_difference.is_none());
    let difference = found.across[1].iqm_difference.unwrap();
    let (low, high) = difference.interval.unwrap();
    assert!(low < difference.value && difference.value < high && low > -0.1 && high < 0.1, "{difference:?}");
    let text = text(&found);
    let rows = text.lines().filter(|line| line.contains('±')).collect::<Vec<_>>();
    assert!(text.contains("\ne with n\naccuracy in %"), "{text}");
    assert_eq!(rows.len(), 4 + 3, "{text}");
    assert!(rows[4].starts_with("    100") && rows[6].starts_with("   2000"), "{text}");
}

#[test]
fn twelve_strategies_fit_the_terminal() {
    let strategies = ["random", "least-confidence-dropout"].into_iter().map(String::from);
    let strategies = strategies.chain((0..10).map(|i| format!("strategy-{i}")));
    let rounds = strategies.map(|strategy| runs("d", &strategy, 3, &[0.5; 20])).collect::<Vec<_>>();
    let text = text(&analysis(&rounds));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let head = text.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!((head[0], head[1], head.last()), ("labels", "100", Some(&"2000")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("least-confidence-dropout  ") && line.contains('±')));
}

#[test]
fn seconds_add_up_and_classes_are_counted_without_the_initial_set() {
    let found = analysis(&[runs("d", "random", 2, &RANDOM)]);
    let arm = &found.tasks[0].arms[0];
    assert_eq!((arm.seconds.train, arm.seconds.query, arm.seconds.predict), (4.0, 1.0, 0.5));
    assert_eq!((arm.points[1].seconds, &arm.bought[..]), (2.75, &[3.0, 0.0, 6.0][..]));
}

#[test]
fn the_files_hold_what_the_text_says() {
    let found = analysis(&[
        runs("d", "random", 5, &RANDOM),
        runs("d", "odd, \"name\"", 5, &BETTER),
        runs("d", "worse", 5, &WORSE),
    ]);
    let table = String::from_utf8(csv(&found)).unwrap();
    let rows = table.lines().collect::<Vec<_>>();
    let columns = |row: &str| row.split(',').count();
    assert_eq!((rows.len(), columns(rows[0]), columns(rows[1]), columns(rows[3])), (4, 37, 37, 37));
    assert!(rows[1].starts_with("d,n,random,5,400,0."), "{table}");
    assert!(rows[1].ends_with(",,,,,,,,,,,,,,,,4.000,1.000,0.500,,,,,,,accuracy"), "{table}");
    assert!(rows[2].starts_with("d,n,\"odd, \"\"name\"\"\",5,400,0."), "{table}");
    assert!(
        rows[3].contains(",,0,0,0,400,-0.0")
            && rows[3].ends_with(",-1,0,0,3,4.000,1.000,0.500,,,,,,,accuracy"),
        "{table}"
    );

    let json = serde_json::from_slice::<serde_json::Value>(&found.json().unwrap()).unwrap();
    let arm = &json["tasks"][0]["arms"][1];
    assert_eq!(
        (arm["strategy"].as_str(), arm["versus_random"]["wins"].as_u64()),
        (Some("odd, \"name\""), Some(3))
    );
    assert_eq!(json["verdict"].as_array().unwrap().len(), found.verdict.len());
}

/// A bound that gains twice as much as `better` in every round.
const BOUND: [f64; 4] = [0.5, 0.8, 0.9, 1.0];

#[test]
fn the_upper_bound_is_no_competitor_and_says_what_was_possible() {
    let strategies =
        [runs("d", "random", 5, &RANDOM), runs("d", "better", 5, &BETTER), runs("d", "worse", 5, &WORSE)];
    let without = analysis(&strategies);
    let found = analysis(&[strategies.concat(), runs("d", "upper-bound(batches=5)", 5, &BOUND)]);
    let json = |arms: &[Arm]| serde_json::to_string(arms).unwrap();
    assert_eq!(json(&found.tasks[0].arms), json(&without.tasks[0].arms), "it is in no family of tests");
    assert_eq!(found.penalty.as_ref().unwrap().strategies, ["random", "better", "worse"]);
    assert_eq!(found.warnings, without.warnings);
    assert_eq!(found.verdict[..2], without.verdict[..2]);
    let [sentence] = &found.verdict[2..] else { panic!("{:?}", found.verdict) };
    assert!(sentence.starts_with("On d with n, upper-bound(batches=5), which is no strategy and chooses by hidden labels, gained an area of +1"), "{sentence}");
    // Areas over 100 to 400 labels: 0.25 / 3 of 0.5 / 3, and -0.2 / 3.
    assert!(sentence.contains("; of that better 5") && sentence.contains(" and worse -4"), "{sentence}");
    let bound = found.tasks[0].upper_bound.as_ref().unwrap();
    assert!(
        bound.arm.versus_random.is_none() && bound.arm.points.iter().all(|point| point.difference.is_none())
    );
    assert_eq!((bound.shares.len(), bound.shares[0].seeds), (2, 5));
    assert!(text(&found).contains("upper-bound(batches=5)") && !text(&without).contains("upper-bound"));
}

#[test]
fn the_share_of_what_was_possible_is_the_ratio_of_areas() {
    let flat = |strategy: &str, gains: [f64; 4]| {
        let of = |(seed, gain): (u64, f64)| run("d", strategy, seed, &[0.5, 0.5 + gain, 0.5 + gain]);
        (1..=4).zip(gains).flat_map(of).collect::<Vec<_>>()
    };
    let (random, bound) = (flat("random", [0.0; 4]), flat("upper-bound", [0.1, 0.2, 0.15, 0.15]));
    let found = analysis(&[random.clone(), flat("half", [0.05, 0.1, 0.075, 0.075]), bound.clone()]);
    let bound_of = |found: &Analysis| found.tasks[0].upper_bound.clone().unwrap();
    let share = &bound_of(&found).shares[0];
    assert!((share.share.value - 0.5).abs() < 1e-12 && share.share.interval.unwrap().0 > 0.499);
    // More than the bound found is said to be more.
    let found = analysis(&[random.clone(), flat("more", [0.2, 0.3, 0.2, 0.2]), bound]);
    assert!(found.verdict.last().unwrap().contains("a share above 100 % means that more was possible"));
    // A bound that is not surely ahead says nothing.
    let found = analysis(&[random.clone(), flat("x", [0.1; 4]), flat("upper-bound", [0.1, -0.1, 0.1, -0.1])]);
    assert!(bound_of(&found).shares.is_empty());
    assert!(found.verdict.last().unwrap().contains("is not surely ahead of random"));
    // One that ended before, or without random, says nothing either.
    let short = (1..=4).flat_map(|seed| run("d", "upper-bound", seed, &[0.5, 0.9])).collect::<Vec<_>>();
    let found = analysis(&[random, flat("x", [0.1; 4]), short.clone()]);
    assert!(bound_of(&found).gain.is_none() && found.verdict.last().unwrap().contains("at least 3 seeds"));
    assert!(bound_of(&analysis(&[flat("x", [0.1; 4]), short])).gain.is_none());
}
