//! ALFA-Mix: predictions that change when features are mixed with those of labelled samples.

use super::{Entry, Family, Selection, Sizes, Strategy, made};
use crate::error::Result;
use crate::ids::Class;
use crate::select::draws::fill;
use crate::select::partition::{middles, middles_memory};
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use std::collections::BTreeMap;

pub(super) static ENTRY: Entry = Entry {
    name: "alfa-mix",
    family: Family::Hybrid,
    cost: "O(n·c·(c + d)), then k-means",
    deepal: None,
    summary: "samples whose predicted class changes when their features are mixed a little with those of a class, spread by k-means",
    details: "The mix that is most likely to change the prediction, in closed form, is a step along the gradient of the loss, as long as a share ε/√d of the distance to \
              the mean of a labelled class. ε grows in steps until more samples than wanted change; these, scaled to length 1, are clustered by k-means, and those \
              nearest to the centres are picked. Classes without a label have no mean and are left out: the authors' code takes the mean of all labelled samples for each, others divide by 0. \
              A feature that equals the mean's cannot be mixed and stays (0/0 elsewhere), a sample of no gradient changes never. If too few change the rest is drawn \
              at random, without replacement. Deviation: of more than 20,000 that change, that many, drawn by seed, are clustered. O(n·d·c) time and that of k-means.",
    source: "Parvaneh, Abbasnejad, Teney, Haffari, van den Hengel and Shi, Active learning by feature mixing, CVPR 2022",
    settings: AlfaMix::SETTINGS,
    build: made::<AlfaMix>,
};

crate::settings! {
    /// Picks by ALFA-Mix.
    pub struct AlfaMix {
        /// By how much the share of the mixed-in features grows at once, up to 1.
        step: f64 = 0.03125, Positive(1.0), "the authors' code, which calls it alpha_cap";
    }
}

impl Strategy for AlfaMix {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn needs(&self) -> Vec<Signal> {
        use Signal::{Embeddings, HeadBiases, HeadWeights, LabeledEmbeddings, Labels};
        vec![Embeddings, LabeledEmbeddings, Labels, HeadWeights, HeadBiases]
    }

    fn memory(&self, sizes: Sizes) -> usize {
        let Sizes { candidates, features, picks: n, .. } = sizes;
        middles_memory(candidates, features, n)
    }

    fn select(&self, signals: &Signals<'_>, n: usize, seed: u64) -> Result<Selection> {
        let embeddings = signals.embeddings()?;
        let anchors = means_of_classes(&signals.labeled_embeddings()?, &signals.labels()?);
        let shares = shares(&embeddings, &anchors, &signals.head_weights()?, &signals.head_biases()?);
        let n = n.min(signals.len());
        let candidates = below_cap(&shares, self.step, n);
        let mut chosen = embeddings.select(Axis(0), &candidates);
        for mut row in chosen.outer_iter_mut() {
            let length = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            row.mapv_inplace(|x| if length > 0.0 { (f64::from(x) / length) as f32 } else { 0.0 });
        }
        let middles = middles(&chosen, n, seed);
        let mut picks = middles.into_iter().map(|at| candidates[at]).collect();
        fill(&mut picks, signals.len(), n, seed);
        Ok(Selection::unranked(picks))
    }
}

/// The mean embedding of each class that has a labelled sample, `[a, d]`.
fn means_of_classes(labeled: &ArrayView2<'_, f32>, labels: &ArrayView1<'_, Class>) -> Vec<Array1<f64>> {
    let mut sums = BTreeMap::new();
    for (row, class) in labeled.outer_iter().zip(labels) {
        let (sum, count) = sums.entry(*class).or_insert((Array1::zeros(labeled.ncols()), 0.0));
        sum.zip_mut_with(&row, |sum, x| *sum += f64::from(*x));
        *count += 1.0;
    }
    sums.into_values().map(|(sum, count)| sum / count).collect()
}

/// The least ε beyond which the prediction of each sample changes for some anchor; infinite where none changes it.
fn shares(
    embeddings: &ArrayView2<'_, f32>,
    anchors: &[Array1<f64>],
    weights: &ArrayView2<'_, f32>,
    biases: &ArrayView1<'_, f32>,
) -> Vec<f64> {
    let weights = weights.mapv(f64::from);
    let biases = biases.mapv(f64::from);
    let of_row = |row: usize| share(&embeddings.row(row).mapv(f64::from), anchors, &weights, &biases);
    (0..embeddings.nrows()).into_par_iter().with_min_len(64).map(of_row).collect()
}

fn share(z: &Array1<f64>, anchors: &[Array1<f64>], weights: &Array2<f64>, biases: &Array1<f64>) -> f64 {
    let logits = weights.dot(z) + biases;
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let Some(predicted) = logits.iter().position(|logit| *logit == most) else { return f64::INFINITY };
    // The gradient of the loss of the predicted class.
    let mut errors = logits.mapv(|logit| (logit - most).exp());
    errors /= errors.sum();
    errors[predicted] = -(errors.sum() - errors[predicted]);
    let mut gradient = errors.dot(weights);
    let length = gradient.dot(&gradient).sqrt();
    if length == 0.0 || !length.is_finite() {
        return f64::INFINITY;
    }
    gradient /= length;
    // By how much each logit rises for each unit of the step, if all features move.
    let rises = weights.dot(&gradient);
    let mut least = f64::INFINITY;
    for anchor in anchors {
        let (mut squared, mut still) = (0.0, Vec::new());
        for (feature, (anchor, x)) in anchor.iter().zip(z).enumerate() {
            squared += (anchor - x).powi(2);
            if anchor == x {
                still.push(feature);
            }
        }
        let rise = |class: usize| {
            let missing = still.iter().map(|j| weights[[class, *j]] * gradient[*j]).sum::<f64>();
            rises[class] - missing
        };
        let own = rise(predicted);
        for class in (0..logits.len()).filter(|class| *class != predicted) {
            let faster = rise(class) - own;
            let unit = squared.sqrt() / (z.len() as f64).sqrt() * faster;
            if unit > 0.0 {
                least = least.min((logits[predicted] - logits[class]) / unit);
            }
        }
    }
    least
}

/// The rows whose share is below the first of `step`, `2 step`, … up to 1 below which there are more than `n`, or the last.
fn below_cap(shares: &[f64], step: f64, n: usize) -> Vec<usize> {
    let mut sorted = shares.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = (1.0 / step).ceil();
    let steps = sorted.get(n).map_or(last, |share| ((share / step).floor() + 1.0).min(last));
    (0..shares.len()).filter(|row| shares[*row] < steps * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::mix;
    use ndarray::array;

    fn value(seed: u64, i: usize) -> f64 {
        (mix(seed, i as u64) >> 40) as f64 / f64::from(1u32 << 23) - 1.0
    }

    struct Case {
        pool: Array2<f32>,
        labeled: Array2<f32>,
        labels: Array1<Class>,
        weights: Array2<f32>,
        biases: Array1<f32>,
    }

    fn case(seed: u64, n: usize, d: usize, c: usize) -> Case {
        let round = |x: f64| if seed.is_multiple_of(2) { (2.0 * x).round() as f32 } else { x as f32 };
        let array = |rows: usize, salt: usize| {
            Array2::from_shape_fn((rows, d), |(i, j)| round(value(seed, salt + i * d + j)))
        };
        Case {
            pool: array(n, 0),
            labeled: array(6, 10_000),
            labels: Array1::from_shape_fn(6, |i| Class((mix(seed, 77 + i as u64) % (c as u64 + 2)) as u16)),
            weights: array(c, 20_000),
            biases: Array1::from_shape_fn(c, |i| value(seed, 30_000 + i) as f32),
        }
    }

    /// The paper and the authors' code: mixing vectors written out for each sample, class and cap, and the net asked again.
    fn naive(case: &Case, step: f64, n: usize) -> Vec<usize> {
        let (d, c) = (case.pool.ncols(), case.weights.nrows());
        let logits = |z: &[f64]| {
            (0..c)
                .map(|k| {
                    f64::from(case.biases[k])
                        + (0..d).map(|j| f64::from(case.weights[[k, j]]) * z[j]).sum::<f64>()
                })
                .collect::<Vec<_>>()
        };
        let first_of_most = |x: &[f64]| (0..x.len()).fold(0, |best, i| if x[i] > x[best] { i } else { best });
        let mut changed = vec![false; case.pool.nrows()];
        let mut cap = 0.0;
        while cap < 1.0 {
            cap += step;
            for (i, changed) in changed.iter_mut().enumerate() {
                let z = case.pool.row(i).iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
                let at = logits(&z);
                let predicted = first_of_most(&at);
                let sum = at.iter().map(|x| x.exp()).sum::<f64>();
                let gradient = (0..d)
                    .map(|j| {
                        (0..c)
                            .map(|k| {
                                (at[k].exp() / sum - f64::from(u8::from(k == predicted)))
                                    * f64::from(case.weights[[k, j]])
                            })
                            .sum::<f64>()
                    })
                    .collect::<Vec<_>>();
                let length = gradient.iter().map(|x| x * x).sum::<f64>().sqrt();
                for class in 0..=u16::MAX {
                    if class > 20 {
                        break;
                    }
                    let members =
                        (0..case.labels.len()).filter(|m| case.labels[*m].0 == class).collect::<Vec<_>>();
                    if members.is_empty() || length < 1e-12 {
                        continue;
                    }
                    let anchor = (0..d).map(|j| {
                        members.iter().map(|m| f64::from(case.labeled[[*m, j]])).sum::<f64>()
                            / members.len() as f64
                    });
                    let apart = anchor.zip(&z).map(|(a, z)| a - z).collect::<Vec<_>>();
                    let far = apart.iter().map(|x| x * x).sum::<f64>().sqrt();
                    let mixed = (0..d).map(|j| {
                        let alpha = cap / (d as f64).sqrt() * far * gradient[j] / length / apart[j];
                        z[j] + if apart[j] == 0.0 { 0.0 } else { alpha * apart[j] }
                    });
                    *changed |= first_of_most(&logits(&mixed.collect::<Vec<_>>())) != predicted;
                }
            }
            if changed.iter().filter(|changed| **changed).count() > n {
                break;
            }
        }
        (0..changed.len()).filter(|i| changed[*i]).collect()
    }

    #[test]
    fn those_that_change_are_those_of_mixing_written_out() {
        let mut sizes = [0; 3];
        for seed in 0..150 {
            let (n, d, c) = (1 + seed as usize % 40, 1 + seed as usize % 7, 1 + seed as usize % 5);
            let case = case(seed, n, d, c);
            let anchors = means_of_classes(&case.labeled.view(), &case.labels.view());
            let shares = shares(&case.pool.view(), &anchors, &case.weights.view(), &case.biases.view());
            for (step, budget) in [(0.03125, 3), (0.25, 1), (0.5, 9), (1.0, n)] {
                let found = below_cap(&shares, step, budget);
                assert_eq!(
                    found,
                    naive(&case, step, budget),
                    "case {seed}: {n} samples, {d} features, {c} classes"
                );
                sizes[usize::from(!found.is_empty()) + usize::from(found.len() > budget)] += 1;
            }
        }
        assert!(sizes.iter().all(|count| *count > 20), "cases of all kinds: {sizes:?}");
    }

    fn picks(case: &Case, n: usize, seed: u64) -> Vec<usize> {
        let signals = Signals::new(case.pool.nrows())
            .with_embeddings(case.pool.view())
            .and_then(|s| s.with_labeled_embeddings(case.labeled.view()))
            .and_then(|s| s.with(Signal::Labels, case.labels.clone()))
            .and_then(|s| s.with(Signal::HeadWeights, case.weights.clone()))
            .and_then(|s| s.with(Signal::HeadBiases, case.biases.clone()));
        AlfaMix::default().select(&signals.unwrap(), n, seed).unwrap().rows
    }

    #[test]
    fn picks_change_before_any_others_are_drawn() {
        for seed in 0..60 {
            let case = case(seed, 40, 4, 3);
            let candidates = naive(&case, 0.03125, 6);
            let picks = picks(&case, 6, seed);
            let inside = picks.iter().filter(|row| candidates.contains(row)).count();
            assert_eq!(inside, candidates.len().min(6));
        }
    }

    /// Fault of AL-foundation-models and DAL-toolbox: anchors of the ids 0 to the number of seen classes, so NaN for an absent one and none for
    /// ids above.
    #[test]
    fn anchors_are_those_of_the_classes_that_have_labels() {
        let labeled = array![[1.0f32, 0.0], [3.0, 0.0], [0.0, 5.0], [0.0, 9.0]];
        let anchors =
            means_of_classes(&labeled.view(), &array![Class(0), Class(7), Class(3), Class(7)].view());
        assert_eq!(anchors, [array![1.0, 0.0], array![0.0, 5.0], array![1.5, 4.5]]);
    }

    /// Fault of the authors' code: it fills up with replacement. Here no sample changes: the head does not look at features.
    #[test]
    fn filling_up_repeats_nothing_and_follows_no_order() {
        let mut case = case(3, 30, 3, 2);
        case.weights.fill(0.0);
        let rows = |seed| picks(&case, 30, seed);
        assert_ne!(rows(1), rows(2));
        let mut sorted = rows(1);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..30).collect::<Vec<_>>());
    }

    #[test]
    fn any_number_of_threads_picks_the_same() {
        let case = case(5, 3000, 6, 4);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| picks(&case, 30, 3))
        };
        assert_eq!(with(1), with(3));
    }
}
