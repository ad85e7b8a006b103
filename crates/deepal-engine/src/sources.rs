//! A user's own data, opened with what goes with them: a pretrained net, copies left out, news on the way.

use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use crate::pretrained::Pretrained;
use crate::text::count;
use deepal_data::source::{Manifest, Open, Source, would_be_read};
use std::path::Path;

/// The samples of a source, what was noticed in them heard by `monitor`. With a pretrained net their inputs are its embeddings, and the
/// name is `NAME@MODEL`; what `open` says of pictures is then the net's to say. `dedup`: how near copies are that are left out.
///
/// # Errors
/// A source that cannot be read or understood, or that the net does not take.
pub fn open(
    path: &Path,
    model: Option<&Pretrained>,
    dedup: Option<f64>,
    open: &Open<'_>,
    monitor: &Monitor<'_>,
) -> Result<Source> {
    let progress = |done, total| monitor.progress("reading samples", done, total);
    let open = match model {
        Some(model) => {
            Open { progress: &progress, cache_bytes: 0, image: model.image.as_ref(), unscaled: true, ..*open }
        }
        None => Open { progress: &progress, ..*open },
    };
    let mut source = Source::open(path, &open)?;
    if let Some(model) = model {
        source = model.embed(source, monitor)?;
    }
    if let Some(share) = dedup {
        let progress = |done, total| monitor.progress("looking for copies", done, total);
        let found = source.duplicates(share, &progress).context("`dedup`")?;
        source.notes.extend(found.notes(&source));
        source = source.without(&found);
    }
    tell(&source, monitor);
    Ok(source)
}

/// Refuses to write into a folder that is read as samples: pictures and tables there would be samples of the next run. A hidden folder in
/// it is not read, so it is fine, and so is any where the source is gone or its manifest cannot be read.
///
/// # Errors
/// `out` lies in the folder of the source.
pub(crate) fn check_outside(out: &Path, source: &Path) -> Result<()> {
    let Ok((manifest, folder)) = Manifest::of(source) else { return Ok(()) };
    let samples = folder.join(&manifest.source);
    if would_be_read(out, &samples) {
        bail!(Error::Setting(format!(
            "`{}` is inside `{}`, whose files are samples; choose a folder outside",
            out.display(),
            samples.display()
        )));
    }
    Ok(())
}

/// Says what was noticed in a source.
fn tell(source: &Source, monitor: &Monitor<'_>) {
    for note in &source.notes {
        monitor.note(&format!("{}: {note}", source.name));
    }
    if let Some(first) = source.problems.first() {
        monitor.warn(&format!(
            "{} in {} could not be used, the first: {} {}; `deepal data inspect` lists all",
            count(source.problems.len(), "item", "items"),
            source.name,
            first.what,
            first.why
        ));
    }
}
