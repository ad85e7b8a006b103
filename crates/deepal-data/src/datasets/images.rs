//! [`Images`]: a data set of bytes held once in memory and turned into net inputs on demand.

use deepal_core::{Dataset, Error, Meta, Result, SampleId};
use ndarray::Array2;

/// How a byte becomes an input: divided by `max`, then per channel `(x - mean) / std`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The byte that means 1.0: 255, or 16 for the UCI digits.
    pub max: u8,
    /// The mean of each channel on the scale 0..1, `[c]`.
    pub mean: &'static [f32],
    /// The standard deviation of each channel on the same scale, `[c]`.
    pub std: &'static [f32],
}

impl Scale {
    /// MNIST's measured mean and deviation, which the paper's code uses for every grey 28×28 set.
    pub const MNIST: Scale = Scale { max: 255, mean: &[0.1307], std: &[0.3081] };
}

/// Images as bytes, `[n, c, h, w]`; [`inputs`](Dataset::inputs) scales the rows that are asked for.
#[derive(Debug, Clone)]
pub struct Images {
    meta: Meta,
    pixels: Vec<u8>,
    /// For each channel what every byte becomes: one look-up per pixel instead of a division.
    table: Vec<[f32; 256]>,
}

impl Images {
    /// Images of `shape` = `[c, h, w]` from `pixels`, `[n, c, h, w]` in row-major order.
    ///
    /// # Errors
    /// `pixels` that are not whole images, a byte above `scale.max`, or a mean and a deviation (above zero) not
    /// given for every channel.
    ///
    /// ```
    /// use deepal_core::{Dataset, SampleId};
    /// use deepal_data::datasets::{Images, Scale};
    ///
    /// let scale = Scale { max: 16, mean: &[0.5], std: &[0.25] };
    /// let images = Images::new("two", [1, 1, 2], &["no", "yes"], scale, vec![0, 16, 8, 12])?;
    /// assert_eq!(images.inputs(&[SampleId(1), SampleId(0)])?, ndarray::array![[0.0, 1.0], [-2.0, 2.0]]);
    /// assert_eq!(images.meta().range, [(-2.0, 2.0)]);
    /// # Ok::<(), deepal_core::Error>(())
    /// ```
    pub fn new(
        name: &str,
        shape: [usize; 3],
        classes: &[&str],
        scale: Scale,
        pixels: Vec<u8>,
    ) -> Result<Self> {
        let n_features = shape.iter().product::<usize>();
        if n_features == 0 || !pixels.len().is_multiple_of(n_features) {
            let expected = format!("a whole number of images {shape:?}");
            return Err(Error::Shape {
                what: format!("pixels of {name}"),
                expected,
                got: vec![pixels.len()],
            });
        }
        for (what, values) in [("mean", scale.mean), ("standard deviation", scale.std)] {
            if values.len() != shape[0] {
                let expected = format!("[{}], one for each channel", shape[0]);
                return Err(Error::Shape { what: what.into(), expected, got: vec![values.len()] });
            }
        }
        if scale.max == 0 || scale.std.iter().any(|std| *std <= 0.0) {
            return Err(Error::Setting { what: "scale".into(), why: "must be above zero".into() });
        }
        if let Some(at) = pixels.iter().position(|pixel| *pixel > scale.max) {
            let (row, value) = (at / n_features, pixels[at]);
            let why = format!("must be at most {}, got {value} in image {row}", scale.max);
            return Err(Error::Setting { what: format!("pixels of {name}"), why });
        }
        let table = (scale.mean.iter().zip(scale.std))
            .map(|(mean, std)| std::array::from_fn(|byte| (byte as f32 / f32::from(scale.max) - mean) / std))
            .collect::<Vec<[f32; 256]>>();
        let range = table.iter().map(|channel| (channel[0], channel[usize::from(scale.max)])).collect();
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        Ok(Self { meta: Meta { name: name.into(), shape, classes, range }, pixels, table })
    }
}

impl Dataset for Images {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn len(&self) -> usize {
        self.pixels.len() / self.meta.n_features()
    }

    fn inputs(&self, ids: &[SampleId]) -> Result<Array2<f32>> {
        if let Some(&id) = ids.iter().find(|id| id.index() >= self.len()) {
            return Err(Error::UnknownSample { id, len: self.len() });
        }
        let n_features = self.meta.n_features();
        let mut values = Vec::with_capacity(ids.len() * n_features);
        for id in ids {
            let image = &self.pixels[id.index() * n_features..][..n_features];
            for (channel, table) in image.chunks_exact(n_features / self.table.len()).zip(&self.table) {
                values.extend(channel.iter().map(|pixel| table[usize::from(*pixel)]));
            }
        }
        Array2::from_shape_vec((ids.len(), n_features), values).map_err(Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Scale = Scale { max: 255, mean: &[0.5, 0.25], std: &[0.5, 0.25] };

    #[test]
    fn each_channel_has_its_own_mean_deviation_and_range() {
        let images = Images::new("x", [2, 1, 2], &["a"], TWO, vec![0, 255, 0, 255]).unwrap();
        assert_eq!(images.inputs(&[SampleId(0)]).unwrap(), ndarray::array![[-1.0, 1.0, -1.0, 3.0]]);
        assert_eq!(images.meta().range, [(-1.0, 1.0), (-1.0, 3.0)]);
    }

    #[test]
    fn no_ids_give_no_rows_and_unknown_ids_an_error() {
        let images = Images::new("x", [2, 1, 2], &["a"], TWO, vec![0; 8]).unwrap();
        assert_eq!(images.inputs(&[]).unwrap().dim(), (0, 4));
        let unknown = images.inputs(&[SampleId(1), SampleId(2)]);
        assert!(matches!(unknown, Err(Error::UnknownSample { id: SampleId(2), len: 2 })));
    }

    #[test]
    fn what_cannot_be_images_is_refused() {
        let new = |shape, scale, pixels| Images::new("x", shape, &["a"], scale, pixels);
        assert!(new([2, 1, 2], TWO, vec![0; 7]).is_err());
        assert!(new([2, 0, 2], TWO, vec![]).is_err());
        assert!(new([3, 1, 1], TWO, vec![0; 3]).is_err());
        assert!(new([2, 1, 1], Scale { std: &[1.0, 0.0], ..TWO }, vec![0; 2]).is_err());
        let above = new([2, 1, 1], Scale { max: 16, ..TWO }, vec![0, 16, 17, 0]).unwrap_err();
        assert!(above.to_string().contains("at most 16, got 17 in image 1"), "{above}");
    }
}
