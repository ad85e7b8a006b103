//! Convolutions with 3 × 3 and 5 × 5 kernels by Winograd's minimal filtering (Winograd, SIAM 1980; for nets Lavin and Gray,
//! CVPR 2016): a tile of 6 × 6 inputs and a kernel are turned into 36 numbers each, and their products back into 4 × 4 or
//! 2 × 2 results, with a quarter or 36 hundredths of the multiplications. The points are 0, 1, -1, 2, -2 and ∞ in each
//! direction, so that both kernels and all gradients share one transform of the inputs.
//!
//! As in `conv.rs`, the lanes of a vector are images.

#![expect(
    clippy::needless_range_loop,
    reason = "loops of fixed length over registers; an iterator would put them into memory"
)]

use super::buffer::Buffer;
use super::conv::{self, Conv, apart, constant, parts, pool, relu, room};
use super::isa::mul_add;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The side of a tile.
const SIDE: usize = 6;

/// The numbers of a transformed tile.
const POINTS: usize = SIDE * SIDE;

/// Tiles of one step of the products.
const STEP: usize = 4;

/// Tiles that are transformed before their products are taken: their 36 vectors of each channel are to stay in the second
/// level of the cache.
fn chunk(channels: usize) -> usize {
    (256 / channels / STEP * STEP).clamp(STEP, 32)
}

/// Tiles that are transformed before the weights' gradient takes their products.
const GRADIENT_CHUNK: usize = 40;

impl Conv {
    /// The side of a tile's results, if there is a transform for its kernel.
    fn side(&self) -> Option<usize> {
        match self.kernel {
            [3, 3] => Some(4),
            [5, 5] => Some(2),
            _ => None,
        }
    }

    /// Whether results of `size` by tiles are worth while: at least 1.3 times cheaper than `direct` multiplications for each
    /// pair of channels. Transforms cost about as much as 300 for an input channel and 200 for an output channel; with few
    /// channels the products do not keep the registers busy.
    fn worth_while(&self, size: [usize; 2], channels: [usize; 2], direct: usize) -> bool {
        self.side().is_some_and(|side| {
            let tiles = size[0].div_ceil(side) * size[1].div_ceil(side);
            let [from, to] = channels;
            let cost = tiles * (POINTS * from * to + 300 * from + 200 * to);
            from.min(to) >= 16 && 13 * cost <= 10 * direct * from * to
        })
    }

    /// Whether forward and the weights' gradient are to use tiles.
    pub(super) fn by_tiles(&self) -> bool {
        let [height, width] = self.full();
        self.worth_while([height, width], [self.c_in, self.c_out], height * width * self.n_kernel())
    }

    /// Whether the input's gradient is to use tiles.
    pub(super) fn back_by_tiles(&self) -> bool {
        let [height, width] = self.full();
        let size = [self.height, self.width];
        self.worth_while(size, [self.c_out, self.c_in], height * width * self.n_kernel())
    }
}

/// Runs `$body` with the constant `$M` equal to the side of a tile's results.
macro_rules! sized {
    ($conv:expr, $M:ident, $body:expr) => {
        if $conv.kernel == [3, 3] {
            const $M: usize = 4;
            $body
        } else {
            const $M: usize = 2;
            $body
        }
    };
}

/// Kernels in one direction: `[R]` to `[6]`. Also the gradient of a tile's results, for that of the kernel.
#[inline(always)]
fn spread_out<S: Simd, const R: usize>(simd: S, x: [S::f32s; R]) -> [S::f32s; SIDE] {
    let zero = simd.splat_f32s(0.0);
    // Sums of even and odd terms at 1 and at 2.
    let mut at_1 = [zero; 2];
    let mut at_2 = [zero; 2];
    for j in 0..R {
        at_1[j % 2] = simd.add_f32s(at_1[j % 2], x[j]);
        at_2[j % 2] = mul_add(simd, simd.splat_f32s((1 << j) as f32), x[j], at_2[j % 2]);
    }
    let scale = |factor: f32, x: S::f32s| simd.mul_f32s(simd.splat_f32s(factor), x);
    [
        scale(1.0 / 4.0, x[0]),
        scale(-1.0 / 6.0, simd.add_f32s(at_1[0], at_1[1])),
        scale(-1.0 / 6.0, simd.sub_f32s(at_1[0], at_1[1])),
        scale(1.0 / 24.0, simd.add_f32s(at_2[0], at_2[1])),
        scale(1.0 / 24.0, simd.sub_f32s(at_2[0], at_2[1])),
        x[R - 1],
    ]
}

/// Inputs in one direction: `[6]` to `[6]`.
#[inline(always)]
fn transform<S: Simd>(simd: S, x: [S::f32s; SIDE]) -> [S::f32s; SIDE] {
    let times = |factor: f32, x: S::f32s, plus: S::f32s| mul_add(simd, simd.splat_f32s(factor), x, plus);
    let (even_1, odd_1) = (times(-4.0, x[2], x[4]), times(-4.0, x[1], x[3]));
    let (even_2, odd_2) = (simd.sub_f32s(x[4], x[2]), simd.sub_f32s(x[3], x[1]));
    [
        times(4.0, x[0], times(-5.0, x[2], x[4])),
        simd.add_f32s(even_1, odd_1),
        simd.sub_f32s(even_1, odd_1),
        times(2.0, odd_2, even_2),
        times(-2.0, odd_2, even_2),
        times(4.0, x[1], times(-5.0, x[3], x[5])),
    ]
}

/// Products in one direction: `[6]` to `[M]`.
#[inline(always)]
fn gather<S: Simd, const M: usize>(simd: S, x: [S::f32s; SIDE]) -> [S::f32s; M] {
    let at_1 = [simd.add_f32s(x[1], x[2]), simd.sub_f32s(x[1], x[2])];
    let at_2 = [simd.add_f32s(x[3], x[4]), simd.sub_f32s(x[3], x[4])];
    let mut y = [simd.splat_f32s(0.0); M];
    for j in 0..M {
        y[j] = mul_add(simd, simd.splat_f32s((1 << j) as f32), at_2[j % 2], at_1[j % 2]);
    }
    y[0] = simd.add_f32s(y[0], x[0]);
    y[M - 1] = simd.add_f32s(y[M - 1], x[5]);
    y
}

/// Vectors on the stack that start at a cache line.
#[repr(align(64))]
struct Lines<T>(T);

/// A transform of the columns of `$from` × `$from` vectors, then of the rows: `$to` × `$to` vectors, handed on row by row.
macro_rules! both {
    ($simd:expr, $transform:ident, $from:expr, $to:expr, |$row:ident, $column:ident| $load:expr, $put:expr) => {
        let mut half = Lines([[$simd.splat_f32s(0.0); $from]; $to]);
        for $column in 0..$from {
            let mut line = [$simd.splat_f32s(0.0); $from];
            for $row in 0..$from {
                line[$row] = $load;
            }
            let line: [_; $to] = $transform($simd, line);
            for row in 0..$to {
                half.0[row][$column] = line[row];
            }
        }
        for row in 0..$to {
            let line: [_; $to] = $transform($simd, half.0[row]);
            $put(row, line);
        }
    };
}

/// Kernels `[rows, columns]` of `R` × `R` numbers to 36 matrices, each packed for the products: `weight(row, column, tap)`.
struct Kernels<W> {
    rows: usize,
    columns: usize,
    weight: W,
}

impl<W: Fn(usize, usize, usize) -> f32> Kernels<W> {
    #[inline(always)]
    fn transformed<S: Simd, const R: usize>(self, simd: S) -> Vec<f32> {
        let Self { rows, columns, weight } = self;
        let n = rows * columns;
        // `[points, columns, rows]`; lanes are kernels here.
        let mut matrices = vec![0.0; POINTS * n];
        let mut lanes = vec![0.0; S::F32_LANES];
        for first in (0..n).step_by(S::F32_LANES) {
            let many = S::F32_LANES.min(n - first);
            let mut taps = [[simd.splat_f32s(0.0); R]; R];
            for y in 0..R {
                for x in 0..R {
                    for i in 0..many {
                        let kernel = first + i;
                        lanes[i] = weight(kernel % rows, kernel / rows, y * R + x);
                    }
                    taps[y][x] = S::as_simd_f32s(&lanes).0[0];
                }
            }
            both!(simd, spread_out, R, SIDE, |row, column| taps[row][column], |row, line: [_; SIDE]| {
                for column in 0..SIDE {
                    let here = (row * SIDE + column) * n + first;
                    simd.partial_store_f32s(&mut matrices[here..here + many], line[column]);
                }
            });
        }
        let mut packed = Vec::with_capacity(POINTS * n);
        for matrix in matrices.chunks_exact(n) {
            for part in parts(rows, room::<S>() / STEP) {
                for column in matrix.chunks_exact(rows) {
                    packed.extend_from_slice(&column[part.clone()]);
                }
            }
        }
        packed
    }
}

/// The weights of a forward pass, `[c_out, c_in, height, width]`, transformed and packed.
pub(super) struct ForwardWeights<'a>(pub(super) &'a Conv, pub(super) &'a [f32]);

impl WithSimd for ForwardWeights<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Self(conv, weights) = self;
        let n = conv.n_kernel();
        let weight = |o: usize, c: usize, tap: usize| weights[(o * conv.c_in + c) * n + tap];
        let kernels = Kernels { rows: conv.c_out, columns: conv.c_in, weight };
        sized!(conv, M, kernels.transformed::<S, { SIDE + 1 - M }>(simd))
    }
}

/// The weights for [`InputGradient`]: mirrored, and with the channels' roles exchanged.
pub(super) struct BackwardWeights<'a>(pub(super) &'a Conv, pub(super) &'a [f32]);

impl WithSimd for BackwardWeights<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Self(conv, weights) = self;
        let n = conv.n_kernel();
        let weight = |c: usize, o: usize, tap: usize| weights[(o * conv.c_in + c) * n + n - 1 - tap];
        let kernels = Kernels { rows: conv.c_in, columns: conv.c_out, weight };
        sized!(conv, M, kernels.transformed::<S, { SIDE + 1 - M }>(simd))
    }
}

/// Planes of vectors to be cut into tiles.
#[derive(Clone, Copy)]
struct Planes<'a> {
    vectors: &'a [f32],
    channels: usize,
    size: [usize; 2],
    /// Where a plane starts, how far rows and planes are apart
    start: usize,
    row: usize,
    plane: usize,
    /// Rows and columns of zeros that go before
    border: usize,
}

/// Tiles of `M` × `M` results.
#[derive(Clone)]
struct Tiles {
    /// Of one row of tiles
    across: usize,
    which: Range<usize>,
}

impl Tiles {
    fn origin<const M: usize>(&self, tile: usize) -> [usize; 2] {
        [tile / self.across * M, tile % self.across * M]
    }
}

/// How far the matrices of two points are apart: an odd number of vectors more than they need, since a power of two would
/// send all of them to the same few places of the cache.
fn stride(channels: usize, tiles: usize) -> usize {
    channels * tiles + 1
}

/// Puts row `y` of a transformed tile where it belongs in the matrices of the points.
#[inline(always)]
fn put_row<S: Simd>(points: &mut [S::f32s], stride: usize, at: usize, y: usize, line: [S::f32s; SIDE]) {
    for x in 0..SIDE {
        points[(y * SIDE + x) * stride + at] = line[x];
    }
}

/// Tiles of inputs, transformed: `[points, channels, tiles]`.
struct Inputs<'a, const M: usize> {
    planes: Planes<'a>,
    tiles: Tiles,
    /// Room for so many tiles
    room: usize,
    points: &'a mut [f32],
}

impl<const M: usize> WithSimd for Inputs<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { planes, tiles, room, points } = self;
        let vectors = S::as_simd_f32s(planes.vectors).0;
        let points = S::as_mut_simd_f32s(points).0;
        let stride = stride(planes.channels, room);
        let [height, width] = planes.size;
        let mut edge = Lines([simd.splat_f32s(0.0); POINTS]);
        for (i, tile) in tiles.which.clone().enumerate() {
            let [top, left] = tiles.origin::<M>(tile);
            // Rows and columns of the tile that lie on the plane.
            let rows = planes.border.saturating_sub(top)..(height + planes.border - top).min(SIDE);
            let columns = planes.border.saturating_sub(left)..(width + planes.border - left).min(SIDE);
            let whole = rows.len() == SIDE && columns.len() == SIDE;
            for channel in 0..planes.channels {
                let plane = &vectors[planes.start + channel * planes.plane..];
                let (from, row) = if whole {
                    let first = (top - planes.border) * planes.row + left - planes.border;
                    (&plane[first..], planes.row)
                } else {
                    edge.0 = [simd.splat_f32s(0.0); POINTS];
                    for row in rows.clone() {
                        let y = top + row - planes.border;
                        let line = &plane[y * planes.row + left + columns.start - planes.border..];
                        edge.0[row * SIDE + columns.start..row * SIDE + columns.end]
                            .copy_from_slice(&line[..columns.len()]);
                    }
                    (&edge.0[..], SIDE)
                };
                let mut lines: [&[S::f32s]; SIDE] = [&[]; SIDE];
                for y in 0..SIDE {
                    lines[y] = &from[y * row..][..SIDE];
                }
                let at = channel * room + i;
                both!(simd, transform, SIDE, SIDE, |y, x| lines[y][x], |y: usize, line: [S::f32s; SIDE]| {
                    put_row::<S>(points, stride, at, y, line);
                });
            }
        }
    }
}

/// Products for `O` output channels: `[points, O, tiles]` from `[points, channels, tiles]`.
struct Products<'a, const O: usize> {
    channels: usize,
    room: usize,
    tiles: usize,
    points: &'a [f32],
    /// All weights of a point, and where those of these output channels start
    weights: &'a [f32],
    n_weights: usize,
    first: usize,
    products: &'a mut [f32],
}

impl<const O: usize> WithSimd for Products<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { channels, room, tiles, n_weights, first, .. } = self;
        let points = S::as_simd_f32s(self.points).0;
        let products = S::as_mut_simd_f32s(self.products).0;
        let stride = stride(channels, room);
        for point in 0..POINTS {
            let weights = &self.weights[point * n_weights + first * channels..][..O * channels];
            let weights = weights.as_chunks::<O>().0;
            for step in (0..tiles).step_by(STEP) {
                let inputs = &points[point * stride..][..channels * room];
                let mut sums = [[simd.splat_f32s(0.0); STEP]; O];
                for (inputs, weights) in inputs.chunks_exact(room).zip(weights) {
                    let inputs = &inputs[step..step + STEP];
                    for o in 0..O {
                        let weight = simd.splat_f32s(weights[o]);
                        for i in 0..STEP {
                            sums[o][i] = mul_add(simd, weight, inputs[i], sums[o][i]);
                        }
                    }
                }
                for o in 0..O {
                    let to = &mut products[(point * O + o) * room + step..][..STEP];
                    for (to, sum) in to.iter_mut().zip(sums[o]) {
                        *to = sum;
                    }
                }
            }
        }
    }
}

/// Where results go, and what is done to them before.
struct Results<'a> {
    /// Of one channel, before the pool
    size: [usize; 2],
    pool: bool,
    relu: bool,
    /// `[channels]`, or nothing
    bias: &'a [f32],
    /// `[channels, size]` vectors
    y: &'a mut [f32],
    /// As `y`, or nothing
    choices: &'a mut [u32],
}

/// Tiles of products to results of `channels`.
struct Outputs<'a, 'b, const M: usize> {
    channels: Range<usize>,
    tiles: Tiles,
    room: usize,
    products: &'a [f32],
    results: &'a mut Results<'b>,
}

impl<const M: usize> WithSimd for Outputs<'_, '_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { channels, tiles, room, products, results } = self;
        let products = S::as_simd_f32s(products).0;
        let y = S::as_mut_simd_f32s(results.y).0;
        let choices = S::as_mut_simd_u32s(results.choices).0;
        let half = if results.pool { 2 } else { 1 };
        let [height, width] = results.size.map(|side| side / half);
        let n = channels.len();
        for (o, channel) in channels.enumerate() {
            let bias = simd.splat_f32s(results.bias.get(channel).copied().unwrap_or(0.0));
            for (i, tile) in tiles.which.clone().enumerate() {
                let mut x = [[simd.splat_f32s(0.0); M]; M];
                let product =
                    |row: usize, column: usize| products[((row * SIDE + column) * n + o) * room + i];
                both!(simd, gather, SIDE, M, |row, column| product(row, column), |row: usize, line| x[row] =
                    line);
                let [top, left] = tiles.origin::<M>(tile).map(|side| side / half);
                let mut put = |row: usize, column: usize, x: S::f32s, choice: S::u32s| {
                    let (x, choice) = relu(simd, results.relu, simd.add_f32s(x, bias), choice);
                    if top + row < height && left + column < width {
                        let here = (channel * height + top + row) * width + left + column;
                        y[here] = x;
                        if let Some(to) = choices.get_mut(here) {
                            *to = choice;
                        }
                    }
                };
                if results.pool {
                    for row in 0..M / 2 {
                        for column in 0..M / 2 {
                            let [upper, lower] = [x[2 * row], x[2 * row + 1]];
                            let [left, right] = [2 * column, 2 * column + 1];
                            let (most, choice) =
                                pool(simd, [upper[left], upper[right], lower[left], lower[right]]);
                            put(row, column, most, choice);
                        }
                    }
                } else {
                    for row in 0..M {
                        for column in 0..M {
                            put(row, column, x[row][column], simd.splat_u32s(0));
                        }
                    }
                }
            }
        }
    }
}

/// A convolution of planes, from transformed weights.
struct Filter<'a, const M: usize> {
    planes: Planes<'a>,
    weights: &'a [f32],
    channels: usize,
    results: Results<'a>,
}

impl<const M: usize> WithSimd for Filter<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { planes, weights, channels, mut results } = self;
        let [down, across] = results.size.map(|side| side.div_ceil(M));
        let part = room::<S>() / STEP;
        let n_weights = planes.channels * channels;
        let room = chunk(planes.channels);
        let mut points = Buffer::stale(POINTS * stride(planes.channels, room) * S::F32_LANES);
        let mut products = Buffer::stale(POINTS * part * room * S::F32_LANES);
        for start in (0..down * across).step_by(room) {
            let tiles = Tiles { across, which: start..(start + room).min(down * across) };
            let points = points.as_mut_slice();
            apart(simd, Inputs::<M> { planes, tiles: tiles.clone(), room, points });
            for part in parts(channels, part) {
                let products = products.as_mut_slice();
                constant!(part.len(), O, {
                    let work = Products::<O> {
                        channels: planes.channels,
                        room,
                        tiles: tiles.which.len(),
                        points,
                        weights,
                        n_weights,
                        first: part.start,
                        products,
                    };
                    apart(simd, work);
                });
                let (tiles, results) = (tiles.clone(), &mut results);
                apart(simd, Outputs::<M> { channels: part, tiles, room, products, results });
            }
        }
    }
}

/// One group forward, with weights from [`ForwardWeights`].
pub(super) struct Forward<'a>(pub(super) conv::Forward<'a>);

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let conv::Forward { conv, weights, bias, x, y, choices } = self.0;
        let planes = inputs(conv, x);
        let results = Results { size: conv.full(), pool: conv.pool, relu: conv.relu, bias, y, choices };
        let channels = conv.c_out;
        sized!(conv, M, Filter::<M> { planes, weights, channels, results }.with_simd(simd));
    }
}

fn inputs<'a>(conv: &Conv, x: &'a [f32]) -> Planes<'a> {
    Planes {
        vectors: x,
        channels: conv.c_in,
        size: [conv.height, conv.width],
        start: 0,
        row: conv.width,
        plane: conv.height * conv.width,
        border: 0,
    }
}

/// The gradient of a group's input, with weights from [`BackwardWeights`].
pub(super) struct InputGradient<'a>(pub(super) conv::InputGradient<'a>);

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let conv::InputGradient { conv, weights, spread, gradient } = self.0;
        let planes = Planes {
            vectors: spread,
            channels: conv.c_out,
            size: conv.full(),
            start: conv.spread_at(0, 0),
            row: conv.spread_width(),
            plane: conv.full()[0] * conv.spread_width(),
            border: conv.kernel[0] - 1,
        };
        let size = [conv.height, conv.width];
        let results = Results { size, pool: false, relu: false, bias: &[], y: gradient, choices: &mut [] };
        let channels = conv.c_in;
        sized!(conv, M, Filter::<M> { planes, weights, channels, results }.with_simd(simd));
    }
}

/// Tiles of a spread gradient, transformed as kernels: `[points, channels, tiles]`.
struct Gradients<'a, const M: usize> {
    conv: &'a Conv,
    spread: &'a [f32],
    tiles: Tiles,
    room: usize,
    points: &'a mut [f32],
}

impl<const M: usize> WithSimd for Gradients<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { conv, tiles, room, .. } = self;
        let spread = S::as_simd_f32s(self.spread).0;
        let points = S::as_mut_simd_f32s(self.points).0;
        let stride = stride(conv.c_out, room);
        let [height, width] = conv.full();
        for (i, tile) in tiles.which.clone().enumerate() {
            let [top, left] = tiles.origin::<M>(tile);
            for channel in 0..conv.c_out {
                let mut x = [[simd.splat_f32s(0.0); M]; M];
                for row in 0..M.min(height - top) {
                    for column in 0..M.min(width - left) {
                        let at = (channel * height + top + row) * conv.spread_width() + left + column;
                        x[row][column] = spread[conv.spread_at(0, 0) + at];
                    }
                }
                let at = channel * room + i;
                both!(simd, spread_out, M, SIDE, |y, x_| x[y][x_], |y: usize, line: [S::f32s; SIDE]| {
                    put_row::<S>(points, stride, at, y, line);
                });
            }
        }
    }
}

/// Sums over tiles of products of gradients and inputs, `[points, c_out, c_in]`.
struct Correlation<'a, const O: usize> {
    /// Whether to add to what is there
    add: bool,
    conv: &'a Conv,
    room: usize,
    tiles: usize,
    inputs: &'a [f32],
    gradients: &'a [f32],
    sums: &'a mut [f32],
}

/// Input channels of one step of a [`Correlation`].
const INPUTS: usize = 4;

impl<const O: usize> WithSimd for Correlation<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { add, conv, room, tiles, .. } = self;
        let inputs = S::as_simd_f32s(self.inputs).0;
        let gradients = S::as_simd_f32s(self.gradients).0;
        let all = S::as_mut_simd_f32s(self.sums).0;
        let none: &[S::f32s] = &[];
        for point in 0..POINTS {
            let inputs = &inputs[point * stride(conv.c_in, room)..];
            let gradients = &gradients[point * stride(conv.c_out, room)..];
            let all = &mut all[point * conv.c_out * conv.c_in..][..conv.c_out * conv.c_in];
            for o in (0..conv.c_out).step_by(O) {
                for c in (0..conv.c_in).step_by(INPUTS) {
                    // At the end of the channels the last one stands in for those that are missing.
                    let mut left = [none; O];
                    for i in 0..O {
                        left[i] = &gradients[(o + i).min(conv.c_out - 1) * room..][..tiles];
                    }
                    let mut right = [none; INPUTS];
                    for j in 0..INPUTS {
                        right[j] = &inputs[(c + j).min(conv.c_in - 1) * room..][..tiles];
                    }
                    let mut sums = [[simd.splat_f32s(0.0); INPUTS]; O];
                    for tile in 0..tiles {
                        let mut x = [simd.splat_f32s(0.0); INPUTS];
                        for j in 0..INPUTS {
                            x[j] = right[j][tile];
                        }
                        for i in 0..O {
                            let gradient = left[i][tile];
                            for j in 0..INPUTS {
                                sums[i][j] = mul_add(simd, gradient, x[j], sums[i][j]);
                            }
                        }
                    }
                    for i in 0..O.min(conv.c_out - o) {
                        for j in 0..INPUTS.min(conv.c_in - c) {
                            let to = &mut all[(o + i) * conv.c_in + c + j];
                            *to = if add { simd.add_f32s(*to, sums[i][j]) } else { sums[i][j] };
                        }
                    }
                }
            }
        }
    }
}

/// A group's part of the weights' gradient, `[points, c_out, c_in]` numbers; [`GatherKernels`] turns their sum over the
/// groups into the gradient.
pub(super) struct WeightGradient<'a> {
    pub(super) conv: &'a Conv,
    /// `[c_in, height, width]` vectors
    pub(super) x: &'a [f32],
    /// From `conv::Spread`.
    pub(super) spread: &'a [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let conv = self.conv;
        sized!(conv, M, self.sums::<S, M>(simd))
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn sums<S: Simd, const M: usize>(self, simd: S) -> Vec<f32> {
        let Self { conv, x, spread } = self;
        let room = GRADIENT_CHUNK;
        let [down, across] = conv.full().map(|side| side.div_ceil(M));
        let mut inputs = Buffer::stale(POINTS * stride(conv.c_in, room) * S::F32_LANES);
        let mut gradients = Buffer::stale(POINTS * stride(conv.c_out, room) * S::F32_LANES);
        let n = POINTS * conv.c_out * conv.c_in;
        let mut sums = Buffer::stale(n * S::F32_LANES);
        for start in (0..down * across).step_by(room) {
            let which = start..(start + room).min(down * across);
            let (add, n_tiles) = (start > 0, which.len());
            let tiles = Tiles { across, which };
            let planes = self::inputs(conv, x);
            let points = inputs.as_mut_slice();
            apart(simd, Inputs::<M> { planes, tiles: tiles.clone(), room, points });
            let points = gradients.as_mut_slice();
            apart(simd, Gradients::<M> { conv, spread, tiles, room, points });
            let (inputs, gradients) = (inputs.as_slice(), gradients.as_slice());
            let sums = sums.as_mut_slice();
            // As many sums as there are registers for.
            if S::REGISTER_COUNT >= 32 {
                apart(simd, Correlation::<4> { add, conv, room, tiles: n_tiles, inputs, gradients, sums });
            } else {
                apart(simd, Correlation::<2> { add, conv, room, tiles: n_tiles, inputs, gradients, sums });
            }
        }
        let sums = S::as_simd_f32s(sums.as_slice()).0;
        let mut totals = vec![0.0; sums.len()];
        for i in 0..sums.len() {
            totals[i] = simd.reduce_sum_f32s(sums[i]);
        }
        totals
    }
}

/// The weights' gradient, `[c_out, c_in, height, width]`, from sums `[points, c_out, c_in]`.
pub(super) struct GatherKernels<'a>(pub(super) &'a Conv, pub(super) &'a [f32]);

impl WithSimd for GatherKernels<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Self(conv, sums) = self;
        sized!(conv, M, gather_kernels::<S, { SIDE + 1 - M }>(simd, conv, sums))
    }
}

#[inline(always)]
fn gather_kernels<S: Simd, const R: usize>(simd: S, conv: &Conv, sums: &[f32]) -> Vec<f32> {
    let n = conv.c_out * conv.c_in;
    let mut kernels = vec![0.0; n * R * R];
    let mut lane = vec![0.0; S::F32_LANES];
    for first in (0..n).step_by(S::F32_LANES) {
        let many = S::F32_LANES.min(n - first);
        let mut x = [[simd.splat_f32s(0.0); SIDE]; SIDE];
        for row in 0..SIDE {
            for column in 0..SIDE {
                let from = (row * SIDE + column) * n + first;
                x[row][column] = simd.partial_load_f32s(&sums[from..from + many]);
            }
        }
        both!(simd, gather, SIDE, R, |row, column| x[row][column], |row: usize, line: [S::f32s; R]| {
            for column in 0..R {
                S::as_mut_simd_f32s(&mut lane).0[0] = line[column];
                for (i, number) in lane[..many].iter().enumerate() {
                    kernels[((first + i) * R + row) * R + column] = *number;
                }
            }
        });
    }
    kernels
}
