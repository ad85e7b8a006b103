//! The core of `deepal`: pool-based active learning as plain values going round a ring.
//!
//! ```text
//! Dataset ──inputs──▶ Net ──Signals──▶ Strategy ──Query──▶ Oracle (hidden labels) or a person
//!    ▲                 ▲                                        │
//!    └──ids── Pool ────┴── labelled ids + classes ◀─Annotations─┘
//! ```
//!
//! This crate does no I/O, reads no clock and knows no deep-learning framework; all randomness comes from seeds in
//! arguments.
//!
//! ```
//! use deepal_core::{ActiveLearner, Class, InMemory, Meta, Oracle, SoftmaxRegression, strategy};
//! use std::sync::Arc;
//!
//! let inputs = ndarray::Array2::from_shape_fn((200, 2), |(i, j)| (i % 2) as f32 * 3.0 + ((i + 100 * j) as f32).sin());
//! let meta = Meta { name: "blobs".into(), shape: [2, 1, 1], classes: vec!["a".into(), "b".into()], range: vec![] };
//! let data = Arc::new(InMemory::new(meta, inputs)?);
//! let oracle = Oracle::new((0..200).map(|i| Class(i % 2)).collect::<Vec<_>>());
//!
//! let strategy = strategy::build("margin")?;
//! let mut learner = ActiveLearner::new(data.clone(), Box::new(SoftmaxRegression::default()), strategy, 1)?;
//! learner.update(&oracle.annotate(&learner.initial(10))?)?;
//! learner.train()?;
//! for _round in 1..=3 {
//!     let query = learner.query(5)?;
//!     learner.update(&oracle.annotate(&query)?)?;
//!     learner.train()?;
//! }
//! assert_eq!(learner.pool().n_labeled(), 25);
//! assert!(learner.predict(data.as_ref())?.iter().enumerate().filter(|(i, class)| class.index() == i % 2).count() > 190);
//! # Ok::<(), deepal_core::Error>(())
//! ```

mod calibration;
mod caught;
pub mod contract;
mod dataset;
pub mod duplicates;
mod error;
mod experiment;
mod ids;
mod initial;
mod learner;
mod logistic;
pub mod metric;
pub mod net;
mod pool;
pub mod score;
pub mod seed;
pub mod select;
pub mod settings;
pub mod signals;
pub mod stats;
pub mod strategy;
mod upper_bound;

pub use calibration::Calibration;
pub use caught::caught;
pub use dataset::{Data, Dataset, InMemory, Meta};
pub use error::{Error, Result, did_you_mean};
pub use experiment::{Budget, Chooser, Experiment, Oracle, Round, Step};
pub use ids::{Class, SampleId};
pub use initial::InitialSet;
pub use learner::{ActiveLearner, PART, Query, Trained, TrainingJob, provide};
pub use logistic::SoftmaxRegression;
pub use net::{Ask, Net, StateDict, TrainReport, TrainedNet};
pub use pool::{Annotation, Pool};
pub use settings::Spec;
pub use signals::{Attack, Signal, Signals};
pub use strategy::{Selection, Sizes, Strategy};
pub use upper_bound::UpperBound;
