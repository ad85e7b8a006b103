//! [`Transform`]: how a picture of any size becomes the input of a net.

use crate::error::{Error, Result};
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma, Pixel, Rgb};
use serde::{Deserialize, Serialize};

/// How a picture of any size becomes the input of a net: resized to one size, then each channel `(x - mean) / std`, where `x`
/// is a byte, 0 to 255.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// Height and width in pixels.
    pub size: [usize; 2],
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// What happens to a picture of another shape.
    #[serde(default)]
    pub resize: Resize,
    /// The mean of each channel, 0 to 255.
    pub mean: Vec<f32>,
    /// The standard deviation of each channel on the same scale.
    pub std: Vec<f32>,
}

/// What happens to a picture of another shape than wanted. Sizes are changed by linear interpolation over all pixels that
/// a new one covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// The largest part in its middle that has the shape.
    #[default]
    Crop,
    /// All of it, stretched to the shape.
    Squash,
    /// All of it, with black borders.
    Pad,
}

/// A picture as it was decoded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// 1 or 3.
    pub(crate) channels: usize,
    /// `[height, width, channels]`
    pub(crate) pixels: Vec<u8>,
}

impl Transform {
    /// Without knowledge of the data: bytes to -2 … 2.
    pub fn new(size: [usize; 2], channels: usize) -> Self {
        Self { size, channels, resize: Resize::Crop, mean: vec![127.5; channels], std: vec![63.75; channels] }
    }

    /// Checks that it makes inputs at all.
    ///
    /// # Errors
    /// Names the first setting outside its range.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str, why: String| {
            Err(deepal_core::Error::Setting { what: format!("image: {what}"), why }.into())
        };
        if self.size.iter().any(|side| !(1..=4096).contains(side)) {
            return wrong("size", format!("must be two numbers from 1 to 4096, got {:?}", self.size));
        }
        if !matches!(self.channels, 1 | 3) {
            return wrong("channels", format!("must be 1 or 3, got {}", self.channels));
        }
        if self.mean.len() != self.channels || self.std.len() != self.channels {
            return wrong(
                "mean and std",
                format!("must have {} numbers, one for each channel", self.channels),
            );
        }
        if self.mean.iter().any(|mean| !mean.is_finite())
            || self.std.iter().any(|std| !(*std > 0.0 && std.is_finite()))
        {
            return wrong("mean and std", "must be finite, and std above 0".into());
        }
        Ok(())
    }

    /// `[channels, height, width]`
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.size[0], self.size[1]]
    }

    /// The least and the greatest input of each channel.
    pub fn range(&self) -> Vec<(f32, f32)> {
        let end = |byte: f32, channel: usize| (byte - self.mean[channel]) / self.std[channel];
        (0..self.channels).map(|channel| (end(0.0, channel), end(255.0, channel))).collect()
    }

    /// The picture in the wanted size and channels, as bytes `[channels, height, width]`.
    pub(crate) fn fit(&self, picture: Picture) -> Result<Vec<u8>> {
        let Picture { height, width, channels, pixels } = picture;
        match channels {
            1 => self.fit_pixels::<Luma<u8>>([width, height], pixels),
            _ => self.fit_pixels::<Rgb<u8>>([width, height], pixels),
        }
    }

    fn fit_pixels<P: Pixel<Subpixel = u8> + 'static>(
        &self,
        [width, height]: [usize; 2],
        pixels: Vec<u8>,
    ) -> Result<Vec<u8>> {
        let found = format!("{} bytes", pixels.len());
        let Some(picture) = ImageBuffer::<P, _>::from_raw(width as u32, height as u32, pixels) else {
            return Err(Error::corrupt("picture", format!("{width}×{height} pixels"), found));
        };
        let [rows, columns] = self.size.map(|side| side as u32);
        let sized = if (width, height) == (columns as usize, rows as usize) {
            picture
        } else {
            self.resized(&picture)
        };
        // Planes, grey or of each colour.
        let mut planes = Vec::with_capacity(self.channels * self.size[0] * self.size[1]);
        match (P::CHANNEL_COUNT, self.channels) {
            (1, channels) => {
                (0..channels).for_each(|_| planes.extend(sized.pixels().map(|pixel| pixel.channels()[0])))
            }
            (_, 1) => planes.extend(sized.pixels().map(|pixel| grey(pixel.channels()))),
            (_, channels) => {
                (0..channels)
                    .for_each(|channel| planes.extend(sized.pixels().map(|pixel| pixel.channels()[channel])));
            }
        }
        Ok(planes)
    }

    fn resized<P: Pixel<Subpixel = u8> + 'static>(
        &self,
        picture: &ImageBuffer<P, Vec<u8>>,
    ) -> ImageBuffer<P, Vec<u8>> {
        let [rows, columns] = self.size.map(|side| side as u32);
        let (width, height) = picture.dimensions();
        let filter = FilterType::Triangle;
        // The side that decides, in exact arithmetic: width / height against columns / rows.
        let is_wide = u64::from(width) * u64::from(rows) > u64::from(height) * u64::from(columns);
        let share = |a: u32, b: u32, c: u32| {
            ((u64::from(a) * u64::from(b) + u64::from(c) / 2) / u64::from(c)).max(1) as u32
        };
        match self.resize {
            Resize::Squash => imageops::resize(picture, columns, rows, filter),
            Resize::Crop => {
                let (w, h) = if is_wide {
                    (share(height, columns, rows), height)
                } else {
                    (width, share(width, rows, columns))
                };
                let (w, h) = (w.min(width), h.min(height));
                let middle = imageops::crop_imm(picture, (width - w) / 2, (height - h) / 2, w, h).to_image();
                imageops::resize(&middle, columns, rows, filter)
            }
            Resize::Pad => {
                let (w, h) = if is_wide {
                    (columns, share(height, columns, width))
                } else {
                    (share(width, rows, height), rows)
                };
                let (w, h) = (w.min(columns), h.min(rows));
                let mut padded = ImageBuffer::new(columns, rows);
                let small = imageops::resize(picture, w, h, filter);
                imageops::replace(
                    &mut padded,
                    &small,
                    i64::from((columns - w) / 2),
                    i64::from((rows - h) / 2),
                );
                padded
            }
        }
    }

    /// The inputs of fitted bytes, both `[channels, height, width]`.
    pub(crate) fn scale(&self, pixels: &[u8], inputs: &mut [f32]) {
        let side = self.size[0] * self.size[1];
        let planes = pixels.chunks_exact(side).zip(inputs.chunks_exact_mut(side));
        for ((pixels, inputs), (mean, std)) in planes.zip(self.mean.iter().zip(&self.std)) {
            for (input, byte) in inputs.iter_mut().zip(pixels) {
                *input = (f32::from(*byte) - mean) / std;
            }
        }
    }
}

/// Red, green and blue as one grey by the weights of ITU-R BT.601, in whole numbers as Pillow, torchvision and OpenCV do it.
fn grey(colour: &[u8]) -> u8 {
    let weighted =
        colour.iter().zip([19_595_u32, 38_470, 7_471]).map(|(value, weight)| u32::from(*value) * weight);
    ((weighted.sum::<u32>() + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transform(size: [usize; 2], channels: usize, resize: Resize) -> Transform {
        Transform { resize, ..Transform::new(size, channels) }
    }

    /// A grey picture of which each row is a list.
    fn grey<const N: usize>(rows: &[[u8; N]]) -> Picture {
        Picture { height: rows.len(), width: N, channels: 1, pixels: rows.concat() }
    }

    #[test]
    fn a_picture_of_the_right_size_is_only_taken_apart() {
        let pixels = (0..2 * 3 * 3).map(|i| 10 * i).collect::<Vec<u8>>();
        let picture = Picture { height: 2, width: 3, channels: 3, pixels };
        let planes = transform([2, 3], 3, Resize::Crop).fit(picture.clone()).unwrap();
        assert_eq!(planes[..6], [0, 30, 60, 90, 120, 150]);
        assert_eq!(planes[6..12], [10, 40, 70, 100, 130, 160]);
        let luma = transform([2, 3], 1, Resize::Crop).fit(picture).unwrap();
        // 0.299 red + 0.587 green + 0.114 blue of 0, 10, 20 is 8.15.
        assert_eq!((luma.len(), luma[0], luma[1] - luma[0]), (6, 8, 30));
        let three = transform([1, 2], 3, Resize::Crop).fit(grey(&[[7, 9]])).unwrap();
        assert_eq!(three, [7, 9, 7, 9, 7, 9]);
    }

    /// The values are those of Pillow's `convert("L")`.
    #[test]
    fn colour_becomes_grey_by_the_weights_of_other_tools() {
        let cases = [
            ([255, 0, 0], 76),
            ([0, 255, 0], 150),
            ([0, 0, 255], 29),
            ([255, 255, 255], 255),
            ([0, 0, 0], 0),
            ([200, 100, 50], 124),
            ([1, 2, 3], 2),
        ];
        for (colour, expected) in cases {
            let picture = Picture { height: 1, width: 1, channels: 3, pixels: colour.to_vec() };
            assert_eq!(transform([1, 1], 1, Resize::Crop).fit(picture).unwrap(), [expected], "{colour:?}");
        }
        for value in 0..=255 {
            assert_eq!(super::grey(&[value; 3]), value, "grey stays what it is");
        }
    }

    #[test]
    fn each_rule_keeps_the_part_that_it_says() {
        let wide = || grey(&[[10, 50, 50, 90], [10, 50, 50, 90]]);
        let of = |size, resize, picture| transform(size, 1, resize).fit(picture).unwrap();
        assert_eq!(of([2, 2], Resize::Crop, wide()), [50; 4]);
        assert_eq!(of([2, 2], Resize::Crop, grey(&[[10, 10], [50, 50], [50, 50], [90, 90]])), [50; 4]);
        let squashed = of([2, 2], Resize::Squash, wide());
        assert!(squashed[0] < 50 && squashed[1] > 50, "{squashed:?}");
        let padded = of([4, 4], Resize::Pad, wide());
        assert_eq!(padded[..4], [0; 4]);
        assert_eq!(padded[4..12], [10, 50, 50, 90, 10, 50, 50, 90]);
        assert_eq!(padded[12..], [0; 4]);
        let tall = of([2, 6], Resize::Pad, grey(&[[10, 20], [30, 40]]));
        assert_eq!(tall, [0, 0, 10, 20, 0, 0, 0, 0, 30, 40, 0, 0]);
    }

    #[test]
    fn any_shape_becomes_any_other() {
        for (height, width) in [(1, 1), (1, 200), (200, 1), (7, 5)] {
            for size in [[1, 1], [1, 9], [9, 1], [3, 4]] {
                for resize in [Resize::Crop, Resize::Squash, Resize::Pad] {
                    let picture = Picture { height, width, channels: 1, pixels: vec![77; height * width] };
                    let planes = transform(size, 1, resize).fit(picture).unwrap();
                    assert_eq!(planes.len(), size[0] * size[1]);
                    let is_right = |byte: &u8| *byte == 77 || (resize == Resize::Pad && *byte == 0);
                    assert!(planes.contains(&77) && planes.iter().all(is_right), "{resize:?} {size:?}");
                }
            }
        }
    }

    #[test]
    fn bytes_become_inputs_within_the_range() {
        let transform = Transform {
            mean: vec![10.0, 100.0, 0.0],
            std: vec![5.0, 1.0, 255.0],
            ..Transform::new([1, 2], 3)
        };
        let mut inputs = [0.0; 6];
        transform.scale(&[0, 255, 0, 255, 0, 255], &mut inputs);
        assert_eq!(inputs, [-2.0, 49.0, -100.0, 155.0, 0.0, 1.0]);
        assert_eq!(transform.range(), [(-2.0, 49.0), (-100.0, 155.0), (0.0, 1.0)]);
        assert_eq!(transform.shape(), [3, 1, 2]);
        assert_eq!(Transform::new([1, 1], 1).range(), [(-2.0, 2.0)]);
    }

    #[test]
    fn settings_that_make_no_inputs_are_named() {
        let right = || Transform::new([4096, 1], 3);
        right().check().unwrap();
        let wrong = [
            (Transform { size: [4097, 1], ..right() }, "size"),
            (Transform { size: [1, 0], ..right() }, "size"),
            (Transform { channels: 4, ..right() }, "channels"),
            (Transform { channels: 1, ..right() }, "mean and std"),
            (Transform { std: vec![1.0; 2], ..right() }, "mean and std"),
            (Transform { mean: vec![1.0, f32::NAN, 1.0], ..right() }, "mean and std"),
            (Transform { std: vec![1.0, 0.0, 1.0], ..right() }, "std above 0"),
            (Transform { std: vec![1.0, f32::INFINITY, 1.0], ..right() }, "finite"),
        ];
        for (transform, words) in wrong {
            let text = transform.check().unwrap_err().to_string();
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn pixels_that_are_too_few_are_an_error() {
        let picture = Picture { height: 2, width: 2, channels: 3, pixels: vec![0; 11] };
        assert!(transform([2, 2], 3, Resize::Crop).fit(picture).is_err());
    }
}
