//! What a strategy may look at: [`Signal`] names an array, [`Kind`] says what it is, [`Signals`] holds the arrays, checked once.
//!
//! A new signal is a variant of [`Signal`] and a row of [`Signal::kind`]: shape, check, the option of `deepal select`, and the memory
//! it takes follow from that row. A net that gives it computes it in its [`signals`](crate::TrainedNet::signals).

use crate::calibration::Calibration;
use crate::error::{Error, Result};
use crate::ids::Class;
use ndarray::{
    Array1, ArrayD, ArrayView, ArrayView1, ArrayView2, ArrayView3, Axis, CowArray, Dimension, Ix1, Ix2, Ix3,
    IxDyn,
};
use std::fmt;

/// A kind of array about the unlabelled samples, the *candidates*.
///
/// Shapes: `n` candidates, `m` labelled samples, `c` classes, `d` features, `t` stochastic passes, `e` features of a fixed encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// Predicted class probabilities, `[n, c]`.
    Probs,
    /// Class probabilities of `passes` forward passes with dropout on and batch-norm frozen, `[t, n, c]`.
    McProbs {
        /// The number of passes, `t`.
        passes: usize,
        /// Whether a pass drops the same units for all candidates, as what is said of several together needs: one pass is then one
        /// net. Else each candidate has units of its own.
        shared: bool,
    },
    /// Features of the candidates, the input of the last layer, `[n, d]`.
    Embeddings,
    /// The same of the labelled samples, `[m, d]`.
    LabeledEmbeddings,
    /// How far the input must move for the predicted class to change, `[n]`; infinity where it never did.
    BoundaryDistance(Attack),
    /// How far the probabilities can be trusted, from cross-validation on the labelled samples: a temperature and an accuracy, `[2]`.
    /// Slow-to-train nets do not provide it.
    Calibration,
    /// The classes of the labelled samples, `[m]`.
    Labels,
    /// Predicted class probabilities of the labelled samples, `[m, c]`.
    LabeledProbs,
    /// The weights of the last layer, `[c, d]`.
    HeadWeights,
    /// Its biases, `[c]`.
    HeadBiases,
    /// Features of the candidates by a fixed encoder, which do not change while nets learn, `[n, e]`: the inputs, if these are vectors.
    Features,
    /// The same of the labelled samples, `[m, e]`.
    LabeledFeatures,
    /// An array of one's own, of any shape whose first axis is the candidates, `[n, ...]`.
    Named(&'static str),
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

/// Everything about a signal but its numbers.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in messages, a plural.
    pub name: &'static str,
    /// The option of `deepal select` that reads it, and with `_` for `-` the keyword in Python; `None` if it does not come from files.
    pub option: Option<&'static str>,
    /// Its axes.
    pub shape: &'static [Dim],
    /// What its numbers must be.
    pub rule: Rule,
    /// Who provides it in the loop.
    pub origin: Origin,
}

/// What an axis of a signal counts. Axes of one name have one length in all signals of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// `n`
    Candidates,
    /// `m`
    Labeled,
    /// `c`
    Classes,
    /// `d`, of a net's embeddings
    Features,
    /// `e`, of a fixed encoder
    EncoderFeatures,
    /// `t`
    Passes,
    /// Two numbers
    Pair,
    /// Any number of axes
    Rest,
}

/// What the numbers of a signal must be; the type in memory follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Rows of `f64` along the last axis that sum to 1
    Distributions,
    /// `f64`, not NaN, not negative; infinity is allowed
    Distances,
    /// A temperature above 0 and an accuracy from 0 to 1, `f64`
    Calibration,
    /// Finite `f32`
    Finite,
    /// Classes
    Classes,
}

/// Who provides a signal in the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The trained net
    Net,
    /// The data set
    Data,
    /// The pool
    Pool,
}

/// One of each kind, for lists, help and tests.
pub static ALL: &[Signal] = &[
    Signal::Probs,
    Signal::McProbs { passes: 3, shared: false },
    Signal::Embeddings,
    Signal::LabeledEmbeddings,
    Signal::BoundaryDistance(Attack::Bim { eps: 0.05, max_steps: 100 }),
    Signal::Calibration,
    Signal::Labels,
    Signal::LabeledProbs,
    Signal::HeadWeights,
    Signal::HeadBiases,
    Signal::Features,
    Signal::LabeledFeatures,
    Signal::Named("array"),
];

impl Signal {
    /// The table of signals.
    pub const fn kind(self) -> Kind {
        use Dim::{Candidates, Classes, EncoderFeatures, Features, Labeled, Pair, Passes, Rest};
        const fn row(
            name: &'static str,
            option: Option<&'static str>,
            shape: &'static [Dim],
            rule: Rule,
            origin: Origin,
        ) -> Kind {
            Kind { name, option, shape, rule, origin }
        }
        use Origin::{Data, Net, Pool};
        use Rule::{Distances, Distributions, Finite};
        match self {
            Self::Probs => row("probabilities", Some("probs"), &[Candidates, Classes], Distributions, Net),
            Self::McProbs { .. } => row(
                "Monte-Carlo probabilities",
                Some("mc-probs"),
                &[Passes, Candidates, Classes],
                Distributions,
                Net,
            ),
            Self::Embeddings => row("embeddings", Some("embeddings"), &[Candidates, Features], Finite, Net),
            Self::LabeledEmbeddings => {
                row("labelled embeddings", Some("labeled-embeddings"), &[Labeled, Features], Finite, Net)
            }
            Self::BoundaryDistance(Attack::Bim { .. }) => {
                row("boundary distances by BIM", None, &[Candidates], Distances, Net)
            }
            Self::BoundaryDistance(Attack::DeepFool { .. }) => {
                row("boundary distances by DeepFool", None, &[Candidates], Distances, Net)
            }
            Self::Calibration => row("calibration", None, &[Pair], Rule::Calibration, Net),
            Self::Labels => row("labels", Some("labels"), &[Labeled], Rule::Classes, Pool),
            Self::LabeledProbs => {
                row("labelled probabilities", Some("labeled-probs"), &[Labeled, Classes], Distributions, Net)
            }
            Self::HeadWeights => {
                row("weights of the last layer", Some("head-weights"), &[Classes, Features], Finite, Net)
            }
            Self::HeadBiases => row("biases of the last layer", Some("head-biases"), &[Classes], Finite, Net),
            Self::Features => {
                row("encoder features", Some("features"), &[Candidates, EncoderFeatures], Finite, Data)
            }
            Self::LabeledFeatures => row(
                "labelled encoder features",
                Some("labeled-features"),
                &[Labeled, EncoderFeatures],
                Finite,
                Data,
            ),
            Self::Named(_) => row("arrays", Some("array"), &[Candidates, Rest], Finite, Net),
        }
    }

    /// Whether both are the same array, whatever their settings.
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Named(a), Self::Named(b)) => a == b,
            (Self::BoundaryDistance(_), Self::BoundaryDistance(_)) => true,
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        }
    }

    /// Bytes in memory for so many of each axis.
    pub fn bytes(self, count: impl Fn(Dim) -> usize) -> usize {
        let kind = self.kind();
        let number = match kind.rule {
            Rule::Distributions | Rule::Distances | Rule::Calibration => size_of::<f64>(),
            Rule::Finite => size_of::<f32>(),
            Rule::Classes => size_of::<Class>(),
        };
        kind.shape.iter().fold(number, |bytes, dim| bytes.saturating_mul(count(*dim)))
    }

    /// Its axes in letters, such as `[n, c]`.
    pub fn letters(self) -> String {
        let letters = self.kind().shape.iter().map(|dim| dim.letter()).collect::<Vec<_>>();
        format!("[{}]", letters.join(", "))
    }
}

impl Dim {
    /// The letter that stands for it in shapes.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Candidates => "n",
            Self::Labeled => "m",
            Self::Classes => "c",
            Self::Features => "d",
            Self::EncoderFeatures => "e",
            Self::Passes => "t",
            Self::Pair => "2",
            Self::Rest => "...",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "the array `{name}`"),
            signal => f.write_str(signal.kind().name),
        }
    }
}

/// The numbers of a signal, owned or borrowed.
#[derive(Debug, Clone)]
pub enum Values<'a> {
    /// In double precision
    Double(CowArray<'a, f64, IxDyn>),
    /// In single precision
    Single(CowArray<'a, f32, IxDyn>),
    /// Classes
    Classes(CowArray<'a, Class, IxDyn>),
}

impl Values<'_> {
    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Double(array) => array.shape(),
            Self::Single(array) => array.shape(),
            Self::Classes(array) => array.shape(),
        }
    }

    fn select(&self, axis: Axis, rows: &[usize]) -> Values<'static> {
        match self {
            Self::Double(array) => Values::Double(array.select(axis, rows).into()),
            Self::Single(array) => Values::Single(array.select(axis, rows).into()),
            Self::Classes(array) => Values::Classes(array.select(axis, rows).into()),
        }
    }

    fn to_owned(&self) -> Values<'static> {
        match self {
            Self::Double(array) => Values::Double(array.to_owned().into()),
            Self::Single(array) => Values::Single(array.to_owned().into()),
            Self::Classes(array) => Values::Classes(array.to_owned().into()),
        }
    }
}

macro_rules! values_from {
    ($($number:ty => $variant:ident),*) => { $(
        impl<'a, D: Dimension> From<CowArray<'a, $number, D>> for Values<'a> {
            fn from(array: CowArray<'a, $number, D>) -> Self {
                Self::$variant(array.into_dyn())
            }
        }
        impl<D: Dimension> From<ndarray::Array<$number, D>> for Values<'_> {
            fn from(array: ndarray::Array<$number, D>) -> Self {
                Self::$variant(array.into_dyn().into())
            }
        }
        impl<'a, D: Dimension> From<ArrayView<'a, $number, D>> for Values<'a> {
            fn from(array: ArrayView<'a, $number, D>) -> Self {
                Self::$variant(array.into_dyn().into())
            }
        }
    )* };
}

values_from!(f64 => Double, f32 => Single, Class => Classes);

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
        check_numbers(signal, &values)?;
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

    /// The probabilities, `[n, c]`, each row summing to 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn probs(&self) -> Result<ArrayView2<'_, f64>> {
        self.double(Signal::Probs)
    }

    /// The probabilities of each pass, `[t, n, c]`, t ≥ 1.
    ///
    /// # Errors
    /// They were not given.
    pub fn mc_probs(&self) -> Result<ArrayView3<'_, f64>> {
        self.double(Signal::McProbs { passes: 0, shared: false })
    }

    /// The candidates' embeddings, `[n, d]`, finite.
    ///
    /// # Errors
    /// They were not given.
    pub fn embeddings(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::Embeddings)
    }

    /// The labelled samples' embeddings, `[m, d]`, finite.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_embeddings(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::LabeledEmbeddings)
    }

    /// The distances to the decision boundary, `[n]`, not NaN, not negative.
    ///
    /// # Errors
    /// They were not given.
    pub fn boundary_distances(&self) -> Result<ArrayView1<'_, f64>> {
        self.double(Signal::BoundaryDistance(Attack::Bim { eps: 0.0, max_steps: 0 }))
    }

    /// What cross-validation says of the probabilities.
    ///
    /// # Errors
    /// It was not given.
    pub fn calibration(&self) -> Result<Calibration> {
        let numbers = self.double::<Ix1>(Signal::Calibration)?;
        Ok(Calibration { temperature: numbers[0], accuracy: numbers[1] })
    }

    /// The classes of the labelled samples, `[m]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn labels(&self) -> Result<ArrayView1<'_, Class>> {
        match self.get(Signal::Labels)? {
            Values::Classes(array) => array.view().into_dimensionality().map_err(Error::other),
            _ => Err(Error::MissingSignal { signal: Signal::Labels.to_string() }),
        }
    }

    /// The probabilities of the labelled samples, `[m, c]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_probs(&self) -> Result<ArrayView2<'_, f64>> {
        self.double(Signal::LabeledProbs)
    }

    /// The weights of the last layer, `[c, d]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn head_weights(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::HeadWeights)
    }

    /// The biases of the last layer, `[c]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn head_biases(&self) -> Result<ArrayView1<'_, f32>> {
        self.single(Signal::HeadBiases)
    }

    /// The candidates' features by a fixed encoder, `[n, e]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn features(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::Features)
    }

    /// The labelled samples' features by a fixed encoder, `[m, e]`.
    ///
    /// # Errors
    /// They were not given.
    pub fn labeled_features(&self) -> Result<ArrayView2<'_, f32>> {
        self.single(Signal::LabeledFeatures)
    }

    /// An array of one's own, `[n, ...]`.
    ///
    /// # Errors
    /// It was not given.
    pub fn named(&self, name: &'static str) -> Result<ArrayView<'_, f32, IxDyn>> {
        self.single(Signal::Named(name))
    }

    fn double<D: Dimension>(&self, signal: Signal) -> Result<ArrayView<'_, f64, D>> {
        match self.get(signal)? {
            Values::Double(array) => array.view().into_dimensionality().map_err(Error::other),
            _ => Err(Error::MissingSignal { signal: signal.to_string() }),
        }
    }

    fn single<D: Dimension>(&self, signal: Signal) -> Result<ArrayView<'_, f32, D>> {
        match self.get(signal)? {
            Values::Single(array) => array.view().into_dimensionality().map_err(Error::other),
            _ => Err(Error::MissingSignal { signal: signal.to_string() }),
        }
    }

    /// Compares the axes with what the signal says, the candidates, and the signals there are.
    fn check_shape(&self, signal: Signal, values: &Values<'_>) -> Result<()> {
        let (dims, shape) = (signal.kind().shape, values.shape());
        let wrong = |like: Option<(usize, Signal)>| {
            let letters = dims.iter().enumerate().map(|(at, dim)| match (dim, like) {
                (Dim::Candidates, _) => self.n.to_string(),
                (_, Some((place, other))) if place == at => self.length(*dim, other).to_string(),
                _ => dim.letter().to_owned(),
            });
            let mut expected = format!("[{}]", letters.collect::<Vec<_>>().join(", "));
            match like {
                Some((_, other)) if other.kind().shape.contains(&Dim::Candidates) => {
                    expected += &format!(" like the candidates' {other}");
                }
                Some((_, other)) => expected += &format!(" like the {other}"),
                None if dims == [Dim::Candidates] => expected += ", one for each candidate",
                None if dims.contains(&Dim::Candidates) => expected += ", one row for each candidate",
                None => {}
            }
            Err(Error::Shape { what: signal.to_string(), expected, got: shape.to_vec() })
        };
        let axes =
            if dims.contains(&Dim::Rest) { dims.len() - 1..usize::MAX } else { dims.len()..dims.len() + 1 };
        if !axes.contains(&shape.len()) {
            return wrong(None);
        }
        for (at, (dim, length)) in dims.iter().zip(shape).enumerate() {
            let fits = match dim {
                Dim::Candidates => *length == self.n,
                Dim::Passes | Dim::Classes => *length > 0 || self.n == 0,
                Dim::Pair => *length == 2,
                Dim::Labeled | Dim::Features | Dim::EncoderFeatures | Dim::Rest => true,
            };
            if !fits {
                return wrong(None);
            }
            let other = self.arrays.iter().map(|(other, _)| *other).find(|other| {
                other.kind().shape.contains(dim) && *dim != Dim::Rest && self.length(*dim, *other) != *length
            });
            // Without a candidate, arrays may have no width either.
            if let Some(other) = other.filter(|_| self.n > 0 && *dim != Dim::Passes && *dim != Dim::Pair) {
                return wrong(Some((at, other)));
            }
        }
        Ok(())
    }

    /// The length of an axis in a signal that is there and has it.
    fn length(&self, dim: Dim, of: Signal) -> usize {
        let found = self.arrays.iter().find(|(signal, _)| signal.is_like(of));
        let at = of.kind().shape.iter().position(|other| *other == dim);
        found.zip(at).map_or(0, |((_, values), at)| values.shape()[at])
    }
}

/// Checks the type and the numbers of an array by the signal's rule.
fn check_numbers(signal: Signal, values: &Values<'_>) -> Result<()> {
    let what = signal.kind().name;
    match (signal.kind().rule, values) {
        (Rule::Distributions, Values::Double(array)) => {
            // The rows of each pass, or of the only one.
            let rows = |array: ArrayView<'_, f64, IxDyn>| {
                distributions(what, &array.into_dimensionality().map_err(Error::other)?)
            };
            match array.ndim() {
                3 => array.outer_iter().try_for_each(rows),
                _ => rows(array.view()),
            }
        }
        (Rule::Distances, Values::Double(array)) => {
            let wrong = array.iter().position(|distance| distance.is_nan() || *distance < 0.0);
            wrong.map_or(Ok(()), |row| {
                let value = array.iter().nth(row).copied().unwrap_or(f64::NAN);
                Err(Error::NotFinite { what, row, value })
            })
        }
        (Rule::Calibration, Values::Double(array)) => {
            let numbers = array.iter().copied().collect::<Vec<_>>();
            match numbers[..] {
                [temperature, accuracy]
                    if temperature > 0.0 && temperature.is_finite() && (0.0..=1.0).contains(&accuracy) =>
                {
                    Ok(())
                }
                _ => {
                    let why = format!(
                        "must have a temperature above 0 and an accuracy from 0 to 1, got {numbers:?}"
                    );
                    Err(Error::Setting { what: "the calibration".into(), why })
                }
            }
        }
        (Rule::Finite, Values::Single(array)) => {
            // In rows, whatever its axes: those of a fixed number are much faster to walk.
            let width = array.shape().iter().skip(1).product::<usize>();
            let rows = array.view().into_shape_with_order((array.len() / width.max(1), width));
            let wrong = match &rows {
                Ok(rows) => first_not_finite(rows.outer_iter()),
                Err(_) => first_not_finite(array.outer_iter()),
            };
            wrong.map_or(Ok(()), |(row, value)| Err(Error::NotFinite { what, row, value: value.into() }))
        }
        (Rule::Classes, Values::Classes(_)) => Ok(()),
        (rule, _) => {
            let kind = match rule {
                Rule::Distributions | Rule::Distances | Rule::Calibration => "numbers in double precision",
                Rule::Finite => "numbers in single precision",
                Rule::Classes => "classes",
            };
            Err(Error::Setting { what: signal.to_string(), why: format!("must be {kind}") })
        }
    }
}

/// The first row with a number that is not finite, and that number.
fn first_not_finite<'a, D: Dimension + 'a>(
    rows: impl Iterator<Item = ArrayView<'a, f32, D>>,
) -> Option<(usize, f32)> {
    rows.enumerate()
        .find_map(|(row, values)| values.iter().find(|value| !value.is_finite()).map(|value| (row, *value)))
}

/// Each row must be finite, not negative and sum to 1 within 0.001 (single-precision softmaxes of many classes).
fn distributions(what: &'static str, probs: &ArrayView2<'_, f64>) -> Result<()> {
    for (row, values) in probs.outer_iter().enumerate() {
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

/// An empty array of a signal that is about labelled samples, for when there are none.
pub fn none_labeled(signal: Signal, width: usize) -> Values<'static> {
    match signal.kind().rule {
        Rule::Classes => Values::Classes(ArrayD::from_elem(IxDyn(&[0]), Class(0)).into()),
        Rule::Finite => Values::Single(ArrayD::zeros(IxDyn(&[0, width])).into()),
        Rule::Distributions | Rule::Distances | Rule::Calibration => {
            Values::Double(ArrayD::zeros(IxDyn(&[0, width])).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array3, array};

    const BIM: Attack = Attack::Bim { eps: 0.1, max_steps: 10 };

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
