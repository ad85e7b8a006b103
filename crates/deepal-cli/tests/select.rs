//! `deepal select` from outside: the program itself, against picks that NumPy, SciPy and scikit-learn made from the papers'
//! definitions (`testdata/golden/make.py`), and against bad input.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use assert_cmd::Command;
use ndarray::{Array2, Array3, Axis, array};
use ndarray_npy::{WritableElement, write_npy};
use predicates::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/golden");

/// Strategies without golden picks, and why.
const NOT_GOLDEN: [(&str, &str); 2] = [
    ("bim", "attacks a net and not arrays; deepal-nn's adversarial.rs compares it with steps by hand"),
    (
        "deepfool",
        "attacks a net and not arrays; deepal-nn's adversarial.rs compares it with the closed form of a linear net",
    ),
];

/// For each strategy that takes arrays: its name, DeepAL's or its own, and golden arrays for it.
fn strategies() -> Vec<(&'static str, &'static str, String)> {
    let cases = golden::<5>("cases.csv").into_iter().map(|[_, strategy, _, _, options]| (strategy, options));
    let draws = golden::<7>("draws.csv").into_iter().map(|[strategy, _, options, ..]| (strategy, options));
    let given = cases.chain(draws).collect::<Vec<_>>();
    let of_entry = |entry: &&'static deepal::strategy::Entry| {
        let (_, options) = given.iter().find(|(strategy, _)| name(strategy) == entry.name)?;
        Some((entry.name, entry.deepal.unwrap_or(entry.name), options.clone()))
    };
    deepal::strategy::ALL.iter().filter_map(of_entry).collect()
}

/// The name of a strategy with settings.
fn name(strategy: &str) -> &str {
    strategy.split('(').next().unwrap()
}

// --- Helpers ---------------------------------------------------------------------------------------------------------

/// `deepal select` with the options of `line`, in the folder that its files are in.
fn select(folder: impl AsRef<Path>, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).arg("select").args(line.split_whitespace());
    command
}

#[derive(Debug, Clone, PartialEq)]
struct Pick {
    row: usize,
    score: Option<f64>,
}

/// The picks of a call that must succeed without a word on stderr.
fn picks(folder: impl AsRef<Path>, line: &str) -> Vec<Pick> {
    let assert = select(folder, line).assert().success().stderr("");
    parse(&String::from_utf8(assert.get_output().stdout.clone()).unwrap())
}

fn rows(folder: impl AsRef<Path>, line: &str) -> Vec<usize> {
    picks(folder, line).into_iter().map(|pick| pick.row).collect()
}

fn parse(table: &str) -> Vec<Pick> {
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("rank,row,score"));
    let pick = |(i, line): (usize, &str)| {
        let [rank, row, score] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        assert!(rank.is_empty() || rank == (i + 1).to_string(), "rank {rank} in line {i}");
        Pick { row: row.parse().unwrap(), score: (!score.is_empty()).then(|| score.parse().unwrap()) }
    };
    lines.enumerate().map(pick).collect()
}

/// A golden table without its header.
fn golden<const WIDTH: usize>(name: &str) -> Vec<[String; WIDTH]> {
    let text = fs::read_to_string(Path::new(GOLDEN).join(name)).unwrap();
    let line = |line: &str| line.split(',').map(String::from).collect::<Vec<_>>().try_into().unwrap();
    text.lines().skip(1).map(line).collect()
}

fn matrix(name: &str) -> Array2<f64> {
    ndarray_npy::read_npy::<_, Array2<f32>>(Path::new(GOLDEN).join(name)).unwrap().mapv(f64::from)
}

/// The number of candidates in the first array of a line of options.
fn candidates(line: &str) -> usize {
    rows(GOLDEN, &format!("--strategy random --budget 1000000 {line}")).len()
}

fn distinct(rows: &[usize]) -> BTreeSet<usize> {
    let set = rows.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(set.len(), rows.len(), "a row twice: {rows:?}");
    set
}

// --- Golden picks ----------------------------------------------------------------------------------------------------

#[test]
fn every_golden_case_is_picked_as_the_papers_define_it_from_every_layout_of_the_arrays() {
    let cases = golden::<5>("cases.csv");
    assert!(cases.len() > 70);
    for [case, strategy, budget, compare, options] in cases {
        let label = format!("{case}: {options}");
        let expected = fs::read_to_string(format!("{GOLDEN}/expected/{case}.csv")).unwrap();
        let mut got = picks(GOLDEN, &format!("--strategy {strategy} --budget {budget} {options}"));
        if compare == "set" {
            got.sort_by_key(|pick| pick.row);
        }
        let expected = parse(&expected);
        let rows = |picks: &[Pick]| picks.iter().map(|pick| pick.row).collect::<Vec<_>>();
        assert_eq!(rows(&got), rows(&expected), "{label}");
        for (got, expected) in got.iter().zip(&expected) {
            match (got.score, expected.score) {
                // The absolute part is what rounding leaves of 1 - 1.
                (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-6 * b.abs() + 1e-14, "{label}: {a} {b}"),
                (a, b) => assert_eq!(a, b, "{label}"),
            }
        }
    }
}

/// Whoever adds a strategy adds its picks, or the reason why there are none.
#[test]
fn every_strategy_of_the_list_has_golden_picks_or_a_reason() {
    let with = strategies().into_iter().map(|(name, ..)| name);
    let without = NOT_GOLDEN.iter().map(|(name, _)| *name);
    let covered = with.chain(without).collect::<Vec<_>>();
    let all = deepal::strategy::ALL.iter().map(|entry| entry.name).collect::<BTreeSet<_>>();
    assert_eq!(covered.len(), all.len(), "a strategy with golden picks and a reason: {covered:?}");
    assert_eq!(covered.into_iter().collect::<BTreeSet<_>>(), all);
    assert!(NOT_GOLDEN.iter().all(|(_, why)| why.len() > 30));
}

/// Pearson's chi-square of 2,000 seeds. Rows of probability 0 are never there, as their picks are counted in `total`.
#[test]
fn picks_that_are_drawn_have_the_probabilities_of_the_papers_definitions() {
    let lines = golden::<7>("draws.csv");
    let mut cases = BTreeMap::<_, BTreeMap<usize, Vec<(usize, f64, f64)>>>::new();
    for [strategy, budget, options, place, row, probability, limit] in lines {
        let [probability, limit] = [probability, limit].map(|number| number.parse::<f64>().unwrap());
        let case = cases.entry((strategy, budget, options)).or_default();
        case.entry(place.parse().unwrap()).or_default().push((row.parse().unwrap(), probability, limit));
    }
    assert!(cases.len() >= 8);
    for ((strategy, budget, options), places) in cases {
        let mut counts = vec![BTreeMap::<usize, f64>::new(); places.len()];
        for seed in 0..2000 {
            let rows = rows_in_process(&strategy, budget.parse().unwrap(), &options, seed);
            counts.iter_mut().zip(rows).for_each(|(counts, row)| *counts.entry(row).or_default() += 1.0);
        }
        for (place, rows) in places {
            let count = |row: &usize| counts[place].get(row).copied().unwrap_or(0.0);
            let total = rows.iter().map(|(row, ..)| count(row)).sum::<f64>();
            assert_eq!(
                total, 2000.0,
                "{strategy}: a row of probability 0 at place {place}: {:?}",
                counts[place]
            );
            let terms = rows.iter().map(|(row, p, _)| (count(row) - 2000.0 * p).powi(2) / (2000.0 * p));
            let (chi_square, limit) = (terms.sum::<f64>(), rows[0].2);
            assert!(
                chi_square <= limit,
                "{strategy}, place {place}: {chi_square} above {limit}: {:?}",
                counts[place]
            );
        }
    }
}

/// What the program picks, without starting it 2,000 times.
fn rows_in_process(strategy: &str, budget: usize, options: &str, seed: u64) -> Vec<usize> {
    let words = options.split_whitespace().collect::<Vec<_>>();
    let file = |pair: &[&str]| {
        let option = pair[0].trim_start_matches('-');
        let signal = deepal::signals::ALL.iter().find(|signal| signal.kind().option == Some(option)).unwrap();
        (*signal, Path::new(GOLDEN).join(pair[1]))
    };
    let files = words.chunks(2).map(file).collect();
    let from = deepal::PickFrom::Arrays(deepal::ArrayFiles { files, logits: None });
    let options =
        deepal::SelectOptions { strategy: strategy.into(), seed, ..deepal::SelectOptions::new(budget) };
    let picked = deepal::select(&from, &options, &deepal::Catalog::default(), deepal::Monitor::silent());
    picked.unwrap().selection.rows
}

#[test]
fn scores_never_rise_and_of_equal_ones_the_lower_row_comes_first() {
    let mut ties = 0;
    for (strategy, _, options) in strategies() {
        let picks = picks(GOLDEN, &format!("--strategy {strategy} --budget 40 {options}"));
        for pair in picks.windows(2) {
            let (Some(a), Some(b)) = (pair[0].score, pair[1].score) else { continue };
            assert!(a > b || (a == b && pair[0].row < pair[1].row), "{strategy}: {pair:?}");
            ties += usize::from(a == b);
        }
    }
    assert!(ties > 20, "the arrays must have ties to test");
}

// --- What holds for every strategy -----------------------------------------------------------------------------------

#[test]
fn every_strategy_picks_distinct_rows_as_many_as_asked_and_the_same_ones_again() {
    for (strategy, _, options) in strategies() {
        let n = candidates(&options);
        for budget in [0, 1, n / 2, n, n + 7] {
            for seed in [0, u64::MAX] {
                let line = format!("--strategy {strategy} --budget {budget} {options} --seed {seed}");
                let rows = rows(GOLDEN, &line);
                assert_eq!(rows.len(), budget.min(n), "{line}");
                assert!(distinct(&rows).iter().all(|row| *row < n), "{line}");
                assert_eq!(rows, self::rows(GOLDEN, &line), "{line}");
            }
        }
    }
}

#[test]
fn deepals_names_in_any_case_pick_the_same() {
    for (ours, deepals, options) in strategies() {
        let called = |name: &str| picks(GOLDEN, &format!("--strategy {name} --budget 5 {options}"));
        assert_eq!(called(ours), called(deepals));
        assert_eq!(called(ours), called(&deepals.to_uppercase()));
    }
}

#[test]
fn a_smaller_budget_gives_a_prefix_of_a_larger_one_unless_the_number_decides_on_clusters_or_widths() {
    const DECIDES: [&str; 13] = [
        "auto",
        "auto-lite",
        "k-means",
        "k-medians",
        "max-herding",
        "cluster-margin",
        "typiclust",
        "alfa-mix",
        "bait",
        "bait-fast",
        "drop-query",
        "weighted-k-means",
        "clue",
    ];
    for (strategy, _, options) in strategies().into_iter().filter(|(name, ..)| !DECIDES.contains(name)) {
        let rows =
            |budget: usize| rows(GOLDEN, &format!("--strategy {strategy} --budget {budget} {options}"));
        assert_eq!(rows(12)[..5], rows(5), "{strategy}");
    }
}

#[test]
fn a_file_gets_the_same_bytes_as_standard_output_and_replaces_what_was_there() {
    for (strategy, _, options) in strategies() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("picks.csv");
        fs::write(&file, "something longer than what there will be, and older\n".repeat(99)).unwrap();
        let line = format!("--strategy {strategy} --budget 6 {options}");
        let shown = select(GOLDEN, &line).assert().success().get_output().stdout.clone();
        select(GOLDEN, &line).arg("--out").arg(&file).assert().success().stdout("").stderr("");
        assert_eq!(fs::read(&file).unwrap(), shown, "{strategy}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{strategy} leaves files behind");
    }
}

#[test]
fn the_seed_is_1_if_none_is_given() {
    let line = "--strategy random --budget 9 --embeddings emb-normal-f4.npy";
    assert_eq!(rows(GOLDEN, line), rows(GOLDEN, &format!("{line} --seed 1")));
}

#[test]
fn labelled_embeddings_are_optional_and_an_empty_array_of_them_is_none() {
    let folder = TempDir::new().unwrap();
    write(&folder, "e.npy", &array![[0.0, 0.0], [1.0, 5.0], [9.0, 1.0]]);
    write(&folder, "none.npy", &Array2::<f64>::zeros((0, 2)));
    let line = "--strategy k-center --budget 3 --embeddings e.npy";
    assert_eq!(rows(&folder, line), rows(&folder, &format!("{line} --labeled-embeddings none.npy")));
}

#[test]
fn an_empty_pool_gives_no_picks() {
    let folder = TempDir::new().unwrap();
    write(&folder, "e.npy", &Array2::<f32>::zeros((0, 2)));
    for strategy in ["random", "k-center", "k-means", "k-medians"] {
        assert!(rows(&folder, &format!("--strategy {strategy} --budget 3 --embeddings e.npy")).is_empty());
    }
}

// --- Strategies that draw at random ----------------------------------------------------------------------------------

#[test]
fn random_picks_change_with_the_seed_and_with_nothing_else_but_the_number_of_rows() {
    let line = "--strategy random --budget 20";
    let of_seed = |seed| rows(GOLDEN, &format!("{line} --embeddings emb-normal-f4.npy --seed {seed}"));
    let all = (0..20).map(of_seed).collect::<BTreeSet<_>>();
    assert_eq!(all.len(), 20);
    let folder = TempDir::new().unwrap();
    write(&folder, "p.npy", &Array2::from_elem((60, 4), 0.25));
    assert_eq!(rows(&folder, &format!("{line} --probs p.npy --seed 7")), of_seed(7));
}

#[test]
fn cold_k_center_starts_anywhere_and_goes_on_by_the_definition() {
    let mut sequences = BTreeMap::<usize, Vec<usize>>::new();
    for [first, _, row] in golden::<3>("cold.csv") {
        sequences.entry(first.parse().unwrap()).or_default().push(row.parse().unwrap());
    }
    let mut starts = BTreeSet::new();
    for seed in 0..40 {
        let line = format!("--strategy k-center --budget 12 --embeddings emb-cold-f8.npy --seed {seed}");
        let rows = rows(GOLDEN, &line);
        assert_eq!(rows, sequences[&rows[0]], "seed {seed}");
        starts.insert(rows[0]);
    }
    assert!(starts.len() > 6, "40 seeds start only at {starts:?}");
}

/// The inertia is not shown, but the picks show the clusters. If a pick is the member nearest to its cluster's centre,
/// then it is no farther from the centre than the mean member, and the rows' distances to the picks sum up to at most
/// twice the cost of the clusters (for squared distances by the parallel axis theorem, for absolute ones by the triangle
/// inequality). And each pick's neighbourhood, with its own centre, costs hardly more than the best clusters.
#[test]
fn picks_of_clusters_stand_for_a_partition_nearly_as_good_as_the_best_of_very_many_starts() {
    for [file, k, strategy, least] in golden::<4>("costs.csv") {
        let (points, least) = (matrix(&file), least.parse::<f64>().unwrap());
        let squared = strategy == "k-means";
        for seed in 1..6 {
            let ratios = |strategy: &str| {
                let line = format!("--strategy {strategy} --budget {k} --embeddings {file} --seed {seed}");
                costs(&points, &rows(GOLDEN, &line), squared).map(|cost| cost / least)
            };
            let ([to_picks, to_centers], [_, by_chance]) = (ratios(&strategy), ratios("random"));
            assert!(to_picks < 2.0 * 1.02, "{file} {strategy} {seed}: {to_picks}");
            assert!((0.995..1.1).contains(&to_centers), "{file} {strategy} {seed}: {to_centers}");
            assert!(by_chance > 1.1, "{file}: random picks would pass too: {by_chance}");
        }
    }
}

/// Each row goes to its nearest pick: the distances to the picks, and to the means (`squared`) or medians of the groups.
fn costs(points: &Array2<f64>, picks: &[usize], squared: bool) -> [f64; 2] {
    let term = |a: f64, b: f64| if squared { (a - b).powi(2) } else { (a - b).abs() };
    let distance = |row: usize, pick: usize| {
        points.row(row).iter().zip(points.row(pick)).map(|(a, b)| term(*a, *b)).sum::<f64>()
    };
    let mut groups = vec![Vec::new(); picks.len()];
    let mut to_picks = 0.0;
    for row in 0..points.nrows() {
        let distances = picks.iter().map(|pick| distance(row, *pick)).enumerate();
        let (group, least) = distances.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        groups[group].push(row);
        to_picks += least;
    }
    let mut to_centers = 0.0;
    for group in groups {
        for column in points.select(Axis(0), &group).columns() {
            let mut sorted = column.to_vec();
            sorted.sort_by(f64::total_cmp);
            let middle = sorted[sorted.len() / 2];
            let center = if squared { column.sum() / column.len() as f64 } else { middle };
            to_centers += column.iter().map(|x| term(*x, center)).sum::<f64>();
        }
    }
    [to_picks, to_centers]
}

// --- Bad input -------------------------------------------------------------------------------------------------------

fn write<T: WritableElement, D: ndarray::Dimension>(
    folder: &TempDir,
    name: &str,
    array: &ndarray::Array<T, D>,
) {
    write_npy(folder.path().join(name), array).unwrap();
}

/// A folder with good arrays about three candidates and with bad ones, named by what is wrong with them.
fn bad_files() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(&folder, "p.npy", &array![[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]);
    write(&folder, "m.npy", &Array3::from_elem((2, 3, 2), 0.5f32));
    write(&folder, "e.npy", &array![[0.0f32, 1.0], [2.0, 3.0], [4.0, 5.0]]);
    write(&folder, "four-p.npy", &Array2::from_elem((4, 2), 0.5));
    write(&folder, "four-m.npy", &Array3::from_elem((2, 4, 2), 0.5));
    write(&folder, "four-e.npy", &Array2::<f64>::zeros((4, 2)));
    write(&folder, "wide-l.npy", &Array2::<f32>::zeros((5, 7)));
    write(&folder, "vector.npy", &array![0.5, 0.5]);
    write(&folder, "nan-p.npy", &array![[0.5, 0.5], [f64::NAN, 0.5], [1.0, 0.0]]);
    write(&folder, "nan-m.npy", &array![[[0.5, 0.5]], [[0.5, f64::NAN]]]);
    write(&folder, "nan-e.npy", &array![[0.0, 1.0], [2.0, 3.0], [f32::NAN, 5.0]]);
    write(&folder, "inf-e.npy", &array![[0.0, f64::INFINITY]]);
    write(&folder, "inf-l.npy", &array![[0.0, 1.0], [f32::NEG_INFINITY, 1.0]]);
    write(&folder, "huge-e.npy", &array![[0.0, 1.0], [1e300, 1.0]]);
    write(&folder, "logits.npy", &array![[0.5, 0.5], [3.0, 1.5], [1.0, 0.0]]);
    write(&folder, "sums-p.npy", &array![[0.5, 0.5], [0.5, 0.4], [1.0, 0.0]]);
    write(&folder, "sums-m.npy", &array![[[0.5, 0.5]], [[0.5, 0.75]]]);
    write(&folder, "negative-p.npy", &array![[0.5, 0.5], [1.25, -0.25], [1.0, 0.0]]);
    write(&folder, "no-class.npy", &Array2::<f64>::zeros((3, 0)));
    write(&folder, "no-pass.npy", &Array3::<f64>::zeros((0, 3, 2)));
    let whole = fs::read(folder.path().join("p.npy")).unwrap();
    fs::write(folder.path().join("cut.npy"), &whole[..whole.len() - 8]).unwrap();
    fs::write(folder.path().join("cut-header.npy"), &whole[..30]).unwrap();
    fs::write(folder.path().join("long.npy"), [&whole[..], &[0; 8]].concat()).unwrap();
    fs::write(folder.path().join("text.npy"), "0.5,0.5\n0.25,0.75\n").unwrap();
    fs::write(folder.path().join("empty.npy"), "").unwrap();
    folder
}

/// Each call must fail with the code, say every one of the words on stderr and nothing on stdout.
fn refused(code: i32, cases: &[(&str, &[&str])]) {
    let folder = bad_files();
    for (line, words) in cases {
        let assert = select(&folder, line).assert().code(code).stdout("");
        let told = words.iter().fold(predicate::str::starts_with("error: ").boxed(), |all, word| {
            all.and(predicate::str::contains(*word)).boxed()
        });
        let told = told.and(predicate::str::contains("panicked").not());
        assert.stderr(told);
    }
}

#[test]
fn files_that_are_no_arrays_of_floats_are_named() {
    let again = "numpy.save";
    refused(
        3,
        &[
            (
                "--strategy margin --budget 2 --probs nowhere.npy",
                &["cannot read `nowhere.npy`", "No such file"],
            ),
            ("--strategy margin --budget 2 --probs .", &["cannot read `.`", "directory"]),
            (
                "--strategy margin --budget 2 --probs text.npy",
                &["text.npy`", "expected a `.npy` file", again],
            ),
            (
                "--strategy margin --budget 2 --probs empty.npy",
                &["empty.npy`", "expected a `.npy` file", again],
            ),
            ("--strategy margin --budget 2 --probs cut-header.npy", &["cut-header.npy`", again]),
            ("--strategy margin --budget 2 --probs cut.npy", &["cut.npy`", "48 bytes", "40 bytes", again]),
            ("--strategy margin --budget 2 --probs long.npy", &["long.npy`", "48 bytes", "56 bytes", again]),
            ("--strategy margin --budget 2 --probs vector.npy", &["vector.npy`", "2 dimensions", "[2]"]),
            ("--strategy margin --budget 2 --probs m.npy", &["m.npy`", "2 dimensions", "[2, 3, 2]"]),
            ("--strategy bald --budget 2 --mc-probs p.npy", &["p.npy`", "3 dimensions", "[3, 2]"]),
            ("--strategy k-means --budget 2 --embeddings m.npy", &["m.npy`", "2 dimensions", "[2, 3, 2]"]),
            (
                "--strategy k-center --budget 2 --embeddings e.npy --labeled-embeddings vector.npy",
                &["vector.npy`", "2 dimensions", "[2]"],
            ),
        ],
    );
}

#[test]
fn values_that_are_no_probabilities_or_not_finite_are_named_by_their_row() {
    let (repair, softmax) = ("remove the row or repair", "apply softmax");
    refused(
        3,
        &[
            ("--strategy margin --budget 2 --probs nan-p.npy", &["nan-p.npy`", "NaN", "row 1", repair]),
            ("--strategy bald --budget 2 --mc-probs nan-m.npy", &["nan-m.npy`", "NaN", "row 0", repair]),
            ("--strategy k-means --budget 2 --embeddings nan-e.npy", &["nan-e.npy`", "NaN", "row 2", repair]),
            (
                "--strategy k-center --budget 2 --embeddings inf-e.npy",
                &["inf-e.npy`", "inf", "row 0", repair],
            ),
            (
                "--strategy k-center --budget 2 --embeddings e.npy --labeled-embeddings inf-l.npy",
                &["inf-l.npy`", "-inf", "row 1", repair],
            ),
            ("--strategy k-means --budget 2 --embeddings huge-e.npy", &["huge-e.npy`", "float32", "row 1"]),
            ("--strategy entropy --budget 2 --probs logits.npy", &["logits.npy`", "row 1", "4.5", softmax]),
            ("--strategy entropy --budget 2 --probs sums-p.npy", &["sums-p.npy`", "row 1", "0.9", softmax]),
            ("--strategy bald --budget 2 --mc-probs sums-m.npy", &["sums-m.npy`", "row 0", "1.25", softmax]),
            (
                "--strategy margin --budget 2 --probs negative-p.npy",
                &["negative-p.npy`", "row 1", "-0.25", softmax],
            ),
            ("--strategy margin --budget 2 --probs no-class.npy", &["no-class.npy`", "[3, 0]"]),
            (
                "--strategy bald --budget 2 --mc-probs no-pass.npy",
                &["no-pass.npy`", "[t, 3, c]", "[0, 3, 2]"],
            ),
            // Not the strategy's business, but surely a slip.
            (
                "--strategy margin --budget 2 --probs p.npy --embeddings nan-e.npy",
                &["nan-e.npy`", "NaN", "row 2"],
            ),
        ],
    );
}

#[test]
fn arrays_that_do_not_fit_together_are_named_with_their_shape() {
    let rows = "one row for each candidate";
    refused(
        3,
        &[
            (
                "--strategy margin --budget 2 --probs p.npy --mc-probs four-m.npy",
                &["four-m.npy`", rows, "[2, 4, 2]"],
            ),
            (
                "--strategy margin --budget 2 --probs p.npy --embeddings four-e.npy",
                &["four-e.npy`", rows, "[4, 2]"],
            ),
            (
                "--strategy bald --budget 2 --mc-probs m.npy --embeddings four-e.npy",
                &["four-e.npy`", rows, "[4, 2]"],
            ),
            (
                "--strategy k-means --budget 2 --probs four-p.npy --embeddings e.npy",
                &["e.npy`", rows, "[3, 2]"],
            ),
            (
                "--strategy k-center --budget 2 --embeddings e.npy --labeled-embeddings wide-l.npy",
                &["wide-l.npy`", "[m, 2]", "[5, 7]"],
            ),
        ],
    );
}

#[test]
fn missing_and_wrong_options_are_named_with_what_to_give_instead() {
    refused(
        2,
        &[
            ("--strategy margin --budget 2", &["`margin`", "give them with `probs`"]),
            ("--strategy margin --budget 2 --mc-probs m.npy", &["`margin`", "give them with `probs`"]),
            ("--strategy bald --budget 2 --probs p.npy", &["`bald`", "give them with `mc-probs`"]),
            ("--strategy margin-dropout --budget 2 --probs p.npy", &["`margin-dropout`", "`mc-probs`"]),
            ("--strategy k-center --budget 2 --probs p.npy", &["`k-center`", "give them with `embeddings`"]),
            ("--strategy k-means --budget 2 --labeled-embeddings e.npy", &["`k-means`", "`embeddings`"]),
            ("--strategy random --budget 2", &["`probs`, `mc-probs` or `embeddings`"]),
            (
                "--strategy random --budget 2 --labeled-embeddings e.npy",
                &["`probs`, `mc-probs` or `embeddings`"],
            ),
            (
                "--strategy margn --budget 2 --probs p.npy",
                &["`margn`", "did you mean `margin`?", "known: auto,"],
            ),
            ("--strategy k-centr --budget 2 --probs p.npy", &["`k-centr`", "did you mean `k-center`?"]),
            ("--strategy Entropy_Dropot --budget 2 --probs p.npy", &["did you mean `entropy-dropout`?"]),
            ("--strategy xyzzy --budget 2 --probs p.npy", &["`xyzzy`", "known: auto,", "k-medians"]),
            ("--strategy bim --budget 2 --probs p.npy", &["`bim` needs a net", "`deepal run`"]),
            (
                "--strategy deepfool --budget 2 --embeddings e.npy",
                &["`deepfool` needs a net", "`deepal run`"],
            ),
            ("--strategy AdversarialBIM --budget 2", &["`bim` needs a net", "`deepal run`"]),
            ("--strategy margin --probs p.npy", &["--budget <N>", "Usage:"]),
            ("--budget 2 --probs p.npy", &["`auto`", "give them with `embeddings`"]),
            (
                "--budget 2 --embeddings e.npy --labeled-embeddings e.npy",
                &["`auto` looks at probabilities", "`probs`", "none while nothing is labelled"],
            ),
            ("--budget 2 --probs p.npy --logits p.npy", &["--logits"]),
            ("--budget 2 --embeddings e.npy --labels l.npy", &["--labeled-embeddings"]),
            ("--strategy margin --rare-classes --budget 2 --probs p.npy", &["--rare-classes"]),
            ("--strategy margin --budget two --probs p.npy", &["'two'", "--budget <N>"]),
            ("--strategy margin --budget=-1 --probs p.npy", &["'-1'", "--budget <N>"]),
            ("--strategy margin --budget 2 --prob p.npy", &["'--prob'", "'--probs'"]),
            ("--strategy random --budget 2 --probs p.npy --seed x", &["'x'", "--seed <S>"]),
        ],
    );
}

#[test]
fn nonsense_is_not_guessed_at() {
    let call = select(GOLDEN, "--strategy xyzzy --budget 2 --probs probs-hard-f4.npy").assert().code(2);
    call.stderr(predicate::str::contains("did you mean").not());
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let other = "choose a folder that you may write to";
    refused(
        4,
        &[
            (
                "--strategy margin --budget 2 --probs p.npy --out no/such/picks.csv",
                &["cannot write `no/such/picks.csv`", other, "DEEPAL_CACHE"],
            ),
            ("--strategy margin --budget 2 --probs p.npy --out .", &["cannot write `.`", other]),
            (
                "--strategy margin --budget 2 --probs p.npy --out p.npy/picks.csv",
                &["`p.npy/picks.csv`", other],
            ),
        ],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_what_to_do() {
    let line = "--strategy margin --budget 2 --probs p.npy --out /dev/full";
    refused(4, &[(line, &["cannot write `/dev/full`", "free some space"])]);
}

#[test]
fn a_failed_call_leaves_an_earlier_file_of_picks_alone() {
    let folder = bad_files();
    fs::write(folder.path().join("picks.csv"), "earlier").unwrap();
    let line = "--strategy margin --budget 2 --probs nan-p.npy --out picks.csv";
    select(&folder, line).assert().code(3);
    assert_eq!(fs::read_to_string(folder.path().join("picks.csv")).unwrap(), "earlier");
}

// --- What went wrong once -----------------------------------------------------------------------------------

#[test]
fn no_score_is_below_zero_or_shown_with_a_minus() {
    let folder = TempDir::new().unwrap();
    write(&folder, "p.npy", &array![[1.0, 0.0], [1.0000001, 0.0]]);
    for strategy in ["least-confidence", "margin", "entropy"] {
        let line = format!("--strategy {strategy} --budget 2 --probs p.npy");
        select(&folder, &line).assert().success().stdout(predicate::str::contains("-").not());
    }
}

#[test]
fn rows_with_the_same_probabilities_in_another_order_are_ties() {
    let folder = TempDir::new().unwrap();
    write(&folder, "p.npy", &array![[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.7, 0.1, 0.2], [0.2, 0.7, 0.1]]);
    assert_eq!(rows(&folder, "--strategy entropy --budget 4 --probs p.npy"), [0, 1, 2, 3]);
}

#[test]
fn passes_that_agree_are_ties_for_bald() {
    let folder = TempDir::new().unwrap();
    let pass = array![[1.0, 0.0, 0.0], [0.2, 0.3, 0.5], [0.25, 0.25, 0.5]];
    write(&folder, "m.npy", &Array3::from_shape_fn((10, 3, 3), |(_, row, class)| pass[[row, class]]));
    assert_eq!(rows(&folder, "--strategy bald --budget 3 --mc-probs m.npy"), [0, 1, 2]);
}

#[test]
fn k_center_ranks_embeddings_of_any_finite_size() {
    let folder = TempDir::new().unwrap();
    for scale in [1e20f32, 1e-30] {
        write(&folder, "e.npy", &array![[0.0], [1.0], [5.0], [3.0]].mapv(|x: f32| x * scale));
        write(&folder, "l.npy", &array![[0.0f32]]);
        let line = "--strategy k-center --budget 4 --embeddings e.npy --labeled-embeddings l.npy";
        assert_eq!(rows(&folder, line), [2, 3, 1, 0], "{scale}");
    }
}

/// scikit-learn's single greedy start is 8 to 20 % above the cost of the clusters that made the rows.
#[test]
fn many_clusters_in_many_rows_are_found_by_the_few_starts_there_is_time_for() {
    let (n, d, k) = (20_000, 32, 100);
    let mut state = 1u64;
    // The sum of twelve uniform numbers is as good as normal; the generator is Knuth's MMIX.
    let mut normal = || {
        let uniform = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u32 << 24) as f32
        };
        (0..12).map(uniform).sum::<f32>() - 6.0
    };
    let homes = Array2::from_shape_simple_fn((k, d), || 3.0 * normal());
    let points = Array2::from_shape_fn((n, d), |(row, column)| homes[[row % k, column]] + normal());
    let folder = TempDir::new().unwrap();
    write(&folder, "e.npy", &points);
    let picks = rows(&folder, &format!("--strategy k-means --budget {k} --embeddings e.npy"));
    let [_, cost] = costs(&points.mapv(f64::from), &picks, true);
    let truth = (n * d) as f64;
    assert!(cost < 1.3 * truth, "{} times the cost of the true clusters", cost / truth);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_told_like_a_full_file() {
    let call = std::process::Command::new(env!("CARGO_BIN_EXE_deepal"))
        .current_dir(GOLDEN)
        .args("select --strategy margin --budget 2 --probs probs-hard-f4.npy".split(' '))
        .stdout(fs::File::create("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(call.status.code(), Some(4));
    assert!(String::from_utf8(call.stderr).unwrap().contains("standard output"));
}

#[test]
fn a_file_next_to_the_picks_is_left_alone() {
    let folder = bad_files();
    fs::write(folder.path().join("picks.csv.tmp"), "mine").unwrap();
    select(&folder, "--strategy margin --budget 2 --probs p.npy --out picks.csv").assert().success();
    assert_eq!(fs::read_to_string(folder.path().join("picks.csv.tmp")).unwrap(), "mine");
}

#[test]
fn every_message_has_a_remedy_and_says_what_was_expected() {
    refused(
        3,
        &[
            ("--strategy margin --budget 2 --probs nowhere.npy", &["nowhere.npy", "`probs`"]),
            // How many candidates there are, and which array says so.
            (
                "--strategy margin --budget 2 --probs p.npy --embeddings four-e.npy",
                &["four-e.npy", "p.npy", "3"],
            ),
        ],
    );
    let call = "--strategy k-center --budget 2 --embeddings e.npy --labeled-embeddings wide-l.npy";
    let folder = bad_files();
    // Labelled rows are not candidates.
    select(&folder, call).assert().stderr(predicate::str::contains("one row for each candidate").not());
}

/// Three heaps of ten rows along a line; the net of the probabilities is the surer the farther a row is from the first heap.
fn heaps(folder: &TempDir) -> (Array2<f32>, Array2<f64>) {
    let embeddings = Array2::from_shape_fn((30, 1), |(row, _)| (row / 10 * 100) as f32 + (row % 10) as f32);
    let probs = Array2::from_shape_fn((30, 2), |(row, class)| {
        let p = 0.5 + 0.015 * row as f64;
        if class == 0 { p } else { 1.0 - p }
    });
    write(folder, "e.npy", &embeddings);
    write(folder, "p.npy", &probs);
    write(folder, "z.npy", &probs.mapv(|p| p.ln() as f32 + 3.0));
    (embeddings, probs)
}

#[test]
fn without_a_strategy_and_any_label_it_is_auto_that_takes_one_of_each_heap() {
    let folder = TempDir::new().unwrap();
    heaps(&folder);
    let found = rows(&folder, "--budget 3 --embeddings e.npy");
    assert_eq!(found.iter().map(|row| row / 10).collect::<BTreeSet<_>>(), [0, 1, 2].into());
    assert_eq!(rows(&folder, "--strategy AUTO --budget 3 --embeddings e.npy"), found);
}

#[test]
fn auto_is_auto_lite_without_the_labels_of_what_is_labelled_and_says_so() {
    let folder = TempDir::new().unwrap();
    let (embeddings, _) = heaps(&folder);
    write(&folder, "l.npy", &embeddings.select(Axis(0), &[0, 2, 4, 11, 13, 15, 21, 23]));
    write_npy(folder.path().join("y.npy"), &array![0i64, 1, 0, 1, 0, 1, 1, 0]).unwrap();
    let line = "--budget 4 --embeddings e.npy --labeled-embeddings l.npy --probs p.npy";
    let assert = select(&folder, line).assert().success();
    let output = assert.get_output();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(
        said.contains("`auto` can pick better if it knows the classes") && said.contains("`labels`"),
        "{said}"
    );
    let lite = rows(&folder, &format!("--strategy auto-lite {line}"));
    assert_eq!(
        parse(&String::from_utf8(output.stdout.clone()).unwrap())
            .iter()
            .map(|pick| pick.row)
            .collect::<Vec<_>>(),
        lite
    );
    // With them, it is said nothing.
    let calibrated = rows(&folder, &format!("{line} --labels y.npy"));
    assert_eq!(calibrated.iter().collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(
        rows(&folder, &format!("{line} --labels y.npy").replace("--probs p.npy", "--logits z.npy")),
        calibrated
    );
    write_npy(folder.path().join("short.npy"), &array![0i64, 1]).unwrap();
    write_npy(folder.path().join("half.npy"), &ndarray::Array1::from_elem(8, 0.5f64)).unwrap();
    for (labels, words) in [
        ("short.npy", "labels must be [8] like the labelled embeddings, got [2]"),
        ("half.npy", "0.5 in row 0"),
        ("p.npy", "one dimension"),
    ] {
        select(&folder, &format!("{line} --labels {labels}"))
            .assert()
            .code(3)
            .stderr(predicate::str::contains(words));
    }
}

#[test]
fn rare_classes_are_looked_for_by_cluster_margin() {
    let folder = TempDir::new().unwrap();
    heaps(&folder);
    let line = "--budget 5 --probs p.npy --embeddings e.npy";
    assert_eq!(
        rows(&folder, &format!("--rare-classes {line}")),
        rows(&folder, &format!("--strategy cluster-margin {line}"))
    );
}

/// Six rows, the first of them labelled: columns are made so that margin wants c, then f.
const TABLE: &str = "id,label,p_0,p_1,x,y\na,cat,0.5,0.5,0,0\nb,,0.9,0.1,1,0\nc,,0.51,0.49,2,0\nd,,0.8,0.2,3,0\n\
                     e,,0.7,0.3,0,9\nf,,0.6,0.4,5,0\n";

fn table(folder: &Path, options: &[&str]) -> assert_cmd::assert::Assert {
    std::fs::write(folder.join("pool.csv"), TABLE).unwrap();
    let mut command = Command::cargo_bin("deepal").unwrap();
    command.current_dir(folder).args(["select", "--table", "pool.csv"]).args(options).assert()
}

#[test]
fn a_table_gives_ids_probabilities_and_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let picks = ["--id", "id", "--label", "label", "--budget", "2"];
    let margin = [&["--strategy", "margin", "--probs", "p_*"][..], &picks].concat();
    let output = table(folder.path(), &margin).success().get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    assert!(text.starts_with("rank,id,row,score\n1,c,2,0.98"), "{text}");
    assert!(text.lines().nth(2).unwrap().starts_with("2,f,5,0.8"), "{text}");
    let center =
        ["--strategy", "k-center", "--embeddings", "x", "--id", "id", "--label", "label", "--budget", "1"];
    let text = table(folder.path(), &center).success().get_output().stdout.clone();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "rank,id,row,score\n1,f,5,\n",
        "farthest from the labelled a"
    );
    let lines = [&margin[..], &["--out", "picks.jsonl"]].concat();
    table(folder.path(), &lines).success();
    let lines = std::fs::read_to_string(folder.path().join("picks.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (first["rank"].as_u64(), first["id"].as_str(), first["row"].as_u64()),
        (Some(1), Some("c"), Some(2))
    );
}

#[test]
fn tables_that_do_not_fit_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let with = |options: &[&str], code: i32, words: &str| {
        let options = [&["--strategy", "margin", "--budget", "2"][..], options].concat();
        let output = table(folder.path(), &options).code(code).get_output().stderr.clone();
        let text = String::from_utf8(output).unwrap();
        assert!(text.contains(words), "{text}");
    };
    with(&["--probs", "p_*", "--id", "idd"], 3, "did you mean `id`?");
    with(&["--probs", "q_*"], 3, "has no column `q_*`");
    with(&["--probs", "p_*", "--id", "p_0"], 0, "");
    with(&["--probs", "p_*", "--id", "y"], 3, "two rows have the id `0`");
    with(&["--probs", "p_*", "--id", "label"], 3, "row 2 has no id in column `label`");
    with(&["--probs", "x"], 3, "not a distribution");
    with(&["--probs", "label"], 3, "`cat` in row 1, which is no number");
    with(&["--probs", "p_*", "--candidates", "0"], 2, "candidates");
    with(&["--embeddings", "x"], 2, "`probs`");
}

#[test]
fn candidates_are_a_sample_by_seed_and_rows_stay_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let pick = |seed: &str| {
        let options =
            ["--strategy", "margin", "--probs", "p_*", "--budget", "6", "--candidates", "3", "--seed", seed];
        String::from_utf8(table(folder.path(), &options).success().get_output().stdout.clone()).unwrap()
    };
    let picks = pick("1");
    assert_eq!(picks.lines().count(), 4, "{picks}");
    assert_eq!(picks, pick("1"));
    assert!((2..9).any(|seed| pick(&seed.to_string()) != picks));
    let all = table(folder.path(), &["--strategy", "margin", "--probs", "p_*", "--budget", "6"]);
    let all = String::from_utf8(all.success().get_output().stdout.clone()).unwrap();
    let row_and_score = |line: &str| line.split_once(',').unwrap().1.to_owned();
    let all = all.lines().skip(1).map(row_and_score).collect::<Vec<_>>();
    assert!(picks.lines().skip(1).map(row_and_score).all(|pick| all.contains(&pick)), "{picks}");
}

/// What does not fit is refused before it is read, and what is offered instead is accepted.
#[test]
fn a_strategy_that_does_not_fit_says_so_and_offers_the_part_that_does() {
    let folder = tempfile::tempdir().unwrap();
    let value = |(i, j): (usize, usize)| ((i * 7 + j * 13) % 101) as f32;
    write_npy(folder.path().join("e.npy"), &Array2::from_shape_fn((100_000, 64), value)).unwrap();
    write_npy(folder.path().join("wide.npy"), &Array2::<f64>::zeros((100_000, 64))).unwrap();
    let table = format!("{}/../formats/tables/long.parquet", GOLDEN);
    for source in
        ["--embeddings e.npy", "--embeddings wide.npy", &format!("--table {table} --embeddings emb")]
    {
        for strategy in ["k-center", "k-means", "k-medians"] {
            // Not even the file fits that is not mapped.
            let megabytes = if source.contains("wide") { 71 } else { 50 };
            let line = format!("--strategy {strategy} --budget 3 {source} --memory {megabytes}");
            let refused = select(folder.path(), &line).assert().code(2).stdout("");
            let text = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
            let words =
                format!("strategy `{strategy}` on 100000 candidates with 64 features each needs about");
            assert!(text.contains(&words), "{text}");
            assert!(text.contains(&format!("`memory` allows {megabytes} MB")), "{text}");
            let offer = text.split('`').find_map(|part| part.strip_prefix("candidates = ")).expect(&text);
            let n = offer.parse::<usize>().unwrap();
            assert!((1000..100_000).contains(&n), "{text}");
            let again = select(folder.path(), &format!("{line} --candidates {offer}")).assert().success();
            let picks = parse(&String::from_utf8(again.get_output().stdout.clone()).unwrap());
            assert_eq!(picks.len(), 3);
            select(folder.path(), &format!("{line} --candidates {}", 2 * n.min(40_000) + 20_000))
                .assert()
                .code(2);
        }
    }
    // Without an option the system's memory is what counts, and this is little.
    select(folder.path(), "--strategy k-center --budget 2 --embeddings e.npy").assert().success();
    let none = "--strategy k-center --budget 2 --embeddings e.npy --memory 1";
    select(folder.path(), none).assert().code(2).stderr(predicate::str::contains("not even a part"));
}

/// A sample of a table is drawn before its columns are read, with the picks of a table that is no larger.
#[test]
fn a_part_of_a_table_is_looked_at_as_if_it_were_all() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--strategy", "k-center", "--embeddings", "x", "--id", "id", "--label", "label"];
    let options = [&options[..], &["--budget", "9", "--candidates", "3"]].concat();
    let text = table(folder.path(), &options).success().get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    // Farthest first from the labelled a, which is at 0 as e is.
    let picked = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect::<Vec<_>>();
    let order = ["f", "d", "c", "b", "e"];
    assert_eq!(picked.len(), 3, "{text}");
    assert!(picked.iter().all(|id| order.contains(id)), "{text}");
}
