//! Convolutions of the paper's nets, ours and Burn's own: `cargo bench -p deepal-nn`.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deepal_nn::kernels::{Block, convolve};
use std::hint::black_box;
use std::time::Duration;

const BATCH: usize = 64;

/// Channels in and out, side of the image, kernel, whether it pools.
const LAYERS: [(usize, usize, usize, usize, bool); 8] = [
    (1, 10, 28, 5, true),
    (10, 20, 12, 5, true),
    (3, 32, 32, 3, false),
    (32, 32, 30, 3, true),
    (32, 32, 14, 3, true),
    (3, 32, 32, 5, false),
    (32, 32, 28, 5, true),
    (32, 64, 12, 5, true),
];

fn ours(conv: &Conv2d, x: Tensor<4>, pool: bool) -> Tensor<4> {
    let block = Block::new(conv).relu();
    convolve(x, &[if pool { block.pool() } else { block }])
}

fn burns(conv: &Conv2d, x: Tensor<4>, pool: bool) -> Tensor<4> {
    let y = conv.forward(x);
    relu(if pool { MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init().forward(y) } else { y })
}

fn convolutions(criterion: &mut Criterion) {
    let device = Device::default().autodiff();
    for (c_in, c_out, side, kernel, pool) in LAYERS {
        let conv = Conv2dConfig::new([c_in, c_out], [kernel, kernel]).init(&device);
        let normal = Distribution::Normal(0.0, 1.0);
        let x: Tensor<4> = Tensor::random([BATCH, c_in, side, side], normal, &device);
        let size = format!("{BATCH}x{c_in}x{side}x{side} to {c_out} k{kernel}");
        let out = side + 1 - kernel;
        let operations = 2 * BATCH * c_in * c_out * (kernel * out).pow(2);
        let mut group = criterion.benchmark_group("convolution");
        for (who, run) in [("ours", ours as fn(&Conv2d, _, _) -> _), ("burn", burns)] {
            group.throughput(Throughput::Elements(operations as u64));
            group.bench_function(BenchmarkId::new(format!("forward {who}"), &size), |bencher| {
                let conv = burn::module::Module::valid(&conv);
                let x = x.clone().inner();
                bencher.iter(|| black_box(run(&conv, x.clone(), pool)));
            });
            group.throughput(Throughput::Elements(3 * operations as u64));
            group.bench_function(BenchmarkId::new(format!("both ways {who}"), &size), |bencher| {
                let x = x.clone().require_grad();
                bencher.iter(|| black_box(run(&conv, x.clone(), pool).sum().backward()));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = convolutions
}
criterion_main!(benches);
