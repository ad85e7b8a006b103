//! The inputs of arrays: [`Features`], rows of numbers, and [`Pictures`], fitted when they are asked for. Both stay in their
//! file where they lie there as they are.

use crate::error::{Error, Result};
use crate::formats::element::Element;
use crate::formats::stored::{Bytes, Stored};
use crate::source::scale::{Fit, Scale, Scaling};
use crate::source::show::Shown;
use crate::source::transform::Picture;
use crate::source::{Encoding, Inputs, Manifest, Open, Resize, Transform};
use ndarray::Array2;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The largest side at which pictures keep their size if nothing is said.
const SMALL: usize = 64;

/// Samples where they lie.
pub(super) enum Items {
    /// `[n, d]`
    Features(Stored),
    Pictures(Pixels, Grid),
}

pub(super) enum Pixels {
    Stored(Stored),
    Bytes(Bytes),
}

/// How the bytes of pictures lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) n: usize,
    /// Bytes before each picture that are none of its pixels.
    pub(super) before: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// 1, 3 or 4, the fourth being opacity.
    pub(super) channels: usize,
    /// `[channels, height, width]`, else `[height, width, channels]`.
    pub(super) is_planar: bool,
}

impl Items {
    /// What an array is, by its dimensions: `[n, d]` are features, `[n, h, w]` grey pictures. Four dimensions are pictures with
    /// 1, 3 or 4 channels, which are the last dimension if that is so long, else the second.
    pub(super) fn of(stored: Stored) -> Result<Self> {
        if !stored.element.is_number() {
            return Err(stored.wrong("holds strings, which are no features; name an array of numbers"));
        }
        let (height, width, channels, is_planar) = match stored.shape[..] {
            [_, d] if d > 0 => return Ok(Self::Features(stored)),
            [_, height, width] => (height, width, 1, false),
            [_, height, width, channels @ (1 | 3 | 4)] => (height, width, channels, false),
            [_, channels @ (1 | 3 | 4), height, width] => (height, width, channels, true),
            _ => {
                let why = "features are [n, d]; pictures are [n, h, w], [n, h, w, c] or [n, c, h, w] with 1, 3 or 4 channels";
                return Err(stored.wrong(format!("has shape {:?}; {why}", stored.shape)));
            }
        };
        if [height, width].iter().any(|side| !(1..=65_535).contains(side)) {
            return Err(
                stored.wrong(format!("has pictures of {height}×{width} pixels; sides are 1 to 65535"))
            );
        }
        let grid = Grid { n: stored.shape[0], before: 0, height, width, channels, is_planar };
        Ok(Self::Pictures(Pixels::Stored(stored), grid))
    }

    /// How many samples.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Features(stored) => stored.shape[0],
            Self::Pictures(_, grid) => grid.n,
        }
    }

    /// The array, if it is one.
    fn stored(&self) -> Option<&Stored> {
        match self {
            Self::Features(stored) | Self::Pictures(Pixels::Stored(stored), _) => Some(stored),
            Self::Pictures(Pixels::Bytes(_), _) => None,
        }
    }
}

/// Inputs, for pictures how they became inputs, and for features what they owe to other rows.
pub(super) type Made = (Arc<dyn Inputs>, Option<Transform>, Option<Encoding>);

/// The inputs of all parts, one behind the other; each part with whether the scale is fitted to it.
pub(super) fn of(
    parts: Vec<(Items, bool)>,
    manifest: &Manifest,
    open: &Open<'_>,
    notes: &mut Vec<String>,
) -> Result<Made> {
    let arrays = parts.iter().filter_map(|(items, _)| items.stored()).collect::<Vec<_>>();
    if let Some(pair) = arrays.windows(2).find(|pair| pair[0].shape[1..] != pair[1].shape[1..]) {
        let why = format!("has shape {:?}, which does not fit to {:?}", pair[1].shape, pair[0].shape);
        return Err(pair[1].wrong(format!("{why} of `{}`", pair[0].label.display())));
    }
    let white = white(&arrays, notes)?;
    let encoding = encoding(&parts, manifest, open, notes)?;
    let scale = match &encoding {
        Some(Encoding::Array { scale: Some(scale), .. }) => Some(Arc::new(scale.clone())),
        _ => None,
    };
    let total = parts.iter().map(|(items, _)| items.len()).sum();
    let mut image = None;
    let mut inputs = Vec::<Arc<dyn Inputs>>::new();
    for (items, _) in parts {
        inputs.push(match items {
            Items::Features(stored) => Arc::new(Features::new(&stored, scale.clone())?),
            Items::Pictures(pixels, grid) => {
                let transform = open.image.or(manifest.image.as_ref()).cloned();
                let transform = transform.unwrap_or_else(|| grid.transform());
                transform.check()?;
                let bytes = match pixels {
                    Pixels::Stored(stored) => to_bytes(&stored, white)?,
                    Pixels::Bytes(bytes) => bytes,
                };
                if image.is_none() {
                    notes.extend(grid.note(&transform));
                    image = Some(transform.clone());
                }
                Arc::new(Pictures { bytes, grid, transform })
            }
        });
        (open.progress)(inputs.iter().map(|inputs| inputs.len()).sum(), total);
    }
    Ok((if inputs.len() == 1 { inputs.swap_remove(0) } else { Arc::new(Joined(inputs)) }, image, encoding))
}

/// What features owe to other rows: their scale, fitted to the parts that it is to be fitted to; `None` for pictures.
fn encoding(
    parts: &[(Items, bool)],
    manifest: &Manifest,
    open: &Open<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<Encoding>> {
    let features = |(items, is_fitted): &(Items, bool)| match items {
        Items::Features(stored) => Some((stored.clone(), *is_fitted)),
        Items::Pictures(..) => None,
    };
    let features = parts.iter().filter_map(features).collect::<Vec<_>>();
    let first = features.first().map(|(first, _)| first);
    let Some(width) = first.map(|first| first.shape[1]) else {
        return match open.encoding {
            Some(encoding) => Err(Error::unfit(
                &manifest.source,
                format!("has pictures, and rows of {} numbers are expected", encoding.width()),
            )),
            None => Ok(None),
        };
    };
    if let (Some(encoding), Some(first)) = (open.encoding, first) {
        return match encoding.width() == width {
            true => Ok(Some(encoding.clone())),
            false => {
                Err(first
                    .wrong(format!("has rows of {width} numbers, and {} are expected", encoding.width())))
            }
        };
    }
    if open.unscaled {
        return Ok(None);
    }
    let scaling = manifest.scale.unwrap_or_default();
    if scaling == Scaling::None {
        return Ok(Some(Encoding::Array { width, scale: None }));
    }
    let mut fit = Fit::new(width);
    for (stored, _) in features.iter().filter(|(_, is_fitted)| *is_fitted) {
        check_finite(stored)?;
        stored.each(|place, x| fit.add(place % width, x))?;
    }
    notes.extend(fit.note("the features", scaling));
    Ok(Some(Encoding::Array { width, scale: fit.finish(scaling) }))
}

/// Numbers that are not finite, as `f32`, are an error about the first such row.
fn check_finite(stored: &Stored) -> Result<()> {
    let d = stored.shape[1];
    let Some((place, value)) = stored.first(|value| !(value as f32).is_finite())? else { return Ok(()) };
    let why = if value.is_finite() { "which does not fit into float32" } else { "which is not finite" };
    let place = format!("row {}, column {}", place / d, place % d);
    Err(stored.wrong(format!("has {value:e} in {place} (from 0), {why}; correct it or leave the row out")))
}

impl Grid {
    /// Small pictures keep their size, others become 32×32.
    fn transform(&self) -> Transform {
        let is_small = self.height <= SMALL && self.width <= SMALL;
        let size = if is_small { [self.height, self.width] } else { [32, 32] };
        Transform::new(size, if self.channels == 1 { 1 } else { 3 })
    }

    /// What happens to pictures that are of another size than wanted.
    fn note(&self, transform: &Transform) -> Option<String> {
        let [height, width] = transform.size;
        let how = match transform.resize {
            Resize::Crop => "the largest middle part was",
            Resize::Squash => "they were stretched, that is",
            Resize::Pad => "they got black borders and were",
        };
        (transform.size != [self.height, self.width]).then(|| {
            format!("pictures have {}×{} pixels: {how} resized to {height}×{width}", self.height, self.width)
        })
    }

    /// Bytes from one picture to the next.
    fn step(&self) -> usize {
        self.before + self.height * self.width * self.channels
    }
}

/// The number that is white in pictures which are no bytes: 1 for booleans and for floats up to 1, else 255. It is one for
/// all arrays.
fn white(arrays: &[&Stored], notes: &mut Vec<String>) -> Result<f64> {
    let is_other = |stored: &&&Stored| stored.shape.len() > 2 && stored.element != Element::U8;
    let others = arrays.iter().filter(is_other).collect::<Vec<_>>();
    let mut most = 0.0_f64;
    for stored in &others {
        if let Some((place, value)) = stored.first(|value| !(0.0..=255.0).contains(&value))? {
            let row = place / stored.shape[1..].iter().product::<usize>();
            let why = "pictures must be 0 to 255 or 0 to 1; numbers that are used as they are must be [n, d]";
            return Err(stored.wrong(format!("has {value} in row {row}; {why}")));
        }
        stored.each(|_, value| most = most.max(value))?;
    }
    let may_be_one = |element: Element| element.is_float() || element == Element::Bool;
    let is_one = most <= 1.0 && others.iter().all(|stored| may_be_one(stored.element));
    let white = if is_one { 1.0 } else { 255.0 };
    if let Some(first) = others.first() {
        notes.push(format!("pictures of {} became bytes, {white} as 255", first.element.name()));
    }
    Ok(white)
}

/// Pictures as bytes, rounded if they are other numbers.
fn to_bytes(stored: &Stored, white: f64) -> Result<Bytes> {
    if stored.element == Element::U8 {
        return stored.bytes();
    }
    let mut bytes = stored.zeros::<u8>(stored.len())?;
    stored.each(|place, value| bytes[place] = (value / white * 255.0).round() as u8)?;
    Ok(Bytes::Held(bytes))
}

/// Rows of numbers, `[n, d]`.
struct Features {
    bytes: Bytes,
    element: Element,
    big: bool,
    n: usize,
    d: usize,
    scale: Option<Arc<Scale>>,
}

impl Features {
    /// Numbers that are not finite are an error.
    fn new(stored: &Stored, scale: Option<Arc<Scale>>) -> Result<Self> {
        let (n, d) = (stored.shape[0], stored.shape[1]);
        check_finite(stored)?;
        Ok(Self { bytes: stored.bytes()?, element: stored.element, big: stored.big, n, d, scale })
    }

    /// The numbers of a row, as they are in the file.
    fn each(&self, row: usize, mut each: impl FnMut(usize, f64)) {
        let (len, mut column) = (self.d * self.element.size(), 0);
        self.element.numbers(self.big, &self.bytes[row * len..][..len], |number| {
            each(column, number);
            column += 1;
        });
    }
}

impl Inputs for Features {
    fn shape(&self) -> [usize; 3] {
        [self.d, 1, 1]
    }

    fn len(&self) -> usize {
        self.n
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        by_row(rows, self.d, |row, inputs| {
            self.each(row, |column, number| {
                inputs[column] =
                    self.scale.as_ref().map_or(number as f32, |scale| scale.scaled(column, number));
            });
            Ok(())
        })
    }

    /// Of the numbers before they are scaled, which other rows do not change.
    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        let mut hash = Sha256::new();
        self.each(row, |_, number| hash.update((number as f32).to_le_bytes()));
        Ok(hash.finalize().into())
    }
}

/// Pictures of one size, as bytes.
struct Pictures {
    bytes: Bytes,
    grid: Grid,
    transform: Transform,
}

impl Pictures {
    /// The bytes of a picture as they lie.
    fn bytes(&self, row: usize) -> &[u8] {
        &self.bytes[row * self.grid.step()..][self.grid.before..self.grid.step()]
    }

    /// Channels last; what is transparent is white.
    fn picture(&self, row: usize) -> Picture {
        let Grid { height, width, channels, is_planar, .. } = self.grid;
        let (bytes, area) = (self.bytes(row), height * width);
        let at = |pixel: usize, channel: usize| {
            bytes[if is_planar { channel * area + pixel } else { pixel * channels + channel }]
        };
        let over_white = |byte: u8, opacity: u8| {
            let (byte, opacity) = (u32::from(byte), u32::from(opacity));
            ((byte * opacity + 255 * (255 - opacity) + 127) / 255) as u8
        };
        let pixels = match channels {
            1 => bytes.to_vec(),
            3 if !is_planar => bytes.to_vec(),
            3 => (0..3 * area).map(|i| at(i / 3, i % 3)).collect(),
            _ => (0..3 * area).map(|i| over_white(at(i / 3, i % 3), at(i / 3, 3))).collect(),
        };
        Picture { height, width, channels: channels.min(3), pixels }
    }
}

impl Inputs for Pictures {
    fn shape(&self) -> [usize; 3] {
        self.transform.shape()
    }

    fn range(&self) -> Vec<(f32, f32)> {
        self.transform.range()
    }

    fn len(&self) -> usize {
        self.grid.n
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        let width = self.shape().iter().product();
        by_row(rows, width, |row, inputs| {
            self.transform.scale(&self.transform.fit(self.picture(row))?, inputs);
            Ok(())
        })
    }

    fn show(&self, row: usize) -> Result<Shown> {
        Ok(Shown::of(self.picture(row)))
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        Ok(Sha256::digest(self.bytes(row)).into())
    }
}

/// Several inputs of one shape, one behind the other.
struct Joined(Vec<Arc<dyn Inputs>>);

impl Joined {
    /// The part that a row is in, and its row there.
    fn find(&self, mut row: usize) -> (usize, usize) {
        let mut part = 0;
        while part + 1 < self.0.len() && row >= self.0[part].len() {
            row -= self.0[part].len();
            part += 1;
        }
        (part, row)
    }
}

impl Inputs for Joined {
    fn shape(&self) -> [usize; 3] {
        self.0[0].shape()
    }

    fn range(&self) -> Vec<(f32, f32)> {
        self.0[0].range()
    }

    fn len(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        let found = rows.iter().map(|row| self.find(*row)).collect::<Vec<_>>();
        let mut inputs = Array2::zeros((rows.len(), self.shape().iter().product()));
        for (at, part) in self.0.iter().enumerate() {
            let places = (0..rows.len()).filter(|place| found[*place].0 == at).collect::<Vec<_>>();
            let rows = places.iter().map(|place| found[*place].1).collect::<Vec<_>>();
            for (place, values) in places.iter().zip(part.inputs(&rows)?.outer_iter()) {
                inputs.row_mut(*place).assign(&values);
            }
        }
        Ok(inputs)
    }

    fn show(&self, row: usize) -> Result<Shown> {
        let (part, row) = self.find(row);
        self.0[part].show(row)
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        let (part, row) = self.find(row);
        self.0[part].digest(row)
    }
}

/// The inputs of some rows, `[rows.len(), width]`, each made by itself.
fn by_row(
    rows: &[usize],
    width: usize,
    fill: impl Fn(usize, &mut [f32]) -> Result<()> + Sync,
) -> Result<Array2<f32>> {
    let mut inputs = Array2::zeros((rows.len(), width));
    if let Some(values) = inputs.as_slice_mut() {
        values.par_chunks_mut(width).zip(rows).try_for_each(|(inputs, row)| fill(*row, inputs))?;
    }
    Ok(inputs)
}
