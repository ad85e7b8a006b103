//! Samples as PNG: those that strategies asked for, inside the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deepal::{Data, Meta, SampleId};
use deepal_data::run_store::Round;

/// How many images of a round are shown.
const SHOWN: usize = 12;
/// Larger images are thinned out to at most so many pixels a side.
const SIDE: usize = 64;

/// An image and its class.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) source: String,
    pub(crate) class: String,
}

/// The first picks of a round with their classes.
///
/// # Errors
/// In words: data that are not images, or that lack the picks.
pub(crate) fn first_picks(round: &Round, data: &Data) -> Result<Vec<Picture>, String> {
    let meta = data.train.meta();
    check(meta)?;
    let step = meta.shape[1].max(meta.shape[2]).div_ceil(SIDE);
    let ids = round.picks.iter().take(SHOWN).map(|id| SampleId(*id)).collect::<Vec<_>>();
    let inputs = data.train.inputs(&ids).map_err(|error| error.to_string())?;
    let mut pictures = Vec::new();
    for (id, input) in ids.iter().zip(inputs.outer_iter()) {
        let class = data.train_labels.get(id.index()).and_then(|class| meta.classes.get(class.index()));
        let png = png(&input.to_vec(), meta, step).map_err(|error| error.to_string())?;
        pictures.push(Picture {
            source: format!("data:image/png;base64,{}", STANDARD.encode(png)),
            class: class.cloned().unwrap_or_default(),
        });
    }
    Ok(pictures)
}

/// Whether samples can be shown.
///
/// # Errors
/// In words: data that are not images.
pub(crate) fn check(meta: &Meta) -> Result<(), String> {
    let [channels, height, width] = meta.shape;
    if !matches!(channels, 1 | 3) || height < 2 || width < 2 || meta.range.len() != channels {
        return Err("the samples are not images of one or three channels in a known range".into());
    }
    Ok(())
}

/// An input, `[channels · height · width]`, as a picture of every `step`th pixel.
pub(crate) fn png(input: &[f32], meta: &Meta, step: usize) -> Result<Vec<u8>, png::EncodingError> {
    let [channels, height, width] = meta.shape;
    let (rows, columns) = (height.div_ceil(step), width.div_ceil(step));
    let mut bytes = Vec::with_capacity(rows * columns * channels);
    for y in (0..height).step_by(step) {
        for x in (0..width).step_by(step) {
            for (channel, (least, greatest)) in meta.range.iter().enumerate() {
                let share = (input[(channel * height + y) * width + x] - least) / (greatest - least);
                bytes.push((255.0 * share).round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&bytes)?;
    Ok(file)
}
