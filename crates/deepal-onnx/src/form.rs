//! [`Form`]: what a model takes, as far as its file says; known before anything is made ready to run.

use crate::bounds;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value};
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

/// ONNX's numbers of the kinds of numbers that an input may have.
const ELEMENTS: [(i32, Element); 3] = [(1, Element::Float), (2, Element::Byte), (10, Element::Half)];

/// What one input of a model means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `[n, c, h, w]`
    ChannelsFirst,
    /// `[n, h, w, c]`
    ChannelsLast,
    /// `[n, d]`
    Vector,
}

/// What the numbers of an input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    /// float32
    Float,
    /// float16, computed as float32
    Half,
    /// uint8
    Byte,
}

/// What a model takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub(crate) layout: Layout,
    pub(crate) shape: [usize; 3],
    pub(crate) element: Element,
    /// The samples that it takes at once, if it takes no other number.
    pub(crate) fixed: Option<usize>,
}

impl Form {
    /// Reads the form of the model at `path`. `hint` is the shape `[c, h, w]` of a sample where the model takes more than one
    /// size.
    ///
    /// # Errors
    /// A file that cannot be read or is no ONNX model; operators that are not supported; other than one input of pictures or
    /// vectors; a size that neither the model nor the hint gives, or that the two give differently.
    pub fn load(path: &Path, hint: Option<[usize; 3]>) -> Result<Self> {
        Self::of(path, &read(path)?, hint)
    }

    /// The shape of a sample, `[c, h, w]`; a vector of `d` numbers is `[d, 1, 1]`.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Whether it takes vectors, not pictures.
    pub fn is_vector(&self) -> bool {
        self.layout == Layout::Vector
    }

    /// Whether it takes whole numbers from 0 to 255, and so colours as they are in a picture.
    pub fn takes_bytes(&self) -> bool {
        self.element == Element::Byte
    }

    pub(crate) fn of(path: &Path, proto: &ModelProto, hint: Option<[usize; 3]>) -> Result<Self> {
        let Some(graph) = &proto.graph else {
            return Err(Error::NotOnnx { path: path.into(), why: "it holds no net".into() });
        };
        supported(path, graph)?;
        bounds::check_graph(path, graph)?;
        bounds::weights(path, graph)?;
        let wrong = |why: String| Error::Form { path: path.into(), why };
        let is_weight = |input: &&ValueInfoProto| graph.initializer.iter().any(|w| w.name == input.name);
        let inputs = graph.input.iter().filter(|input| !is_weight(input)).collect::<Vec<_>>();
        let [input] = inputs[..] else {
            let names = inputs.iter().map(|input| format!("`{}`", input.name)).collect::<Vec<_>>();
            return Err(wrong(format!(
                "has {} inputs ({}) where one is needed; export the net with the pictures or vectors as its only input",
                names.len(),
                names.join(", ")
            )));
        };
        let (element, dims) = element_and_dims(input).ok_or_else(|| {
            wrong(format!(
                "does not say the shape of its input `{}` in float32, float16 or uint8 numbers; export it again",
                input.name
            ))
        })?;
        let (layout, [c, h, w]) = match dims[..] {
            [_, d] => (Layout::Vector, [d, Some(1), Some(1)]),
            [_, Some(c @ (1 | 3)), h, w] => (Layout::ChannelsFirst, [Some(c), h, w]),
            [_, h, w, Some(c @ (1 | 3))] => (Layout::ChannelsLast, [Some(c), h, w]),
            [_, None, h, w] => (Layout::ChannelsFirst, [None, h, w]),
            _ => {
                return Err(wrong(format!(
                    "takes {}; pictures [n, 3, h, w] or [n, h, w, 3] or vectors [n, d] are needed",
                    words(&dims)
                )));
            }
        };
        let number = |at: usize, said: Option<usize>| {
            let hint = hint.map(|hint| hint[at]);
            // What is a colour is the model's to say; sizes must be the same.
            if at > 0 && said.is_some() && hint.is_some() && said != hint {
                return Err(wrong(format!("takes {}, and no other size; leave the size out", words(&dims))));
            }
            said.or(hint).ok_or_else(|| match layout {
                Layout::Vector => {
                    wrong("does not say how many numbers its vectors have; export it with that".into())
                }
                _ => wrong(format!("takes any size, {}; say which with `size`", words(&dims))),
            })
        };
        let shape = [number(0, c)?, number(1, h)?, number(2, w)?];
        bounds::check_input(path, shape, dims[0].unwrap_or(1))?;
        Ok(Self { layout, shape, element, fixed: dims[0] })
    }

    /// The shape of the input for `n` samples.
    pub(crate) fn input(&self, n: usize) -> Vec<usize> {
        let [c, h, w] = self.shape;
        match self.layout {
            Layout::ChannelsFirst => vec![n, c, h, w],
            Layout::ChannelsLast => vec![n, h, w, c],
            Layout::Vector => vec![n, c],
        }
    }
}

/// All files that a model consists of: itself, and those that hold its weights if it does not.
///
/// # Errors
/// A file that cannot be read or is no ONNX model; weights outside of the model's folder.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let proto = read(path)?;
    let weights = proto.graph.iter().map(|graph| bounds::weights(path, graph)).collect::<Result<Vec<_>>>()?;
    Ok([path.to_owned()].into_iter().chain(weights.concat()).collect())
}

pub(crate) fn read(path: &Path) -> Result<ModelProto> {
    bounds::check_file(path)?;
    let bytes = std::fs::read(path).map_err(|cause| Error::Read { path: path.into(), cause })?;
    let not_onnx = |why: String| Error::NotOnnx { path: path.into(), why };
    let proto = tract_onnx::onnx()
        .proto_model_for_read(&mut &bytes[..])
        .map_err(|cause| not_onnx(format!("{:#}", cause.root_cause())))?;
    match &proto.graph {
        Some(graph) if !graph.node.is_empty() => Ok(proto),
        _ => Err(not_onnx("it holds no net".into())),
    }
}

fn supported(path: &Path, graph: &GraphProto) -> Result<()> {
    let known = tract_onnx::onnx().op_register.0;
    let nodes = bounds::nodes(graph);
    let names = nodes.iter().map(|node| node.op_type.as_str());
    let unknown = names.filter(|name| !known.contains_key(*name)).collect::<BTreeSet<_>>();
    if unknown.is_empty() {
        return Ok(());
    }
    let operators = unknown.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(Error::Unsupported { path: path.into(), operators })
}

/// What an input's numbers are, and its sizes; `None` where any size is taken.
fn element_and_dims(input: &ValueInfoProto) -> Option<(Element, Vec<Option<usize>>)> {
    let Type::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
    let (_, element) = ELEMENTS.into_iter().find(|(number, _)| *number == tensor.elem_type)?;
    let dims = &tensor.shape.as_ref()?.dim;
    let said = |dim: &Dimension| match dim.value.as_ref()? {
        Value::DimValue(n) => usize::try_from(*n).ok().filter(|n| *n > 0),
        Value::DimParam(_) => None,
    };
    Some((element, dims.iter().map(said).collect()))
}

/// Sizes such as `[?, 3, 224, 224]`.
fn words(dims: &[Option<usize>]) -> String {
    let dims = dims.iter().map(|dim| dim.map_or("?".into(), |dim| dim.to_string()));
    format!("[{}]", dims.collect::<Vec<_>>().join(", "))
}
