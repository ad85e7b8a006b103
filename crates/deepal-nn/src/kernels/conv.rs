//! Convolution of a group of images, forward and backward.
//!
//! The images of a group lie side by side in the lanes of a vector: a group is `[channels, height, width]` of vectors, one
//! lane for each image. So every channel count, kernel and image size keeps all lanes busy, pooling and ReLU are the same
//! instruction for every image, and no border needs care. A tile of output pixels × output channels stays in registers
//! while all taps of the kernel are added.

#![expect(
    clippy::needless_range_loop,
    reason = "loops of fixed length over registers; an iterator would put them into memory"
)]

use super::isa::mul_add;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// One convolution, stride 1, no padding; then perhaps a 2 × 2 max-pool; then perhaps ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conv {
    pub(super) c_in: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) c_out: usize,
    pub(super) kernel: [usize; 2],
    pub(super) pool: bool,
    pub(super) relu: bool,
}

impl Conv {
    /// Height and width before pooling.
    pub(super) fn full(&self) -> [usize; 2] {
        [self.height + 1 - self.kernel[0], self.width + 1 - self.kernel[1]]
    }

    /// Height and width of the result.
    pub(super) fn out(&self) -> [usize; 2] {
        let [height, width] = self.full();
        if self.pool { [height / 2, width / 2] } else { [height, width] }
    }

    pub(super) fn n_in(&self) -> usize {
        self.c_in * self.height * self.width
    }

    pub(super) fn n_out(&self) -> usize {
        self.c_out * self.out()[0] * self.out()[1]
    }

    /// Taps of one output channel.
    pub(super) fn n_taps(&self) -> usize {
        self.c_in * self.n_kernel()
    }

    pub(super) fn n_kernel(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The size of a gradient at full resolution: each row has zeros on both sides, so that a tile of pixels can be read across
    /// the border.
    pub(super) fn n_spread(&self) -> usize {
        self.c_out * self.full()[0] * self.spread_width()
    }

    pub(super) fn spread_width(&self) -> usize {
        self.full()[1] + 2 * BORDER
    }

    /// Where a row of a channel of a spread gradient starts, after its zeros.
    pub(super) fn spread_at(&self, channel: usize, row: usize) -> usize {
        (channel * self.full()[0] + row) * self.spread_width() + BORDER
    }
}

/// What a 2 × 2 window hands its gradient to: the position of its maximum, or nobody if ReLU is off there.
const OFF: u32 = 4;

/// Vectors that a tile may keep in registers, besides its operands.
pub(super) const fn room<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 24 } else { 12 }
}

/// `0..n` in even parts of at most `most`.
pub(super) fn parts(n: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = n.div_ceil(most);
    (0..count).map(move |i| i * n / count..(i + 1) * n / count)
}

/// Weights in the order in which a tile reads them: for each part of the rows all taps, for each tap the rows of the part.
fn pack(rows: usize, taps: usize, most: usize, weight: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let mut packed = Vec::with_capacity(rows * taps);
    for part in parts(rows, most) {
        for tap in 0..taps {
            packed.extend(part.clone().map(|row| weight(row, tap)));
        }
    }
    packed
}

/// Runs `$body` with the constant `$N` equal to `$n`, one to twelve.
macro_rules! constant {
    ($n:expr, $N:ident, $body:expr) => {
        constant!(@ $n, $N, $body, 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    (@ $n:expr, $N:ident, $body:expr, $($value:literal)*) => {
        match $n {
            $($value => {
                const $N: usize = $value;
                $body
            })*
            _ => {}
        }
    };
}
pub(super) use constant;

/// Where the taps of a tile lie: `kernel` of `channels` planes of `plane` vectors with rows of `row`, of which those in
/// `used` count.
struct Taps {
    channels: usize,
    plane: usize,
    row: usize,
    kernel: [usize; 2],
    used: [Range<usize>; 2],
}

/// Sums of `x · weights` over the taps for `P` pixels and `O` channels. `at` holds the positions of the first used tap of
/// the first channel. `U` sums are kept for each result, so that a small tile need not wait for each addition.
#[inline(always)]
fn tile<S: Simd, const O: usize, const P: usize, const U: usize>(
    simd: S,
    x: &[S::f32s],
    at: [usize; P],
    taps: &Taps,
    weights: &[[f32; O]],
) -> [[S::f32s; P]; O] {
    let mut sums = [[[simd.splat_f32s(0.0); P]; O]; U];
    let [height, width] = taps.kernel;
    let [used_y, used_x] = &taps.used;
    let n = used_x.len();
    for channels in (0..taps.channels).step_by(U) {
        for (i, y) in used_y.clone().enumerate() {
            for u in 0..U {
                let channel = channels + u;
                if channel >= taps.channels {
                    break;
                }
                let first = (channel * height + y) * width + used_x.start;
                let weights = &weights[first..first + n];
                let from = channel * taps.plane + i * taps.row;
                let mut pixels: [&[S::f32s]; P] = [&[]; P];
                for p in 0..P {
                    pixels[p] = &x[from + at[p]..][..n];
                }
                for j in 0..n {
                    let mut values = [simd.splat_f32s(0.0); P];
                    for p in 0..P {
                        values[p] = pixels[p][j];
                    }
                    for o in 0..O {
                        let weight = simd.splat_f32s(weights[j][o]);
                        for p in 0..P {
                            sums[u][o][p] = mul_add(simd, weight, values[p], sums[u][o][p]);
                        }
                    }
                }
            }
        }
    }
    let mut total = sums[0];
    for u in 1..U {
        for o in 0..O {
            for p in 0..P {
                total[o][p] = simd.add_f32s(total[o][p], sums[u][o][p]);
            }
        }
    }
    total
}

/// Pixels of a forward tile: four in a row, or the four of a pooling window.
const FORWARD: usize = 4;

/// The weights of a forward pass, `[c_out, c_in, height, width]`, packed.
pub(super) struct ForwardWeights<'a>(pub(super) &'a Conv, pub(super) &'a [f32]);

impl WithSimd for ForwardWeights<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Vec<f32> {
        let Self(conv, weights) = self;
        let taps = conv.n_taps();
        pack(conv.c_out, taps, room::<S>() / FORWARD, |o, tap| weights[o * taps + tap])
    }
}

/// One group forward.
pub(super) struct Forward<'a> {
    pub(super) conv: &'a Conv,
    /// From [`ForwardWeights`].
    pub(super) weights: &'a [f32],
    /// `[c_out]`
    pub(super) bias: &'a [f32],
    /// `[c_in, height, width]` vectors
    pub(super) x: &'a [f32],
    /// `[c_out, out]` vectors
    pub(super) y: &'a mut [f32],
    /// The choices of the pool, as `y`; empty: not wanted.
    pub(super) choices: &'a mut [u32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { conv, x, y, choices, .. } = self;
        let taps = conv.n_taps();
        for row in 0..conv.out()[0] {
            for part in parts(conv.c_out, room::<S>() / FORWARD) {
                let weights = &self.weights[part.start * taps..part.end * taps];
                let bias = &self.bias[part.clone()];
                let first = part.start;
                constant!(part.len(), O, {
                    let weights = weights.as_chunks::<O>().0;
                    apart(simd, ForwardRow { conv, row, first, weights, bias, x, y, choices });
                });
            }
        }
    }
}

/// Runs `work` as a function of its own. In one large function the compiler loses sight of which sums are in registers.
#[inline(never)]
pub(super) fn apart<S: Simd, W: WithSimd>(simd: S, work: W) -> W::Output {
    simd.vectorize(work)
}

/// One row of `O` output channels, of which `first` is the first.
struct ForwardRow<'a, const O: usize> {
    conv: &'a Conv,
    row: usize,
    first: usize,
    weights: &'a [[f32; O]],
    bias: &'a [f32],
    x: &'a [f32],
    y: &'a mut [f32],
    choices: &'a mut [u32],
}

impl<const O: usize> WithSimd for ForwardRow<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { conv, row, first, weights, bias, .. } = self;
        let x = S::as_simd_f32s(self.x).0;
        let y = S::as_mut_simd_f32s(self.y).0;
        let choices = S::as_mut_simd_u32s(self.choices).0;
        let taps = Taps {
            channels: conv.c_in,
            plane: conv.height * conv.width,
            row: conv.width,
            kernel: conv.kernel,
            used: [0..conv.kernel[0], 0..conv.kernel[1]],
        };
        let [height, width] = conv.out();
        let pixels = if conv.pool { 1 } else { FORWARD };
        for column in (0..width).step_by(pixels) {
            let at = if conv.pool {
                let at = 2 * row * conv.width + 2 * column;
                [at, at + 1, at + conv.width, at + conv.width + 1]
            } else {
                let (at, last) = (row * conv.width + column, width - 1 - column);
                [at, at + last.min(1), at + last.min(2), at + last.min(3)]
            };
            let sums = tile::<S, O, FORWARD, 1>(simd, x, at, &taps, weights);
            for o in 0..O {
                let bias = simd.splat_f32s(bias[o]);
                let here = ((first + o) * height + row) * width + column;
                if conv.pool {
                    let (most, choice) = pool(simd, sums[o]);
                    let (result, choice) = relu(simd, conv.relu, simd.add_f32s(most, bias), choice);
                    y[here] = result;
                    if let Some(to) = choices.get_mut(here) {
                        *to = choice;
                    }
                } else {
                    let n = pixels.min(width - column);
                    for (to, sum) in y[here..here + n].iter_mut().zip(sums[o]) {
                        *to = relu(simd, conv.relu, simd.add_f32s(sum, bias), simd.splat_u32s(0)).0;
                    }
                }
            }
        }
    }
}

/// The largest of a window and where it is. The first of equals wins, and NaN wins over all, as in PyTorch.
#[inline(always)]
pub(super) fn pool<S: Simd>(simd: S, window: [S::f32s; FORWARD]) -> (S::f32s, S::u32s) {
    let mut most = window[0];
    let mut choice = simd.splat_u32s(0);
    for p in 1..FORWARD {
        let x = window[p];
        let nan = simd.not_m32s(simd.equal_f32s(x, x));
        let wins = simd.or_m32s(simd.greater_than_f32s(x, most), nan);
        most = simd.select_f32s(wins, x, most);
        choice = simd.select_u32s(wins, simd.splat_u32s(p as u32), choice);
    }
    (most, choice)
}

/// If `on`, 0 where `x` is at most 0, with nobody chosen there. NaN stays, as in PyTorch.
#[inline(always)]
pub(super) fn relu<S: Simd>(simd: S, on: bool, x: S::f32s, choice: S::u32s) -> (S::f32s, S::u32s) {
    if !on {
        return (x, choice);
    }
    let zero = simd.splat_f32s(0.0);
    let off = simd.less_than_or_equal_f32s(x, zero);
    (simd.select_f32s(off, zero, x), simd.select_u32s(off, simd.splat_u32s(OFF), choice))
}

/// The gradient of a group's result at full resolution, before pooling and ReLU.
pub(super) struct Spread<'a> {
    pub(super) conv: &'a Conv,
    /// The gradient in the result, `[c_out, out]` vectors
    pub(super) gradient: &'a [f32],
    /// The result, as `gradient`
    pub(super) y: &'a [f32],
    /// As `gradient`, if it pools
    pub(super) choices: &'a [u32],
    /// `[c_out, full height, full width + 2]` vectors
    pub(super) spread: &'a mut [f32],
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let conv = self.conv;
        let gradient = S::as_simd_f32s(self.gradient).0;
        let y = S::as_simd_f32s(self.y).0;
        let choices = S::as_simd_u32s(self.choices).0;
        let spread = S::as_mut_simd_f32s(self.spread).0;
        let zero = simd.splat_f32s(0.0);
        let [height, width] = conv.out();
        let row = conv.spread_width();
        for (channel, plane) in spread.chunks_exact_mut(conv.full()[0] * row).enumerate() {
            for (i, line) in plane.chunks_mut(if conv.pool { 2 * row } else { row }).enumerate() {
                let covered = if conv.pool { 2 * width } else { width };
                if i >= height || conv.full()[1] > covered {
                    line.fill(zero);
                }
                if i >= height {
                    continue;
                }
                let from = (channel * height + i) * width;
                let gradient = &gradient[from..from + width];
                if conv.pool {
                    let choices = &choices[from..from + width];
                    let (upper, lower) = line.split_at_mut(row);
                    for side in [&mut *upper, &mut *lower] {
                        side[..BORDER].fill(zero);
                        side[row - BORDER..].fill(zero);
                    }
                    for (column, (gradient, choice)) in gradient.iter().zip(choices).enumerate() {
                        let to = BORDER + 2 * column;
                        let part = |p: u32| {
                            let here = simd.equal_u32s(*choice, simd.splat_u32s(p));
                            simd.select_f32s(here, *gradient, zero)
                        };
                        upper[to..to + 2].copy_from_slice(&[part(0), part(1)]);
                        lower[to..to + 2].copy_from_slice(&[part(2), part(3)]);
                    }
                } else {
                    line[..BORDER].fill(zero);
                    line[row - BORDER..].fill(zero);
                    let y = &y[from..from + width];
                    for ((to, gradient), y) in line[BORDER..].iter_mut().zip(gradient).zip(y) {
                        let off = simd.less_than_or_equal_f32s(*y, zero);
                        *to = if conv.relu { simd.select_f32s(off, zero, *gradient) } else { *gradient };
                    }
                }
            }
        }
    }
}

/// Pixels of a tile of the input's gradient: two in a row, since more would run further over the border.
const BACKWARD: usize = 2;

/// Zeros on each side of a row of a spread gradient.
const BORDER: usize = BACKWARD - 1;

/// The most channels of such a tile: 8 to 10 divide the usual numbers of channels.
fn backward_room<S: Simd>() -> usize {
    (room::<S>() / BACKWARD).min(10)
}

/// The weights, `[c_out, c_in, height, width]`, packed for [`InputGradient`].
pub(super) struct BackwardWeights<'a>(pub(super) &'a Conv, pub(super) &'a [f32]);

impl WithSimd for BackwardWeights<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Vec<f32> {
        let Self(conv, weights) = self;
        let n = conv.n_kernel();
        pack(conv.c_in, conv.c_out * n, backward_room::<S>(), |c, tap| {
            let (o, mirrored) = (tap / n, n - 1 - tap % n);
            weights[(o * conv.c_in + c) * n + mirrored]
        })
    }
}

/// The gradient of a group's input: the spread gradient convolved with the mirrored kernel.
pub(super) struct InputGradient<'a> {
    pub(super) conv: &'a Conv,
    /// From [`BackwardWeights`].
    pub(super) weights: &'a [f32],
    /// From [`Spread`].
    pub(super) spread: &'a [f32],
    /// `[c_in, height, width]` vectors
    pub(super) gradient: &'a mut [f32],
}

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { conv, spread, gradient, .. } = self;
        let taps = conv.c_out * conv.n_kernel();
        for row in 0..conv.height {
            for part in parts(conv.c_in, backward_room::<S>()) {
                let weights = &self.weights[part.start * taps..part.end * taps];
                let first = part.start;
                constant!(part.len(), C, {
                    let weights = weights.as_chunks::<C>().0;
                    apart(simd, InputRow { conv, row, first, weights, spread, gradient });
                });
            }
        }
    }
}

/// One row of `C` input channels, of which `first` is the first.
struct InputRow<'a, const C: usize> {
    conv: &'a Conv,
    row: usize,
    first: usize,
    weights: &'a [[f32; C]],
    spread: &'a [f32],
    gradient: &'a mut [f32],
}

impl<const C: usize> WithSimd for InputRow<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { conv, row: y, first, weights, .. } = self;
        let spread = S::as_simd_f32s(self.spread).0;
        let gradient = S::as_mut_simd_f32s(self.gradient).0;
        let [tall, wide] = conv.kernel;
        let [height, width] = conv.full();
        let row = conv.spread_width();
        let top = (tall - 1).saturating_sub(y);
        let used_y = top..tall.min(height + tall - 1 - y);
        for x in (0..conv.width).step_by(BACKWARD) {
            // All taps that either pixel needs; the other reads zeros there.
            let left = (wide - 1).saturating_sub(x + BACKWARD - 1);
            let used_x = left..wide.min(width + wide - 1 - x);
            let at = (y + top - (tall - 1)) * row + (BORDER + x + left) - (wide - 1);
            let used = [used_y.clone(), used_x];
            let taps = Taps { channels: conv.c_out, plane: height * row, row, kernel: conv.kernel, used };
            let sums = match C {
                1 => tile::<S, C, BACKWARD, 4>(simd, spread, [at, at + 1], &taps, weights),
                2..=4 => tile::<S, C, BACKWARD, 2>(simd, spread, [at, at + 1], &taps, weights),
                _ => tile::<S, C, BACKWARD, 1>(simd, spread, [at, at + 1], &taps, weights),
            };
            for c in 0..C {
                let from = ((first + c) * conv.height + y) * conv.width + x;
                gradient[from] = sums[c][0];
                if x + 1 < conv.width {
                    gradient[from + 1] = sums[c][1];
                }
            }
        }
    }
}

/// Taps of a tile of the weights' gradient.
const TAPS: usize = 5;

/// The most output channels of such a tile.
fn weight_room<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// The tiles of the weights' gradient: output channels and first tap of each.
pub(super) struct WeightTiles<'a>(pub(super) &'a Conv);

impl WithSimd for WeightTiles<'_> {
    type Output = Vec<(Range<usize>, usize)>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let starts = || (0..self.0.n_taps()).step_by(TAPS);
        parts(self.0.c_out, weight_room::<S>())
            .flat_map(|part| starts().map(move |tap| (part.clone(), tap)))
            .collect()
    }
}

/// One tile of the weights' gradient, over all groups.
pub(super) struct WeightGradient<'a, G> {
    pub(super) conv: &'a Conv,
    pub(super) channels: Range<usize>,
    pub(super) first_tap: usize,
    /// For each group its input `[c_in, height, width]` and its spread gradient, in vectors
    pub(super) groups: G,
}

impl<'a, G: Iterator<Item = (&'a [f32], &'a [f32])>> WithSimd for WeightGradient<'_, G> {
    /// For each tap of the tile its channels.
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Self { conv, channels, first_tap, groups } = self;
        let n_kernel = conv.n_kernel();
        let wanted = TAPS.min(conv.n_taps() - first_tap);
        let mut taps = [0; TAPS];
        for (t, at) in taps.iter_mut().enumerate() {
            let tap = first_tap + t.min(wanted - 1);
            let (channel, tap) = (tap / n_kernel, tap % n_kernel);
            let (y, x) = (tap / conv.kernel[1], tap % conv.kernel[1]);
            *at = (channel * conv.height + y) * conv.width + x;
        }
        let first = channels.start;
        let mut sums = Vec::new();
        constant!(channels.len(), O, {
            let tile = WeightTile::<_, O> { conv, first, taps, groups };
            sums = apart(simd, tile)[..wanted].as_flattened().to_vec();
        });
        sums
    }
}

/// Sums for `O` output channels, of which `first` is the first, and the taps at the positions `taps`.
struct WeightTile<'a, G, const O: usize> {
    conv: &'a Conv,
    first: usize,
    taps: [usize; TAPS],
    groups: G,
}

impl<'a, G: Iterator<Item = (&'a [f32], &'a [f32])>, const O: usize> WithSimd for WeightTile<'_, G, O> {
    type Output = [[f32; O]; TAPS];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [[f32; O]; TAPS] {
        let Self { conv, first, taps, groups } = self;
        let [height, width] = conv.full();
        let mut sums = [[simd.splat_f32s(0.0); O]; TAPS];
        for (x, spread) in groups {
            let (x, spread) = (S::as_simd_f32s(x).0, S::as_simd_f32s(spread).0);
            for y in 0..height {
                let mut inputs: [&[S::f32s]; TAPS] = [&[]; TAPS];
                for t in 0..TAPS {
                    inputs[t] = &x[taps[t] + y * conv.width..][..width];
                }
                let mut rows: [&[S::f32s]; O] = [&[]; O];
                for o in 0..O {
                    rows[o] = &spread[conv.spread_at(first + o, y)..][..width];
                }
                for i in 0..width {
                    let mut gradients = [simd.splat_f32s(0.0); O];
                    for o in 0..O {
                        gradients[o] = rows[o][i];
                    }
                    for t in 0..TAPS {
                        let input = inputs[t][i];
                        for o in 0..O {
                            sums[t][o] = mul_add(simd, input, gradients[o], sums[t][o]);
                        }
                    }
                }
            }
        }
        let mut totals = [[0.0; O]; TAPS];
        for t in 0..TAPS {
            for o in 0..O {
                totals[t][o] = simd.reduce_sum_f32s(sums[t][o]);
            }
        }
        totals
    }
}

/// A group's part of the bias' gradient, `[c_out]`.
pub(super) struct BiasGradient<'a> {
    pub(super) conv: &'a Conv,
    /// From [`Spread`].
    pub(super) spread: &'a [f32],
}

impl WithSimd for BiasGradient<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut totals = vec![0.0; self.conv.c_out];
        let plane = self.conv.n_spread() / self.conv.c_out;
        let planes = S::as_simd_f32s(self.spread).0.chunks_exact(plane);
        for (total, plane) in totals.iter_mut().zip(planes) {
            let mut sums = [simd.splat_f32s(0.0); 4];
            for four in plane.chunks(4) {
                for (sum, x) in sums.iter_mut().zip(four) {
                    *sum = simd.add_f32s(*sum, *x);
                }
            }
            let [a, b, c, d] = sums;
            *total = simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)));
        }
        totals
    }
}
