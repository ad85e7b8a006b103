//! Nets for `deepal`, on [Burn](https://burn.dev): any Burn module becomes a [`Net`](deepal_core::Net) by one method,
//! [`Classifier::forward`].
//!
//! The device is the CPU backend with gradients unless a [`BurnNet`] is told otherwise; nothing else in here knows which
//! device it runs on.

mod adversarial;
mod burn_net;
mod classifier;
mod convert;
mod device;
pub mod kernels;
pub mod nets;
mod noise;
mod parallel;
mod state;
mod train;

pub use burn_net::BurnNet;
pub use classifier::{Classifier, Output};
pub use device::Device;
pub use noise::Noise;
pub use train::{Optimizer, Schedule, Training};
