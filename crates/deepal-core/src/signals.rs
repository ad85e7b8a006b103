//! What a strategy may look at: [`Signal`] names it, [`Signals`] holds it, checked once.

use crate::calibration::Calibration;
use crate::error::{Error, Result};
use ndarray::{ArrayView1, ArrayView2, ArrayView3, Axis, CowArray, Dimension, Ix1, Ix2, Ix3};
use std::fmt;

/// A kind of array about the unlabelled samples, the *candidates*.
///
/// Shapes: `n` candidates, `m` labelled samples, `c` classes, `d` features, `t` stochastic passes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Signal {
    /// Predicted class probabilities, `[n, c]`.
    Probs,
    /// Class probabilities of `passes` forward passes with dropout on and batch-norm frozen, `[t, n, c]`.
    McProbs {
        /// The number of passes, `t`.
        passes: usize,
    },
    /// Features of the candidates, the input of the last layer, `[n, d]`.
    Embeddings,
    /// The same of the labelled samples, `[m, d]`.
    LabeledEmbeddings,
    /// How far the input must move for the predicted class to change, `[n]`; infinity where it never did.
    BoundaryDistance(Attack),
    /// How far the probabilities can be trusted, from cross-validation on the labelled samples: two numbers. A net that takes long to train
    /// does not have it.
    Calibration,
}

/// How [`Signal::BoundaryDistance`] is measured, in the units of the net's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attack {
    /// The basic iterative method (Kurakin, Goodfellow and Bengio, ICLR workshop 2017).
    Bim {
        /// The length of a step in each coordinate.
        eps: f32,
        /// Steps after which a sample counts as never flipped.
        max_steps: usize,
    },
    /// DeepFool (Moosavi-Dezfooli, Fawzi and Frossard, CVPR 2016).
    DeepFool {
        /// Steps after which a sample counts as never flipped.
        max_steps: usize,
        /// How far to step beyond the estimated boundary, as a share of the whole perturbation.
        overshoot: f32,
    },
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Probs => "probabilities",
            Signal::McProbs { .. } => "Monte-Carlo probabilities",
            Signal::Embeddings => "embeddings",
            Signal::LabeledEmbeddings => "labelled embeddings",
            Signal::BoundaryDistance(Attack::Bim { .. }) => "boundary distances by BIM",
            Signal::BoundaryDistance(Attack::DeepFool { .. }) => "boundary distances by DeepFool",
            Signal::Calibration => "calibration",
        })
    }
}

/// The arrays handed to a strategy; row `i` of each is candidate `i`.
///
/// Probabilities are `f64`: a saturated softmax still ranks by the digits that `f32` has lost. Embeddings, the
/// large arrays, are `f32`.
///
/// ```
/// use deepal_core::Signals;
/// use ndarray::array;
///
/// let signals = Signals::new(2).with_probs(array![[0.9, 0.1], [0.5, 0.5]])?;
/// assert_eq!(signals.probs()?[[1, 0]], 0.5);
/// assert!(signals.embeddings().is_err());
/// assert!(Signals::new(1).with_probs(array![[0.9, 0.3]]).is_err());
/// # Ok::<(), deepal_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Signals<'a> {
    n: usize,
    probs: Option<CowArray<'a, f64, Ix2>>,
    mc_probs: Option<CowArray<'a, f64, Ix3>>,
    embeddings: Option<CowArray<'a, f32, Ix2>>,
    labeled_embeddings: Option<CowArray<'a, f32, Ix2>>,
    boundary_distances: Option<CowArray<'a, f64, Ix1>>,
    calibration: Option<Calibration>,
}

impl<'a> Signals<'a> {
    /// No signal yet about `n` candidates.
    pub fn new(n: usize) -> Self {
        Self {
            n,
            probs: None,
            mc_probs: None,
            embeddings: None,
            labeled_embeddings: None,
            boundary_distances: None,
            calibration: None,
        }
    }

    /// Adds probabilities, `[n, c]`.
    ///
    /// # Errors
    /// Another number of rows, no class, NaN, or a row that is not a distribution.
    pub fn with_probs(mut self, probs: impl Into<CowArray<'a, f64, Ix2>>) -> Result<Self> {
        let probs = probs.into();
        shape(
            "probabilities",
            &format!("[{}, c], one row for each candidate", self.n),
            &probs,
            probs.nrows() == self.n && (probs.ncols() > 0 || self.n == 0),
        )?;
        distributions("probabilities", probs.view())?;
        self.probs = Some(probs);
        Ok(self)
    }

    /// Adds the probabilities of `t` passes, `[t, n, c]`.
    ///
    /// # Errors
    /// As [`with_probs`](Self::with_probs), or no pass.
    pub fn with_mc_probs(mut self, mc_probs: impl Into<CowArray<'a, f64, Ix3>>) -> Result<Self> {
        let mc_probs = mc_probs.into();
        let (t, n, c) = mc_probs.dim();
        shape(
            "Monte-Carlo probabilities",
            &format!("[t, {}, c], one row for each candidate", self.n),
            &mc_probs,
            t > 0 && n == self.n && (c > 0 || n == 0),
        )?;
        for pass in mc_probs.outer_iter() {
            distributions("Monte-Carlo probabilities", pass)?;
        }
        self.mc_probs = Some(mc_probs);
        Ok(self)
    }

    /// Adds embeddings, `[n, d]`.
    ///
    /// # Errors
    /// Another number of rows, a width other than that of the labelled ones, NaN or infinity.
    pub fn with_embeddings(mut self, embeddings: impl Into<CowArray<'a, f32, Ix2>>) -> Result<Self> {
        let embeddings = embeddings.into();
        shape(
            "embeddings",
            &format!("[{}, d], one row for each candidate", self.n),
            &embeddings,
            embeddings.nrows() == self.n,
        )?;
        finite("embeddings", embeddings.view())?;
        self.embeddings = Some(embeddings);
        self.same_width()
    }

    /// Adds the embeddings of the labelled samples, `[m, d]`.
    ///
    /// # Errors
    /// A width other than that of the candidates' embeddings, NaN or infinity.
    pub fn with_labeled_embeddings(mut self, embeddings: impl Into<CowArray<'a, f32, Ix2>>) -> Result<Self> {
        let embeddings = embeddings.into();
        finite("labelled embeddings", embeddings.view())?;
        self.labeled_embeddings = Some(embeddings);
        self.same_width()
    }

    /// Adds distances to the decision boundary, `[n]`, infinite where the boundary was not reached.
    ///
    /// # Errors
    /// Another length, NaN, or a negative distance.
    pub fn with_boundary_distances(mut self, distances: impl Into<CowArray<'a, f64, Ix1>>) -> Result<Self> {
        let distances = distances.into();
        shape(
            "boundary distances",
            &format!("[{}], one for each candidate", self.n),
            &distances,
            distances.len() == self.n,
        )?;
        if let Some(row) = distances.iter().position(|distance| distance.is_nan() || *distance < 0.0) {
            return Err(Error::NotFinite { what: "boundary distances", row, value: distances[row] });
        }
        self.boundary_distances = Some(distances);
        Ok(self)
    }

    /// Adds what cross-validation says of the probabilities.
    ///
    /// # Errors
    /// A temperature that is not above 0 and finite, or an accuracy outside 0 to 1.
    pub fn with_calibration(mut self, calibration: Calibration) -> Result<Self> {
        let Calibration { temperature, accuracy } = calibration;
        if !(temperature > 0.0 && temperature.is_finite() && (0.0..=1.0).contains(&accuracy)) {
            let why =
                format!("must have a temperature above 0 and an accuracy from 0 to 1, got {calibration:?}");
            return Err(Error::Setting { what: "the calibration".into(), why });
        }
        self.calibration = Some(calibration);
        Ok(self)
    }

    /// The same about some of the candidates only, copied; row `i` of the result is candidate `rows[i]`.
    ///
    /// ```
    /// use deepal_core::Signals;
    /// use ndarray::array;
    ///
    /// let signals = Signals::new(3).with_embeddings(array![[0.0], [1.0], [2.0]])?;
    /// assert_eq!(signals.of(&[2, 0]).embeddings()?, array![[2.0], [0.0]]);
    /// # Ok::<(), deepal_core::Error>(())
    /// ```
    ///
    /// # Panics
    /// A row that is no candidate.
    #[must_use]
    pub fn of(&self, rows: &[usize]) -> Signals<'static> {
        Signals {
            n: rows.len(),
            probs: self.probs.as_ref().map(|array| array.select(Axis(0), rows).into()),
            mc_probs: self.mc_probs.as_ref().map(|array| array.select(Axis(1), rows).into()),
            embeddings: self.embeddings.as_ref().map(|array| array.select(Axis(0), rows).into()),
            labeled_embeddings: self.labeled_embeddings.as_ref().map(|array| array.to_owned().into()),
            boundary_distances: self
                .boundary_distances
                .as_ref()
                .map(|array| array.select(Axis(0), rows).into()),
            calibration: self.calibration,
        }
    }

    /// The number of candidates, `n`.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The probabilities, `[n, c]`, each row summing to 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn probs(&self) -> Result<ArrayView2<'_, f64>> {
        given(&self.probs, "probabilities")
    }

    /// The probabilities of each pass, `[t, n, c]`, t ≥ 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn mc_probs(&self) -> Result<ArrayView3<'_, f64>> {
        given(&self.mc_probs, "Monte-Carlo probabilities")
    }

    /// The candidates' embeddings, `[n, d]`, finite.
    ///
    /// # Errors
    /// They were not given.
    pub fn embeddings(&self) -> Result<ArrayView2<'_, f32>> {
        given(&self.embeddings, "embeddings")
    }

    /// The labelled samples' embeddings, `[m, d]`, finite.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_embeddings(&self) -> Result<ArrayView2<'_, f32>> {
        given(&self.labeled_embeddings, "labelled embeddings")
    }

    /// The distances to the decision boundary, `[n]`, not NaN, not negative.
    ///
    /// # Errors
    /// They were not given.
    pub fn boundary_distances(&self) -> Result<ArrayView1<'_, f64>> {
        given(&self.boundary_distances, "boundary distances")
    }

    /// What cross-validation says of the probabilities.
    ///
    /// # Errors
    /// It was not given.
    pub fn calibration(&self) -> Result<Calibration> {
        self.calibration.ok_or_else(|| Error::MissingSignal { signal: Signal::Calibration.to_string() })
    }

    fn same_width(self) -> Result<Self> {
        if let (Some(candidates), Some(labeled)) = (&self.embeddings, &self.labeled_embeddings) {
            let expected = format!("[m, {}] like the candidates' embeddings", candidates.ncols());
            let same = labeled.ncols() == candidates.ncols();
            shape("labelled embeddings", &expected, labeled, same || self.n == 0)?;
        }
        Ok(self)
    }
}

fn given<'s, T, D: Dimension>(
    array: &'s Option<CowArray<'_, T, D>>,
    signal: &str,
) -> Result<ndarray::ArrayView<'s, T, D>> {
    array.as_ref().map(|array| array.view()).ok_or_else(|| Error::MissingSignal { signal: signal.into() })
}

fn shape<T, D: Dimension>(what: &str, expected: &str, array: &CowArray<'_, T, D>, fits: bool) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::Shape { what: what.into(), expected: expected.into(), got: array.shape().to_vec() })
}

fn finite(what: &'static str, array: ArrayView2<'_, f32>) -> Result<()> {
    for (row, values) in array.outer_iter().enumerate() {
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what, row, value: value.into() });
        }
    }
    Ok(())
}

/// Each row must be finite, not negative and sum to 1 within 0.001 (single-precision softmaxes of many classes).
fn distributions(what: &'static str, probs: ArrayView2<'_, f64>) -> Result<()> {
    for (row, values) in probs.axis_iter(Axis(0)).enumerate() {
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what, row, value });
        }
        if let Some(value) = values.iter().find(|value| **value < 0.0) {
            return Err(Error::NotProbabilities { what, row, why: format!("it has {value}") });
        }
        let sum = values.sum();
        if (sum - 1.0).abs() > 1e-3 {
            return Err(Error::NotProbabilities { what, row, why: format!("it sums to {sum:.4}") });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array3, array};

    #[test]
    fn wrong_shapes_and_values_are_named() {
        let error = Signals::new(3).with_probs(array![[0.5, 0.5]]).unwrap_err().to_string();
        assert_eq!(error, "probabilities must be [3, c], one row for each candidate, got [1, 2]");
        let error = Signals::new(2).with_probs(array![[0.5, 0.5], [f64::NAN, 0.5]]).unwrap_err().to_string();
        assert!(error.starts_with("probabilities: NaN in row 1"), "{error}");
        let error = Signals::new(1).with_probs(array![[-0.1, 1.1]]).unwrap_err().to_string();
        assert!(error.contains("row 0 is not a distribution (it has -0.1)"), "{error}");
        assert!(Signals::new(1).with_mc_probs(Array3::zeros((0, 1, 2))).is_err());
        assert!(Signals::new(1).with_embeddings(array![[f32::INFINITY]]).is_err());
        let candidates = Signals::new(1).with_embeddings(array![[1.0, 2.0]]).unwrap();
        assert!(candidates.with_labeled_embeddings(array![[1.0]]).is_err());
        assert!(Signals::new(1).with_boundary_distances(array![f64::NAN]).is_err());
        assert!(Signals::new(1).with_boundary_distances(array![f64::INFINITY]).is_ok());
        for (temperature, accuracy) in
            [(0.0, 0.5), (f64::NAN, 0.5), (f64::INFINITY, 0.5), (1.0, 1.1), (1.0, f64::NAN)]
        {
            let error = Signals::new(1).with_calibration(Calibration { temperature, accuracy }).unwrap_err();
            assert!(
                error.to_string().contains("a temperature above 0 and an accuracy from 0 to 1"),
                "{error}"
            );
        }
    }

    #[test]
    fn empty_pools_are_fine() {
        let none = Signals::new(0).with_probs(Array2::zeros((0, 3))).unwrap();
        assert!(none.is_empty());
    }
}
