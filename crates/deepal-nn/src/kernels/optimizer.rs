//! Optimisers in one pass over each parameter.
//!
//! They do what Burn's own do, to the bit, but write the numbers where they stand. On other devices Burn's operations do
//! the work.

use super::isa::Isa;
use super::op::plain;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

/// Stochastic gradient descent with momentum: `v = momentum · v + g`, then `w = w − rate · v`, as PyTorch does.
#[derive(Debug, Clone)]
pub(crate) struct Sgd {
    pub(crate) momentum: f32,
}

/// Adam (Kingma and Ba, ICLR 2015) with decay rates 0.9 and 0.999 and ε = 1e-8, as PyTorch's and Burn's.
#[derive(Debug, Clone)]
pub(crate) struct Adam;

/// Running means of a parameter's gradients, and of how many.
#[derive(Clone)]
pub(crate) struct Means<const N: usize, const D: usize> {
    means: [Tensor<D>; N],
    steps: usize,
}

impl<const N: usize, const D: usize> Means<N, D> {
    fn start(like: &Tensor<D>) -> Self {
        Self { means: [(); N].map(|()| like.zeros_like()), steps: 0 }
    }

    fn moved(self, device: &Device) -> Self {
        Self { means: self.means.map(|mean| mean.to_device(device)), steps: self.steps }
    }
}

impl<const N: usize, const D: usize> RecordState for Means<N, D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        for (i, mean) in self.means.iter().enumerate() {
            out.push_tensor(prefix, &i.to_string(), mean.to_data());
        }
        out.push_scalar(prefix, "steps", self.steps.into());
    }

    fn state_unflatten(prefix: &str, from: &mut StateSource, device: &Device) -> Option<Self> {
        let steps = from.take_scalar(prefix, "steps")?.try_into().ok()?;
        let mean = |i: usize| Some(Tensor::from_data(from.take_tensor(prefix, &i.to_string())?, device));
        let means = (0..N).map(mean).collect::<Option<Vec<_>>>()?;
        Some(Self { means: means.try_into().ok()?, steps })
    }
}

impl Optimizer for Sgd {
    type State<const D: usize> = Means<1, D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Means<1, D>>,
    ) -> (Tensor<D>, Option<Means<1, D>>) {
        let Means { means: [velocity], steps } = state.unwrap_or_else(|| Means::start(&weights));
        let (momentum, rate_) = (self.momentum, rate as f32);
        let each = |[w, v]: [&mut [f32]; 2], g: &[f32]| {
            for ((w, v), g) in w.iter_mut().zip(v).zip(g) {
                *v = g + *v * momentum;
                *w -= *v * rate_;
            }
        };
        let [weights, velocity] = match in_place([&weights, &velocity], &gradient) {
            Some(work) => {
                drop((weights, velocity));
                work.run(each)
            }
            None => {
                let velocity = gradient + velocity.mul_scalar(momentum);
                [weights - velocity.clone().mul_scalar(rate), velocity]
            }
        };
        (weights, Some(Means { means: [velocity], steps: steps + 1 }))
    }

    fn to_device<const D: usize>(state: Means<1, D>, device: &Device) -> Means<1, D> {
        state.moved(device)
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = Means<2, D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Means<2, D>>,
    ) -> (Tensor<D>, Option<Means<2, D>>) {
        const DECAY: [f32; 2] = [0.9, 0.999];
        let Means { means: [first, second], steps } = state.unwrap_or_else(|| Means::start(&weights));
        let steps = steps + 1;
        // Means that start at 0 are too small by these.
        let [seen_first, seen_second] = DECAY.map(|decay| 1.0 - decay.powi(steps as i32));
        let scale = seen_second.sqrt() / seen_first;
        let (epsilon, rate_) = (1e-8 * seen_second.sqrt(), rate as f32);
        let [new_first, new_second] = DECAY.map(|decay| 1.0 - decay);
        let each = |[w, m, v]: [&mut [f32]; 3], g: &[f32]| {
            for (((w, m), v), g) in w.iter_mut().zip(m).zip(v).zip(g) {
                *m = *m * DECAY[0] + g * new_first;
                *v = *v * DECAY[1] + (g * g) * new_second;
                *w -= (*m * scale) / (v.sqrt() + epsilon) * rate_;
            }
        };
        let [weights, first, second] = match in_place([&weights, &first, &second], &gradient) {
            Some(work) => {
                drop((weights, first, second));
                work.run(each)
            }
            None => {
                let first = first.mul_scalar(DECAY[0]) + gradient.clone().mul_scalar(new_first);
                let second = second.mul_scalar(DECAY[1]) + gradient.square().mul_scalar(new_second);
                let step = first.clone().mul_scalar(scale) / second.clone().sqrt().add_scalar(epsilon);
                [weights - step.mul_scalar(rate), first, second]
            }
        };
        (weights, Some(Means { means: [first, second], steps }))
    }

    fn to_device<const D: usize>(state: Means<2, D>, device: &Device) -> Means<2, D> {
        state.moved(device)
    }
}

/// Tensors to be changed where they stand, and the gradient that tells how.
struct InPlace<const N: usize, const D: usize> {
    tensors: [FlexTensor; N],
    gradient: FlexTensor,
}

/// `None` on other devices. Nobody else may hold the tensors when it runs, or they are copied first.
fn in_place<const N: usize, const D: usize>(
    tensors: [&Tensor<D>; N],
    gradient: &Tensor<D>,
) -> Option<InPlace<N, D>> {
    let tensors = tensors.into_iter().map(plain).collect::<Option<Vec<_>>>()?;
    Some(InPlace { tensors: tensors.try_into().ok()?, gradient: plain(gradient)? })
}

/// Numbers that one thread changes at a time.
const CHUNK: usize = 1 << 14;

impl<const N: usize, const D: usize> InPlace<N, D> {
    fn run(mut self, each: impl Fn([&mut [f32]; N], &[f32]) + Sync) -> [Tensor<D>; N] {
        let isa = Isa::best();
        let mut tensors = self.tensors.each_mut().map(|tensor| tensor.storage_mut::<f32>().chunks_mut(CHUNK));
        let chunks = self.gradient.as_slice::<f32>().unwrap_or_default().chunks(CHUNK);
        let chunks =
            chunks.map(|gradient| (tensors.each_mut().map(|it| it.next().unwrap_or_default()), gradient));
        let chunks = chunks.collect::<Vec<_>>();
        let one = |(tensors, gradient)| {
            isa.run(
                #[inline(always)]
                || each(tensors, gradient),
            );
        };
        match chunks.len() {
            0 | 1 => chunks.into_iter().for_each(one),
            _ => chunks.into_par_iter().for_each(one),
        }
        self.tensors.map(Tensor::from_primitive::<Flex>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::optim::momentum::MomentumConfig;
    use burn::optim::{AdamConfig, SgdConfig};
    use burn::tensor::TensorData;
    use deepal_core::seed::mix;

    fn steps_as(ours: impl Optimizer, burns: impl Optimizer) {
        let device = Device::default();
        let noise = |seed: u64| -> Tensor<2> {
            let number = |i| (mix(seed, i) >> 40) as f32 / (1 << 23) as f32 - 1.0;
            let numbers = (0..300 * 250).map(number).collect::<Vec<_>>();
            Tensor::from_data(TensorData::new(numbers, [300, 250]), &device)
        };
        let (mut a, mut b) = (noise(0), noise(0));
        let (mut a_state, mut b_state) = (None, None);
        for step in 1..6 {
            // A gradient that does not lie in order, as those of a matrix product's right side.
            let gradient = noise(step).transpose().reshape([250, 300]).transpose();
            let rate = 0.1 / step as f64;
            (a, a_state) = ours.step(rate, a, gradient.clone(), a_state);
            (b, b_state) = burns.step(rate, b, gradient, b_state);
            assert_eq!(a.to_data(), b.to_data(), "step {step}");
        }
    }

    #[test]
    fn sgd_steps_as_burns_own_to_the_bit() {
        let momentum = MomentumConfig { momentum: 0.7, dampening: 0.0, nesterov: false };
        steps_as(Sgd { momentum: 0.7 }, SgdConfig::new().with_momentum(Some(momentum)).build());
    }

    #[test]
    fn adam_steps_as_burns_own_to_the_bit() {
        steps_as(Adam, AdamConfig::new().with_epsilon(1e-8).build());
    }
}
