//! Deep active learning: a good classifier for the fewest labels.
//!
//! The paper's loop, on embedded real images with hidden labels:
//!
//! ```
//! use deepal::{ActiveLearner, Oracle, Source, Training, datasets, nets, strategy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let data = (datasets::by_name("digits")?.load)(&Source::default())?;
//! let oracle = Oracle::new(data.train_labels.clone());
//! let net = nets::by_name("mlp")?.build(data.train.meta(), Training::adaptive())?;
//! let mut learner = ActiveLearner::new(data.train, net, (strategy::by_name("margin")?.build)(), 1)?;
//! learner.update(&oracle.annotate(&learner.initial(20))?)?;
//! learner.train()?;
//! for _round in 1..=3 {
//!     let query = learner.query(20)?; //            which samples to label next
//!     learner.update(&oracle.annotate(&query)?)?; // hidden labels here, or a person
//!     learner.train()?; //                          refit on all labels so far
//! }
//! let accuracy = deepal::metric::accuracy(&learner.predict(data.test.as_ref())?, &data.test_labels);
//! assert!(accuracy > 0.7, "80 labels of 1,438 reach {accuracy}");
//! # Ok(())
//! # }
//! ```
//!
//! | to bring your own | implement | start from |
//! | --- | --- | --- |
//! | data | [`Dataset`], or fill an [`InMemory`] | `examples/custom_dataset.rs` |
//! | net | [`Classifier`] for a Burn module, with fast layers from [`kernels`], or [`Net`] | `examples/custom_net.rs` |
//! | strategy | [`Strategy`] | `examples/custom_strategy.rs` |
//!
//! [`contract`] has the checks that each of them should pass.

pub use deepal_core::*;
pub use deepal_data::{Images, Source, datasets};
pub use deepal_nn::{BurnNet, Classifier, Noise, Optimizer, Output, Schedule, Training, kernels, nets};
