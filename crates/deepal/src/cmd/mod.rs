//! One file for each command.

pub(crate) mod list;
pub(crate) mod run;
pub(crate) mod select;
