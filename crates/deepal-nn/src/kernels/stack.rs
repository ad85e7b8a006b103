//! Convolutions one after the other on a whole batch: each group of images goes through all of them while it is in the
//! cache, forward and backward.

use super::buffer::Buffer;
use super::conv::{self, BiasGradient, Conv, Spread};
use super::isa::Isa;
use super::winograd;
use rayon::prelude::*;
use std::ops::Range;

/// Convolutions of which each takes what the one before gives.
#[derive(Debug, Clone)]
pub(super) struct Stack {
    pub(super) convs: Vec<Conv>,
    pub(super) isa: Isa,
    /// Whether convolutions may be computed by Winograd's tiles.
    pub(super) tiles: bool,
}

/// The parameters of a convolution: `[c_out, c_in, height, width]` and `[c_out]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters<'a> {
    pub(super) weights: &'a [f32],
    pub(super) bias: &'a [f32],
}

/// What backward needs of a group.
#[derive(Debug)]
pub(super) struct Trace {
    /// The input of the first convolution, and the results of all.
    values: Vec<Buffer>,
    /// Of each convolution, the choices of its pool.
    choices: Vec<Vec<u32>>,
}

/// What backward needs of a batch.
#[derive(Debug)]
pub(super) struct Traces {
    groups: Vec<Trace>,
    /// If images were repeated, where in the groups each one is.
    rows: Option<Vec<usize>>,
}

impl Trace {
    /// The trace of a group of `rows`, each of which is an image of `groups`.
    fn of(groups: &[Self], rows: &[usize], lanes: usize) -> Self {
        let n = groups.first().map_or(0, |first| first.values.len());
        let values = (0..n).map(|i| {
            let of = |group: usize| groups[group].values[i].as_slice();
            let mut values = Buffer::zeros(of(0).len());
            gather(of, rows, lanes, values.as_mut_slice());
            values
        });
        let choices = (0..n.saturating_sub(1)).map(|i| {
            let of = |group: usize| &groups[group].choices[i][..];
            let mut choices = vec![0; of(0).len()];
            gather(of, rows, lanes, &mut choices);
            choices
        });
        Self { values: values.collect(), choices: choices.collect() }
    }
}

/// In each vector the lanes that are images number `rows` of the groups.
fn gather<'a, T: Copy + 'a>(groups: impl Fn(usize) -> &'a [T], rows: &[usize], lanes: usize, to: &mut [T]) {
    let from = rows.iter().map(|row| (groups(row / lanes), row % lanes)).collect::<Vec<_>>();
    for (i, to) in to.chunks_exact_mut(lanes).enumerate() {
        for (to, (group, lane)) in to.iter_mut().zip(&from) {
            *to = group[i * lanes + lane];
        }
    }
}

/// For each row of `n` numbers how many new ones came before it, counting one that equals its predecessor as not new; `None`
/// unless at least every other row is such a one.
fn repeats(x: &[f32], n: usize) -> Option<Vec<usize>> {
    let mut rows = Vec::with_capacity(x.len() / n);
    let mut last: Option<&[f32]> = None;
    let mut count = 0;
    for row in x.chunks_exact(n) {
        count += usize::from(last != Some(row));
        rows.push(count - 1);
        last = Some(row);
    }
    (2 * count <= rows.len()).then_some(rows)
}

/// How the loss changes with what a convolution gives for a group, before pool and ReLU.
struct Slope {
    /// From [`Spread`].
    spread: Buffer,
    /// Its sums, `[c_out]`.
    bias: Vec<f32>,
}

/// Gradients of a batch.
pub(super) struct Gradients {
    /// `[n, c_in, height, width]`, if wanted
    pub(super) input: Option<Vec<f32>>,
    /// Of each convolution its weights' and its bias'; empty: not wanted
    pub(super) parameters: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Stack {
    fn n_in(&self) -> usize {
        self.convs.first().map_or(0, Conv::n_in)
    }

    fn n_out(&self) -> usize {
        self.convs.last().map_or(0, Conv::n_out)
    }

    /// The result for images `[n, c_in, height, width]`, as `[n, c_out, out]`, and the traces if they are wanted. An image
    /// that is the one before once more, as where the gradients of many classes are wanted, is not computed again.
    pub(super) fn forward(
        &self,
        x: &[f32],
        parameters: &[Parameters<'_>],
        trace: bool,
    ) -> (Vec<f32>, Traces) {
        let Some(rows) = repeats(x, self.n_in()) else {
            let (y, groups) = self.forward_each(x, parameters, trace);
            return (y, Traces { groups, rows: None });
        };
        let new = |i: &usize| *i == 0 || rows[*i] != rows[*i - 1];
        let once = (0..rows.len()).filter(new).flat_map(|i| &x[i * self.n_in()..(i + 1) * self.n_in()]);
        let (y, groups) = self.forward_each(&once.copied().collect::<Vec<_>>(), parameters, trace);
        let y =
            rows.iter().flat_map(|row| &y[row * self.n_out()..(row + 1) * self.n_out()]).copied().collect();
        (y, Traces { groups, rows: Some(rows) })
    }

    fn forward_each(&self, x: &[f32], parameters: &[Parameters<'_>], trace: bool) -> (Vec<f32>, Vec<Trace>) {
        let lanes = self.isa.lanes();
        let packed = |(conv, &Parameters { weights, .. }): (&Conv, &Parameters<'_>)| match self.by_tiles(conv)
        {
            true => self.isa.run(winograd::ForwardWeights(conv, weights)),
            false => self.isa.run(conv::ForwardWeights(conv, weights)),
        };
        let packed = self.convs.par_iter().zip(parameters).map(packed).collect::<Vec<_>>();
        let mut y = vec![0.0; x.len() / self.n_in() * self.n_out()];
        let groups = x.par_chunks(lanes * self.n_in()).zip(y.par_chunks_mut(lanes * self.n_out()));
        let traces = groups.map(|(x, y)| {
            let mut kept = Trace { values: Vec::new(), choices: Vec::new() };
            let mut input = side_by_side(x, lanes, self.n_in());
            for ((conv, parameters), weights) in self.convs.iter().zip(parameters).zip(&packed) {
                let mut result = Buffer::stale(conv.n_out() * lanes);
                let mut choices = vec![0; if trace && conv.pool { conv.n_out() * lanes } else { 0 }];
                let (weights, bias) = (&weights[..], parameters.bias);
                let (x, y, choices_) = (input.as_slice(), result.as_mut_slice(), &mut choices[..]);
                let work = conv::Forward { conv, weights, bias, x, y, choices: choices_ };
                match self.by_tiles(conv) {
                    true => self.isa.run(winograd::Forward(work)),
                    false => self.isa.run(work),
                }
                let before = std::mem::replace(&mut input, result);
                if trace {
                    kept.values.push(before);
                    kept.choices.push(choices);
                }
            }
            one_by_one(input.as_slice(), lanes, y, self.n_out());
            if trace {
                kept.values.push(input);
            }
            kept
        });
        let traces = if trace {
            traces.collect()
        } else {
            traces.for_each(drop);
            Vec::new()
        };
        (y, traces)
    }

    /// Gradients from that of the result, `[n, c_out, out]`.
    pub(super) fn backward(
        &self,
        traces: &Traces,
        gradient: &[f32],
        weights: &[&[f32]],
        want_input: bool,
        want_parameters: bool,
    ) -> Gradients {
        let lanes = self.isa.lanes();
        let repeated;
        let traces = match &traces.rows {
            None => &traces.groups,
            Some(rows) => {
                let repeat = |rows: &[usize]| Trace::of(&traces.groups, rows, lanes);
                repeated = rows.par_chunks(lanes).map(repeat).collect();
                &repeated
            }
        };
        let packed = |(i, (conv, weights)): (usize, (&Conv, &&[f32]))| {
            if i == 0 && !want_input {
                Vec::new()
            } else if self.back_by_tiles(conv) {
                self.isa.run(winograd::BackwardWeights(conv, weights))
            } else {
                self.isa.run(conv::BackwardWeights(conv, weights))
            }
        };
        let packed = self.convs.par_iter().zip(weights).enumerate().map(packed).collect::<Vec<_>>();
        let n = gradient.len() / self.n_out();
        let mut input = vec![0.0; if want_input { n * self.n_in() } else { 0 }];
        // Groups of nothing if the input's gradient is not wanted.
        let mut inputs = input.chunks_mut(lanes * self.n_in()).map(Some).collect::<Vec<_>>();
        inputs.resize_with(traces.len(), || None);
        let groups = gradient.par_chunks(lanes * self.n_out()).zip(inputs).zip(traces);
        let slopes = groups
            .map(|((gradient, input), trace)| {
                let mut gradient = side_by_side(gradient, lanes, self.n_out());
                let mut slopes = Vec::new();
                for (i, conv) in self.convs.iter().enumerate().rev() {
                    let mut spread = Buffer::stale(conv.n_spread() * lanes);
                    self.isa.run(Spread {
                        conv,
                        gradient: gradient.as_slice(),
                        y: trace.values[i + 1].as_slice(),
                        choices: &trace.choices[i],
                        spread: spread.as_mut_slice(),
                    });
                    if i > 0 || want_input {
                        gradient = Buffer::stale(conv.n_in() * lanes);
                        let (weights, spread, gradient) =
                            (&packed[i], spread.as_slice(), gradient.as_mut_slice());
                        let work = conv::InputGradient { conv, weights, spread, gradient };
                        match self.back_by_tiles(conv) {
                            true => self.isa.run(winograd::InputGradient(work)),
                            false => self.isa.run(work),
                        }
                    }
                    let bias = match want_parameters {
                        true => self.isa.run(BiasGradient { conv, spread: spread.as_slice() }),
                        false => Vec::new(),
                    };
                    slopes.push(Slope { spread, bias });
                }
                if let Some(input) = input {
                    one_by_one(gradient.as_slice(), lanes, input, self.n_in());
                }
                slopes.reverse();
                slopes
            })
            .collect::<Vec<_>>();
        let parameters = match want_parameters {
            true => self.parameters(traces, &slopes),
            false => Vec::new(),
        };
        Gradients { input: want_input.then_some(input), parameters }
    }

    /// Gradients of the parameters, from the slopes of each group. How sums are parted depends on the sizes alone, so that
    /// the number of threads changes nothing.
    fn parameters(&self, traces: &[Trace], slopes: &[Vec<Slope>]) -> Vec<(Vec<f32>, Vec<f32>)> {
        let convs = || self.convs.iter().enumerate();
        let group =
            |i: usize, group: usize| (traces[group].values[i].as_slice(), slopes[group][i].spread.as_slice());
        // By tiles, each group by itself.
        let groups = convs().filter(|(_, conv)| self.by_tiles(conv));
        let groups =
            groups.flat_map(|(i, _)| (0..traces.len()).map(move |group| (i, group))).collect::<Vec<_>>();
        let of_groups = || {
            let one = |&(i, g): &(usize, usize)| {
                let (conv, (x, spread)) = (&self.convs[i], group(i, g));
                (i, self.isa.run(winograd::WeightGradient { conv, x, spread }))
            };
            groups.par_iter().with_max_len(1).map(one).collect::<Vec<_>>()
        };
        // Otherwise a few numbers over all groups.
        let places = convs().filter(|(_, conv)| !self.by_tiles(conv));
        let places = places.flat_map(|(i, conv)| {
            let tiles = self.isa.run(conv::WeightTiles(conv)).into_iter();
            tiles.map(move |(channels, first_tap)| (i, channels, first_tap))
        });
        let places = places.collect::<Vec<(usize, Range<usize>, usize)>>();
        let of_places = || {
            let one = |(i, channels, first_tap): &(usize, Range<usize>, usize)| {
                let groups = (0..traces.len()).map(|g| group(*i, g));
                let (conv, channels, first_tap) = (&self.convs[*i], channels.clone(), *first_tap);
                self.isa.run(conv::WeightGradient { conv, channels, first_tap, groups })
            };
            places.par_iter().map(one).collect::<Vec<_>>()
        };
        let (of_groups, of_places) = rayon::join(of_groups, of_places);
        let mut gradients = convs()
            .map(|(i, conv)| {
                let weights = match self.by_tiles(conv) {
                    true => {
                        let parts = of_groups.iter().filter(|(of, _)| *of == i).map(|(_, sums)| &sums[..]);
                        self.isa.run(winograd::GatherKernels(conv, &total(parts)))
                    }
                    false => vec![0.0; conv.c_out * conv.n_taps()],
                };
                (weights, total(slopes.iter().map(|slopes| &slopes[i].bias[..])))
            })
            .collect::<Vec<_>>();
        for ((i, channels, first_tap), sums) in places.iter().zip(of_places) {
            for (tap, sums) in sums.chunks(channels.len()).enumerate() {
                for (channel, sum) in channels.clone().zip(sums) {
                    gradients[*i].0[channel * self.convs[*i].n_taps() + first_tap + tap] = *sum;
                }
            }
        }
        gradients
    }

    fn by_tiles(&self, conv: &Conv) -> bool {
        self.tiles && conv.by_tiles()
    }

    fn back_by_tiles(&self, conv: &Conv) -> bool {
        self.tiles && conv.back_by_tiles()
    }
}

/// The sum of arrays, added in their order.
fn total<'a>(mut arrays: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut total = arrays.next().map(<[f32]>::to_vec).unwrap_or_default();
    arrays.for_each(|array| total.iter_mut().zip(array).for_each(|(to, x)| *to += x));
    total
}

/// At most `lanes` images of `n` numbers, `[images, n]`, to `[n, lanes]`; lanes without an image are 0.
fn side_by_side(images: &[f32], lanes: usize, n: usize) -> Buffer {
    let mut vectors =
        if images.len() < n * lanes { Buffer::zeros(n * lanes) } else { Buffer::stale(n * lanes) };
    for (lane, image) in images.chunks_exact(n).enumerate() {
        for (vector, x) in vectors.as_mut_slice().chunks_exact_mut(lanes).zip(image) {
            vector[lane] = *x;
        }
    }
    vectors
}

/// The way back, to as many images as there is room for.
fn one_by_one(vectors: &[f32], lanes: usize, images: &mut [f32], n: usize) {
    for (lane, image) in images.chunks_exact_mut(n).enumerate() {
        for (vector, x) in vectors.chunks_exact(lanes).zip(image) {
            *x = vector[lane];
        }
    }
}
