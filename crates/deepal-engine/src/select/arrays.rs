//! Picks among rows of arrays, from files or in memory.

use super::memory::{Need, bytes, is_of_candidates, sizes};
use super::{SelectOptions, Selected, ask, by_rows, calibration, check_given, sample, say_without};
use crate::catalog::Catalog;
use crate::error::{Context, Error, Result, bail};
use crate::monitor::Monitor;
use deepal_core::score::softmax;
use deepal_core::signals::{Dim, Rule, Values};
use deepal_core::{Selection, Signal, Signals, Strategy};
use deepal_data::formats::npy::{self, Matrix, read_1d_f32, read_2d, read_2d_f32, read_3d, read_classes};
use ndarray::{Array2, Axis, Ix2};
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
    let peeked = peek(arrays)?;
    check_memory(&peeked, strategy, options)?;
    // Arrays that do not fit together are told as they are, not by a part of them.
    let mut lengths = peeked.iter().filter_map(Peeked::candidates);
    let n = lengths.next().unwrap_or_default();
    let sampled = if lengths.all(|length| length == n) { sample(n, options, monitor) } else { None };
    // Large arrays are looked at where they are.
    let mapped = arrays.files.iter().filter(|(signal, _)| is_matrix(*signal));
    let mapped =
        mapped.map(|(signal, path)| Ok((*signal, Matrix::open(path).context(about(*signal, None))?)));
    let mapped = mapped.collect::<Result<Vec<_>>>()?;
    let signals = join(read(arrays, &mapped, sampled.as_deref())?)?;
    let selection = pick(signals, strategy, options, monitor)?;
    Ok(Selected { selection: by_rows(selection, sampled.as_deref()), ids: None })
}

/// Picks among candidates whose arrays are in memory, where they stay; see [`Signal::kind`] for their shapes and types. Row `i` of all
/// that are about candidates is candidate `i`. The picks are those of [`select()`](super::select()) on files of the same numbers.
///
/// ```
/// use deepal_core::Signal;
/// use deepal_engine::{Catalog, Monitor, SelectOptions, select_arrays};
/// use ndarray::array;
///
/// let embeddings = array![[0.0_f32, 1.0], [1.0, 0.0], [5.0, 5.0]];
/// let options = SelectOptions { strategy: "k-center".into(), ..SelectOptions::new(2) };
/// let arrays = vec![(Signal::Embeddings, embeddings.view().into())];
/// let selected = select_arrays(arrays, &options, &Catalog::default(), Monitor::silent())?;
/// assert_eq!(selected.selection.rows.len(), 2);
/// # Ok::<(), deepal_engine::Error>(())
/// ```
///
/// # Errors
/// An unknown strategy; what the strategy needs is not there, does not fit together, or does not fit into the memory.
pub fn select_arrays(
    arrays: Vec<(Signal, Values<'_>)>,
    options: &SelectOptions,
    catalog: &Catalog,
    monitor: Monitor<'_>,
) -> Result<Selected> {
    let strategy = catalog.strategy(&options.strategy)?;
    let find =
        |signal: Signal| arrays.iter().find(|(other, _)| other.is_like(signal)).map(|(_, values)| values);
    let is_cold = find(Signal::LabeledEmbeddings).is_none();
    check_given(strategy.as_ref(), is_cold, |signal| find(signal).is_some())?;
    // What is there already takes no more memory, but parts are copied.
    let sizes = sizes(arrays.iter().map(|(signal, values)| (*signal, values.shape())), options.budget);
    let of_candidates = arrays.iter().filter(|(signal, _)| is_of_candidates(*signal));
    let row = of_candidates.map(|(signal, values)| bytes(*signal, values.shape(), 1)).sum();
    let need = Need { strategy: strategy.as_ref(), sizes, fixed: 0, each: [row, 0] };
    need.check(options)?;
    let given = arrays.into_iter().map(|(signal, values)| (signal, about(signal, None), values)).collect();
    let signals = join(given)?;
    let sampled = sample(signals.len(), options, &monitor);
    let selection = match &sampled {
        Some(sampled) => pick(signals.of(sampled), strategy.as_ref(), options, &monitor)?,
        None => pick(signals, strategy.as_ref(), options, &monitor)?,
    };
    Ok(Selected { selection: by_rows(selection, sampled.as_deref()), ids: None })
}

/// Picks by arrays that fit together.
fn pick(
    mut signals: Signals<'_>,
    strategy: &dyn Strategy,
    options: &SelectOptions,
    monitor: &Monitor<'_>,
) -> Result<Selection> {
    let labeled = signals.labeled_embeddings().is_ok_and(|labeled| labeled.nrows() > 0);
    if labeled && strategy.wants().contains(&Signal::Calibration) && signals.has(Signal::Labels) {
        let labels = signals.labels()?.to_vec();
        let found = calibration(&signals.labeled_embeddings()?, &labels, &signals, options.seed)?;
        signals = signals.with_calibration(found)?;
    }
    say_without(strategy, &signals, monitor);
    ask(strategy, &signals, options, monitor)
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

/// The array of a file before it is read.
struct Peeked {
    signal: Signal,
    shape: Vec<usize>,
    /// Bytes of all of it in memory; none if it is looked at where it is, and less if only some rows are read.
    held: usize,
    /// Bytes of a row of a part of it, and of a row if all are looked at.
    each: [usize; 2],
}

impl Peeked {
    fn of(signal: Signal, path: &Path, what: &str) -> Result<Self> {
        let (shape, is_mapped) = match is_matrix(signal) {
            true => {
                let (shape, is_mapped) = Matrix::peek(path).context(what)?;
                (shape.to_vec(), is_mapped)
            }
            false => (npy::peek(path).context(what)?, false),
        };
        let row = bytes(signal, &shape, 1);
        // A mapped file takes only memory that is to spare.
        let all = match is_mapped {
            true => 0,
            false => bytes(signal, &shape, candidates(signal, &shape).unwrap_or_default()),
        };
        let (held, each) = match (is_of_candidates(signal), is_matrix(signal)) {
            (false, _) => (all, [0; 2]),
            // A part is copied.
            (true, true) => (all, [row, 0]),
            (true, false) => (0, [row; 2]),
        };
        Ok(Self { signal, shape, held, each })
    }

    /// How many candidates it is about; `None` if it is about none.
    fn candidates(&self) -> Option<usize> {
        candidates(self.signal, &self.shape)
    }
}

/// How many candidates an array of this shape is about.
fn candidates(signal: Signal, shape: &[usize]) -> Option<usize> {
    shape.get(axis_of_candidates(signal)?).copied()
}

/// Where a signal has its candidates.
fn axis_of_candidates(signal: Signal) -> Option<usize> {
    signal.kind().shape.iter().position(|dim| *dim == Dim::Candidates)
}

/// The shapes of all arrays, of which the embeddings and what else is large stay in their files.
fn peek(arrays: &ArrayFiles) -> Result<Vec<Peeked>> {
    let mut peeked = Vec::new();
    if let Some(path) = &arrays.logits {
        // Single precision before softmax, double after.
        let of = Peeked::of(Signal::Probs, path, "`logits`")?;
        peeked.push(Peeked { each: of.each.map(|row| row.saturating_mul(3) / 2), ..of });
    }
    for (signal, path) in &arrays.files {
        peeked.push(Peeked::of(*signal, path, &about(*signal, None))?);
    }
    Ok(peeked)
}

/// Looks whether the selection fits into the memory, before arrays are read.
fn check_memory(peeked: &[Peeked], strategy: &dyn Strategy, options: &SelectOptions) -> Result<()> {
    let sizes = sizes(peeked.iter().map(|array| (array.signal, &array.shape[..])), options.budget);
    let fixed = peeked.iter().map(|array| array.held).sum();
    let each = [0, 1].map(|at| peeked.iter().map(|array| array.each[at]).sum());
    let need = Need { strategy, sizes, fixed, each };
    need.check(options)
}

/// All arrays, each with what errors call it; of those about candidates these rows alone.
fn read<'a>(
    arrays: &ArrayFiles,
    mapped: &'a [(Signal, Matrix)],
    rows: Option<&[usize]>,
) -> Result<Vec<Given<'a>>> {
    let mut given = Vec::new();
    if let Some(path) = &arrays.logits {
        let logits = match rows {
            Some(rows) => {
                let part = npy::read_rows(path, 2, 0, rows).context("`logits`")?.mapv(|z| z as f32);
                part.into_dimensionality::<Ix2>().map_err(deepal_core::Error::other)?
            }
            None => read_2d_f32(path).context("`logits`")?,
        };
        given.push((Signal::Probs, about(Signal::Probs, Some(path)), softmax(&logits).into()));
    }
    for (signal, path) in &arrays.files {
        let rows = rows.filter(|_| is_of_candidates(*signal));
        let values = match (mapped.iter().find(|(other, _)| other.is_like(*signal)), rows) {
            (Some((_, matrix)), Some(rows)) => matrix.view().select(Axis(0), rows).into(),
            (Some((_, matrix)), None) => matrix.view().into(),
            (None, rows) => values(*signal, path, rows).context(about(*signal, None))?,
        };
        given.push((*signal, about(*signal, Some(path)), values));
    }
    Ok(given)
}

/// An array, with what errors call it.
type Given<'a> = (Signal, String, Values<'a>);

/// The arrays, checked against each other: the first says how many candidates there are.
fn join(mut given: Vec<Given<'_>>) -> Result<Signals<'_>> {
    // What is about candidates first: it says how many there are.
    given.sort_by_key(|(signal, ..)| axis_of_candidates(*signal).is_none());
    let first = given
        .first()
        .and_then(|(signal, this, values)| Some((candidates(*signal, values.shape())?, this.clone())));
    let Some((n, first)) = first else {
        bail!(Error::Setting(
            "no array of candidates; give `probs`, `mc-probs` or `embeddings`, or name a SOURCE".into()
        ));
    };
    let mut signals = Signals::new(n);
    for (signal, this, values) in given {
        let counted = match axis_of_candidates(signal) {
            Some(_) if this != first => format!("{this} (the candidates are counted in {first})"),
            _ => this,
        };
        signals = signals.with(signal, values).context(counted)?;
    }
    if signals.has(Signal::Embeddings) && !signals.has(Signal::LabeledEmbeddings) {
        let width = signals.embeddings()?.ncols();
        signals = signals.with_labeled_embeddings(Array2::zeros((0, width)))?;
    }
    if let (Ok(labels), Ok(probs)) = (signals.labels(), signals.probs())
        && let Some(&class) = labels.iter().find(|class| class.index() >= probs.ncols())
    {
        let unknown = deepal_core::Error::UnknownClass { class, n_classes: probs.ncols() };
        return Err(unknown).context(about(Signal::Labels, None));
    }
    Ok(signals)
}

/// The array of a file, or these rows of it, by what the signal is.
fn values<'a>(signal: Signal, path: &Path, rows: Option<&[usize]>) -> Result<Values<'a>> {
    let kind = signal.kind();
    if let (Some(rows), Some(axis), Rule::Distributions) = (rows, axis_of_candidates(signal), kind.rule) {
        return Ok(npy::read_rows(path, kind.shape.len(), axis, rows)?.into());
    }
    Ok(match (kind.rule, kind.shape.len()) {
        (Rule::Distributions, 3) => read_3d(path)?.into(),
        (Rule::Distributions | Rule::Distances | Rule::Calibration, _) => read_2d(path)?.into(),
        (Rule::Classes, _) => ndarray::Array1::from(read_classes(path)?).into(),
        (Rule::Finite, 1) => read_1d_f32(path)?.into(),
        (Rule::Finite, _) => read_2d_f32(path)?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{PickFrom, select};
    use super::*;
    use deepal_core::Class;
    use ndarray::{Array1, ArrayView2};
    use std::fs;

    /// Numbers from 0 to 1 that look like chance and that single precision holds.
    fn noise(rows: usize, columns: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            ((i * 37 + j * 101 + i * i * j * 7) % 256) as f32 / 256.0
        })
    }

    fn probs(rows: usize) -> Array2<f64> {
        let first = noise(rows, 1).mapv(|p| f64::from(p) / 2.0);
        ndarray::concatenate![ndarray::Axis(1), first, first.mapv(|p| 0.5 - p), first.mapv(|_| 0.5)]
    }

    /// A NumPy file.
    fn npy(path: &Path, kind: &str, shape: &str, bytes: &[u8]) {
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
        header += &" ".repeat(118 - header.len() - 1);
        header.push('\n');
        fs::write(path, [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), bytes].concat()).unwrap();
    }

    fn npy_of<T: Copy, const N: usize>(
        path: &Path,
        kind: &str,
        of: ArrayView2<'_, T>,
        bytes: fn(T) -> [u8; N],
    ) {
        let flat = of.iter().flat_map(|x| bytes(*x)).collect::<Vec<_>>();
        npy(path, kind, &format!("({}, {})", of.nrows(), of.ncols()), &flat);
    }

    #[test]
    fn memory_and_files_give_the_same_picks() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (embeddings, labeled, probs) = (noise(90, 5), noise(12, 5).mapv(|x| 1.0 - x), probs(90));
        let labels = Array1::from_shape_fn(12, |i| Class((i % 3) as u16));
        npy_of(&path("e.npy"), "<f4", embeddings.view(), f32::to_le_bytes);
        npy_of(&path("l.npy"), "<f4", labeled.view(), f32::to_le_bytes);
        npy_of(&path("p.npy"), "<f8", probs.view(), f64::to_le_bytes);
        let bytes = labels.iter().flat_map(|class| i64::from(class.0).to_le_bytes()).collect::<Vec<_>>();
        npy(&path("y.npy"), "<i8", "(12,)", &bytes);
        let files = PickFrom::Arrays(ArrayFiles {
            files: vec![
                (Signal::Embeddings, path("e.npy")),
                (Signal::LabeledEmbeddings, path("l.npy")),
                (Signal::Probs, path("p.npy")),
                (Signal::Labels, path("y.npy")),
            ],
            logits: None,
        });
        let arrays = || {
            vec![
                (Signal::Labels, labels.view().into()),
                (Signal::LabeledEmbeddings, labeled.view().into()),
                (Signal::Embeddings, embeddings.view().into()),
                (Signal::Probs, probs.view().into()),
            ]
        };
        let catalog = Catalog::default();
        let mut all = Vec::new();
        for strategy in ["auto", "margin", "badge", "k-center", "typiclust"] {
            for candidates in [None, Some(40)] {
                let options =
                    SelectOptions { strategy: strategy.into(), candidates, seed: 3, ..SelectOptions::new(7) };
                let of_files = select(&files, &options, &catalog, Monitor::silent()).unwrap();
                let of_memory = select_arrays(arrays(), &options, &catalog, Monitor::silent()).unwrap();
                assert_eq!(of_memory, of_files, "{strategy}");
                assert_eq!(of_memory.selection.rows.len(), 7);
                all.push(of_memory.selection.rows);
            }
        }
        all.sort_unstable();
        all.dedup();
        assert!(all.len() > 7, "strategies and parts pick differently");
    }

    #[test]
    fn arrays_in_memory_that_do_not_fit_are_refused_by_name() {
        let (embeddings, probs) = (noise(9, 2), probs(9));
        let refused = |strategy: &str, memory, arrays: Vec<(Signal, Values<'_>)>| {
            let options = SelectOptions { strategy: strategy.into(), memory, ..SelectOptions::new(2) };
            select_arrays(arrays, &options, &Catalog::default(), Monitor::silent()).unwrap_err().to_string()
        };
        let of = |signal: Signal| (signal, embeddings.view().into());
        assert!(refused("margin", None, vec![of(Signal::Embeddings)]).contains("give them with `probs`"));
        assert!(
            refused("random", None, vec![of(Signal::LabeledEmbeddings)]).contains("no array of candidates")
        );
        assert!(refused("k-center", Some(1.0), vec![of(Signal::Embeddings)]).contains("`memory` allows"));
        let labels: (Signal, Values<'_>) = (Signal::Labels, Array1::from(vec![Class(3)]).into());
        let error = refused("margin", None, vec![labels, (Signal::Probs, probs.view().into())]);
        assert_eq!(error, "`labels`: class 3 is not one of the 3 declared classes");
    }
}
