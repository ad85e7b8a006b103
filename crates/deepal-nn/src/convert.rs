//! Between ndarray and Burn.

use burn::tensor::{Device, Tensor, TensorData};
use deepal_core::{Error, Result};
use ndarray::Array2;

/// `[n, d]` to a tensor `[n, d]`.
pub(crate) fn to_tensor(array: Array2<f32>, device: &Device) -> Tensor<2> {
    let shape = [array.nrows(), array.ncols()];
    let values = if array.is_standard_layout() {
        array.into_raw_vec_and_offset().0
    } else {
        array.iter().copied().collect()
    };
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A tensor `[n, d]` to `[n, d]`.
pub(crate) fn to_array(tensor: Tensor<2>) -> Result<Array2<f32>> {
    let [n, d] = tensor.dims();
    let values = tensor
        .into_data()
        .convert::<f32>()
        .try_into_vec::<f32>()
        .map_err(|error| Error::other(format!("{error:?}")))?;
    Array2::from_shape_vec((n, d), values).map_err(Error::other)
}
