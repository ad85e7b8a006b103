//! [`Values`]: the numbers of a signal.

use super::kind::{Rule, Signal};
use crate::ids::Class;
use ndarray::{ArrayD, ArrayView, Axis, CowArray, Dimension, IxDyn};

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

    pub(super) fn select(&self, axis: Axis, rows: &[usize]) -> Values<'static> {
        match self {
            Self::Double(array) => Values::Double(array.select(axis, rows).into()),
            Self::Single(array) => Values::Single(array.select(axis, rows).into()),
            Self::Classes(array) => Values::Classes(array.select(axis, rows).into()),
        }
    }

    pub(super) fn to_owned(&self) -> Values<'static> {
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
