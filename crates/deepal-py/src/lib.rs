//! The extension module `deepal._deepal`: what Python hands in becomes what the engine takes, and back. The package around it, in
//! `python/deepal/`, checks arguments and shows results; neither picks, trains or compares by itself.

mod arrays;
mod compare;
mod errors;
mod list;
mod net;
mod project;
mod select;
mod source;
mod strategy;
mod work;

/// A training step allocates its buffers anew; glibc's allocator gives them back to the system each time, and fetching
/// fresh pages then costs more than some layers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The extension module.
#[pyo3::pymodule]
mod _deepal {
    use std::ffi::OsString;

    #[pymodule_export]
    use crate::compare::compare;
    #[pymodule_export]
    use crate::list::{canonical, nets, signals, strategies};
    #[pymodule_export]
    use crate::project::{Project, find_project, open_project};
    #[pymodule_export]
    use crate::select::{csv, select};
    #[pymodule_export]
    use crate::source::{Source, open};

    /// Runs the program with its arguments, the first of which is its name; its exit code.
    #[pyo3::pyfunction]
    fn main(py: pyo3::Python<'_>, arguments: Vec<OsString>) -> u8 {
        py.detach(|| deepal_cli::run(arguments))
    }
}
