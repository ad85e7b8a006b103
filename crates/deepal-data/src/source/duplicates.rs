//! [`Duplicates`]: what of a source is asked for twice or not worth a label.

use super::inputs::Inputs;
use super::{Source, Split};
use crate::error::Result;
use deepal_core::duplicates::{Junk, copies, groups, junk, typical_distance};
use ndarray::Array2;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The share of the typical distance within which two samples are taken for copies, if nobody says otherwise. On pixels it finds
/// copies with noise; on embeddings it is careful: of pictures it joins those that were encoded again, and hardly those that were
/// flipped or resized, which are within 0.4 (`record/2026-11-22-duplicates`).
pub const NEAR: f64 = 0.15;
/// How far from all others an outlier is, in robust standard deviations.
const CUT: f64 = 6.0;
/// Nothing of a result but the speed and the samples that stand for the rest follow from it.
const SEED: u64 = 0;
/// Names in a sentence.
const NAMED: usize = 5;

/// What of a source is asked for twice or not worth a label. Rows are positions in [`Source::ids`].
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicates {
    /// For each row the one that stands for it: itself, or a row of the pool for one of the pool. Labelled rows come
    /// first.
    pub representative: Vec<usize>,
    /// Rows of the pool with the same content as an earlier one.
    pub exact: usize,
    /// Other rows of the pool for which another one stands.
    pub near: usize,
    /// Rows of the pool without content, such as a picture of one colour, ascending.
    pub constant: Vec<usize>,
    /// Representatives far from all others and how far, in robust standard deviations, the farthest first.
    pub outliers: Vec<(usize, f64)>,
    /// Rows of the test set with a copy in the pool, exact or near.
    pub across: usize,
    /// Copies are at most so far from each other, in units of the inputs.
    pub distance: f64,
    /// The same as a share of the typical distance of the pool.
    pub share: f64,
}

impl Source {
    /// Looks for copies within `near`, a share of the typical distance (the median of random pairs of the pool; see
    /// [`NEAR`]), and for junk. `progress` is told how many of how many samples of the pool have been compared.
    ///
    /// # Errors
    /// A share that is no number from 0 to below 1, or a sample that cannot be read any more.
    pub fn duplicates(&self, near: f64, progress: &dyn Fn(usize, usize)) -> Result<Duplicates> {
        if !(0.0..1.0).contains(&near) {
            return Err(deepal_core::Error::Setting {
                what: "the distance of near copies".into(),
                why: format!("must be a share of the typical distance, from 0 to below 1, got {near}"),
            }
            .into());
        }
        let part = |part: Split| (0..self.ids.len()).filter(move |row| self.split[*row] == part);
        // By id, so that the order of the rows does not decide which copy stands for the others.
        let mut pool = part(Split::Train).collect::<Vec<_>>();
        pool.sort_by_key(|row| (self.labels[*row].is_none(), &self.ids[*row]));
        let data = self.dataset(pool.clone());
        let distance = near * typical_distance(data.as_ref(), SEED)?;
        let mut representative = (0..self.ids.len()).collect::<Vec<_>>();
        for (row, leader) in pool.iter().zip(groups(data.as_ref(), distance, SEED, progress)?) {
            representative[*row] = pool[leader];
        }
        let digests = pool.par_iter().map(|row| self.inputs.digest(*row)).collect::<Result<Vec<_>>>()?;
        let exact = pool.len() - digests.into_iter().collect::<HashSet<_>>().len();
        let (standing, copied) =
            pool.iter().copied().partition::<Vec<_>, _>(|row| representative[*row] == *row);
        let test = self.dataset(part(Split::Test).collect());
        // Without a test set the pool need not be read for it.
        let across = match test.is_empty() {
            true => 0,
            false => copies(test.as_ref(), data.as_ref(), distance, SEED)?.into_iter().flatten().count(),
        };
        let Junk { constant, outliers } = junk(self.dataset(standing.clone()).as_ref(), CUT, SEED)?;
        let mut constant = constant.into_iter().map(|row| standing[row]).collect::<Vec<_>>();
        if !copied.is_empty() {
            let copies = junk(self.dataset(copied.clone()).as_ref(), f64::INFINITY, SEED)?.constant;
            constant.extend(copies.into_iter().map(|row| copied[row]));
        }
        constant.sort_unstable();
        let outliers = outliers.into_iter().map(|(row, score)| (standing[row], score)).collect();
        let near_copies = copied.len() - exact;
        Ok(Duplicates {
            representative,
            exact,
            near: near_copies,
            constant,
            outliers,
            across,
            distance,
            share: near,
        })
    }

    /// Without the copies and constant items of the pool, which get no label asked; the rest as it is.
    #[must_use]
    pub fn without(self, duplicates: &Duplicates) -> Self {
        let keep = |row: &usize| {
            self.split[*row] == Split::Test
                || (duplicates.representative[*row] == *row
                    && duplicates.constant.binary_search(row).is_err())
        };
        let rows = (0..self.ids.len()).filter(keep).collect::<Vec<_>>();
        let ids = rows.iter().map(|row| self.ids[*row].clone()).collect();
        let labels = rows.iter().map(|row| self.labels[*row]).collect();
        let split = rows.iter().map(|row| self.split[*row]).collect();
        let part = |whole| Arc::new(Part { whole, rows: rows.clone() }) as Arc<dyn Inputs>;
        let (inputs, original) = (part(self.inputs), self.original.map(part));
        Self { ids, labels, split, inputs, original, ..self }
    }
}

impl Duplicates {
    /// What was found, in sentences without full stop; none if there is nothing to say. `own` is what was looked at.
    pub fn notes(&self, own: &Source) -> Vec<String> {
        let mut notes = Vec::new();
        let copies = self.exact + self.near;
        let pool = own.split.iter().filter(|split| **split == Split::Train).count();
        if copies > 0 {
            notes.push(format!(
                "{copies} of {pool} samples are copies of others ({} exact, {} near: within {} of the typical distance); \
                 one label is enough for each of {} groups",
                self.exact, self.near, self.share, pool - copies
            ));
        }
        notes.extend(self.disagreement(own));
        if self.across > 0 {
            notes.push(format!(
                "{} of {} test samples have a copy in the pool, so a result on them says less about new data",
                self.across,
                own.split.len() - pool
            ));
        }
        let outliers = self.outliers.iter().map(|(row, _)| *row).collect::<Vec<_>>();
        for (what, rows) in [("constant item", &self.constant), ("outlier", &outliers)] {
            if !rows.is_empty() {
                let plural = if rows.len() == 1 { "" } else { "s" };
                let names = rows.iter().take(NAMED).map(|row| own.ids[*row].as_str()).collect::<Vec<_>>();
                let more = if rows.len() > NAMED { ", …" } else { "" };
                notes.push(format!("{} {what}{plural}: {}{more}", rows.len(), names.join(", ")));
            }
        }
        notes
    }

    /// How many groups have labels of more than one class, and two samples of the first.
    fn disagreement(&self, own: &Source) -> Option<String> {
        let mut firsts = BTreeMap::<usize, (usize, Option<usize>)>::new();
        for (row, representative) in self.representative.iter().enumerate() {
            let Some(label) = own.labels[row].filter(|_| own.split[row] == Split::Train) else { continue };
            let (first, other) = firsts.entry(*representative).or_insert((row, None));
            if own.labels[*first] != Some(label) && other.is_none() {
                *other = Some(row);
            }
        }
        let mut pairs = firsts.into_values().filter_map(|(first, other)| Some((first, other?)));
        let (first, other) = pairs.next()?;
        let named = |row: usize| {
            let class = own.labels[row].and_then(|label| own.classes.get(label.index()));
            format!("{} ({})", own.ids[row], class.map_or("?", String::as_str))
        };
        let n = 1 + pairs.count();
        let groups = if n == 1 { "group of copies has" } else { "groups of copies have" };
        Some(format!(
            "{n} {groups} labels of different classes, such as {} and {}; one of them is wrong, or they are no copies",
            named(first),
            named(other)
        ))
    }
}

/// Some rows of a source as a source.
struct Part {
    whole: Arc<dyn Inputs>,
    rows: Vec<usize>,
}

impl Inputs for Part {
    fn shape(&self) -> [usize; 3] {
        self.whole.shape()
    }

    fn range(&self) -> Vec<(f32, f32)> {
        self.whole.range()
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        self.whole.inputs(&rows.iter().map(|row| self.rows[*row]).collect::<Vec<_>>())
    }

    fn file(&self, row: usize) -> Result<Option<Vec<u8>>> {
        self.whole.file(self.rows[row])
    }

    fn on_disk(&self, row: usize) -> Option<PathBuf> {
        self.whole.on_disk(self.rows[row])
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        self.whole.digest(self.rows[row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Manifest;
    use deepal_core::Class;

    /// Ten different vectors, then copies: 10 exact of 0, 11 near 1, 12 near 11 and not 1, 13 constant; test rows 14
    /// (near 2) and 15 (like none). Only 11 is labelled.
    fn own() -> Source {
        let mut inputs =
            Array2::from_shape_fn((16, 12), |(i, j)| ((i * 37 + j * j * 11 + i * j * 5) % 101) as f32);
        for (row, of, by) in [(10, 0, 0.0), (11, 1, 12.0), (12, 1, 24.0), (14, 2, 1.0)] {
            let copy = inputs.row(of).to_owned();
            inputs.row_mut(row).assign(&copy);
            inputs[[row, 3]] += by;
        }
        inputs.row_mut(13).fill(400.0);
        let mut labels = vec![None; 16];
        labels[11] = Some(Class(1));
        Source {
            name: "own".into(),
            path: "own.csv".into(),
            kind: "rows".into(),
            ids: (0..16).map(|i| format!("id{i}")).collect(),
            labels,
            split: (0..16).map(|i| if i < 14 { Split::Train } else { Split::Test }).collect(),
            classes: vec!["a".into(), "b".into()],
            inputs: Arc::new(inputs),
            encoding: None,
            original: None,
            problems: vec![],
            notes: vec![],
            skipped: vec![],
            n_chosen: 0,
            roles: vec![],
            manifest: Manifest::default(),
        }
    }

    #[test]
    fn copies_and_junk_are_found_and_the_labelled_row_stands_for_its_group() {
        let own = own();
        let found = own.duplicates(0.1, &|_, _| {}).unwrap();
        assert!((12.0..24.0).contains(&found.distance), "{}", found.distance);
        let mut wanted = (0..16).collect::<Vec<_>>();
        (wanted[10], wanted[1], wanted[12]) = (0, 11, 11);
        assert_eq!(found.representative, wanted);
        assert_eq!((found.exact, found.near, found.across), (1, 2, 1));
        assert_eq!(found.constant, [13]);
        let notes = found.notes(&own);
        assert!(notes[0].starts_with("3 of 14 samples are copies of others (1 exact, 2 near: within 0.1 of"));
        assert!(notes[0].ends_with("one label is enough for each of 11 groups"), "{}", notes[0]);
        assert!(notes[1].starts_with("1 of 2 test samples"));
        assert_eq!(notes[2], "1 constant item: id13");
    }

    #[test]
    fn rows_in_another_order_keep_the_same_ids() {
        let whole = own();
        let order = (0..16).map(|row| row * 7 % 16).collect::<Vec<_>>();
        let shuffled = Source {
            ids: order.iter().map(|row| whole.ids[*row].clone()).collect(),
            labels: order.iter().map(|row| whole.labels[*row]).collect(),
            split: order.iter().map(|row| whole.split[*row]).collect(),
            inputs: Arc::new(whole.inputs.inputs(&order).unwrap()),
            ..whole.clone()
        };
        let kept = |source: &Source| {
            let found = source.duplicates(0.1, &|_, _| {}).unwrap();
            let mut ids = source.clone().without(&found).ids;
            ids.sort();
            (ids, found.distance, found.exact, found.near, found.across)
        };
        assert_eq!(kept(&shuffled), kept(&whole));
    }

    #[test]
    fn copies_with_labels_of_different_classes_are_told() {
        let mut own = own();
        let found = own.duplicates(0.1, &|_, _| {}).unwrap();
        assert!(!found.notes(&own).concat().contains("different classes"));
        (own.labels[0], own.labels[10], own.labels[1]) = (Some(Class(0)), Some(Class(1)), Some(Class(1)));
        let found = own.duplicates(0.1, &|_, _| {}).unwrap();
        let notes = found.notes(&own);
        let told = "1 group of copies has labels of different classes, such as id0 (a) and id10 (b)";
        assert!(notes[1].starts_with(told), "{notes:?}");
        own.labels[1] = Some(Class(0));
        let notes = own.duplicates(0.1, &|_, _| {}).unwrap().notes(&own);
        assert!(notes[1].starts_with("2 groups of copies have labels"), "{notes:?}");
    }

    #[test]
    fn without_copies_the_rest_is_as_it_was() {
        let whole = own();
        let found = whole.duplicates(0.1, &|_, _| {}).unwrap();
        let part = whole.clone().without(&found);
        let rows = [0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 15];
        assert_eq!(part.ids, rows.map(|row: usize| format!("id{row}")));
        assert_eq!(part.labels.iter().position(Option::is_some), Some(9));
        assert_eq!(part.inputs.len(), 12);
        assert_eq!(part.inputs.inputs(&[9, 11]).unwrap(), whole.inputs.inputs(&[11, 15]).unwrap());
        assert_eq!(part.inputs.digest(9).unwrap(), whole.inputs.digest(11).unwrap());
        let again = part.duplicates(0.1, &|_, _| {}).unwrap();
        assert_eq!((again.exact, again.near, again.constant), (0, 0, vec![]));
    }

    #[test]
    fn a_share_that_is_none_is_refused_and_zero_means_exact_copies() {
        let own = own();
        for share in [-0.1, 1.0, f64::NAN] {
            assert!(own.duplicates(share, &|_, _| {}).unwrap_err().to_string().contains("from 0 to below 1"));
        }
        let found = own.duplicates(0.0, &|_, _| {}).unwrap();
        assert_eq!((found.exact, found.near, found.across), (1, 0, 0));
    }
}
