//! Rows in another order: every strategy picks the same ids.

use super::*;
use deepal_core::strategy::{ALL, Entry};
use deepal_data::source::{Open, Source};
use deepal_nn::Training;
use deepal_nn::nets::Options;
use std::fs;
use tempfile::TempDir;

const ROWS: usize = 48;
const BUDGET: usize = 7;

/// Rows in two orders, the second unlike the first.
fn orders() -> [Vec<usize>; 2] {
    [(0..ROWS).collect(), (0..ROWS).rev().map(|row| row * 29 % ROWS).collect()]
}

/// A table of three heaps in a grid, so that there are copies and equal distances; `labeled` says which rows have a label.
fn table(order: &[usize], labeled: impl Fn(usize) -> bool) -> String {
    let mut table = "id,label,e_0,e_1,e_2,p_0,p_1,p_2\n".to_owned();
    for &row in order {
        let (class, step) = (row % 3, row / 3);
        let label = if labeled(row) { ["a", "b", "c"][class] } else { "" };
        let [x, y, z] = [8 * class + step % 4, step * step % 5, (3 * step + class) % 3];
        let p = 0.4 + 0.05 * (step % 9) as f64;
        let rest = (1.0 - p) / 2.0;
        let probs = [0, 1, 2].map(|other| if other == class { p } else { rest });
        table += &format!("r{row},{label},{x},{y},{z},{},{},{}\n", probs[0], probs[1], probs[2]);
    }
    table
}

/// The same as lists.
fn lists(order: &[usize]) -> String {
    let list = |row: &usize| {
        let numbers = [0, 1, 2, 3].map(|column| (row * (7 + 4 * column) + column) % 17);
        format!("{{\"id\": \"r{row}\", \"list\": {numbers:?}}}\n")
    };
    order.iter().map(list).collect()
}

/// The ids that are picked, in their order.
fn ids(from: &PickFrom, options: &SelectOptions) -> Vec<String> {
    let selected = select(from, options, &Catalog::default(), Monitor::silent());
    let selected = selected.unwrap_or_else(|error| panic!("{}: {error}", options.strategy));
    let ids = selected.ids.unwrap();
    selected.selection.rows.iter().map(|row| ids[*row].clone()).collect()
}

fn options(entry: &Entry) -> SelectOptions {
    SelectOptions { strategy: entry.name.into(), seed: 3, ..SelectOptions::new(BUDGET) }
}

/// Picks from both orders of a source; `net` is trained on what is labelled.
fn of_sources(
    folder: &TempDir,
    texts: [String; 2],
    name: &str,
    entry: &Entry,
    net: &str,
) -> [Vec<String>; 2] {
    texts.map(|text| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let training = Training::epochs(15, 0.05, 0.9);
        let net_options = Options { training, ..Options::default() };
        let choice =
            SourceChoice { path, net: Some(net.into()), options: net_options, ..SourceChoice::default() };
        ids(&PickFrom::Source(choice), &options(entry))
    })
}

#[test]
fn every_strategy_picks_the_same_ids_from_a_source_with_rows_in_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let texts = || orders().map(|order| table(&order, |row| row < 15));
    let path = folder.path().join("pool.csv");
    fs::write(&path, &texts()[0]).unwrap();
    let meta = Source::open(&path, &Open::default()).unwrap().meta();
    for entry in ALL {
        let needs = Catalog::default().strategy(entry.name).unwrap().needs();
        let serves = |name: &&str| {
            let net = Catalog::default().net(name, &meta, &Options::default()).unwrap();
            needs.iter().all(|need| !is_of_net(need) || net.supports(*need))
        };
        let net = ["softmax-regression", "head", "mlp"].into_iter().find(serves).unwrap();
        let [picks, others] = of_sources(&folder, texts(), "pool.csv", entry, net);
        assert_eq!(picks, others, "{} with {net}", entry.name);
        assert_eq!(picks.len(), BUDGET, "{}", entry.name);
    }
}

#[test]
fn without_any_label_and_from_lists_too() {
    let folder = tempfile::tempdir().unwrap();
    for entry in ALL.iter().filter(|entry| {
        let strategy = Catalog::default().strategy(entry.name).unwrap();
        let looks_further = |need: &Signal| !matches!(need, Signal::Embeddings | Signal::LabeledEmbeddings);
        strategy.starts_cold() || !strategy.needs().iter().any(looks_further)
    }) {
        let rows = orders().map(|order| table(&order, |_| false));
        for (texts, name) in [(rows, "pool.csv"), (orders().map(|order| lists(&order)), "pool.jsonl")] {
            let [picks, others] = of_sources(&folder, texts, name, entry, "softmax-regression");
            assert_eq!(picks, others, "{} from {name}", entry.name);
        }
    }
}

#[test]
fn every_strategy_picks_the_same_ids_from_columns_with_rows_in_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pool.csv");
    let mut served = 0;
    for entry in ALL {
        let needs = Catalog::default().strategy(entry.name).unwrap().needs();
        let has = [Signal::Probs, Signal::Embeddings, Signal::LabeledEmbeddings];
        if !needs.iter().all(|need| has.contains(need)) {
            continue;
        }
        served += 1;
        for (candidates, with_label) in [(None, true), (Some(20), true), (None, false)] {
            let picks = orders().map(|order| {
                fs::write(&path, table(&order, |row| row < 15)).unwrap();
                let columns = TableColumns {
                    path: path.clone(),
                    id: Some("id".into()),
                    label: with_label.then(|| "label".into()),
                    probs: Some("p_*".into()),
                    embeddings: Some("e_*".into()),
                };
                ids(&PickFrom::Table(columns), &SelectOptions { candidates, ..options(entry) })
            });
            assert_eq!(picks[0], picks[1], "{} of {candidates:?}, labels: {with_label}", entry.name);
        }
    }
    assert!(served > 15, "{served}");
}
