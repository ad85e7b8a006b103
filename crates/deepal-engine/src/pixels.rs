//! Samples as PNG.

use deepal_core::Meta;

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
///
/// # Errors
/// Samples that [`check`] refuses.
pub(crate) fn png(input: &[f32], meta: &Meta, step: usize) -> Result<Vec<u8>, ::png::EncodingError> {
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
    let mut encoder = ::png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(if channels == 1 { ::png::ColorType::Grayscale } else { ::png::ColorType::Rgb });
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&bytes)?;
    Ok(file)
}
