//! Fast layers for the CPU that give what Burn's own layers give.
//!
//! [`convolve`] runs convolutions with their pooling and ReLU as one operation, on the vector instructions that the machine
//! has. Parameters stay in Burn's own layers, so initialisation, records and optimisers know nothing of it; on other
//! devices, or for settings it has no kernel for, Burn's operations do the work.

mod buffer;
mod conv;
mod dense;
mod isa;
mod op;
mod optimizer;
mod stack;
#[cfg(test)]
mod tests;
mod winograd;

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{Linear, PaddingConfig2d};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use conv::Conv;
use isa::Isa;
use op::{Argument, Operation};
pub(crate) use optimizer::{Adam, Sgd};
use stack::{Parameters, Stack, Traces};

/// A convolution and what follows it: [`convolve`] takes a row of them.
///
/// ```
/// use burn::nn::conv::Conv2dConfig;
/// use burn::tensor::{Device, Tensor};
/// use deepal_nn::kernels::{Block, convolve};
///
/// let device = Device::default();
/// let first = Conv2dConfig::new([1, 10], [5, 5]).init(&device);
/// let second = Conv2dConfig::new([10, 20], [5, 5]).init(&device);
/// let images = Tensor::zeros([3, 1, 28, 28], &device);
/// let features = convolve(images, &[Block::new(&first).pool().relu(), Block::new(&second).pool().relu()]);
/// assert_eq!(features.dims(), [3, 20, 4, 4]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    conv: &'a Conv2d,
    pool: bool,
    relu: bool,
}

impl<'a> Block<'a> {
    /// A convolution alone.
    pub fn new(conv: &'a Conv2d) -> Self {
        Self { conv, pool: false, relu: false }
    }

    /// Then the maximum of each 2 × 2 window.
    pub fn pool(self) -> Self {
        Self { pool: true, ..self }
    }

    /// Then ReLU, after the pool if there is one.
    pub fn relu(self) -> Self {
        Self { relu: true, ..self }
    }

    /// The same by Burn's own operations.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.conv.forward(x);
        let x =
            if self.pool { MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init().forward(x) } else { x };
        if self.relu { relu(x) } else { x }
    }

    /// What the kernels are to do for images `[c, height, width]`; `None` if they cannot.
    fn plan(&self, [c_in, height, width]: [usize; 3]) -> Option<Conv> {
        let [c_out, c, k_height, k_width] = self.conv.weight.dims();
        let unpadded = match &self.conv.padding {
            PaddingConfig2d::Valid => true,
            PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right] == [&0; 4],
            PaddingConfig2d::Same => [k_height, k_width] == [1, 1],
        };
        let usual = self.conv.stride == [1, 1] && self.conv.dilation == [1, 1] && self.conv.groups == 1;
        let least = 1 + usize::from(self.pool);
        let fits = c == c_in && height + 1 >= k_height + least && width + 1 >= k_width + least;
        let kernel = [k_height, k_width];
        (unpadded && usual && fits).then_some(Conv {
            c_in,
            height,
            width,
            c_out,
            kernel,
            pool: self.pool,
            relu: self.relu,
        })
    }
}

/// The convolutions one after the other; each image goes through all of them while it is in the cache.
///
/// Values and gradients are those of Burn's `Conv2d`, `MaxPool2d` and `relu`, up to the rounding of sums; NaN passes through pool and
/// ReLU as in PyTorch. The same bits at any number of threads. Padding, stride, dilation, groups, other devices and other
/// types of numbers work too, by Burn's own operations.
///
/// # Shapes
/// - x: `[n, c_in, height, width]`
/// - result: `[n, c_out, out_height, out_width]`
///
/// # Panics
/// If the shapes do not fit, as Burn's own convolution does.
pub fn convolve(x: Tensor<4>, blocks: &[Block<'_>]) -> Tensor<4> {
    // Three convolutions are one operation; longer rows are several.
    let (now, later) = blocks.split_at(blocks.len().min(3));
    let y = match fast(&x, now, Isa::best(), true) {
        Some(y) => y,
        None => now.iter().fold(x, |x, block| block.forward(x)),
    };
    if later.is_empty() { y } else { convolve(y, later) }
}

fn fast(x: &Tensor<4>, blocks: &[Block<'_>], isa: Isa, tiles: bool) -> Option<Tensor<4>> {
    let [n, c, height, width] = x.dims();
    let mut convs = Vec::new();
    let mut shape = [c, height, width];
    for block in blocks {
        let conv = block.plan(shape)?;
        shape = [conv.c_out, conv.out()[0], conv.out()[1]];
        convs.push(conv);
    }
    let arguments = || {
        let mut arguments = vec![Argument::of(x)?];
        for block in blocks {
            let conv = block.conv;
            let bias = || Tensor::zeros([conv.weight.dims()[0]], &x.device());
            arguments.push(Argument::of(&conv.weight.val())?);
            arguments.push(Argument::of(&conv.bias.as_ref().map_or_else(bias, Param::val))?);
        }
        Some(arguments)
    };
    let stack = Stack { convs, isa, tiles };
    let shape = [n, shape[0], shape[1], shape[2]];
    match blocks.len() {
        1 => op::apply::<_, 3, 4>(stack, arguments()?.try_into().ok()?, shape),
        2 => op::apply::<_, 5, 4>(stack, arguments()?.try_into().ok()?, shape),
        3 => op::apply::<_, 7, 4>(stack, arguments()?.try_into().ok()?, shape),
        _ => None,
    }
}

/// A fully connected layer and ReLU. Values and gradients are those of Burn's `Linear` and `relu`.
///
/// # Shapes
/// - x: `[n, d_in]`, result: `[n, d_out]`
///
/// # Panics
/// If the shapes do not fit, as Burn's own layer does.
pub fn dense(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    let fast = |bias: &Param<Tensor<1>>| {
        let product = x.clone().matmul(layer.weight.val());
        let shape = product.dims();
        op::apply(dense::BiasRelu, [Argument::of(&product)?, Argument::of(&bias.val())?], shape)
    };
    layer.bias.as_ref().and_then(fast).unwrap_or_else(|| relu(layer.forward(x)))
}

/// Arguments: the images, then of each convolution its weights and its bias.
impl<const N: usize> Operation<N> for Stack {
    type Kept = Traces;

    fn forward(&self, arguments: [&[f32]; N], keep: bool) -> (Vec<f32>, Traces) {
        let pairs = arguments[1..].chunks_exact(2);
        let parameters = pairs.map(|pair| Parameters { weights: pair[0], bias: pair[1] }).collect::<Vec<_>>();
        Stack::forward(self, arguments[0], &parameters, keep)
    }

    fn backward(
        &self,
        arguments: [&[f32]; N],
        kept: &Traces,
        gradient: &[f32],
        wanted: [bool; N],
    ) -> [Option<Vec<f32>>; N] {
        let weights = arguments[1..].iter().copied().step_by(2).collect::<Vec<_>>();
        let want_parameters = wanted[1..].contains(&true);
        let found = Stack::backward(self, kept, gradient, &weights, wanted[0], want_parameters);
        let mut gradients = [const { None }; N];
        gradients[0] = found.input;
        let parameters = found.parameters.into_iter().flat_map(|(weights, bias)| [weights, bias]);
        for (to, gradient) in gradients[1..].iter_mut().zip(parameters) {
            *to = Some(gradient);
        }
        gradients
    }
}
