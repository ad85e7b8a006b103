//! Samples as PNG, inside the page: those that strategies asked for, and those that a net gets wrong.

use crate::pixels::{check, png};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deepal_core::metric::{Errors, Mistake};
use deepal_core::{Class, Data, Dataset, SampleId};
use deepal_data::stores::run::RoundRecord;

/// How many images of a round are shown.
const SHOWN: usize = 12;
/// Larger images are thinned out to at most so many pixels a side.
const SIDE: usize = 64;

/// An image and what is said of it: its class, for one.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) source: String,
    pub(crate) caption: String,
}

/// The first picks of a round with their classes.
///
/// # Errors
/// In words: data that are not images, or that lack the picks.
pub(crate) fn first_picks(round: &RoundRecord, data: &Data) -> Result<Vec<Picture>, String> {
    let classes = &data.train.meta().classes;
    let ids = round.picks.iter().take(SHOWN).map(|id| SampleId(*id)).collect::<Vec<_>>();
    let class =
        |id: &SampleId| data.train_labels.get(id.index()).and_then(|class| classes.get(class.index()));
    let captions = ids.iter().map(|id| class(id).cloned().unwrap_or_default()).collect();
    shown(data.train.as_ref(), &ids, captions)
}

/// The test samples that a net got wrong and was surest of, with their class, the predicted one and its probability.
///
/// # Errors
/// In words: data that are not images, or another test set than that of the record.
pub(crate) fn worst(errors: &Errors, data: &Data) -> Result<Vec<Picture>, String> {
    let classes = &data.test.meta().classes;
    let is_it =
        |mistake: &Mistake| data.test_labels.get(mistake.sample as usize) == Some(&Class(mistake.actual));
    if !errors.worst.iter().all(is_it) {
        return Err("the test set is another than that of the run".into());
    }
    let name = |class: u16| classes.get(usize::from(class)).map_or("?", String::as_str);
    let caption = |mistake: &Mistake| {
        let (actual, predicted) = (name(mistake.actual), name(mistake.predicted));
        format!("{actual}, not {predicted} ({:.0}\u{a0}%)", 100.0 * mistake.probability)
    };
    let ids = errors.worst.iter().map(|mistake| SampleId(mistake.sample)).collect::<Vec<_>>();
    shown(data.test.as_ref(), &ids, errors.worst.iter().map(caption).collect())
}

fn shown(data: &dyn Dataset, ids: &[SampleId], captions: Vec<String>) -> Result<Vec<Picture>, String> {
    let meta = data.meta();
    check(meta)?;
    let step = meta.shape[1].max(meta.shape[2]).div_ceil(SIDE);
    let inputs = data.inputs(ids).map_err(|error| error.to_string())?;
    let mut pictures = Vec::new();
    for (caption, input) in captions.into_iter().zip(inputs.outer_iter()) {
        let png = png(&input.to_vec(), meta, step).map_err(|error| error.to_string())?;
        let source = format!("data:image/png;base64,{}", STANDARD.encode(png));
        pictures.push(Picture { source, caption });
    }
    Ok(pictures)
}
