//! What a strategy may look at: [`Signal`] names an array, [`Kind`] says what it is, [`Signals`] holds the arrays, checked once.
//!
//! A new signal is a variant of [`Signal`] and a row of [`Signal::kind`]: shape, check, the option of `deepal select`, and the memory
//! it takes follow from that row. A net that gives it computes it in its [`signals`](crate::TrainedNet::signals).

mod check;
mod kind;
mod read;
mod values;

pub use kind::{ALL, Attack, Dim, Kind, Origin, Rule, Signal};
pub use values::{Values, none_labeled};

use crate::calibration::Calibration;
use crate::error::{Error, Result};
use ndarray::{Array1, Axis, CowArray, Ix1, Ix2, Ix3};

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
    arrays: Vec<(Signal, Values<'a>)>,
}

impl<'a> Signals<'a> {
    /// No signal yet about `n` candidates.
    pub fn new(n: usize) -> Self {
        Self { n, arrays: Vec::new() }
    }

    /// Adds an array, or replaces one of the same kind.
    ///
    /// # Errors
    /// Another type or shape than the signal's [`kind`](Signal::kind) says, a length that contradicts another signal, or numbers that
    /// break its rule.
    pub fn with(mut self, signal: Signal, values: impl Into<Values<'a>>) -> Result<Self> {
        let values = values.into();
        self.arrays.retain(|(other, _)| !other.is_like(signal));
        self.check_shape(signal, &values)?;
        check::check_numbers(signal, &values)?;
        self.arrays.push((signal, values));
        Ok(self)
    }

    /// Adds probabilities, `[n, c]`.
    ///
    /// # Errors
    /// Another number of rows, no class, NaN, or a row that is not a distribution.
    pub fn with_probs(self, probs: impl Into<CowArray<'a, f64, Ix2>>) -> Result<Self> {
        self.with(Signal::Probs, probs.into())
    }

    /// Adds the probabilities of `t` passes, `[t, n, c]`.
    ///
    /// # Errors
    /// As [`with_probs`](Self::with_probs), or no pass.
    pub fn with_mc_probs(self, mc_probs: impl Into<CowArray<'a, f64, Ix3>>) -> Result<Self> {
        let mc_probs = mc_probs.into();
        self.with(Signal::McProbs { passes: mc_probs.len_of(Axis(0)), shared: false }, mc_probs)
    }

    /// Adds embeddings, `[n, d]`.
    ///
    /// # Errors
    /// Another number of rows, a width other than that of the labelled ones, NaN or infinity.
    pub fn with_embeddings(self, embeddings: impl Into<CowArray<'a, f32, Ix2>>) -> Result<Self> {
        self.with(Signal::Embeddings, embeddings.into())
    }

    /// Adds the embeddings of the labelled samples, `[m, d]`.
    ///
    /// # Errors
    /// A width other than that of the candidates' embeddings, NaN or infinity.
    pub fn with_labeled_embeddings(self, embeddings: impl Into<CowArray<'a, f32, Ix2>>) -> Result<Self> {
        self.with(Signal::LabeledEmbeddings, embeddings.into())
    }

    /// Adds distances to the decision boundary, `[n]`, infinite where the boundary was not reached.
    ///
    /// # Errors
    /// Another length, NaN, or a negative distance.
    pub fn with_boundary_distances(
        self,
        attack: Attack,
        distances: impl Into<CowArray<'a, f64, Ix1>>,
    ) -> Result<Self> {
        self.with(Signal::BoundaryDistance(attack), distances.into())
    }

    /// Adds what cross-validation says of the probabilities.
    ///
    /// # Errors
    /// A temperature that is not above 0 and finite, or an accuracy outside 0 to 1.
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self> {
        let Calibration { temperature, accuracy } = calibration;
        self.with(Signal::Calibration, Array1::from(vec![temperature, accuracy]))
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
        let of = |(signal, values): &(Signal, Values<'_>)| {
            let axis = signal.kind().shape.iter().position(|dim| *dim == Dim::Candidates);
            (*signal, axis.map_or_else(|| values.to_owned(), |axis| values.select(Axis(axis), rows)))
        };
        Signals { n: rows.len(), arrays: self.arrays.iter().map(of).collect() }
    }

    /// The number of candidates, `n`.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Whether an array is there.
    pub fn has(&self, signal: Signal) -> bool {
        self.arrays.iter().any(|(other, _)| other.is_like(signal))
    }

    /// An array, as it was added.
    ///
    /// # Errors
    /// It was not given.
    pub fn get(&self, signal: Signal) -> Result<&Values<'a>> {
        let found = self.arrays.iter().find(|(other, _)| other.is_like(signal));
        found.map(|(_, values)| values).ok_or_else(|| Error::MissingSignal { signal: signal.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Class;
    use ndarray::{Array2, Array3, ArrayD, IxDyn, array};

    const BIM: Attack = Attack::Bim { eps: 0.1, max_steps: 10 };

    #[test]
    fn wrong_shapes_and_values_are_named() {
        let error = Signals::new(3).with_probs(array![[0.5, 0.5]]).unwrap_err().to_string();
        assert_eq!(error, "probabilities must be [3, c], one row for each candidate, got [1, 2]");
        let error = Signals::new(2).with_probs(array![[0.5, 0.5], [f64::NAN, 0.5]]).unwrap_err().to_string();
        assert!(error.starts_with("probabilities: NaN in row 1"), "{error}");
        let error = Signals::new(1).with_probs(array![[-0.1, 1.1]]).unwrap_err().to_string();
        assert!(error.contains("row 0 is not a distribution (it has -0.1; apply softmax"), "{error}");
        assert!(Signals::new(1).with_mc_probs(Array3::zeros((0, 1, 2))).is_err());
        assert!(Signals::new(1).with_embeddings(array![[f32::INFINITY]]).is_err());
        let candidates = Signals::new(1).with_embeddings(array![[1.0, 2.0]]).unwrap();
        assert!(candidates.with_labeled_embeddings(array![[1.0]]).is_err());
        assert!(Signals::new(1).with_boundary_distances(BIM, array![f64::NAN]).is_err());
        assert!(Signals::new(1).with_boundary_distances(BIM, array![f64::INFINITY]).is_ok());
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
    fn rows_that_are_no_distributions_get_the_advice_that_fits() {
        let told = |rows: ndarray::Array2<f64>| Signals::new(2).with_probs(rows).unwrap_err().to_string();
        assert!(
            told(array![[0.33, 0.66], [0.5, 0.5]]).contains("rounded, up to 0.010 from 1: divide each row")
        );
        assert!(told(array![[33.0, 66.0], [50.0, 50.0]]).contains("in percent: divide each row"));
        assert!(told(array![[0.3], [0.6]]).contains("of two, p and 1 - p"));
        assert!(told(array![[3.0, 1.5], [0.5, 4.0]]).contains("apply softmax"));
        assert!(told(array![[3.0, 1.5], [-0.5, 4.0]]).contains("apply softmax"));
    }

    #[test]
    fn empty_pools_are_fine() {
        let none = Signals::new(0).with_probs(Array2::zeros((0, 3))).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn axes_of_one_name_have_one_length() {
        let signals = Signals::new(2).with_probs(array![[0.5, 0.5], [0.1, 0.9]]).unwrap();
        let signals = signals.with_embeddings(Array2::zeros((2, 3))).unwrap();
        let refused =
            |signal, values: Values<'static>| signals.clone().with(signal, values).unwrap_err().to_string();
        assert_eq!(
            refused(Signal::LabeledProbs, array![[0.2, 0.3, 0.5]].into()),
            "labelled probabilities must be [m, 2] like the candidates' probabilities, got [1, 3]"
        );
        assert_eq!(
            refused(Signal::HeadWeights, Array2::<f32>::zeros((2, 4)).into()),
            "weights of the last layer must be [c, 3] like the candidates' embeddings, got [2, 4]"
        );
        let labeled = signals.clone().with(Signal::Labels, array![Class(0), Class(1)]).unwrap();
        let error = labeled.with_labeled_embeddings(Array2::zeros((3, 3))).unwrap_err().to_string();
        assert_eq!(error, "labelled embeddings must be [2, d] like the labels, got [3, 3]");
        assert!(refused(Signal::Labels, Array2::<f32>::zeros((2, 1)).into()).contains("labels must be [m]"));
        assert!(refused(Signal::Features, Array2::<f64>::zeros((2, 1)).into()).contains("single precision"));
    }

    /// Every row of the table: a fitting array is taken, found again, cut to candidates, and a missing one is named.
    #[test]
    fn every_signal_of_the_table_goes_in_and_out() {
        for signal in ALL {
            let dims = signal.kind().shape;
            let lengths = |dim: &Dim| match dim {
                Dim::Candidates => 4,
                Dim::Labeled => 3,
                Dim::Pair => 2,
                _ => 1,
            };
            let shape = IxDyn(&dims.iter().map(lengths).collect::<Vec<_>>());
            let values: Values<'_> = match signal.kind().rule {
                Rule::Finite => ArrayD::<f32>::ones(shape).into(),
                Rule::Classes => ArrayD::from_elem(shape, Class(0)).into(),
                _ => ArrayD::<f64>::ones(shape).into(),
            };
            let error = Signals::new(4).get(*signal).unwrap_err().to_string();
            assert!(error.contains(&signal.to_string()), "{error}");
            let signals = Signals::new(4).with(*signal, values).unwrap();
            assert!(signals.has(*signal));
            let at = dims.iter().position(|dim| *dim == Dim::Candidates);
            let cut = signals.of(&[3, 0]);
            let shape = cut.get(*signal).unwrap().shape().to_vec();
            assert!(at.is_none_or(|at| shape[at] == 2), "{signal}: {shape:?}");
            assert!(signal.bytes(|_| 1) <= 8 && signal.letters().starts_with('['));
        }
    }
}
