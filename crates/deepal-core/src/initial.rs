//! The first labelled set of a simulated experiment, drawn from hidden labels.

use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use crate::seed::mix;
use crate::select;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How the first labelled set is drawn. It depends on the seed and, but for the first of these, never on strategy or net.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum InitialSet {
    /// What the strategy picks without any label, if it [starts cold](crate::Strategy::starts_cold); else uniformly.
    #[default]
    Strategy,
    /// Uniformly, as a person without any label would.
    Random,
    /// Of each class its share of the pool, rounded by the largest remainders.
    Stratified,
    /// So many of each class, or all that the pool has, the rest uniformly.
    PerClass(usize),
}

impl InitialSet {
    /// `n` samples of a pool with these hidden labels, or all if there are fewer.
    ///
    /// # Errors
    /// Some of each class are wanted, and `n` is less than they are in all.
    ///
    /// ```
    /// use deepal_core::{Class, InitialSet};
    ///
    /// let labels = [0, 0, 0, 0, 0, 0, 1, 1, 2].map(Class);
    /// let drawn = InitialSet::PerClass(1).draw(&labels, 3, 1)?;
    /// let mut classes = drawn.iter().map(|id| labels[id.index()].0).collect::<Vec<_>>();
    /// classes.sort();
    /// assert_eq!(classes, [0, 1, 2]);
    /// # Ok::<(), deepal_core::Error>(())
    /// ```
    pub fn draw(self, labels: &[Class], n: usize, seed: u64) -> Result<Vec<SampleId>> {
        let n = n.min(labels.len());
        if matches!(self, Self::Random | Self::Strategy) {
            return Ok(select::random(labels.len(), n, seed).into_iter().map(SampleId::from).collect());
        }
        let by_class = by_class(labels);
        let quotas = match self {
            Self::Stratified => shares(&by_class.iter().map(Vec::len).collect::<Vec<_>>(), n),
            Self::PerClass(k) => by_class.iter().map(|rows| rows.len().min(k)).collect(),
            Self::Strategy | Self::Random => vec![0; by_class.len()],
        };
        let taken = quotas.iter().sum::<usize>();
        if taken > n {
            let each = if let Self::PerClass(k) = self { k } else { 1 };
            let why = match each {
                1 => format!("must be at least {taken} for one label of each class, got {n}"),
                _ => format!("must be at least {taken} for {each} labels of each class, got {n}"),
            };
            return Err(Error::Setting { what: "initial".into(), why });
        }
        let mut rows = Vec::with_capacity(n);
        for (class, (members, quota)) in by_class.iter().zip(quotas).enumerate() {
            let drawn = select::random(members.len(), quota, mix(seed, class as u64));
            rows.extend(drawn.into_iter().map(|at| members[at]));
        }
        let mut is_drawn = vec![false; labels.len()];
        rows.iter().for_each(|row| is_drawn[*row] = true);
        let others = (0..labels.len()).filter(|row| !is_drawn[*row]).collect::<Vec<_>>();
        let rest = select::random(others.len(), n - taken, mix(seed, u64::MAX));
        rows.extend(rest.into_iter().map(|at| others[at]));
        Ok(rows.into_iter().map(SampleId::from).collect())
    }
}

/// The rows of each class, up to the greatest class there is.
fn by_class(labels: &[Class]) -> Vec<Vec<usize>> {
    let n_classes = labels.iter().map(|class| class.index() + 1).max().unwrap_or(0);
    let mut rows = vec![Vec::new(); n_classes];
    labels.iter().enumerate().for_each(|(row, class)| rows[class.index()].push(row));
    rows
}

/// `n` divided in proportion to `counts`: whole parts first, then one each to the largest remainders, ties to the
/// lower class (Hare's method).
fn shares(counts: &[usize], n: usize) -> Vec<usize> {
    let total = counts.iter().sum::<usize>().max(1);
    let mut shares = counts.iter().map(|count| count * n / total).collect::<Vec<_>>();
    let mut classes = (0..counts.len()).collect::<Vec<_>>();
    classes.sort_by_key(|class| (std::cmp::Reverse(counts[*class] * n % total), *class));
    let left = n - shares.iter().sum::<usize>();
    classes.iter().take(left).for_each(|class| shares[*class] += 1);
    shares
}

impl fmt::Display for InitialSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strategy => f.write_str("strategy"),
            Self::Random => f.write_str("random"),
            Self::Stratified => f.write_str("stratified"),
            Self::PerClass(1) => f.write_str("one-per-class"),
            Self::PerClass(k) => write!(f, "{k}-per-class"),
        }
    }
}

impl FromStr for InitialSet {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "strategy" => Ok(Self::Strategy),
            "random" => Ok(Self::Random),
            "stratified" => Ok(Self::Stratified),
            "one-per-class" => Ok(Self::PerClass(1)),
            _ => match name.strip_suffix("-per-class").map(str::parse) {
                Some(Ok(k)) if k > 0 => Ok(Self::PerClass(k)),
                _ => Err(Error::UnknownName {
                    kind: "initial set",
                    name: name.into(),
                    known: vec!["strategy", "random", "stratified", "one-per-class", "2-per-class"],
                }),
            },
        }
    }
}

impl From<InitialSet> for String {
    fn from(set: InitialSet) -> Self {
        set.to_string()
    }
}

impl TryFrom<String> for InitialSet {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [InitialSet; 4] =
        [InitialSet::Strategy, InitialSet::Random, InitialSet::Stratified, InitialSet::PerClass(1)];

    /// 1,000 samples: 1 of class 0, none of class 1, 99 of class 2, 900 of class 3.
    fn imbalanced() -> Vec<Class> {
        (0..1000)
            .map(|i| {
                Class(if i == 500 {
                    0
                } else if i % 10 == 3 && i != 3 {
                    2
                } else {
                    3
                })
            })
            .collect()
    }

    fn counts(labels: &[Class], drawn: &[SampleId]) -> [usize; 4] {
        let mut counts = [0; 4];
        drawn.iter().for_each(|id| counts[labels[id.index()].index()] += 1);
        counts
    }

    #[test]
    fn every_way_draws_distinct_samples_of_the_number_asked() {
        let labels = imbalanced();
        for way in ALL {
            for n in [3, 10, 999, 1000, 5000] {
                let drawn = way.draw(&labels, n, 7).unwrap();
                let distinct = drawn.iter().collect::<std::collections::BTreeSet<_>>();
                assert_eq!((drawn.len(), distinct.len()), (n.min(1000), n.min(1000)), "{way:?} {n}");
                assert_eq!(way.draw(&labels, n, 7).unwrap(), drawn);
            }
            assert_ne!(way.draw(&labels, 10, 7).unwrap(), way.draw(&labels, 10, 8).unwrap());
            assert!(way.draw(&[], 5, 1).unwrap().is_empty());
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for way in ALL.into_iter().chain([InitialSet::PerClass(12)]) {
            assert_eq!(way.to_string().parse::<InitialSet>().unwrap(), way);
        }
        for name in ["0-per-class", "x-per-class", "-per-class", "all"] {
            assert!(name.parse::<InitialSet>().is_err(), "{name}");
        }
    }

    #[test]
    fn stratified_shares_are_those_of_the_pool() {
        let labels = imbalanced();
        let drawn = |n| counts(&labels, &InitialSet::Stratified.draw(&labels, n, 3).unwrap());
        assert_eq!(drawn(100), [0, 0, 10, 90]); // 0.1, 0, 9.9, 90: the larger remainder is class 2's
        assert_eq!(drawn(10), [0, 0, 1, 9]);
        assert_eq!(drawn(1000), [1, 0, 99, 900]);
    }

    #[test]
    fn one_per_class_has_the_rarest_class_and_is_else_uniform() {
        let labels = imbalanced();
        for seed in 0..20 {
            let found = counts(&labels, &InitialSet::PerClass(1).draw(&labels, 10, seed).unwrap());
            assert!(found[0] == 1 && found[1] == 0 && found[2] >= 1 && found[3] >= 1, "{found:?}");
        }
        let error = InitialSet::PerClass(1).draw(&labels, 2, 1).unwrap_err().to_string();
        assert!(error.contains("initial must be at least 3 for one label of each class, got 2"), "{error}");
        let found = counts(&labels, &InitialSet::PerClass(4).draw(&labels, 9, 1).unwrap());
        assert!(found[0] == 1 && found[2] >= 4 && found[3] >= 4, "{found:?}");
        let error = InitialSet::PerClass(4).draw(&labels, 8, 1).unwrap_err().to_string();
        assert!(error.contains("initial must be at least 9 for 4 labels of each class, got 8"), "{error}");
    }

    /// Each of 6 samples of one class is first in about a sixth of 6,000 draws (standard deviation 29).
    #[test]
    fn draws_within_a_class_are_uniform() {
        let labels = [Class(0); 6];
        for way in ALL {
            let mut first = [0; 6];
            (0..6000).for_each(|seed| first[way.draw(&labels, 2, seed).unwrap()[0].index()] += 1);
            assert!(first.iter().all(|count| (850..1150).contains(count)), "{way:?}: {first:?}");
        }
    }
}
