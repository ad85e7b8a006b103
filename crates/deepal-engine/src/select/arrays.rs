//! Picks among rows of arrays from files.

use super::memory::Need;
use super::{
    SelectOptions, Selected, ask, by_rows, calibration, check_given, sample, sample_size, say_without,
};
use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use deepal_core::score::softmax;
use deepal_core::signals::{Dim, Rule, Values};
use deepal_core::{Signal, Signals, Strategy};
use deepal_data::formats::npy::{Matrix, read_1d_f32, read_2d, read_2d_f32, read_3d, read_classes};
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// NumPy files of signals; see [`Signal::kind`] for their shapes.
#[derive(Debug, Clone, Default)]
pub struct ArrayFiles {
    /// A file for each signal. Row `i` of all that are about candidates is candidate `i`.
    pub files: Vec<(Signal, PathBuf)>,
    /// Class scores before softmax, `[n, c]`, in the place of probabilities.
    pub logits: Option<PathBuf>,
}

impl ArrayFiles {
    fn file(&self, signal: Signal) -> Option<&Path> {
        self.files.iter().find(|(other, _)| other.is_like(signal)).map(|(_, path)| path.as_path())
    }
}

pub(super) fn select(
    arrays: &ArrayFiles,
    strategy: &dyn Strategy,
    options: &SelectOptions,
    monitor: &Monitor<'_>,
) -> Result<Selected> {
    let is_cold = arrays.file(Signal::LabeledEmbeddings).is_none();
    check_given(strategy, is_cold, |signal| {
        arrays.file(signal).is_some() || (signal == Signal::Probs && arrays.logits.is_some())
    })?;
    check_memory(arrays, strategy, options)?;
    // Large arrays are looked at where they are.
    let mapped = arrays.files.iter().filter(|(signal, _)| is_matrix(*signal));
    let mapped =
        mapped.map(|(signal, path)| Ok((*signal, Matrix::open(path).context(about(*signal, None))?)));
    let mapped = mapped.collect::<Result<Vec<_>>>()?;
    let mut signals = read(arrays, &mapped)?;
    let labeled = signals.labeled_embeddings().is_ok_and(|labeled| labeled.nrows() > 0);
    if labeled && strategy.wants().contains(&Signal::Calibration) && signals.has(Signal::Labels) {
        let labels = signals.labels()?.to_vec();
        let found = calibration(&signals.labeled_embeddings()?, &labels, &signals, options.seed)?;
        signals = signals.with_calibration(found)?;
    }
    say_without(strategy, &signals, monitor);
    let sampled = sample(signals.len(), options, monitor);
    let selection = match &sampled {
        Some(sampled) => ask(strategy, &signals.of(sampled), options, monitor)?,
        None => ask(strategy, &signals, options, monitor)?,
    };
    Ok(Selected { selection: by_rows(selection, sampled.as_deref()), ids: None })
}

/// Single-precision arrays of two axes, which may be large.
fn is_matrix(signal: Signal) -> bool {
    let kind = signal.kind();
    kind.rule == Rule::Finite && kind.shape.len() == 2 && !kind.shape.contains(&Dim::Rest)
}

/// What an error is about.
fn about(signal: Signal, path: Option<&Path>) -> String {
    let option = signal.kind().option.unwrap_or_default();
    path.map_or_else(|| format!("`{option}`"), |path| format!("`{option} {}`", path.display()))
}

/// Looks whether the selection fits into the memory, before embeddings are read.
fn check_memory(arrays: &ArrayFiles, strategy: &dyn Strategy, options: &SelectOptions) -> Result<()> {
    let mut labeled = 0;
    if let Some(path) = arrays.file(Signal::LabeledEmbeddings) {
        let ([n, d], is_mapped) = Matrix::peek(path).context(about(Signal::LabeledEmbeddings, None))?;
        labeled = if is_mapped {
            0
        } else {
            Signal::LabeledEmbeddings.bytes(|dim| if dim == Dim::Labeled { n } else { d })
        };
    }
    if let Some(path) = arrays.file(Signal::Embeddings) {
        let ([n, d], is_mapped) = Matrix::peek(path).context(about(Signal::Embeddings, None))?;
        let row = Signal::Embeddings.bytes(|dim| if dim == Dim::Candidates { 1 } else { d });
        let need = Need {
            strategy,
            candidates: n,
            features: d,
            budget: options.budget,
            // A mapped file takes only memory that is to spare.
            fixed: labeled + if is_mapped { 0 } else { n.saturating_mul(row) },
            each: [row, 0],
        };
        need.check(sample_size(n, options).unwrap_or(n), options.memory)?;
    }
    Ok(())
}

/// All arrays, checked against each other: the first says how many candidates there are.
fn read<'a>(arrays: &ArrayFiles, mapped: &'a [(Signal, Matrix)]) -> Result<Signals<'a>> {
    let mut given: Vec<(Signal, &Path, Values<'a>)> = Vec::new();
    if let Some(path) = &arrays.logits {
        let probs = softmax(&read_2d_f32(path).context("`logits`")?);
        given.push((Signal::Probs, path, probs.into()));
    }
    for (signal, path) in &arrays.files {
        let values = match mapped.iter().find(|(other, _)| other.is_like(*signal)) {
            Some((_, matrix)) => matrix.view().into(),
            None => values(*signal, path).context(about(*signal, None))?,
        };
        given.push((*signal, path, values));
    }
    // What is about candidates first: it says how many there are.
    let of_candidates = |signal: Signal| signal.kind().shape.iter().position(|dim| *dim == Dim::Candidates);
    given.sort_by_key(|(signal, ..)| of_candidates(*signal).is_none());
    let first = given.first().and_then(|(signal, path, values)| {
        let n = *values.shape().get(of_candidates(*signal)?)?;
        Some((n, about(*signal, Some(path))))
    });
    let Some((n, first)) = first else {
        bail!(Error::Setting(
            "no array of candidates; give `probs`, `mc-probs` or `embeddings`, or name a SOURCE".into()
        ));
    };
    let mut signals = Signals::new(n);
    for (signal, path, values) in given {
        let this = about(signal, Some(path));
        let counted = match of_candidates(signal) {
            Some(_) if this != first => format!("{this} (the candidates are counted in {first})"),
            _ => this,
        };
        signals = signals.with(signal, values).context(counted)?;
    }
    if signals.has(Signal::Embeddings) && !signals.has(Signal::LabeledEmbeddings) {
        let width = signals.embeddings()?.ncols();
        signals = signals.with_labeled_embeddings(Array2::zeros((0, width)))?;
    }
    Ok(signals)
}

/// The array of a file, by what the signal is.
fn values<'a>(signal: Signal, path: &Path) -> Result<Values<'a>> {
    let kind = signal.kind();
    Ok(match (kind.rule, kind.shape.len()) {
        (Rule::Distributions, 3) => read_3d(path)?.into(),
        (Rule::Distributions | Rule::Distances | Rule::Calibration, _) => read_2d(path)?.into(),
        (Rule::Classes, _) => ndarray::Array1::from(read_classes(path)?).into(),
        (Rule::Finite, 1) => read_1d_f32(path)?.into(),
        (Rule::Finite, _) => read_2d_f32(path)?.into(),
    })
}
