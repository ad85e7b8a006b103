//! The figures of a report: functions from the numbers to a [`Drawing`], of which SVG and PNG are made.

mod axis;
mod confusion;
mod drawing;
mod heat;
mod learning;
pub(crate) mod png;
mod style;
pub(crate) mod svg;
mod time;

pub(crate) use confusion::confusion;
pub(crate) use drawing::Drawing;
#[cfg(test)]
pub(crate) use drawing::Paint;
pub(crate) use heat::{class_balance, penalty_matrix};
#[cfg(test)]
pub(crate) use heat::{luminance, mix, on_cell};
pub(crate) use learning::{Layout, Over, learning_curves, sample};
pub(crate) use style::Styles;
pub(crate) use time::time_split;
