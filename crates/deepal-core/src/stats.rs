//! Statistics of results: intervals, tests, areas under learning curves, labels saved, gains to come.
//!
//! Plain functions from numbers to numbers, each with its source. Randomness comes from a seed in the arguments alone.
//! `testdata/stats.py` computes what the tests expect with NumPy and SciPy.

mod bootstrap;
mod curve;
mod forecast;
mod interval;
mod iqm;
mod penalty;
mod proportion;
mod saving;
mod share;
mod significance;

pub use bootstrap::expanded_interval;
pub use curve::{area_under_curve, labels_to_reach};
pub use forecast::{CurvePoint, GainForecast, gain_forecast};
pub use interval::{mean, mean_interval, normal_quantile};
pub use iqm::{interquartile_mean, interquartile_mean_interval};
pub use penalty::penalty_matrix;
pub use proportion::proportion_interval;
pub use saving::{SEEDS_FOR_SAVING_INTERVAL, Saving, saving};
pub use share::share;
pub use significance::{PairedTest, holm, paired_t_test};

/// Lower and upper end of an interval.
pub type Interval = (f64, f64);
