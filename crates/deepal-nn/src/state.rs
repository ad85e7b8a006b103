//! The weights of a Burn module by PyTorch's names and in its shapes, out and in again.

use crate::convert::to_array;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use deepal_core::net::{StateDict, Weights};
use deepal_core::{Error, Result};
use ndarray::ArrayD;

/// All weights of a module, and the running statistics of its normalisations.
///
/// # Errors
/// Weights that are no 32-bit numbers.
pub(crate) fn of<M: Module>(module: &M) -> Result<StateDict> {
    let mut reader = Reader { path: Path::default(), state: Ok(Vec::new()) };
    module.visit(&mut reader);
    reader.state
}

/// The module with other weights.
///
/// # Errors
/// Weights that are not exactly those of such a module.
pub(crate) fn load<M: Module>(module: M, state: StateDict) -> Result<M> {
    let mut writer = Writer { path: Path::default(), state: Weights::new(state), error: None };
    let module = module.map(&mut writer);
    match writer.error {
        Some(error) => Err(error),
        None => writer.state.finish().map(|()| module),
    }
}

/// Where a visit is: the name of each field on the way, and the type that it is a field of.
#[derive(Default)]
struct Path(Vec<(String, String)>);

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        self.0.push((name.into(), container.into()));
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    /// The type of the layer that a weight belongs to.
    fn layer(&self) -> &str {
        self.0.last().and_then(|(_, container)| container.strip_prefix("Struct:")).unwrap_or_default()
    }

    /// The name of the weight, as PyTorch has it.
    fn name(&self) -> String {
        let mut names = self.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        if let Some(last) = names.last_mut().filter(|_| self.layer().ends_with("Norm")) {
            *last = match *last {
                "gamma" => "weight",
                "beta" => "bias",
                other => other,
            };
        }
        names.join(".")
    }

    /// Whether Burn has it as `[inputs, outputs]` and PyTorch as `[outputs, inputs]`.
    fn is_transposed(&self) -> bool {
        self.layer() == "Linear" && self.0.last().is_some_and(|(name, _)| name == "weight")
    }
}

struct Reader {
    path: Path,
    state: Result<StateDict>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Ok(state) = &mut self.state else { return };
        let tensor = param.val();
        let shape = tensor.dims();
        let array = match to_array(tensor.reshape([1, -1])) {
            Ok(values) => ArrayD::from_shape_vec(shape.to_vec(), values.into_raw_vec_and_offset().0),
            Err(error) => return self.state = Err(error),
        };
        match array {
            Ok(array) if self.path.is_transposed() => {
                state.push((self.path.name(), array.reversed_axes().as_standard_layout().into_owned()));
            }
            Ok(array) => state.push((self.path.name(), array)),
            Err(error) => self.state = Err(Error::other(error)),
        }
    }
}

struct Writer {
    path: Path,
    /// What was not asked for yet.
    state: Weights,
    /// The first.
    error: Option<Error>,
}

impl ModuleMapper for Writer {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let mut shape = param.dims();
        if self.path.is_transposed() {
            shape.reverse();
        }
        let mut array = match self.state.take(&self.path.name(), &shape) {
            Ok(array) => array,
            Err(error) => {
                self.error = Some(error);
                return param;
            }
        };
        if self.path.is_transposed() {
            array.swap_axes(0, 1);
            shape.reverse();
        }
        let values = array.iter().copied().collect::<Vec<_>>();
        param.map(|tensor| Tensor::from_data(TensorData::new(values, shape), &tensor.device()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::tensor::Device;

    #[derive(Module, Debug)]
    struct Layers {
        blocks: Vec<Conv2d>,
        norm: BatchNorm,
        last: Linear,
    }

    fn layers() -> Layers {
        let device = Device::default();
        Layers {
            blocks: (0..2).map(|_| Conv2dConfig::new([1, 3], [2, 5]).init(&device)).collect(),
            norm: BatchNormConfig::new(3).init(&device),
            last: LinearConfig::new(4, 2).with_bias(false).init(&device),
        }
    }

    /// As `torch.nn.ModuleDict({"blocks": ModuleList, "norm": BatchNorm2d, "last": Linear}).state_dict()` has them, without
    /// `num_batches_tracked`.
    #[test]
    fn names_and_shapes_are_pytorchs() {
        let state = of(&layers()).unwrap();
        let named = state.iter().map(|(name, array)| (name.as_str(), array.shape().to_vec()));
        let expected = [
            ("blocks.0.weight", vec![3, 1, 2, 5]),
            ("blocks.0.bias", vec![3]),
            ("blocks.1.weight", vec![3, 1, 2, 5]),
            ("blocks.1.bias", vec![3]),
            ("norm.weight", vec![3]),
            ("norm.bias", vec![3]),
            ("norm.running_mean", vec![3]),
            ("norm.running_var", vec![3]),
            ("last.weight", vec![2, 4]),
        ];
        assert_eq!(named.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_linear_layer_is_turned_round() {
        let module = layers();
        let weight = ArrayD::from_shape_fn(vec![2, 4], |at| (10 * at[0] + at[1]) as f32);
        let mut state = of(&module).unwrap();
        state.last_mut().unwrap().1 = weight.clone();
        state.reverse(); // Their order does not matter.
        let module = load(module, state).unwrap();
        let values = to_array(module.last.weight.val()).unwrap();
        assert_eq!(values, ndarray::array![[0.0, 10.0], [1.0, 11.0], [2.0, 12.0], [3.0, 13.0]]);
        assert_eq!(of(&module).unwrap().last().unwrap().1, weight);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let state = of(&layers()).unwrap();
        let refused = |state| load(layers(), state).unwrap_err().to_string();
        let lacking = state.iter().filter(|(name, _)| name != "norm.bias").cloned().collect();
        assert!(refused(lacking).contains("lack `norm.bias`"));
        let more = [state.clone(), vec![("fc9.weight".into(), ArrayD::zeros(vec![1]))]].concat();
        assert!(refused(more).contains("have `fc9.weight`"));
        let mut turned = state;
        let (_, last) = turned.last_mut().unwrap();
        *last = last.clone().reversed_axes();
        assert!(refused(turned).contains("`last.weight` must be [2, 4], got [4, 2]"));
    }
}
