//! Dropout whose masks come from a seed and not from a global generator.

use burn::tensor::{Tensor, TensorData};
use deepal_core::seed::mix;

/// The dropout of one forward pass: off, or a stream of masks that depends only on a seed, the layer and each row's key.
///
/// Burn's own `Dropout` draws from one generator of the whole process and is tied to training. Masks from here are the
/// same whatever else runs, at any number of threads, however rows are batched; and since they can be on while batch-norm
/// is frozen, Monte-Carlo passes change nothing else (trap D3 of the reference).
#[derive(Debug, Clone)]
pub struct Noise {
    /// The seed, and one key for each row of the batch; `None`: dropout is off.
    on: Option<(u64, Vec<u64>)>,
    layer: u64,
}

impl Noise {
    /// No dropout: plain inference.
    pub fn off() -> Self {
        Self { on: None, layer: 0 }
    }

    /// Dropout with masks from `seed`; `rows` holds a key for each row of the batch, such as its sample id.
    pub fn on(seed: u64, rows: Vec<u64>) -> Self {
        Self { on: Some((seed, rows)), layer: 0 }
    }

    /// Dropout (Srivastava et al., JMLR 2014): each value is set to 0 with probability `prob`, the others are divided by
    /// `1 - prob`. When off, `x` itself.
    ///
    /// Shape: `[n, ...]` to `[n, ...]`.
    ///
    /// # Panics
    /// When on, if `n` is not the number of rows that it was made for.
    pub fn dropout<const D: usize>(&mut self, x: Tensor<D>, prob: f64) -> Tensor<D> {
        let dims = x.dims();
        self.masked(x, dims, prob)
    }

    /// Spatial dropout (Tompson et al., CVPR 2015), PyTorch's `Dropout2d`: whole channels are dropped.
    ///
    /// Shape: `[n, c, h, w]` to `[n, c, h, w]`.
    ///
    /// # Panics
    /// When on, if `n` is not the number of rows that it was made for.
    pub fn dropout_channels(&mut self, x: Tensor<4>, prob: f64) -> Tensor<4> {
        let [n, c, _, _] = x.dims();
        self.masked(x, [n, c, 1, 1], prob)
    }

    /// Whether dropout was called on it.
    pub(crate) fn was_used(&self) -> bool {
        self.layer > 0
    }

    fn masked<const D: usize>(&mut self, x: Tensor<D>, mask: [usize; D], prob: f64) -> Tensor<D> {
        self.layer += 1;
        let Some((seed, rows)) = &self.on else { return x };
        let seed = mix(*seed, self.layer);
        // A value is kept if its 32 random bits lie below this.
        let threshold = ((1.0 - prob) * 2f64.powi(32)) as u64;
        let kept = (1.0 / (1.0 - prob)) as f32;
        let width = mask[1..].iter().product::<usize>();
        let mut values = Vec::with_capacity(mask[0] * width);
        for row in rows.iter().take(mask[0]) {
            let key = mix(seed, *row);
            for pair in 0..width.div_ceil(2) {
                let bits = mix(key, pair as u64);
                let halves = [bits & 0xffff_ffff, bits >> 32];
                let here = &halves[..(width - 2 * pair).min(2)];
                values.extend(here.iter().map(|half| if *half < threshold { kept } else { 0.0 }));
            }
        }
        let mask = Tensor::from_data(TensorData::new(values, mask), &x.device());
        x * mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn ones<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::ones(shape, &Device::default())
    }

    fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
        x.into_data().try_into_vec::<f32>().unwrap()
    }

    #[test]
    fn off_is_the_identity() {
        assert_eq!(values(Noise::off().dropout(ones([2, 3]), 0.5)), [1.0; 6]);
    }

    #[test]
    fn the_share_dropped_is_the_probability_and_the_mean_is_kept() {
        for prob in [0.1, 0.5, 0.8] {
            let x = values(Noise::on(1, (0..100).collect()).dropout(ones([100, 501]), prob));
            let zeros = x.iter().filter(|x| **x == 0.0).count() as f64 / x.len() as f64;
            assert!((zeros - prob).abs() < 0.01, "{zeros}");
            assert!((x.iter().sum::<f32>() / x.len() as f32 - 1.0).abs() < 0.05);
        }
    }

    #[test]
    fn channels_are_dropped_whole() {
        let x = values(Noise::on(1, vec![0, 1, 2]).dropout_channels(ones([3, 20, 2, 2]), 0.5));
        assert!(x.chunks(4).all(|channel| channel.iter().all(|v| *v == channel[0])));
        assert!(x.contains(&0.0) && x.contains(&2.0));
    }

    #[test]
    fn a_row_keeps_its_mask_however_rows_are_batched_and_layers_differ() {
        let mut both = Noise::on(9, vec![4, 7]);
        let together = values(both.dropout(ones([2, 64]), 0.5));
        let alone = values(Noise::on(9, vec![7]).dropout(ones([1, 64]), 0.5));
        assert_eq!(together[64..], alone);
        assert_ne!(together, values(both.dropout(ones([2, 64]), 0.5)), "the next layer has masks of its own");
        assert_ne!(together[..64], together[64..]);
    }
}
