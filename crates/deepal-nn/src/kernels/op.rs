//! Source operations inside Burn: how a function of slices with a gradient becomes one of tensors.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Bytes, DType, Shape, Tensor};
use std::fmt::Debug;
use std::sync::Arc;

/// A function of `N` arrays with a gradient. All arrays are contiguous.
pub(super) trait Operation<const N: usize>: Clone + Debug + Send + Sync + 'static {
    /// What backward needs besides the arguments.
    type Kept: Debug + Send + Sync + 'static;

    /// The result, and what backward needs; without `keep` the latter is not used and may be empty.
    fn forward(&self, arguments: [&[f32]; N], keep: bool) -> (Vec<f32>, Self::Kept);

    /// The gradients in the arguments that are wanted, from that in the result.
    fn backward(
        &self,
        arguments: [&[f32]; N],
        kept: &Self::Kept,
        gradient: &[f32],
        wanted: [bool; N],
    ) -> [Option<Vec<f32>>; N];
}

/// A tensor of single precision numbers of the CPU backend.
pub(super) enum Argument {
    /// Inside a graph.
    Tracked(FloatTensor<Autodiff<Flex>>),
    /// Without gradients.
    Plain(FlexTensor),
}

impl Argument {
    /// `None` if the tensor is on another device, of another type, or recomputes its graph (gradient checkpointing).
    pub(super) fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        let tracked = tensor.clone().try_into_primitive::<Autodiff<Flex>>().map(Self::Tracked);
        let argument =
            tracked.or_else(|_| tensor.clone().try_into_primitive::<Flex>().map(Self::Plain)).ok()?;
        let dtype = match &argument {
            Self::Tracked(tensor) => tensor.primitive().dtype(),
            Self::Plain(tensor) => tensor.dtype(),
        };
        (dtype == DType::F32).then_some(argument)
    }

    fn into_tracked(self) -> Option<(FlexTensor, NodeGuard)> {
        match self {
            Self::Tracked(tensor) => Some(tensor.into_parts()),
            Self::Plain(_) => None,
        }
    }

    fn into_plain(self) -> Option<FlexTensor> {
        match self {
            Self::Tracked(_) => None,
            Self::Plain(tensor) => Some(tensor),
        }
    }
}

/// The operation's result of shape `shape`; `None` if some arguments have a graph and some have none.
pub(super) fn apply<O: Operation<N>, const N: usize, const D: usize>(
    operation: O,
    arguments: [Argument; N],
    shape: [usize; D],
) -> Option<Tensor<D>> {
    if arguments.iter().all(|argument| matches!(argument, Argument::Plain(_))) {
        let plain = arguments.into_iter().filter_map(Argument::into_plain).map(contiguous);
        let plain: [FlexTensor; N] = plain.collect::<Vec<_>>().try_into().ok()?;
        let (result, _) = operation.forward(slices(&plain), false);
        return Some(Tensor::from_primitive::<Flex>(tensor(result, shape)));
    }
    let parts = arguments.into_iter().map(Argument::into_tracked).collect::<Option<Vec<_>>>()?;
    let (plain, nodes): (Vec<_>, Vec<_>) =
        parts.into_iter().map(|(plain, node)| (contiguous(plain), node)).unzip();
    let (plain, nodes): ([FlexTensor; N], [NodeGuard; N]) = (plain.try_into().ok()?, nodes.try_into().ok()?);
    let result = match Step(operation.clone()).prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(graph) => {
            let (result, kept) = operation.forward(slices(&plain), true);
            let state = State { operation, arguments: plain, kept: Arc::new(kept) };
            graph.finish(state, tensor(result, shape))
        }
        OpsKind::UnTracked(graph) => graph.finish(tensor(operation.forward(slices(&plain), false).0, shape)),
    };
    Some(Tensor::from_primitive::<Autodiff<Flex>>(result))
}

/// The backward step of an operation.
#[derive(Debug)]
struct Step<O>(O);

#[derive(Debug)]
struct State<O, K, const N: usize> {
    operation: O,
    arguments: [FlexTensor; N],
    kept: Arc<K>,
}

impl<O: Clone, K, const N: usize> Clone for State<O, K, N> {
    fn clone(&self) -> Self {
        let Self { operation, arguments, kept } = self;
        Self { operation: operation.clone(), arguments: arguments.clone(), kept: kept.clone() }
    }
}

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = State<O, O::Kept, N>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let State { operation, arguments, kept } = ops.state;
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let found = operation.backward(slices(&arguments), &kept, slice(&gradient), wanted);
        for ((parent, argument), found) in ops.parents.iter().zip(&arguments).zip(found) {
            if let (Some(parent), Some(found)) = (parent, found) {
                gradients.register::<Flex>(parent.id, tensor(found, argument.layout().shape().clone()));
            }
        }
    }
}

/// The primitive of a tensor without a graph, one number after the other from the first of its memory; `None` as in
/// [`Argument::of`].
pub(super) fn plain<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    Some(Argument::of(tensor)?.into_plain()?.to_contiguous())
}

fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The numbers of a contiguous tensor.
fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().unwrap_or_default()
}

fn slices<const N: usize>(tensors: &[FlexTensor; N]) -> [&[f32]; N] {
    tensors.each_ref().map(slice)
}

fn tensor(numbers: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(numbers), Layout::contiguous(shape.into()), DType::F32)
}
