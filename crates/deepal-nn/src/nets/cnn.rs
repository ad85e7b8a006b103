//! The settings of the paper's three convolutional nets.

deepal_core::settings! {
    /// Settings of the paper's convolutional nets.
    pub struct Cnn {
        /// The probability that a value, or a channel, is dropped in training and Monte-Carlo passes.
        dropout: f64 = 0.5, Number(0.0, 0.95), "PyTorch's default, which DeepAL takes";
    }
}
