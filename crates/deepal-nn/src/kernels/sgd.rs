//! Stochastic gradient descent in one pass over each parameter.

use super::op::plain;
use burn::backend::Flex;
use burn::optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

/// What Burn's `Sgd` does, `v = momentum · v + g` and then `w = w − rate · v`, to the bit, but written where the numbers
/// stand. On other devices Burn's operations do the work.
#[derive(Debug, Clone)]
pub(crate) struct Sgd {
    pub(crate) momentum: f64,
}

/// The running mean of a parameter's gradients.
#[derive(Clone)]
pub(crate) struct Velocity<const D: usize> {
    velocity: Tensor<D>,
}

impl<const D: usize> RecordState for Velocity<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "velocity", self.velocity.to_data());
    }

    fn state_unflatten(prefix: &str, from: &mut StateSource, device: &Device) -> Option<Self> {
        let velocity = from.take_tensor(prefix, "velocity")?;
        Some(Self { velocity: Tensor::from_data(velocity, device) })
    }
}

/// Numbers that one thread updates at a time.
const CHUNK: usize = 1 << 15;

impl Optimizer for Sgd {
    type State<const D: usize> = Velocity<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Velocity<D>>,
    ) -> (Tensor<D>, Option<Velocity<D>>) {
        let (weights, velocity) = match state {
            None => (weights - gradient.clone().mul_scalar(rate), gradient),
            Some(Velocity { velocity }) => self.update(rate, weights, gradient, velocity),
        };
        (weights, Some(Velocity { velocity }))
    }

    fn to_device<const D: usize>(state: Velocity<D>, device: &Device) -> Velocity<D> {
        Velocity { velocity: state.velocity.to_device(device) }
    }
}

impl Sgd {
    fn update<const D: usize>(
        &self,
        rate: f64,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Tensor<D>,
    ) -> (Tensor<D>, Tensor<D>) {
        let [Some(mut w), Some(g), Some(mut v)] = [&weights, &gradient, &velocity].map(plain) else {
            let velocity = gradient + velocity.mul_scalar(self.momentum);
            return (weights - velocity.clone().mul_scalar(rate), velocity);
        };
        // Nobody else may hold the numbers, or writing would copy them first.
        drop((weights, gradient, velocity));
        let (rate, momentum) = (rate as f32, self.momentum as f32);
        let (weights, velocity) = (w.storage_mut::<f32>(), v.storage_mut::<f32>());
        let chunks = weights.par_chunks_mut(CHUNK).zip(velocity.par_chunks_mut(CHUNK));
        chunks.zip(g.as_slice::<f32>().unwrap_or_default().par_chunks(CHUNK)).for_each(|((w, v), g)| {
            for ((w, v), g) in w.iter_mut().zip(v).zip(g) {
                *v = g + *v * momentum;
                *w -= *v * rate;
            }
        });
        (Tensor::from_primitive::<Flex>(w), Tensor::from_primitive::<Flex>(v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::optim::SgdConfig;
    use burn::optim::momentum::MomentumConfig;
    use burn::tensor::TensorData;
    use deepal_core::seed::mix;

    #[test]
    fn it_steps_as_burns_own_to_the_bit() {
        let device = Device::default();
        let noise = |seed: u64| -> Tensor<2> {
            let number = |i| (mix(seed, i) >> 40) as f32 / (1 << 23) as f32 - 1.0;
            let numbers = (0..300 * 250).map(number).collect::<Vec<_>>();
            Tensor::from_data(TensorData::new(numbers, [300, 250]), &device)
        };
        let momentum = MomentumConfig { momentum: 0.7, dampening: 0.0, nesterov: false };
        let burns = SgdConfig::new().with_momentum(Some(momentum)).build();
        let ours = Sgd { momentum: 0.7 };
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
}
