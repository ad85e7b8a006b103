//! [`Extractor`]: from inputs to the numbers that a pretrained net makes of them.

use crate::bounds;
use crate::error::{Error, Result};
use crate::form::{self, Element, Form, Layout};
use deepal_core::caught;
use ndarray::{Array2, ArrayView3};
use rayon::prelude::*;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::floats::FloatPrecisionTranslator;
use tract_onnx::tract_core::internal::{TractErrorContext, format_err};
use tract_onnx::tract_core::transform::ModelTransform;

/// Samples computed at once where the model leaves it open. One is fastest, measured on EfficientNet-Lite0: 35 ms an image with
/// one thread, against 60 in fours and 74 in tens; and the features of a sample are the same in whatever company it comes.
const BATCH: usize = 1;

/// A pretrained net that makes features, made ready to run.
pub struct Extractor {
    path: PathBuf,
    form: Form,
    batch: usize,
    width: usize,
    /// The outputs that there are.
    outputs: Vec<String>,
    /// The place of the one that is taken.
    taken: usize,
    plan: Arc<TypedRunnableModel>,
}

impl fmt::Debug for Extractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extractor({}: {:?} to {})", self.path.display(), self.form.shape, self.width)
    }
}

impl Extractor {
    /// Reads an ONNX model with one input, pictures `[n, c, h, w]` or `[n, h, w, c]` or vectors `[n, d]`, and makes it ready. The
    /// input's numbers are float32, float16 or uint8; float16 is computed as float32.
    /// `hint` is the shape `[c, h, w]` of a sample where the model takes more than one size, `output` the name of the output that is
    /// wanted [default: the first].
    ///
    /// # Errors
    /// As [`Form::load`]; an unknown output; one that is no vector for each sample; a model that the library cannot compute.
    pub fn load(path: &Path, hint: Option<[usize; 3]>, output: Option<&str>) -> Result<Self> {
        let proto = form::read(path)?;
        let form = Form::of(path, &proto, hint)?;
        let batch = form.fixed.unwrap_or(BATCH);
        let folder = path.parent().and_then(Path::to_str);
        let run = |cause: TractError| Error::Run { path: path.into(), why: format!("{cause:#}") };
        let outputs = proto.graph.iter().flat_map(|graph| &graph.output);
        let outputs = outputs.map(|output| output.name.clone()).collect::<Vec<_>>();
        let taken = match output {
            None => 0,
            Some(wanted) => outputs.iter().position(|name| name == wanted).ok_or_else(|| {
                let names = outputs.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                Error::Form { path: path.into(), why: format!("has no output `{wanted}`; it has {names}") }
            })?,
        };
        let model = guarded(|| {
            let model = tract_onnx::onnx().parse(&proto, folder)?.model;
            let output = model.output_outlets()?.get(taken).copied().context("it has no output")?;
            let kind = match form.element {
                Element::Float => f32::datum_type(),
                Element::Half => f16::datum_type(),
                Element::Byte => u8::datum_type(),
            };
            let input = kind.fact(form.input(batch));
            let mut model =
                model.with_output_outlets(&[output])?.with_input_fact(0, input.into())?.into_typed()?;
            bounds::check_arrays(&model).map_err(|why| format_err!("{why}"))?;
            FloatPrecisionTranslator::new(f16::datum_type(), f32::datum_type()).transform(&mut model)?;
            model.into_optimized()
        });
        let model = model.map_err(run)?;
        let fact = model.output_fact(0).map_err(run)?;
        let width = width(fact, batch).ok_or_else(|| Error::Form {
            path: path.into(),
            why: format!(
                "gives {fact:?} for {batch} samples where one float32 vector for each is needed; export the net up to its \
                 pooled features"
            ),
        })?;
        let plan = model.into_runnable().map_err(run)?;
        Ok(Self { path: path.into(), form, batch, width, outputs, taken, plan })
    }

    /// The shape of a sample, `[c, h, w]`; a vector of `d` numbers is `[d, 1, 1]`.
    pub fn shape(&self) -> [usize; 3] {
        self.form.shape
    }

    /// Whether it takes whole numbers from 0 to 255, and so colours as they are in a picture.
    pub fn takes_bytes(&self) -> bool {
        self.form.takes_bytes()
    }

    /// How many features a sample gets.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The names of the model's outputs.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The name of the output that [`embed`](Self::embed) gives.
    pub fn output(&self) -> &str {
        self.outputs.get(self.taken).map_or("", String::as_str)
    }

    /// The features of inputs `[n, c · h · w]` as `[n, d]`, on the threads of the current pool. The same inputs give the same
    /// features at any number of threads. A model of uint8 is given colours rounded to whole numbers.
    ///
    /// # Errors
    /// Inputs of another width, numbers that a model of uint8 cannot take, and features that are not finite.
    pub fn embed(&self, inputs: &Array2<f32>) -> Result<Array2<f32>> {
        let n_features = self.form.shape.iter().product::<usize>();
        if inputs.ncols() != n_features {
            return Err(Error::Core(deepal_core::Error::Shape {
                what: format!("an input of model `{}`", self.path.display()),
                expected: format!("{:?}, {n_features} numbers", self.form.shape),
                got: vec![inputs.ncols()],
            }));
        }
        let inputs = inputs.as_standard_layout();
        let rows = inputs.as_slice().unwrap_or_default();
        if self.form.takes_bytes() {
            self.check_bytes(rows)?;
        }
        let mut embeddings = vec![0.0; inputs.nrows() * self.width];
        let computed = {
            let batches = embeddings.par_chunks_mut(self.batch * self.width);
            let batches = batches.zip(rows.par_chunks(self.batch * n_features));
            batches.try_for_each(|(embeddings, rows)| guarded(|| self.batch(rows, embeddings)))
        };
        computed.map_err(|cause| Error::Run { path: self.path.clone(), why: format!("{cause:#}") })?;
        for (row, values) in embeddings.chunks_exact(self.width).enumerate() {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                let (what, value) = ("embeddings made by the model", f64::from(*value));
                return Err(Error::Core(deepal_core::Error::NotFinite { what, row, value }));
            }
        }
        Array2::from_shape_vec((inputs.nrows(), self.width), embeddings)
            .map_err(|cause| Error::Run { path: self.path.clone(), why: cause.to_string() })
    }

    /// Colours between whole numbers come from resizing and are rounded; a vector's numbers mean what they are.
    fn check_bytes(&self, values: &[f32]) -> Result<()> {
        let is_vector = self.form.is_vector();
        let fits = |value: f32| (0.0..=255.0).contains(&value) && (!is_vector || value.fract() == 0.0);
        values.iter().find(|value| !fits(**value)).map_or(Ok(()), |value| {
            let why = if is_vector {
                "give it other vectors"
            } else {
                "leave `mean` and `std` out, as it scales colours itself"
            };
            let why = format!("takes whole numbers from 0 to 255 (uint8), and is given {value}; {why}");
            Err(Error::Form { path: self.path.clone(), why })
        })
    }

    /// Up to a batch of rows; a smaller one is filled up with zeros.
    fn batch(&self, rows: &[f32], embeddings: &mut [f32]) -> TractResult<()> {
        let [c, h, w] = self.form.shape;
        let mut input = rows.to_vec();
        if self.form.layout == Layout::ChannelsLast {
            input.clear();
            for row in rows.chunks_exact(c * h * w) {
                input.extend(ArrayView3::from_shape((c, h, w), row)?.permuted_axes([1, 2, 0]).iter());
            }
        }
        input.resize(self.batch * c * h * w, 0.0);
        let shape = self.form.input(self.batch);
        let input = match self.form.element {
            // Checked to be from 0 to 255.
            Element::Byte => {
                Tensor::from_shape(&shape, &input.iter().map(|x| x.round() as u8).collect::<Vec<_>>())?
            }
            Element::Float | Element::Half => Tensor::from_shape(&shape, &input)?,
        };
        let outputs = self.plan.run(tvec!(input.into()))?;
        let output = outputs[0].to_plain_array_view::<f32>()?;
        embeddings.iter_mut().zip(output.iter()).for_each(|(embedding, x)| *embedding = *x);
        Ok(())
    }
}

/// The ONNX library panics over some files that are no sensible model: that is an error like the others.
fn guarded<T>(compute: impl FnOnce() -> TractResult<T>) -> TractResult<T> {
    caught(compute).unwrap_or_else(|| Err(format_err!("it makes no sense")))
}

/// The features of each sample, if the output is one vector for each.
fn width(fact: &TypedFact, batch: usize) -> Option<usize> {
    let dims = fact.shape.as_concrete().filter(|_| fact.datum_type == f32::datum_type())?;
    let (n, dims) = dims.split_first()?;
    let width = dims.iter().product::<usize>();
    // No more than one axis, such as in [n, d, 1, 1].
    let is_vector = *n == batch && !dims.is_empty() && width > 0 && dims.contains(&width);
    is_vector.then_some(width)
}
