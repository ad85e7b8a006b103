//! The kernels against Burn's own layers, on every instruction set of the machine.

use super::*;
use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::Conv2dConfig;
use burn::tensor::{Device, TensorData};
use deepal_core::seed::mix;

fn tensor<const D: usize>(dims: [usize; D], device: &Device, number: impl Fn(u64) -> f32) -> Tensor<D> {
    let numbers = (0..dims.iter().product::<usize>() as u64).map(number).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(numbers, dims), device)
}

/// -1, 0 or 1 everywhere. All sums of products of these are exact, so that results are equal to the bit in whatever order
/// they are added, and no rounding decides which number of a window is the largest.
fn noise<const D: usize>(seed: u64, dims: [usize; D], device: &Device) -> Tensor<D> {
    tensor(dims, device, |i| (mix(seed, i) % 3) as f32 - 1.0)
}

/// A layer with parameters in `[-1, 1)`, without Burn's generator, which other tests are drawing from.
fn init(config: &Conv2dConfig, device: &Device) -> Conv2d {
    let real = |seed| move |i| (mix(seed, i) >> 40) as f32 / (1 << 23) as f32 - 1.0;
    let mut conv = config.clone().with_initializer(Initializer::Zeros).init(device);
    conv.weight = conv.weight.map(|weight| tensor(weight.dims(), device, real(5)).require_grad());
    conv.bias = conv.bias.map(|bias| bias.map(|bias| tensor(bias.dims(), device, real(6)).require_grad()));
    conv
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().unwrap()
}

/// A row of convolutions and the images that they take.
struct Case {
    n: usize,
    image: [usize; 3],
    layers: Vec<Layer>,
}

struct Layer {
    conv: Conv2d,
    pool: bool,
    relu: bool,
}

impl Case {
    fn new(n: usize, image: [usize; 3], layers: &[(usize, [usize; 2], bool, bool)], device: &Device) -> Self {
        let mut c_in = image[0];
        let layers = layers.iter().map(|&(c_out, kernel, pool, relu)| {
            let conv = init(&Conv2dConfig::new([c_in, c_out], kernel).with_bias(c_out % 3 != 0), device);
            c_in = c_out;
            Layer { conv, pool, relu }
        });
        Self { n, image, layers: layers.collect() }
    }

    /// With parameters from [`noise`].
    fn whole(mut self, device: &Device) -> Self {
        for Layer { conv, .. } in &mut self.layers {
            let grad = |x: Tensor<1>| x.require_grad();
            conv.weight = conv.weight.clone().map(|weight| noise(3, weight.dims(), device).require_grad());
            conv.bias = conv.bias.clone().map(|bias| bias.map(|bias| grad(noise(4, bias.dims(), device))));
        }
        self
    }

    /// Sizes, channels, kernels and what follows them drawn from `seed`.
    fn random(seed: u64, device: &Device) -> Self {
        let draw = |key: u64, least: usize, most: usize| least + mix(seed, key) as usize % (most + 1 - least);
        let layers = (0..draw(0, 1, 3) as u64).map(|layer| {
            let draw = |key, least, most| draw(100 + 10 * layer + key, least, most);
            (draw(1, 1, 35), [draw(2, 1, 6), draw(3, 1, 5)], draw(4, 0, 1) == 1, draw(5, 0, 1) == 1)
        });
        let layers = layers.collect::<Vec<_>>();
        // Large enough for all that follows, and now and then by a row or a column that no pool uses.
        let size = |side: usize| {
            let need = layers.iter().rev().fold(1, |need, (_, kernel, pool, _)| {
                (if *pool { 2 * need } else { need }) + kernel[side] - 1
            });
            need + draw(5 + side as u64, 0, 5)
        };
        let image = [draw(3, 1, 12), size(0), size(1)];
        Self::new(draw(1, 1, 37), image, &layers, device)
    }

    fn blocks(&self) -> Vec<Block<'_>> {
        let layers = self.layers.iter();
        layers.map(|Layer { conv, pool, relu }| Block { conv, pool: *pool, relu: *relu }).collect()
    }

    /// The result, then the gradients in the input and in each layer's weights and bias, of a sum with random weights.
    fn all(&self, run: impl Fn(Tensor<4>, &[Block<'_>]) -> Tensor<4>, device: &Device) -> Vec<Vec<f32>> {
        let [c, height, width] = self.image;
        let x = noise(1, [self.n, c, height, width], device).require_grad();
        let y = run(x.clone(), &self.blocks());
        let weights = noise(2, y.dims(), device);
        let gradients = (y.clone() * weights).sum().backward();
        let mut all = vec![values(y), values(x.grad(&gradients).unwrap())];
        for Layer { conv, .. } in &self.layers {
            all.push(values(conv.weight.val().grad(&gradients).unwrap()));
            all.extend(conv.bias.as_ref().map(|bias| values(bias.val().grad(&gradients).unwrap())));
        }
        all
    }
}

fn by_burn(x: Tensor<4>, blocks: &[Block<'_>]) -> Tensor<4> {
    blocks.iter().fold(x, |x, block| block.forward(x))
}

#[test]
fn values_and_gradients_are_those_of_burn() {
    let device = Device::default().autodiff();
    for seed in 0..60 {
        let case = Case::random(seed, &device).whole(&device);
        let wanted = case.all(by_burn, &device);
        for isa in Isa::all() {
            let found = case.all(|x, blocks| fast(&x, blocks, isa, false).unwrap(), &device);
            for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                assert!(found == wanted, "case {seed}, {isa:?}, array {i}");
            }
        }
    }
}

/// The largest difference as a share of the largest number.
fn difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let most = |numbers: &mut dyn Iterator<Item = f32>| numbers.fold(0.0, |most: f32, x| most.max(x.abs()));
    let off = most(&mut found.iter().zip(wanted).map(|(found, wanted)| found - wanted));
    off / most(&mut wanted.iter().copied())
}

/// Winograd's transforms divide by 6 and 24, so they are right up to rounding; measured here at most 6.2e-6. Without pool and
/// ReLU, since rounding may decide which of two nearly equal numbers is handed a gradient.
#[test]
fn tiles_give_what_burn_gives() {
    let device = Device::default().autodiff();
    for seed in 0..12 {
        let draw = |key: u64, least: usize, most: usize| least + mix(seed, key) as usize % (most + 1 - least);
        let kernel = [3, 5][draw(0, 0, 1)];
        let image = [draw(1, 16, 40), kernel + draw(2, 7, 20), kernel + draw(3, 7, 20)];
        let layers = [(draw(4, 16, 40), [kernel; 2], false, false)];
        let case = Case::new(draw(5, 1, 20), image, &layers, &device);
        let [block] = case.blocks()[..] else { continue };
        let plan = block.plan(image).unwrap();
        assert!(plan.by_tiles() && (kernel == 5 || plan.back_by_tiles()), "{plan:?} should go by tiles");
        let wanted = case.all(by_burn, &device);
        for isa in Isa::all() {
            let found = case.all(|x, blocks| fast(&x, blocks, isa, true).unwrap(), &device);
            for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                let difference = difference(found, wanted);
                assert!(difference < 1e-5, "case {seed}, {isa:?}, array {i}: {difference}");
            }
        }
        let layers = [(layers[0].0, [kernel; 2], true, true)];
        let case = Case::new(case.n, image, &layers, &device);
        let wanted =
            values(by_burn(noise(1, [case.n, image[0], image[1], image[2]], &device), &case.blocks()));
        for isa in Isa::all() {
            let x = noise(1, [case.n, image[0], image[1], image[2]], &device);
            let found = values(fast(&x, &case.blocks(), isa, true).unwrap());
            assert!(difference(&found, &wanted) < 1e-5, "case {seed}, {isa:?}, with pool and ReLU");
        }
    }
}

/// Which way is taken is a matter of speed, but it should not change unnoticed.
#[test]
fn wide_layers_go_by_tiles() {
    let of = |c_in, side, c_out, kernel| {
        let kernel = [kernel; 2];
        let conv = Conv { c_in, height: side, width: side, c_out, kernel, pool: true, relu: true };
        (conv.by_tiles(), conv.back_by_tiles())
    };
    assert_eq!([of(1, 28, 10, 5), of(10, 12, 20, 5)], [(false, false); 2], "mnist-cnn");
    assert_eq!(
        [of(3, 32, 32, 3), of(32, 30, 32, 3), of(32, 14, 32, 3)],
        [(false, false), (true, true), (true, true)]
    );
    assert_eq!(
        [of(3, 32, 32, 5), of(32, 28, 32, 5), of(32, 12, 64, 5)],
        [(false, false), (true, true), (true, false)]
    );
}

#[test]
fn the_nets_of_the_paper_are_right() {
    let device = Device::default().autodiff();
    let cases = [
        ([1, 28, 28], vec![(10, [5, 5], true, true), (20, [5, 5], true, true)]),
        ([3, 32, 32], vec![(32, [3, 3], false, true), (32, [3, 3], true, true), (32, [3, 3], true, true)]),
        ([3, 32, 32], vec![(32, [5, 5], false, true), (32, [5, 5], true, true), (64, [5, 5], true, true)]),
    ];
    for (image, layers) in cases {
        let case = Case::new(9, image, &layers, &device).whole(&device);
        let found = case.all(|x, blocks| fast(&x, blocks, Isa::best(), false).unwrap(), &device);
        assert!(found == case.all(by_burn, &device), "{image:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let device = Device::default().autodiff();
    let layers = [(20, [5, 5], true, true), (20, [3, 3], false, true), (16, [5, 5], true, false)];
    let case = Case::new(70, [1, 40, 40], &layers, &device);
    for isa in Isa::all() {
        for tiles in [true, false] {
            let with = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| case.all(|x, blocks| fast(&x, blocks, isa, tiles).unwrap(), &device))
            };
            let one = with(1);
            assert!(one == with(2) && one == with(3));
        }
    }
}

/// Neighbours that are equal are computed once, and nobody sees it.
#[test]
fn repeated_images_have_gradients_of_their_own() {
    let device = Device::default().autodiff();
    let layers = [(5, [5, 5], true, true), (4, [3, 3], false, true)];
    let case = Case::new(7, [2, 20, 20], &layers, &device).whole(&device);
    let all = |run: &dyn Fn(Tensor<4>) -> Tensor<4>| {
        let each = noise(1, [7, 1, 2 * 20 * 20], &device);
        let x = each.repeat_dim(1, 6).reshape([42, 2, 20, 20]).require_grad();
        let y = run(x.clone());
        let gradients = (y.clone() * noise(2, y.dims(), &device)).sum().backward();
        let weights = case.layers.iter().map(|layer| layer.conv.weight.val().grad(&gradients).unwrap());
        let mut all = weights.map(values).collect::<Vec<_>>();
        all.extend([values(y), values(x.grad(&gradients).unwrap())]);
        all
    };
    let wanted = all(&|x| by_burn(x, &case.blocks()));
    for isa in Isa::all() {
        assert!(all(&|x| fast(&x, &case.blocks(), isa, false).unwrap()) == wanted, "{isa:?}");
    }
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let device = Device::default().autodiff();
    let layers = [(20, [5, 5], true, true), (20, [3, 3], false, true)];
    let case = Case::new(40, [1, 28, 28], &layers, &device);
    let x = noise(1, [40, 1, 28, 28], &device);
    let all = values(convolve(x.clone(), &case.blocks()));
    for row in [0, 17, 39] {
        let alone = values(convolve(x.clone().slice(row..row + 1), &case.blocks()));
        assert_eq!(alone, all[row * alone.len()..(row + 1) * alone.len()]);
    }
}

/// PyTorch hands NaN on through max-pool and ReLU; Burn's own pool does as its maximum does.
#[test]
fn nan_is_seen_in_the_result() {
    let device = Device::default().autodiff();
    for (pool, relu) in [(false, false), (false, true), (true, false), (true, true)] {
        let case = Case::new(3, [1, 6, 6], &[(2, [3, 3], pool, relu)], &device);
        let mut numbers = values(noise(1, [3, 1, 6, 6], &device));
        numbers[36] = f32::NAN;
        let x: Tensor<4> = Tensor::from_data(TensorData::new(numbers, [3, 1, 6, 6]), &device);
        for isa in Isa::all() {
            let y = values(fast(&x, &case.blocks(), isa, false).unwrap());
            let n = y.len() / 6;
            let of = |image: usize, channel: usize| &y[(2 * image + channel) * n..][..n];
            for channel in 0..2 {
                assert!(of(1, channel)[0].is_nan(), "{isa:?}, pool {pool}, relu {relu}");
                assert!(of(1, channel)[1..].iter().all(|y| !y.is_nan()), "only the window that sees it");
                assert!(of(0, channel).iter().chain(of(2, channel)).all(|y| !y.is_nan()), "no other image");
            }
        }
    }
}

#[test]
fn what_the_kernels_cannot_do_burn_does() {
    let device = Device::default().autodiff();
    let config = |groups| Conv2dConfig::new([4, 6], [3, 3]).with_groups(groups);
    let convs = [
        config(1).with_stride([2, 2]),
        config(1).with_padding(PaddingConfig2d::Same),
        config(1).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)),
        config(1).with_dilation([2, 2]),
        config(2),
    ];
    for config in convs {
        let conv = init(&config, &device);
        let x = noise(1, [5, 4, 12, 12], &device);
        let block = Block::new(&conv).pool().relu();
        assert!(block.plan([4, 12, 12]).is_none());
        assert_eq!(values(convolve(x.clone(), &[block])), values(block.forward(x)));
    }
}

#[test]
fn rows_of_any_length_and_frozen_parameters_work() {
    let device = Device::default().autodiff();
    let layers = (0..5).map(|i| (3 + i, [2, 3], i % 2 == 0, true)).collect::<Vec<_>>();
    let case = Case::new(4, [2, 40, 50], &layers, &device).whole(&device);
    assert!(case.all(convolve, &device) == case.all(by_burn, &device));
    let x = noise(1, [4, 2, 40, 50], &device);
    assert_eq!(values(convolve(x.clone(), &[])), values(x.clone()));
    let conv = case.layers[0].conv.clone().freeze().train();
    let x = x.require_grad();
    let gradients = convolve(x.clone(), &[Block::new(&conv)]).sum().backward();
    let wanted = Block::new(&conv).forward(x.clone()).sum().backward();
    assert_eq!(values(x.grad(&gradients).unwrap()), values(x.grad(&wanted).unwrap()));
}

#[test]
fn a_dense_layer_is_burns() {
    let device = Device::default().autodiff();
    let config = burn::nn::LinearConfig::new(12, 7).with_initializer(Initializer::Zeros);
    let mut layer = config.init(&device);
    layer.weight = layer.weight.map(|weight| noise(3, weight.dims(), &device).require_grad());
    layer.bias = layer.bias.map(|bias| bias.map(|bias| noise(4, bias.dims(), &device).require_grad()));
    let all = |run: &dyn Fn(Tensor<2>) -> Tensor<2>| {
        let x = noise(1, [9, 12], &device).require_grad();
        let y = run(x.clone());
        let gradients = (y.clone() * noise(2, y.dims(), &device)).sum().backward();
        let bias = layer.bias.as_ref().unwrap().val();
        [
            values(y),
            values(x.grad(&gradients).unwrap()),
            values(layer.weight.val().grad(&gradients).unwrap()),
            values(bias.grad(&gradients).unwrap()),
        ]
    };
    assert_eq!(all(&|x| dense(&layer, x)), all(&|x| relu(layer.forward(x))));
    let without = burn::nn::Linear { bias: None, ..layer.clone() };
    let x = noise(1, [9, 12], &device);
    assert_eq!(values(dense(&without, x.clone())), values(relu(without.forward(x.clone()))));
    let nan = x.mul_scalar(f32::NAN);
    assert!(values(dense(&layer, nan)).iter().all(|y| y.is_nan()));
}
