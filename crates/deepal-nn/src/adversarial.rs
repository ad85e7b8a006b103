//! How far inputs must move for the predicted class to change: BIM and DeepFool on whole batches.

use crate::classifier::Classifier;
use crate::convert::{to_array, to_tensor};
use crate::noise::Noise;
use crate::parallel;
use burn::tensor::Device;
use deepal_core::{Attack, Dataset, Error, Meta, Result, SampleId};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, Zip, s};

/// Samples attacked together; those that have flipped leave the batch.
const BATCH: usize = 500;

/// The L2 norm of the perturbation that flips each sample, `[ids.len()]`, infinite where none did.
///
/// `model` must not draw dropout or update batch statistics: freeze it first. Batches are attacked side by side, each by one
/// thread.
pub(crate) fn boundary_distances<M: Classifier>(
    model: &M,
    device: &Device,
    data: &dyn Dataset,
    ids: &[SampleId],
    attack: Attack,
) -> Result<Array1<f64>> {
    let gradients = Gradients { model: model.clone(), device: device.clone().autodiff() };
    let distances = parallel::each(&gradients, ids.chunks(BATCH), |gradients, ids| {
        let inputs = data.inputs(ids)?;
        match attack {
            Attack::Bim { eps, max_steps } => bim(gradients, inputs, data.meta(), eps, max_steps),
            Attack::DeepFool { max_steps, overshoot } => deepfool(gradients, inputs, max_steps, overshoot),
        }
    })?;
    Ok(distances.into_iter().flatten().collect())
}

/// Samples under attack.
struct Batch {
    /// Row numbers in the chunk, one for each sample still unflipped.
    rows: Vec<usize>,
    /// The class that was predicted first.
    classes: Vec<usize>,
    /// The inputs as they were, `[a, d]`.
    clean: Array2<f32>,
    /// What has been added to them, `[a, d]`.
    shift: Array2<f32>,
    /// The result, one for each sample of the chunk.
    distances: Array1<f64>,
}

impl Batch {
    fn new(clean: Array2<f32>, logits: &ArrayRef2<f32>) -> Self {
        let n = clean.nrows();
        Self {
            rows: (0..n).collect(),
            classes: logits.outer_iter().map(argmax).collect(),
            shift: Array2::zeros(clean.raw_dim()),
            clean,
            distances: Array1::from_elem(n, f64::INFINITY),
        }
    }

    /// Keeps the samples for which `keep` holds.
    fn retain(&mut self, keep: &[bool]) {
        if keep.iter().all(|keep| *keep) {
            return;
        }
        let kept = (0..keep.len()).filter(|i| keep[*i]).collect::<Vec<_>>();
        self.rows = kept.iter().map(|i| self.rows[*i]).collect();
        self.classes = kept.iter().map(|i| self.classes[*i]).collect();
        self.clean = self.clean.select(Axis(0), &kept);
        self.shift = self.shift.select(Axis(0), &kept);
    }

    /// Records the norm of what has been added to sample `i`.
    fn flipped(&mut self, i: usize) {
        self.distances[self.rows[i]] =
            self.shift.row(i).iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    }
}

/// Steps of `eps` against the sign of the gradient, inside the valid range, until the class flips. A sample that no step
/// moves any more leaves at once.
fn bim<M: Classifier>(
    gradients: &Gradients<M>,
    inputs: Array2<f32>,
    meta: &Meta,
    eps: f32,
    max_steps: usize,
) -> Result<Array1<f64>> {
    let plane = meta.shape[1] * meta.shape[2];
    let range = |feature: usize| meta.range.get(feature / plane).copied().unwrap_or((f32::MIN, f32::MAX));
    let ranges = [
        Array1::from_shape_fn(meta.n_features(), |feature| range(feature).0),
        Array1::from_shape_fn(meta.n_features(), |feature| range(feature).1),
    ];
    let clean = gradients.logits(inputs.view())?;
    let mut batch = Batch::new(inputs, &clean);
    for step in 0..=max_steps {
        if batch.rows.is_empty() {
            break;
        }
        let weights = |logits: &ArrayRef2<f32>| descent(logits, &batch.classes);
        let (logits, slopes) = gradients.of((&batch.clean + &batch.shift).view(), weights)?;
        let mut keep = vec![true; batch.rows.len()];
        for (i, keep) in keep.iter_mut().enumerate() {
            if argmax(logits.row(i)) != batch.classes[i] {
                batch.flipped(i);
                *keep = false;
                continue;
            }
            let moved = against(batch.shift.row_mut(i), batch.clean.row(i), slopes.row(i), &ranges, eps);
            *keep = moved && step < max_steps;
        }
        batch.retain(&keep);
    }
    Ok(batch.distances)
}

/// Moves `shift` by `eps` along the sign of `slopes`, as far as the ranges `[least, greatest]` allow; whether anything moved.
fn against(
    shift: ArrayViewMut1<'_, f32>,
    clean: ArrayView1<'_, f32>,
    slopes: ArrayView1<'_, f32>,
    [least, greatest]: &[Array1<f32>; 2],
    eps: f32,
) -> bool {
    let mut moved = false;
    Zip::from(shift).and(clean).and(slopes).and(least).and(greatest).for_each(
        |shift, x, slope, least, greatest| {
            let sign = f32::from(u8::from(*slope > 0.0)) - f32::from(u8::from(*slope < 0.0));
            let new = (x + *shift + eps * sign).max(least.min(*x)).min(greatest.max(*x)) - x;
            let new = if sign == 0.0 { *shift } else { new };
            moved |= new != *shift;
            *shift = new;
        },
    );
    moved
}

/// The gradient of the cross-entropy in the logits, `p − onehot(class)`, divided by `1 − p_class`. The sign of the input's
/// gradient stays as it is, and a saturated softmax does not round it to zero.
fn descent(logits: &ArrayRef2<f32>, classes: &[usize]) -> Array2<f32> {
    let mut weights = deepal_core::score::softmax(logits);
    for (mut row, class) in weights.outer_iter_mut().zip(classes) {
        row[*class] = 0.0;
        let others = row.sum();
        row[*class] = -others;
        row /= if others > 0.0 { others } else { 1.0 };
    }
    weights.mapv(|weight| weight as f32)
}

/// Steps to the nearest of the boundaries to the other classes, each taken as a plane. Recorded without the overshoot, so
/// that for a linear net it is exactly the distance.
fn deepfool<M: Classifier>(
    gradients: &Gradients<M>,
    inputs: Array2<f32>,
    max_steps: usize,
    overshoot: f32,
) -> Result<Array1<f64>> {
    let clean = gradients.logits(inputs.view())?;
    let n_classes = clean.ncols();
    let mut batch = Batch::new(inputs, &clean);
    for step in 0..=max_steps {
        if batch.rows.is_empty() {
            break;
        }
        let moved = &batch.clean + &(&batch.shift * (1.0 + overshoot));
        let logits = gradients.logits(moved.view())?;
        let mut keep = vec![true; batch.rows.len()];
        for (i, keep) in keep.iter_mut().enumerate() {
            if argmax(logits.row(i)) != batch.classes[i] {
                batch.flipped(i);
                *keep = false;
            }
            *keep &= step < max_steps;
        }
        let moved = moved.select(Axis(0), &(0..keep.len()).filter(|i| keep[*i]).collect::<Vec<_>>());
        batch.retain(&keep);
        if batch.rows.is_empty() {
            break;
        }
        let (logits, slopes) = gradients.of_each_class(&moved, n_classes)?;
        let mut keep = vec![true; batch.rows.len()];
        for (i, keep) in keep.iter_mut().enumerate() {
            let slopes = slopes.slice(s![i * n_classes..(i + 1) * n_classes, ..]);
            match nearest_boundary(logits.row(i), slopes, batch.classes[i]) {
                Some(step) => batch.shift.row_mut(i).zip_mut_with(&step, |x, step| *x += step),
                None => *keep = false,
            }
        }
        batch.retain(&keep);
    }
    Ok(batch.distances)
}

/// The shortest step to where another class draws level, `|f| / ‖w‖² · w`; `None` if no class has a different slope.
fn nearest_boundary(
    logits: ArrayView1<'_, f32>,
    slopes: ArrayView2<'_, f32>,
    class: usize,
) -> Option<Array1<f32>> {
    let mut best: Option<(f64, Array1<f32>)> = None;
    for other in (0..logits.len()).filter(|other| *other != class) {
        let normal = &slopes.row(other) - &slopes.row(class);
        let norm2 = normal.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        let gap = f64::from(logits[class] - logits[other]).abs();
        let distance = gap / norm2.sqrt();
        if distance.is_finite() && best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, normal * (gap / norm2) as f32));
        }
    }
    best.map(|(_, step)| step)
}

/// A frozen model as a function with gradients in its inputs.
#[derive(Clone)]
struct Gradients<M> {
    model: M,
    device: Device,
}

impl<M: Classifier> Gradients<M> {
    /// Logits, `[n, d]` to `[n, c]`.
    fn logits(&self, inputs: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        to_array(self.model.forward(to_tensor(inputs.to_owned(), &self.device), &mut Noise::off()).logits)
    }

    /// Logits `[n, c]`, and the gradient in the inputs, `[n, d]`, of Σ weights · logits with weights `[n, c]` held constant.
    fn of(
        &self,
        inputs: ArrayView2<'_, f32>,
        weights: impl FnOnce(&ArrayRef2<f32>) -> Array2<f32>,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        let inputs = to_tensor(inputs.to_owned(), &self.device).require_grad();
        let output = self.model.forward(inputs.clone(), &mut Noise::off()).logits;
        let logits = to_array(output.clone().inner())?;
        let gradients = (output * to_tensor(weights(&logits), &self.device)).sum().backward();
        let slopes = inputs
            .grad(&gradients)
            .ok_or_else(|| Error::other("the net's logits do not depend on its inputs"))?;
        Ok((logits, to_array(slopes)?))
    }

    /// Logits `[n, c]`, and the gradients of every class in one backward pass over each input repeated `c` times, `[n·c, d]`.
    fn of_each_class(&self, inputs: &ArrayRef2<f32>, n_classes: usize) -> Result<(Array2<f32>, Array2<f32>)> {
        let (n, d) = inputs.dim();
        let mut logits = Array2::zeros((n, n_classes));
        let mut slopes = Array2::zeros((n * n_classes, d));
        let samples = (BATCH / n_classes).max(1);
        for first in (0..n).step_by(samples) {
            let last = (first + samples).min(n);
            let repeated = Array2::from_shape_fn(((last - first) * n_classes, d), |(i, j)| {
                inputs[[first + i / n_classes, j]]
            });
            let (all, gradients) = self.of(repeated.view(), |logits| {
                Array2::from_shape_fn(logits.raw_dim(), |(i, class)| {
                    f32::from(u8::from(i % n_classes == class))
                })
            })?;
            logits.slice_mut(s![first..last, ..]).assign(&all.slice(s![..;n_classes, ..]));
            slopes.slice_mut(s![first * n_classes..last * n_classes, ..]).assign(&gradients);
        }
        Ok((logits, slopes))
    }
}

/// The position of the largest value, the first of equals.
fn argmax(values: ArrayView1<'_, f32>) -> usize {
    values.iter().enumerate().fold((0, f32::MIN), |best, (i, x)| if *x > best.1 { (i, *x) } else { best }).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn_net::BurnNet;
    use crate::classifier::Output;
    use crate::train::Training;
    use burn::module::{Module, Param};
    use burn::nn::Linear;
    use burn::tensor::{Tensor, activation::relu};
    use deepal_core::{Ask, Class, InMemory, Net, Signal, seed::mix};

    const DEEPFOOL: Attack = Attack::DeepFool { max_steps: 50, overshoot: 0.02 };
    const BIM: Attack = Attack::Bim { eps: 0.05, max_steps: 1000 };

    #[derive(Module, Debug)]
    struct Softmax {
        linear: Linear,
    }

    impl Classifier for Softmax {
        fn forward(&self, inputs: Tensor<2>, _noise: &mut Noise) -> Output {
            Output { logits: self.linear.forward(inputs.clone()), embedding: inputs }
        }
    }

    fn number(key: u64) -> f32 {
        (mix(17, key) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    fn weight(feature: usize, class: usize) -> f32 {
        number((feature * 100 + class) as u64)
    }

    /// A linear net with [`weight`], no bias.
    fn softmax(d: usize, c: usize) -> Softmax {
        let device = Device::default().autodiff();
        let values = (0..d * c).map(|i| weight(i / c, i % c)).collect();
        let weight = to_tensor(Array2::from_shape_vec((d, c), values).unwrap(), &device);
        Softmax { linear: Linear { weight: Param::from_tensor(weight), bias: None } }.freeze()
    }

    fn samples(n: usize, d: usize, range: Vec<(f32, f32)>) -> InMemory {
        let classes = ["a", "b", "c"].map(String::from).to_vec();
        let meta = Meta { name: "samples".into(), shape: [d, 1, 1], classes, range };
        InMemory::new(meta, Array2::from_shape_fn((n, d), |(i, j)| number((10_000 + i * 100 + j) as u64)))
            .unwrap()
    }

    fn distances(d: usize, c: usize, data: &InMemory, attack: Attack) -> Array1<f64> {
        boundary_distances(&softmax(d, c), &Device::default(), data, &SampleId::first(data.len()), attack)
            .unwrap()
    }

    /// Of a linear net, computed in `f64` from its definition.
    fn linear_logits(x: ArrayView1<'_, f32>, c: usize) -> Vec<f64> {
        let dot =
            |class| x.iter().enumerate().map(|(j, x)| f64::from(*x) * f64::from(weight(j, class))).sum();
        (0..c).map(dot).collect()
    }

    /// The distance to the nearest of the planes between classes, min over k of (f_y − f_k) / ‖w_y − w_k‖.
    #[test]
    fn deepfool_is_exact_for_a_linear_softmax() {
        let (d, c) = (7, 3);
        let data = samples(40, d, vec![]);
        let inputs = data.inputs(&SampleId::first(40)).unwrap();
        for (x, found) in inputs.outer_iter().zip(distances(d, c, &data, DEEPFOOL)) {
            let logits = linear_logits(x, c);
            let class = (0..c).fold(0, |best, k| if logits[k] > logits[best] { k } else { best });
            let to_plane = |k: usize| {
                let norm2 = (0..d).map(|j| f64::from(weight(j, class) - weight(j, k)).powi(2)).sum::<f64>();
                (logits[class] - logits[k]) / norm2.sqrt()
            };
            let nearest = (0..c).filter(|k| *k != class).map(to_plane).fold(f64::INFINITY, f64::min);
            assert!((found - nearest).abs() < 1e-5 * (1.0 + nearest), "{found} against {nearest}");
        }
    }

    /// With two classes the gradient keeps its sign, so the number of steps of eps in each coordinate is known.
    #[test]
    fn bim_takes_the_number_of_steps_that_a_linear_softmax_needs() {
        let (d, c) = (6, 2);
        let data = samples(30, d, vec![]);
        let inputs = data.inputs(&SampleId::first(30)).unwrap();
        for (x, found) in inputs.outer_iter().zip(distances(d, c, &data, BIM)) {
            let logits = linear_logits(x, c);
            let slope = (0..d).map(|j| f64::from((weight(j, 0) - weight(j, 1)).abs())).sum::<f64>();
            let steps = ((logits[0] - logits[1]).abs() / (0.05 * slope)).floor() + 1.0;
            let expected = steps * 0.05 * (d as f64).sqrt();
            assert!((found - expected).abs() < 1e-4, "{found} against {expected}");
        }
    }

    /// Trap D4: the reference attacks one sample at a time and moves to a GPU at the end.
    #[test]
    fn d4_a_batch_gives_what_single_samples_give() {
        let data = samples(20, 5, vec![]);
        for attack in [DEEPFOOL, BIM] {
            let all = distances(5, 3, &data, attack);
            for (i, expected) in all.iter().enumerate() {
                let ids = [SampleId::from(i)];
                let one =
                    boundary_distances(&softmax(5, 3), &Device::default(), &data, &ids, attack).unwrap()[0];
                assert!((one - expected).abs() < 1e-5);
            }
        }
    }

    /// Trap D5: the reference loops for ever where the gradient vanishes, and leaves the range of valid inputs.
    #[test]
    fn d5_bim_ends_and_stays_in_range() {
        let data = samples(30, 4, vec![(-1.0, 1.0); 4]);
        let found = distances(4, 2, &data, BIM);
        // Inside [-1, 1]⁴ no perturbation is longer than the diagonal.
        assert!(found.iter().all(|x| x.is_infinite() || *x <= 4.0));
        assert!(distances(4, 1, &data, BIM).iter().all(|x| x.is_infinite()), "one class cannot flip");
        let tight = samples(30, 4, vec![(-1e-3, 1e-3); 4]);
        let still = distances(4, 3, &tight, Attack::Bim { eps: 0.0, max_steps: 1000 });
        assert!(still.iter().all(|x| x.is_infinite()), "steps of zero flip nothing");
    }

    /// Trap D6: the reference divides by a zero norm and lets samples that never flipped keep a small distance.
    #[test]
    fn d6_deepfool_without_a_boundary_is_infinitely_far() {
        assert!(distances(4, 1, &samples(3, 4, vec![]), DEEPFOOL).iter().all(|x| x.is_infinite()));
        let none =
            distances(4, 3, &samples(9, 4, vec![]), Attack::DeepFool { max_steps: 0, overshoot: 0.02 });
        assert!(none.iter().all(|x| x.is_infinite()));
    }

    #[derive(Module, Debug)]
    struct Bent {
        first: Linear,
        last: Linear,
    }

    impl Classifier for Bent {
        fn forward(&self, inputs: Tensor<2>, noise: &mut Noise) -> Output {
            let embedding = relu(self.first.forward(inputs));
            Output { logits: self.last.forward(noise.dropout(embedding.clone(), 0.5)), embedding }
        }
    }

    /// On a bent net both attacks find a boundary for most samples, and a nearer one for samples near it.
    #[test]
    fn attacks_flip_a_trained_net() {
        let data = samples(200, 2, vec![]);
        let inputs = data.inputs(&SampleId::first(200)).unwrap();
        let class = |x: ArrayView1<'_, f32>| Class(u16::from(x[0] * x[1] > 0.0) + u16::from(x[0] > 0.5));
        let labeled = (0..200).map(|i| (SampleId::from(i), class(inputs.row(i)))).collect::<Vec<_>>();
        let net = BurnNet::new("bent", Training::adaptive(), |device| Bent {
            first: burn::nn::LinearConfig::new(2, 32).init(device),
            last: burn::nn::LinearConfig::new(32, 3).init(device),
        });
        let (net, _) = net.train(&data, &labeled, 3, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        for attack in [DEEPFOOL, BIM] {
            let signals = [Signal::BoundaryDistance(attack)];
            let ask = Ask { signals: &signals, unlabeled: &SampleId::first(200), labeled: &[], seed: 0 };
            let found = net.signals(&data, &ask).unwrap();
            let found = found.boundary_distances().unwrap();
            assert!(found.iter().filter(|x| x.is_finite()).count() > 100);
            // Samples on the axis between two classes are nearer than those far from it.
            let mean = |near: bool| {
                let at = (0..200).filter(|i| (inputs[[*i, 1]].abs() < 0.2) == near && found[*i].is_finite());
                let (sum, count) = at.fold((0.0, 0.0), |(sum, count), i| (sum + found[i], count + 1.0));
                sum / count
            };
            assert!(mean(true) < mean(false));
        }
    }
}
