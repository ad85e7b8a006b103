//! The end of a fully connected layer: bias and ReLU in one pass, forward and backward.

use super::isa::Isa;
use super::op::Operation;

/// `relu(x + bias)`; arguments: `[n, d]`, `[d]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct BiasRelu;

impl Operation<2> for BiasRelu {
    /// The result.
    type Kept = Vec<f32>;

    fn forward(&self, [x, bias]: [&[f32]; 2], keep: bool) -> (Vec<f32>, Vec<f32>) {
        let mut y = x.to_vec();
        Isa::best().run(
            #[inline(always)]
            || {
                for row in y.chunks_exact_mut(bias.len()) {
                    for (y, bias) in row.iter_mut().zip(bias) {
                        let sum = *y + bias;
                        // So that NaN stays.
                        *y = if sum <= 0.0 { 0.0 } else { sum };
                    }
                }
            },
        );
        let kept = if keep { y.clone() } else { Vec::new() };
        (y, kept)
    }

    fn backward(
        &self,
        [_, bias]: [&[f32]; 2],
        y: &Vec<f32>,
        gradient: &[f32],
        _wanted: [bool; 2],
    ) -> [Option<Vec<f32>>; 2] {
        let mut x = vec![0.0; y.len()];
        let mut sums = vec![0.0; bias.len()];
        Isa::best().run(
            #[inline(always)]
            || {
                let d = bias.len();
                for ((x, y), g) in x.chunks_exact_mut(d).zip(y.chunks_exact(d)).zip(gradient.chunks_exact(d))
                {
                    for (((x, y), g), sum) in x.iter_mut().zip(y).zip(g).zip(&mut sums) {
                        *x = if *y <= 0.0 { 0.0 } else { *g };
                        *sum += *x;
                    }
                }
            },
        );
        [Some(x), Some(sums)]
    }
}
