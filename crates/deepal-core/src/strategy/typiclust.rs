//! TypiClust: the typical sample of each cluster without a label.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::seed::mix;
use crate::select::partition::partition;
use crate::select::typical::most_typical;
use crate::select::{cluster::trials, draws::fill};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::ArrayRef2;
use rayon::prelude::*;
use std::cmp::Reverse;

pub(super) static ENTRY: Entry = Entry {
    name: "typiclust",
    family: Family::Diversity,
    cost: "O((m + k)·n·d) a step",
    deepal: None,
    summary: "the most typical sample of each cluster that has no label, large clusters first; for few labels",
    details: "Candidates and labelled samples are clustered by k-means into as many clusters as there will be labels, at most 500. It goes round those of more \
              than 5 samples, fewest labels first, of equals the largest first, and takes the unlabelled sample with the least mean distance to its 20 \
              nearest in the cluster; small clusters only when the others are used up. Starts without any label. The paper is defined on features of \
              self-supervised nets: give those as the embeddings. As in the paper, distances are not squared and neighbours are \
              min(20, all others); its code squares them and takes half of the cluster at most. Deviations: features are not scaled to length 1, as the code does when it loads \
              them. At most `references` samples are clustered, and neighbours are sought among 4,096 of a cluster, which bounds the time: O(n·k·d).",
    source: "Hacohen, Dekel and Weinshall, Active learning on a budget: opposite strategies suit high and low budgets, ICML 2022",
    settings: TypiClust::SETTINGS,
    build: made::<TypiClust>,
};

crate::settings! {
    /// Picks the typical samples of clusters without labels.
    pub struct TypiClust {
        /// Nearest neighbours over which typicality is the mean.
        neighbors: usize = 20, Integer(1, 1000), "Hacohen et al., 2022";
        /// The most clusters.
        clusters: usize = 500, Integer(1, 10_000), "Hacohen et al., 2022";
        /// Samples, drawn by seed, that are clustered; others join the nearest centre.
        references: usize = 20_000, Integer(10, 1_000_000), "bounds the time of clustering; all of small pools";
    }
}

impl Strategy for TypiClust {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::Embeddings, Signal::LabeledEmbeddings]
    }

    fn starts_cold(&self) -> bool {
        true
    }

    /// Of each candidate its key, cluster and place; of those that are clustered four copies; distances within clusters on 32 threads.
    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, picks: n, .. } = sizes;
        let clustered = self.references.min(candidates.saturating_add(n));
        let row = features.saturating_mul(16).saturating_add(4 * trials(self.clusters) + 48);
        let within = 4096 * 32 * 32 * size_of::<f32>();
        candidates.saturating_mul(40).saturating_add(clustered.saturating_mul(row)).saturating_add(within)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let (embeddings, labeled) = (signals.embeddings()?, signals.labeled_embeddings()?);
        Ok(Selection::unranked(self.pick(&embeddings, &labeled, n.min(signals.len()), seed)))
    }
}

/// Clusters of so many samples or fewer come last, as in the authors' code.
const SMALLEST: usize = 5;

/// A cluster on the way round.
struct Cluster {
    number: usize,
    size: usize,
    labels: usize,
    /// Candidates that are not picked yet.
    members: Vec<usize>,
}

impl TypiClust {
    fn pick(&self, embeddings: &ArrayRef2<f32>, labeled: &ArrayRef2<f32>, n: usize, seed: u64) -> Vec<usize> {
        let k = labeled.nrows().saturating_add(n).min(self.clusters);
        let [of_candidates, of_labeled] = partition(embeddings, labeled, k, self.references, seed);
        let scale = crate::select::safe_scale(embeddings.iter());
        let (mut large, mut small) = by_labels(&of_candidates, &of_labeled);
        let mut picks = Vec::with_capacity(n);
        for (turn, clusters) in [(0, &mut large), (1, &mut small)] {
            for round in 0.. {
                clusters.retain(|cluster| !cluster.members.is_empty());
                let left = n - picks.len();
                if clusters.is_empty() || left == 0 {
                    break;
                }
                let seed = mix(mix(seed, turn), round);
                let take = |cluster: &mut Cluster| {
                    let seed = mix(seed, cluster.number as u64);
                    let pick = most_typical(embeddings, &cluster.members, self.neighbors, scale, seed);
                    cluster.members.retain(|member| Some(*member) != pick);
                    pick
                };
                picks.par_extend(clusters.par_iter_mut().take(left).filter_map(take));
            }
        }
        fill(&mut picks, embeddings.nrows(), n, seed);
        picks
    }
}

/// Clusters in the order in which they are visited: those of more than 5 samples, and the others.
fn by_labels(of_candidates: &[u32], of_labeled: &[u32]) -> (Vec<Cluster>, Vec<Cluster>) {
    let count = of_candidates.iter().chain(of_labeled).max().map_or(0, |most| *most as usize + 1);
    let empty = |number| Cluster { number, size: 0, labels: 0, members: Vec::new() };
    let mut clusters = (0..count).map(empty).collect::<Vec<_>>();
    for (row, cluster) in of_candidates.iter().enumerate() {
        clusters[*cluster as usize].size += 1;
        clusters[*cluster as usize].members.push(row);
    }
    for cluster in of_labeled {
        clusters[*cluster as usize].size += 1;
        clusters[*cluster as usize].labels += 1;
    }
    clusters.sort_by_key(|cluster| (cluster.labels, Reverse(cluster.size), cluster.number));
    clusters.into_iter().partition(|cluster| cluster.size > SMALLEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn picks(pool: &Array2<f32>, labeled: &Array2<f32>, n: usize, seed: u64) -> Vec<usize> {
        TypiClust::default().pick(pool, labeled, n, seed)
    }

    /// Typicality in double precision with all distances, round by round as the paper says, given the clusters.
    fn naive(
        pool: &Array2<f32>,
        clusters: &[Vec<u32>; 2],
        n: usize,
        ties: impl Fn(&[usize], usize) -> usize,
    ) -> Vec<usize> {
        let [of_pool, of_labeled] = clusters;
        let size = |c: u32| of_pool.iter().chain(of_labeled).filter(|x| **x == c).count();
        let labels = |c: u32| of_labeled.iter().filter(|x| **x == c).count();
        let mut order = of_pool.iter().chain(of_labeled).copied().collect::<Vec<_>>();
        order.sort_unstable();
        order.dedup();
        order.sort_by(|a, b| (labels(*a), size(*b)).cmp(&(labels(*b), size(*a))));
        let distance =
            |i: usize, j: usize| (&pool.row(i) - &pool.row(j)).mapv(|x| f64::from(x).powi(2)).sum().sqrt();
        let mut picked: Vec<usize> = vec![];
        for large in [true, false] {
            loop {
                let before = picked.len();
                for cluster in order.iter().filter(|c| (size(**c) > 5) == large) {
                    let left = |i: &usize| of_pool[*i] == *cluster && !picked.contains(i);
                    let members = (0..pool.nrows()).filter(left).collect::<Vec<_>>();
                    let mean = |i: usize| {
                        let mut to =
                            members.iter().filter(|j| **j != i).map(|j| distance(i, *j)).collect::<Vec<_>>();
                        to.sort_by(f64::total_cmp);
                        to.truncate(20);
                        to.iter().sum::<f64>() / to.len().max(1) as f64
                    };
                    let least = members.iter().map(|i| mean(*i)).fold(f64::INFINITY, f64::min);
                    let best = members
                        .iter()
                        .copied()
                        .filter(|i| mean(*i) <= least + 1e-5 * (1.0 + least))
                        .collect::<Vec<_>>();
                    if !best.is_empty() && picked.len() < n {
                        picked.push(ties(&best, picked.len()));
                    }
                }
                if picked.len() == before || picked.len() == n {
                    break;
                }
            }
        }
        picked
    }

    #[test]
    fn picks_are_those_of_the_definition_given_the_clusters() {
        for case in 0..120u64 {
            let (n, m) = (1 + case as usize * 7 % 90, case as usize % 9);
            let value = |i: usize, j: usize| match case % 3 {
                0 => (mix(case, (i * 2 + j) as u64) % 1000) as f32 / 100.0,
                1 => (mix(case, (i * 2 + j) as u64) % 4) as f32,
                _ => (i % 3) as f32 * 50.0 + (mix(case, (i * 2 + j) as u64) % 1000) as f32 / 100.0,
            };
            let pool = Array2::from_shape_fn((n, 2), |(i, j)| value(i, j));
            let labeled = Array2::from_shape_fn((m, 2), |(i, j)| value(i + 1000, j));
            for budget in [1, 4, n] {
                let budget = budget.min(n);
                let found = picks(&pool, &labeled, budget, case);
                let clusters = partition(&pool, &labeled, m + budget, 20_000, case);
                // Of equals whichever it took.
                let ties =
                    |best: &[usize], at: usize| if best.contains(&found[at]) { found[at] } else { best[0] };
                assert_eq!(found, naive(&pool, &clusters, budget, ties), "case {case}, {budget} of {n}");
            }
        }
    }

    /// Trap O2: the authors' loop takes the argmax of nothing when clusters run out.
    #[test]
    fn o2_clusters_that_run_out_are_passed_over() {
        let pool = Array2::from_shape_fn((9, 1), |(i, _)| if i < 2 { 100.0 } else { i as f32 });
        let mut rows = picks(&pool, &Array2::zeros((0, 1)), 9, 1);
        rows.sort_unstable();
        assert_eq!(rows, (0..9).collect::<Vec<_>>());
    }

    /// Fault of DAL-toolbox: the least size of a cluster is defined and never used.
    #[test]
    fn a_few_outliers_are_no_cluster_to_pick_from() {
        let pool = Array2::from_shape_fn((60, 1), |(i, _)| {
            if i < 3 { 1e3 + i as f32 } else { (i % 2 * 50 + i) as f32 / 10.0 }
        });
        for seed in 0..5 {
            assert!(picks(&pool, &Array2::zeros((0, 1)), 3, seed).iter().all(|row| *row >= 3));
        }
    }

    /// Fault of several: clusters that have a label are visited before those that have none.
    #[test]
    fn clusters_without_a_label_come_first() {
        let pool = Array2::from_shape_fn((80, 1), |(i, _)| (i % 4) as f32 * 100.0 + i as f32 / 100.0);
        let labeled = array![[0.1f32], [100.1], [200.1]];
        for seed in 0..5 {
            assert_eq!(picks(&pool, &labeled, 1, seed)[0] % 4, 3);
        }
    }

    #[test]
    fn equal_samples_come_in_no_order_of_the_pool() {
        let pool = Array2::ones((50, 3));
        let (a, b) = (picks(&pool, &Array2::zeros((0, 3)), 5, 1), picks(&pool, &Array2::zeros((0, 3)), 5, 2));
        assert!(a != b && a != [0, 1, 2, 3, 4]);
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let pool = Array2::from_shape_fn((3000, 5), |(i, j)| (mix(j as u64, i as u64) >> 40) as f32 / 1e6);
        let with = |threads| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| picks(&pool, &Array2::zeros((0, 5)), 30, 3))
        };
        assert_eq!(with(1), with(3));
    }
}
